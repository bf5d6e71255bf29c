// The explorer: a choice changes the state, the state is drawn and said in the link, and a link is a state.

let state = defaultState();
let view = null;

/** What the state shows, in words and numbers. */
function viewOf(chosen) {
  const answer = linesOf(chosen);
  const { lines } = answer;
  const ids = [...new Set(lines.map((l) => l.figures.unit))];
  const mixed = ids.length > 1;
  const words = mixed ? ["", ...DATA.scales.map(([, word]) => word)] : unitWords(ids[0] ?? "");
  const values = lines.flatMap((l) => l.figures.values).filter((v) => v !== null);
  const scale = scaleOf(chosen, words, values, ids[0]);
  const made = { state: chosen, lines, mixed, scale, base: answer.base, answer, title: DATA.indicators[chosen.indicator].name };
  made.baseUnit = mixed ? "" : chosen.show === "level" ? words[0] : scale.unit;
  made.unitText = unitText(made);
  made.summary = summaryOf(made);
  made.sources = sourcesOf(made);
  return made;
}

function scaleOf(chosen, words, values, id) {
  if (chosen.show === "growth") return { ...chooseScale(["", "", "", ""], values, true), unit: WORDS.growth_unit };
  if (chosen.show === "index") return { factor: 1, unit: "", decimals: 1 };
  return chooseScale(words, values, id === "percent");
}

/** Unit as the subtitle says it: the scale, how it was converted, and how often there is a figure. */
function unitText({ state: chosen, mixed, scale, base }) {
  const [kind, adjustment] = chosen.frequency.split(".");
  const often = [WORDS[`every_${kind}`], adjustment ? WORDS[adjustment] : ""];
  const name = unitName(chosen, chosen.unit);
  const of = say("of_figures", name.startsWith("US") ? name : name[0].toLowerCase() + name.slice(1));
  const comma = DATA.lang === "en" ? ", " : "，";
  return [...unitParts(), ...often].filter(Boolean).join(comma);

  function unitParts() {
    if (chosen.show === "growth") return isMoney(chosen) ? [WORDS.growth_unit, of] : [WORDS.growth_unit];
    if (chosen.show === "index") return isMoney(chosen) ? [say("index_unit", base ?? "–"), of] : [say("index_unit", base ?? "–")];
    if (mixed) return [scale.unit, isMoney(chosen) ? WORDS.own_mixed : WORDS.units_mixed];
    return [scale.unit, ...conversion(chosen)];
  }
}

/** How money was converted, and whether it is per head, where the unit does not say so. */
function conversion(chosen) {
  if (!isMoney(chosen)) return [];
  const [currency, head] = chosen.unit.split("_");
  return [currency === "usd" ? WORDS.by_usd : "", head ? WORDS.own_head : ""];
}

function isMoney(chosen) {
  return offered(chosen).some((s) => Object.hasOwn(s.m, "usd"));
}

function summaryOf({ state: chosen, lines, title, unitText: unit }) {
  const years = yearsShown(lines);
  const span = years.length ? (years[0] === years[1] ? String(years[0]) : `${years[0]}–${years[1]}`) : "–";
  const areas = new Set(lines.map((l) => l.area)).size;
  return say("said", title, areas === 1 ? WORDS.areas_one : say("areas_many", areas), span, unit);
}

/** First and last year with a figure. */
function yearsShown(lines) {
  const all = lines.flatMap(({ figures: f }) => f.values.flatMap((v, i) => (v === null ? [] : [yearOf(f.kind, f.from + i)])));
  return all.length ? [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))] : [];
}

/** What a reader must know beside the chart: what lacks and why, by which definitions, what is grey. */
function remarksOf({ state: chosen, lines, answer }) {
  const list = (names) => names.join(WORDS.comma);
  const remarks = [];
  if (DATA.asOf) remarks.push(say("as_of", DATA.asOf));
  if (!chosen.areas.length) remarks.push(WORDS.nothing);
  if (answer.lacking.length) remarks.push(say("no_figures", list(answer.lacking)));
  if (answer.unbased.length) remarks.push(say("no_base", list(answer.unbased), answer.base ?? "–"));
  if (!lines.length && answer.years.length && !answer.unbased.length) {
    remarks.push(say("no_figures_years", chosen.from ?? answer.years[0], chosen.to ?? answer.years.at(-1)));
  }
  if (lines.length > MOST_COLOURED) remarks.push(say("series_grey", lines.length - COLOURED_OF_MANY, lines.length));
  for (const { area, definition } of lines) if (definition) remarks.push(say("named", areaName(area), definition[2]));
  return [...new Set(remarks)];
}

/** Show the state in every part of the explorer. */
function draw() {
  view = viewOf(state);
  drawIndicators(state);
  drawAreas(state);
  drawDefinitions(state, (area, id) => change({ definitions: new Map([...state.definitions, [area, id]]) }));
  drawChoices(state, view.answer);
  document.getElementById("explorer-what").textContent = view.title;
  document.getElementById("explorer-in").textContent = view.lines.length ? view.unitText : "";
  document.getElementById("explorer-status").textContent = view.summary;
  document.getElementById("explorer-remarks").replaceChildren(...remarksOf(view).map((r) => element("p", {}, r)));
  document.getElementById("explorer-done").textContent = "";
  document.getElementById("explorer-by-hand").hidden = true;
  for (const id of ["csv", "svg", "png"]) document.getElementById(`explorer-${id}`).disabled = view.lines.length === 0;
  drawChart(view);
  drawTable(view);
  drawSources(view);
}

/** Take a new choice, draw it, and put it into the link. */
function change(choices) {
  state = settled({ ...state, ...choices });
  notice([]);
  draw();
  history.pushState(null, "", fragmentOf(state));
}

function notice(problems) {
  const place = document.getElementById("explorer-notice");
  place.hidden = problems.length === 0;
  place.textContent = problems.join(" ");
}

/** Show what the address says, if it is the explorer's. */
function followAddress() {
  const read = readFragment(location.hash);
  if (!read) return false;
  state = read.state;
  draw();
  notice(read.problems);
  if (location.hash.startsWith("#explorer?")) document.getElementById("explorer").scrollIntoView();
  return true;
}

function year(value, end) {
  const { years } = view.answer;
  return Number(value) === (end === "from" ? years[0] : years.at(-1)) ? null : Number(value);
}

/** Years that end before they begin move the other end along. */
function changeYears(key, value) {
  const other = key === "from" ? "to" : "from";
  const crossed = state[other] !== null && (key === "from" ? Number(value) > state.to : Number(value) < state.from);
  change({ [key]: year(value, key), ...(crossed ? { [other]: Number(value) } : {}) });
}

async function copyLink() {
  const link = location.href.split("#")[0] + fragmentOf(state);
  try {
    await navigator.clipboard.writeText(link);
    document.getElementById("explorer-done").textContent = WORDS.copied;
  } catch {
    const field = document.getElementById("explorer-link");
    document.getElementById("explorer-by-hand").hidden = false;
    field.value = link;
    field.select();
  }
}

async function save(make) {
  const done = document.getElementById("explorer-done");
  try {
    done.textContent = say("saved", await make());
  } catch {
    done.textContent = WORDS.not_saved;
  }
}

function listen() {
  const on = (id, event, act) => document.getElementById(`explorer-${id}`).addEventListener(event, act);
  on("form", "submit", (event) => event.preventDefault());
  on("find-indicator", "input", () => drawIndicators(state));
  on("find-area", "input", filterAreas);
  on("indicator", "change", (event) => event.target.value && changeIndicator(event.target.value));
  on("areas", "change", () => change({ areas: tickedAreas() }));
  on("all", "click", () => change({ areas: [...new Set([...state.areas, ...visibleAreas()])] }));
  on("clear", "click", () => change({ areas: [] }));
  for (const key of ["unit", "show", "frequency"]) on(key, "change", (event) => change({ [key]: event.target.value }));
  on("base", "change", (event) => change({ base: Number(event.target.value) }));
  for (const key of ["from", "to"]) on(key, "change", (event) => changeYears(key, event.target.value));
  on("copy", "click", copyLink);
  on("csv", "click", () => save(() => download(new Blob(["\ufeff", csvOf(view)], { type: "text/csv" }), `${fileName(view)}.csv`)));
  for (const format of ["svg", "png"]) on(format, "click", () => save(() => saveChart(view, format)));
  on("table", "keydown", moveInTable);
  on("table", "click", (event) => {
    const button = event.target.closest("button.figure");
    if (button) openRows(view, button);
  });
  window.addEventListener("popstate", followAddress);
  document.addEventListener("themechange", repaint);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  new ResizeObserver(onResize).observe(CHART.parentElement);
}

function changeIndicator(indicator) {
  state = withIndicator(state, indicator);
  change({});
}

function tickedAreas() {
  const offeredNow = new Set(areasOffered(state));
  const ticked = [...CONTROL.areas.querySelectorAll("input:checked")].map((box) => box.value);
  return [...state.areas.filter((a) => !offeredNow.has(a)), ...ticked];
}

function visibleAreas() {
  return [...CONTROL.areas.querySelectorAll("label:not([hidden]) input")].map((box) => box.value);
}

function repaint() {
  paintAreas();
  drawChart(view);
}

let drawnWidth = CHART.parentElement.clientWidth;

function onResize() {
  if (CHART.parentElement.clientWidth === drawnWidth) return;
  drawnWidth = CHART.parentElement.clientWidth;
  drawChart(view);
}

/** On a phone the choices are folded, so that the chart comes first. */
function foldChoices(narrow) {
  document.getElementById("explorer-choices").open = !narrow;
}

const NARROW_PAGE = matchMedia("(max-width: 52rem)");
NARROW_PAGE.addEventListener("change", () => foldChoices(NARROW_PAGE.matches));
foldChoices(NARROW_PAGE.matches);
document.getElementById("explorer-panes").hidden = false;
if (!followAddress()) draw();
listen();
