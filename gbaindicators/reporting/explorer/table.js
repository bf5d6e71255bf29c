// Table: the figures in numbers, the rows of the sources behind each of them, and the same as CSV.

/** Make an element; text is always text, never markup. */
function element(name, attributes = {}, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...content);
  return made;
}

const TABLE = document.getElementById("explorer-table");
const DIALOG = document.getElementById("explorer-rows");
/** More sources than this are folded. */
const MOST_CITED = 10;
let newestFirst = true;

function numbersOf(view) {
  const found = new Set();
  for (const { figures } of view.lines) figures.values.forEach((v, i) => v !== null && found.add(figures.from + i));
  return [...found].sort((a, b) => (newestFirst ? b - a : a - b));
}

function drawTable(view) {
  document.getElementById("explorer-figures").setAttribute("aria-label", say("table_of", view.summary));
  TABLE.hidden = view.lines.length === 0;
  const rows = numbersOf(view).map((number) => tableRow(view, number));
  TABLE.replaceChildren(element("caption", { class: "said" }, view.summary), tableHead(view), element("tbody", {}, ...rows));
  TABLE.querySelector("button.figure")?.setAttribute("tabindex", "0");
  drawLetters(view);
}

function tableHead(view) {
  const sort = element("button", { type: "button", class: "sort", "aria-label": WORDS[newestFirst ? "sort_oldest" : "sort_newest"] }, `${WORDS.period} ${newestFirst ? "↓" : "↑"}`);
  sort.addEventListener("click", () => {
    newestFirst = !newestFirst;
    drawTable(view);
    TABLE.querySelector("button.sort").focus();
  });
  const first = element("th", { scope: "col", "aria-sort": newestFirst ? "descending" : "ascending" }, sort);
  const names = view.lines.map((line) => element("th", { scope: "col", class: "n" }, line.name, ...unitOfColumn(line, view)));
  return element("thead", {}, element("tr", {}, first, ...names));
}

/** Unit under the name of a column, where the columns have different ones. */
function unitOfColumn(line, view) {
  return view.mixed ? [element("small", {}, unitWords(line.figures.unit)[0])] : [];
}

function tableRow(view, number) {
  const kind = view.state.frequency[0];
  const cells = view.lines.map((line, l) => {
    const i = number - line.figures.from;
    const value = line.figures.values[i] ?? null;
    return value === null ? element("td", { class: "n" }, "–") : figureCell(view, l, number, value, line.figures.statuses[i]);
  });
  return element("tr", {}, element("th", { scope: "row" }, periodText(kind, number)), ...cells);
}

function figureCell(view, l, number, value, status) {
  const data = { type: "button", class: "figure", tabindex: "-1", "aria-haspopup": "dialog", "data-line": l, "data-number": number, "data-value": value, "data-status": status };
  // columns of different units share a scale, so each number shows the digits it needs
  const button = element("button", data, view.mixed ? numberText(value / view.scale.factor) : scaledText(value, view.scale));
  const letter = status === "A" ? [] : [element("abbr", { title: WORDS[status] ?? WORDS[`${status}_status`] }, status)];
  return element("td", { class: "n" }, button, ...letter);
}

/** Say what the letters of the table mean. */
function drawLetters(view) {
  const used = STATUSES.filter((s) => s !== "A" && view.lines.some((l) => l.figures.statuses.includes(s)));
  const said = used.map((s) => `${s} ${WORDS[s === "F" ? "F_status" : (s === "M" ? "M_status" : s)]}`);
  document.getElementById("explorer-letters").textContent = said.length ? say("key", said.join(WORDS.comma)) : "";
}

/** Arrows move between the figures, of which only one is a stop of the tabulator. */
function moveInTable(event) {
  const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
  const step = steps[event.key];
  const from = event.target.closest("button.figure");
  if (!step || !from) return;
  event.preventDefault();
  const rows = [...TABLE.tBodies[0].rows];
  let row = rows.indexOf(from.closest("tr"));
  let column = from.closest("td").cellIndex;
  for (;;) {
    row += step[0];
    column += step[1];
    const found = rows[row]?.cells[column];
    if (!found || column < 1) return;
    const button = found.querySelector("button.figure");
    if (button) return moveFocus(from, button);
  }
}

function moveFocus(from, to) {
  from.setAttribute("tabindex", "-1");
  to.setAttribute("tabindex", "0");
  to.focus();
}

/**
 * Published rows that go into a figure, of each input the first alternative that has any.
 * @returns {{series: number, number: number}[]}
 */
function rowsBehind(measure, number) {
  if (typeof measure === "number") return [{ series: measure, number }];
  return measure.in.flatMap((alternatives) => {
    const found = alternatives.map(([series, ratio, shift, count]) =>
      Array.from({ length: count }, (_, i) => ({ series, number: ratio * number + shift + i })).filter(isThere));
    return found.find((rows) => rows.length) ?? [];
  });
}

function isThere({ series, number }) {
  const rows = DATA.rows[series];
  return (rows.v[number - rows.from] ?? null) !== null;
}

/** All that is known of a published figure. */
function publishedRow({ series, number }) {
  const rows = DATA.rows[series];
  const place = number - rows.from;
  const i = rows.v.slice(0, place).filter((v) => v !== null).length;
  const text = cell(rows.text ?? null, i);
  return {
    what: DATA.indicators[rows.i]?.name ?? rows.i, area: areaName(rows.a), period: periodText(rows.k, number), value: rows.v[place],
    unit: DATA.units[rows.u][0], prices: rows.p, status: cell(rows.st, i), source: DATA.sources[cell(rows.source, i)], seen: DATA.vintages[cell(rows.seen, i)],
    note: DATA.notes[cell(rows.note ?? null, i)], text: text ?? String(rows.v[place]), summed: rows.of === undefined,
    of: cell(rows.of, i), scale: cell(rows.scale ?? 0, i) ?? 0, at: placeText(rows.at, i, yearOf(rows.k, number)),
  };
}

/** Place in a source: texts stand without what they begin and end with in common, and {y} for the year. */
function placeText(at, i, year) {
  if (!Array.isArray(at)) return at;
  return (at[0] + cell(at[2], i) + at[1]).replaceAll("{y}", String(year));
}

/** Numbers of the periods that a shown figure is made of: its own, and what it is compared with. */
function comparedWith(view, line, number) {
  const kind = line.figures.kind;
  if (view.state.show === "growth") return [number - PER_YEAR[kind]];
  if (view.state.show === "index") return Array.from({ length: PER_YEAR[kind] }, (_, i) => view.base * PER_YEAR[kind] + i);
  return [];
}

function openRows(view, button) {
  const line = view.lines[Number(button.dataset.line)];
  const number = Number(button.dataset.number);
  const i = number - line.figures.from;
  const title = element("h3", { id: "explorer-rows-title" }, `${DATA.indicators[view.state.indicator].name}, ${line.name}, ${periodText(line.figures.kind, number)}`);
  const close = element("button", { type: "button", class: "close" }, WORDS.close);
  close.addEventListener("click", () => DIALOG.close());
  const value = line.figures.values[i];
  const head = element("p", { class: "total" }, amountText(fullText(value, isPublished(view, line) ? 15 : 7), view.mixed ? unitWords(line.figures.unit)[0] : view.baseUnit));
  const compared = comparedWith(view, line, number);
  DIALOG.replaceChildren(
    element("div", { class: "bar" }, title, close), head, statusText(view, line, i), methodText(view, line),
    element("h4", {}, WORDS.behind), rowList(rowsBehind(line.measure, number)),
    ...(compared.length ? [element("h4", {}, WORDS.behind_base), rowList(compared.flatMap((n) => rowsBehind(line.measure, n)))] : []),
  );
  DIALOG.showModal();
  DIALOG.scrollTop = 0;
  DIALOG.addEventListener("close", () => button.focus(), { once: true });
}

function isPublished(view, line) {
  return typeof line.measure === "number" && view.state.show === "level";
}

function statusText(view, line, i) {
  const status = line.figures.statuses[i];
  const words = WORDS[`${status}_status`] ?? WORDS[status];
  const between = status === "B" && view.state.show !== "level" ? ` ${WORDS.break_between}` : "";
  return element("p", {}, `${WORDS.status}: ${words}.${between}`);
}

/** How a figure was made, step by step. */
function methodText(view, line) {
  const steps = (typeof line.measure === "number" ? [] : line.measure.how).map((step) => WORDS[step]);
  if (view.state.show === "growth") steps.push(WORDS.growth_step);
  if (view.state.show === "index") steps.push(say("index_step", view.base));
  const members = line.definition ? ` ${say("named", WORDS.definition, line.definition[2])}` : "";
  return element("p", {}, `${WORDS.method}: ${steps.length ? steps.join(" ") : WORDS.as_published}${members}`);
}

function rowList(places) {
  return element("ol", { class: "rows" }, ...places.map(publishedRow).map(rowItem));
}

function rowItem(row) {
  const printed = row.summed ? `${row.text} (${WORDS.days})` : `${row.text}${row.scale ? ` × 10${superscript(row.scale)}` : ""}`;
  const unit = row.summed ? unitWords(row.unit)[0] : row.of;
  const prices = row.prices ? `, ${DATA.prices[row.prices] ?? row.prices}` : "";
  const facts = [
    [WORDS.published, `${printed} ${unit}`], [WORDS.value, amountText(fullText(row.value), unitWords(row.unit)[0]) + prices],
    [WORDS.status, WORDS[`${row.status}_status`] ?? WORDS[row.status]], [WORDS.vintage, row.seen], [WORDS.source, sourceLink(row.source)],
    [WORDS.place, row.at], [WORDS.note, row.note],
  ];
  const list = facts.filter(([, fact]) => fact).map(([name, fact]) => element("div", {}, element("dt", {}, name), element("dd", {}, fact)));
  return element("li", {}, element("strong", {}, `${row.what}, ${row.area}, ${row.period}`), element("dl", {}, ...list));
}

function superscript(number) {
  return String(number).replace(/./g, (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]);
}

function sourceLink([, citation, url]) {
  return url ? element("a", { href: url, rel: "noreferrer" }, citation) : citation;
}

/** Sources of all that is shown, in order of first use. */
function sourcesOf(view) {
  const found = new Set();
  for (const line of view.lines) {
    line.figures.values.forEach((value, i) => {
      if (value === null) return;
      const number = line.figures.from + i;
      for (const n of [number, ...comparedWith(view, line, number)]) rowsBehind(line.measure, n).forEach((row) => found.add(sourceAt(row)));
    });
  }
  return [...found].map((i) => DATA.sources[i]);
}

function sourceAt({ series, number }) {
  const rows = DATA.rows[series];
  if (!Array.isArray(rows.source)) return rows.source;
  return rows.source[rows.v.slice(0, number - rows.from).filter((v) => v !== null).length];
}

function drawSources(view) {
  const items = view.sources.map((source) => element("li", {}, sourceLink(source)));
  document.getElementById("explorer-sources").replaceChildren(...items);
  document.getElementById("explorer-cited-number").textContent = `(${items.length})`;
  document.getElementById("explorer-cited").open = items.length <= MOST_CITED;
}

/** A cell of CSV that no spreadsheet takes for a formula. */
function csvCell(text) {
  const formula = /^[=+\-@\t\r\n＝＋－＠]/.test(text) && !/^[+-]?[0-9.]+([eE][+-]?[0-9]+)?$/.test(text);
  const guarded = formula ? `'${text}` : text;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

/** What is shown as CSV, one figure a row, in base units and with all digits. */
function csvOf(view) {
  const columns = ["indicator", "area", "name", "definition", "time_period", "value", "unit", "shown_as", "status", "sources"];
  const rows = view.lines.flatMap((line) => line.figures.values.flatMap((value, i) => (value === null ? [] : [csvRow(view, line, value, i)])));
  return [columns, ...rows].map((row) => row.map((c) => csvCell(String(c))).join(",")).join("\n") + "\n";
}

function csvRow(view, line, value, i) {
  const { kind, from, statuses, unit } = line.figures;
  const behind = [from + i, ...comparedWith(view, line, from + i)].flatMap((n) => rowsBehind(line.measure, n)).map(sourceAt);
  const ids = [...new Set(behind)].map((s) => DATA.sources[s][0]).sort();
  const shown = view.state.show === "index" ? `index ${view.base}=100` : view.state.show;
  return [
    view.state.indicator, line.area, line.name, line.series.d ?? "", periodCode(kind, from + i, startOf(line)), value,
    unit === "index" ? shown : unit, `${view.state.unit} ${shown}`, statuses[i], ids.join("; "),
  ];
}
