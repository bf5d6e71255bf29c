// Chart: the lines, labelled at their ends where there is room, in colours that can be told from the paper.

/** More lines than this are told apart by colour no longer. */
const MOST_COLOURED = 12;
const COLOURED_OF_MANY = 7;
const NARROW = 640;
const LABEL_WIDTH = 190;
const LABEL_SIZE = 13;
const HEIGHT = 440;
const CITED_IN_PICTURE = 4;
/** Pixels of a PNG for each of the drawing. */
const PIXELS = 2;

/** Text that plotly prints as it is: it reads markup, formulas and templates in labels. */
function plain(text) {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return escaped.replaceAll("$", "&#36;").replaceAll("%{", "%&#123;");
}

function rgb(colour) {
  const hex = colour.trim().replace(/^#(.)(.)(.)$/, "#$1$1$2$2$3$3");
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

function luminance(colour) {
  const [r, g, b] = rgb(colour).map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast of two colours (WCAG 2.2), from 1 to 21. */
function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** Move a colour away from the paper until it stands out enough: 3 for lines, 4.5 for text. */
function readable(colour, paper, ratio) {
  const towards = luminance(paper) > 0.2 ? [0, 0, 0] : [255, 255, 255];
  let made = colour;
  for (let share = 0.05; contrast(made, paper) < ratio && share <= 1; share += 0.05) {
    const parts = rgb(colour).map((c, i) => Math.round(c + (towards[i] - c) * share));
    made = `#${parts.map((c) => c.toString(16).padStart(2, "0")).join("")}`;
  }
  return made;
}

/** Colours of the page as it is now, or those of a picture on white. */
function pageColours(onWhite = false) {
  const light = { ink: "#1d2733", soft: "#5b6876", line: "#dde3e9", paper: "#ffffff" };
  if (onWhite) return light;
  const style = getComputedStyle(document.getElementById("explorer"));
  const found = Object.keys(light).map((name) => [name, style.getPropertyValue(`--${name}`).trim()]);
  return Object.fromEntries(found.map(([name, value]) => [name, /^#([0-9a-f]{3}){1,2}$/i.test(value) ? value : light[name]]));
}

/** Lines that keep their colour: all, or of very many the largest at their ends. */
function coloured(lines) {
  if (lines.length <= MOST_COLOURED) return new Set(lines);
  const last = (line) => line.figures.values.findLast((v) => v !== null);
  return new Set([...lines].sort((a, b) => last(b) - last(a)).slice(0, COLOURED_OF_MANY));
}

const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];

/** Lines of one colour are told apart by their dashes, because the colour of an area is fixed. */
function dashOf(line, lines) {
  const colour = DATA.areas[line.area].colour;
  return DASHES[lines.filter((l) => DATA.areas[l.area].colour === colour).indexOf(line) % DASHES.length];
}

function traceOf(line, view, colour, drawn) {
  const { values, statuses, kind, from } = line.figures;
  const marks = values.map((value, i) => markOf(values, statuses, i));
  return {
    type: "scatter", mode: "lines+markers", name: plain(line.name), connectgaps: false, showlegend: false,
    x: values.map((_, i) => dayOf(kind, from + i, startOf(line))),
    y: values.map((v) => (v === null ? null : v / view.scale.factor)),
    customdata: values.map((v, i) => (v === null ? "" : plain(hoverText(line, view, v, statuses[i], from + i)))),
    hovertemplate: "%{customdata}<extra></extra>", hoverinfo: drawn ? undefined : "skip",
    opacity: drawn ? 1 : 0.4, line: { color: colour, width: drawn ? 2.25 : 1, dash: drawn ? dashOf(line, view.lines) : "solid" },
    marker: { opacity: 1, color: colour, size: marks.map((m) => m.size), symbol: marks.map((m) => m.symbol), line: { color: colour, width: 1.5 } },
  };
}

function hoverText(line, view, value, status, number) {
  const letter = status && status !== "A" ? ` (${WORDS[status] ?? status})` : "";
  const when = view.lines.length > MOST_COLOURED ? `, ${periodText(line.figures.kind, number)}` : "";
  return `${line.name}${when}: ${scaledText(value, view.scale)}${letter}`;
}

/** A break is a diamond, a figure with gaps on both sides a dot, a provisional or estimated one among others a ring. */
function markOf(values, statuses, i) {
  const single = (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null;
  if (statuses[i] === "B") return { size: 9, symbol: "diamond-open" };
  const others = statuses.some((s) => s === "A");
  if (others && ["P", "E", "F", "U"].includes(statuses[i])) return { size: 6, symbol: "circle-open" };
  return { size: single ? 6 : 0, symbol: "circle" };
}

/** First month of the fiscal years of a line. */
function startOf(line) {
  return typeof line.measure === "number" ? (DATA.rows[line.measure].month ?? 1) : (inputSeries(line.measure).month ?? 1);
}

/** Published series that comes first into a measure. */
function inputSeries(measure) {
  return DATA.rows[measure.in[0][0][0]];
}

const MEASURING = document.createElement("canvas").getContext("2d");

function textWidth(text, font, style = `600 ${LABEL_SIZE}px`) {
  MEASURING.font = `${style} ${font}`;
  return MEASURING.measureText(text).width;
}

/** Break a text into lines, after spaces or between East Asian characters. */
function wrapped(text, font, width = LABEL_WIDTH, style = undefined) {
  const lines = [""];
  for (const word of text.match(/[⺀-￯]|[^\s⺀-￯]+\s*/g) ?? [text]) {
    const longer = lines[lines.length - 1] + word;
    if (lines[lines.length - 1] && textWidth(longer.trimEnd(), font, style) > width) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines.map((l) => l.trimEnd());
}

/** Move labels as little as possible so that none covers another and all stay inside. */
function spread(labels, low, high) {
  const sorted = [...labels].sort((a, b) => a.wanted - b.wanted);
  const pools = [];
  let offset = 0;
  sorted.forEach((label, i) => {
    if (i) offset += (sorted[i - 1].height + label.height) / 2;
    label.offset = offset;
    let pool = { mean: label.wanted - offset, labels: [label] };
    while (pools.length && pools[pools.length - 1].mean > pool.mean) {
      const before = pools.pop();
      const all = [...before.labels, ...pool.labels];
      pool = { mean: (before.mean * before.labels.length + pool.mean * pool.labels.length) / all.length, labels: all };
    }
    pools.push(pool);
  });
  for (const pool of pools) {
    for (const label of pool.labels) label.placed = Math.max(Math.min(pool.mean, high - offset), low) + label.offset;
  }
}

/** Lowest and highest number on the value axis: levels stand on zero. */
function valueRange(lines, view) {
  const values = lines.flatMap((l) => l.figures.values).filter((v) => v !== null).map((v) => v / view.scale.factor);
  const level = view.state.show === "level";
  const low = Math.min(...values, ...(level || view.state.show === "growth" ? [0] : []));
  const high = Math.max(...values, ...(level || view.state.show === "growth" ? [0] : []));
  const room = (high - low || Math.abs(high) || 1) * 0.05;
  return [low < 0 || !level ? low - room : low, high + room];
}

/** Labels at the ends of the lines. */
function endLabels(view, colours, range, font, plotHeight) {
  const drawn = [...coloured(view.lines)];
  const labels = drawn.map((line) => {
    const end = line.figures.values.findLastIndex((v) => v !== null);
    const text = wrapped(line.name, font);
    const share = (line.figures.values[end] / view.scale.factor - range[0]) / (range[1] - range[0]);
    const colour = readable(DATA.areas[line.area].colour, colours.paper, 4.5);
    return { text, colour, wanted: share * plotHeight, height: text.length * 16 + 2 };
  });
  spread(labels, 8, plotHeight - 8);
  return labels;
}

/** Ticks at whole years where there are few, else as plotly sets them. */
function timeAxis(view, colours) {
  const kind = view.state.frequency[0];
  const ends = view.lines.flatMap((l) => [l.figures.from + l.figures.values.findIndex((v) => v !== null), l.figures.from + l.figures.values.findLastIndex((v) => v !== null)]);
  const years = yearOf(kind, Math.max(...ends)) - yearOf(kind, Math.min(...ends));
  const yearly = "AF".includes(kind);
  const month = DATA.lang === "en" ? "%b %Y" : "%Y年%-m月";
  return {
    type: "date", showgrid: false, ticks: "outside", tickcolor: colours.line, linecolor: colours.line, showline: true, fixedrange: true,
    tickfont: { color: colours.soft }, hoverformat: yearly ? "%Y" : month, ...(yearly && years < 8 ? { dtick: "M12", tickformat: "%Y" } : {}),
    ...(DATA.lang !== "en" && !yearly ? { tickformat: years > 4 ? "%Y" : month } : {}), ...(yearly ? { tickformat: "%Y" } : {}),
  };
}

/** The same decimals at every tick. */
function tickFormat(span) {
  if (span > 5) return {};
  return { tickformat: span > 0.6 ? ",.1f" : span > 0.06 ? ",.2f" : "" };
}

/**
 * The chart as plotly takes it.
 * @param {object} view what is shown
 * @param {{width: number, onWhite?: boolean, titled?: boolean}} how
 */
function figureOf(view, { width, onWhite = false, titled = false }) {
  const colours = pageColours(onWhite);
  const font = getComputedStyle(document.getElementById("explorer")).fontFamily;
  const direct = width >= NARROW || titled;
  const drawn = coloured(view.lines);
  const range = valueRange(view.lines, view);
  const top = titled ? 84 : 12;
  const footer = titled ? footerOf(view, font, width - 48) : [];
  const bottom = 34 + (titled ? 20 + 15 * footer.length : 0);
  const height = titled ? HEIGHT + 120 : HEIGHT;
  const labels = direct ? endLabels(view, colours, range, font, height - top - bottom) : [];
  const widest = Math.max(0, ...labels.flatMap((l) => l.text.map((t) => textWidth(t, font))));
  const hues = (line) => (drawn.has(line) ? readable(DATA.areas[line.area].colour, colours.paper, 3) : colours.soft);
  const inOrder = [...view.lines].sort((a, b) => Number(drawn.has(a)) - Number(drawn.has(b)));
  const layout = {
    width, height, paper_bgcolor: colours.paper, plot_bgcolor: colours.paper, separators: ".,", dragmode: false,
    font: { family: font, size: LABEL_SIZE, color: colours.ink }, margin: { l: 8, r: direct ? widest + 18 : 12, t: top, b: bottom, pad: 0 },
    hovermode: view.lines.length > MOST_COLOURED ? "closest" : "x unified",
    hoverlabel: { bgcolor: colours.paper, bordercolor: colours.line, font: { color: colours.ink, family: font } },
    xaxis: timeAxis(view, colours),
    yaxis: {
      range, gridcolor: colours.line, zeroline: range[0] < 0, zerolinecolor: colours.soft, automargin: true, fixedrange: true,
      tickfont: { color: colours.soft }, exponentformat: "none", separatethousands: true, nticks: 7,
      ...tickFormat(range[1] - range[0]),
    },
    annotations: [...labels.map((l) => annotation(l, height - top - bottom)), ...(titled ? frameOf(view, colours, footer) : [])],
  };
  return { data: inOrder.map((line) => traceOf(line, view, hues(line), drawn.has(line))), layout };
}

function annotation(label, plotHeight) {
  return {
    text: label.text.map(plain).join("<br>"), font: { color: label.colour, size: LABEL_SIZE, weight: 600 }, xref: "paper", yref: "paper", x: 1,
    xanchor: "left", xshift: 6, y: label.placed / plotHeight, yanchor: "middle", align: "left", showarrow: false, borderpad: 0,
  };
}

/** Title, unit and sources of a picture that leaves the page. */
function frameOf(view, colours, footer) {
  const at = { xref: "paper", yref: "paper", x: 0, xanchor: "left", align: "left", showarrow: false };
  const short = (text, most) => (text.length > most ? `${text.slice(0, most)}…` : text);
  return [
    { ...at, text: plain(short(view.title, 80)), font: { size: 20, weight: 700, color: colours.ink }, y: 1, yshift: 74, yanchor: "top" },
    { ...at, text: plain(short(view.unitText, 120)), font: { size: 14, color: colours.soft }, y: 1, yshift: 42, yanchor: "top" },
    { ...at, text: footer.map(plain).join("<br>"), font: { size: 11, color: colours.soft }, y: 0, yshift: -42, yanchor: "top" },
  ];
}

/** Sources as they stand under a picture: the first ones in full, the others counted. */
function footerOf(view, font, width) {
  const cited = view.sources.slice(0, CITED_IN_PICTURE).map((s) => s[1]);
  if (view.sources.length > cited.length) cited.push(`+ ${view.sources.length - cited.length}`);
  return wrapped(say("named", WORDS.sources, cited.join("; ")), font, width, "400 11px");
}

const CHART = document.getElementById("explorer-chart");

/** Draw the view, or nothing where there is nothing to draw. */
function drawChart(view) {
  CHART.setAttribute("aria-label", say("chart_of", view.summary));
  CHART.hidden = view.lines.length === 0;
  if (CHART.hidden) {
    Plotly.purge(CHART);
    return;
  }
  const width = CHART.clientWidth;
  const { data, layout } = figureOf(view, { width });
  Plotly.react(CHART, data, layout, { displayModeBar: false, responsive: false, staticPlot: false });
  drawKey(view, width < NARROW);
}

/** Names with their colours, where the lines have no labels. */
function drawKey(view, needed) {
  const key = document.getElementById("explorer-key");
  key.hidden = !needed || view.lines.length === 0;
  const { paper } = pageColours();
  key.replaceChildren(...[...coloured(view.lines)].map((line) => {
    const item = element("li", {}, line.name);
    item.prepend(swatch(readable(DATA.areas[line.area].colour, paper, 3)));
    return item;
  }));
}

function swatch(colour) {
  const made = element("span", { class: "swatch", "aria-hidden": "true" });
  made.style.setProperty("background-color", colour);
  return made;
}

/** Make a picture file of the view. */
async function saveChart(view, format) {
  const { data, layout } = figureOf(view, { width: 1000, onWhite: true, titled: true });
  const url = await Plotly.toImage({ data, layout }, { format: "svg", width: layout.width, height: layout.height });
  const drawing = new Blob([decodeURIComponent(url.slice(url.indexOf(",") + 1))], { type: "image/svg+xml" });
  const file = format === "svg" ? drawing : await pixelsOf(url, layout);
  return download(file, `${fileName(view)}.${format}`);
}

/** A drawing as pixels, made here because the policy of the page lets plotly load no blob. */
async function pixelsOf(url, { width, height }) {
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  const canvas = element("canvas", { width: width * PIXELS, height: height * PIXELS });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("no picture"))), "image/png"));
}

function fileName(view) {
  return `explorer-${view.state.indicator}`.replace(/[^\w-]/g, "_");
}

function download(blob, name) {
  const link = element("a", { download: name });
  link.href = URL.createObjectURL(blob);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  return name;
}
