"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const report = read("report-data");
  const root = document.documentElement;

  // plotly.js writes style attributes, which the page's policy refuses; set as properties they are the same styles.
  const setAttribute = Element.prototype.setAttribute;
  Element.prototype.setAttribute = function (name, value) {
    if (name === "style" && this.style) this.style.cssText = value;
    else setAttribute.call(this, name, value);
  };

  // --- colours: those of the page, and the same hues in the charts -----------------------------------------------
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  const theme = () => root.dataset.theme || (prefersDark.matches ? "dark" : "light");
  const coloured = (node, dark) => {
    if (typeof node === "string") return dark && Object.hasOwn(report.dark, node) ? report.dark[node] : node;
    if (Array.isArray(node)) return node.map((child) => coloured(child, dark));
    if (node === null || typeof node !== "object") return node;
    return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, coloured(child, dark)]));
  };

  // --- charts ----------------------------------------------------------------------------------------------------
  const small = window.matchMedia("(max-width: 40rem)");
  const config = {responsive: true, displayModeBar: false, typesetMath: false, scrollZoom: false, doubleClick: false};
  // Names beside the lines take half of a small screen: there they stand in a legend.
  const forSmallScreens = (layout) => {
    layout.annotations = layout.annotations.filter((a) => a.name !== "forecast");
    if (layout.margin.r <= 120) return;
    layout.margin.r = 12;
    layout.height += 60;
    layout.annotations = layout.annotations.filter((a) => a.name !== "label");
    Object.assign(layout, {showlegend: true, legend: {orientation: "h", y: -0.12, yanchor: "top"}});
  };
  const draw = (dark, width) => {
    for (const [id, figure] of Object.entries(report.charts)) {
      const {data, layout} = coloured(figure, dark);
      const fixed = layout.meta && layout.meta.fixed;
      if (width && !fixed) layout.width = width;
      else if (small.matches && !fixed) forSmallScreens(layout);
      Plotly.react("chart-" + id, data, layout, config);
    }
  };
  const onScreen = () => draw(theme() === "dark");

  // --- the switch ------------------------------------------------------------------------------------------------
  const button = document.getElementById("theme");
  const label = () => { button.textContent = theme() === "dark" ? report.words.theme_light : report.words.theme_dark; };
  const changed = () => { label(); onScreen(); document.dispatchEvent(new Event("themechange")); };
  button.hidden = false;
  button.addEventListener("click", () => { root.dataset.theme = theme() === "dark" ? "light" : "dark"; changed(); });
  prefersDark.addEventListener("change", () => { if (!root.dataset.theme) changed(); });
  small.addEventListener("change", onScreen);
  // On paper charts are dark on white, as wide as the text of an A4 page.
  window.addEventListener("beforeprint", () => draw(false, report.paper_width));
  window.addEventListener("afterprint", onScreen);

  // --- the figures behind a number ---------------------------------------------------------------------------------
  const dialog = document.getElementById("figures");
  const body = document.getElementById("figures-rows");
  const headings = [...body.closest("table").tHead.rows[0].cells].map((cell) => cell.textContent);
  const places = (text) => text.split(",").filter(Boolean).flatMap((part) => {
    const [first, last = first] = part.split("-").map(Number);
    return Array.from({length: last - first + 1}, (_, i) => first + i);
  });
  const behind = (references) => {
    const found = new Set();
    for (const reference of references.split(";")) {
      const [exhibit, rows] = reference.split(":");
      for (const row of rows.split(",")) for (const place of places((report.trails[exhibit] || {})[row] || "")) found.add(place);
    }
    return [...found].sort((a, b) => a - b);
  };
  const rowOf = (place) => {
    const row = document.createElement("tr");
    report.figures[place].forEach((code, column) => {
      const cell = document.createElement("td");
      const text = report.texts[code];
      if (column === report.source_column) {
        const link = document.createElement("a");
        link.href = "#source-" + text;
        link.textContent = text;
        link.addEventListener("click", () => dialog.close());
        cell.append(link);
      } else cell.textContent = text;
      if (report.foreign_columns.includes(column) && text) cell.lang = "en";
      cell.dataset.label = headings[column];
      row.append(cell);
    });
    return row;
  };
  const columnOf = (cell) => cell.closest("table").tHead.rows[0].cells[cell.cellIndex].textContent;
  const whatIs = (opener) => {
    const cell = opener.closest("td");
    if (!cell) return opener.parentElement.firstChild.textContent.trim();
    const title = cell.closest("figure").querySelector("h3").textContent;
    return [title, cell.parentElement.cells[0].textContent, columnOf(cell), opener.textContent].join(" · ");
  };
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("button[data-r]");
    if (!opener) return;
    const found = behind(opener.dataset.r);
    document.getElementById("figures-what").textContent = whatIs(opener);
    document.getElementById("figures-count").textContent =
      found.length === 1 ? report.words.one : found.length ? report.words.count.replace("{count}", found.length) : report.words.none;
    body.replaceChildren(...found.map(rowOf));
    dialog.showModal();
    body.closest(".table").scrollTo(0, 0);
  });
  document.getElementById("figures-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

  label();
  onScreen();
  root.dataset.ready = "yes";
})();
