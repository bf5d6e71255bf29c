// State: what the reader chose, the series that answer it, and the link that says it.

const ORDER_OF_UNITS = ["usd", "own", "ppp", "usd_head", "own_head", "ppp_head"];
const ORDER_OF_KINDS = ["A", "F", "S", "Q", "M"];
const SHOWS = ["level", "index", "growth"];
const LONGEST_LINK = 4000;

/**
 * @typedef {{indicator: string, areas: string[], unit: string, show: string, base: number|null, from: number|null,
 *   to: number|null, frequency: string, definitions: Map<string, string>}} State
 */

const SERIES_OF = Map.groupBy ? Map.groupBy(DATA.series, (s) => s.i) : grouped(DATA.series);

function grouped(series) {
  const groups = new Map();
  for (const one of series) groups.set(one.i, [...(groups.get(one.i) ?? []), one]);
  return groups;
}

/** Frequency of a series and its adjustment: A, M, Q.sa. */
function frequencyOf(series) {
  return series.j ? `${series.k}.${series.j}` : series.k;
}

function frequencyName(frequency) {
  const [kind, adjustment] = frequency.split(".");
  return adjustment ? `${WORDS[kind]}, ${WORDS[adjustment]}` : WORDS[kind];
}

/** @returns {State} */
function defaultState() {
  return settled({
    indicator: Object.hasOwn(DATA.indicators, "gdp") ? "gdp" : Object.keys(DATA.indicators)[0],
    areas: DATA.bays, unit: "", show: "level", base: null, from: null, to: null, frequency: "", definitions: new Map(),
  });
}

/** Frequencies that an indicator has, years first. */
function frequencies(indicator) {
  const found = new Set(SERIES_OF.get(indicator).map(frequencyOf));
  const place = (f) => ORDER_OF_KINDS.indexOf(f[0]) + (f.includes(".") ? 0.5 : 0);
  return [...found].sort((a, b) => place(a) - place(b));
}

/** Series of an indicator at a frequency. */
function offered(state) {
  return SERIES_OF.get(state.indicator).filter((s) => frequencyOf(s) === state.frequency);
}

/** Units that some series can be shown in. */
function units(state) {
  const found = new Set(offered(state).flatMap((s) => Object.keys(s.m)));
  return ORDER_OF_UNITS.filter((u) => found.has(u));
}

function unitWords(id) {
  return DATA.units.find((u) => u[0] === id)?.slice(1) ?? [id, id, id, id];
}

/** Name of a unit for an indicator: money has its own words, else the unit says itself. */
function unitName(state, unit) {
  const series = offered(state);
  if (!unit.startsWith("own")) return WORDS[unit];
  if (series.some((s) => Object.hasOwn(s.m, "usd"))) return WORDS[unit.replace("own", "own_money")];
  const ids = new Set(series.filter((s) => Object.hasOwn(s.m, unit)).map((s) => measureOf(s, unit).unit));
  return ids.size === 1 ? unitWords([...ids][0])[0] : WORDS[unit];
}

function shows(state) {
  return DATA.indicators[state.indicator].changes ? SHOWS : SHOWS.slice(0, 1);
}

/** Make the choices fit one another: what an indicator does not have gives way to what it has. */
function settled(state, problems = []) {
  const made = { ...state };
  const take = (key, choices, name, preferred = choices[0]) => {
    if (choices.includes(made[key])) return;
    if (made[key]) problems.push(say("unknown", name, clip(made[key])));
    made[key] = preferred;
  };
  take("frequency", frequencies(made.indicator), WORDS.frequency);
  take("unit", units(made), WORDS.unit);
  take("show", shows(made), WORDS.show);
  if (made.show !== "index") made.base = null;
  return made;
}

/** Figures of a series in a unit. @returns {Figures} */
function measureOf(series, unit) {
  const measure = series.m[unit];
  return decode(typeof measure === "number" ? DATA.rows[measure] : measure, series.k);
}

/** Definitions by which a bay area has series at this frequency. */
function definitionsOf(state, area) {
  const have = new Set(offered(state).filter((s) => s.a === area && s.d).map((s) => s.d));
  return DATA.definitions.filter(([bay, id]) => bay === area && have.has(id));
}

/** Definition of a bay area that is shown: the chosen one, else the usual one, else the first there is. */
function definitionShown(state, area) {
  const choices = definitionsOf(state, area);
  const chosen = choices.find(([, id]) => id === state.definitions.get(area));
  return chosen ?? choices.find(([, , , usual]) => usual) ?? choices[0] ?? null;
}

/**
 * A line to draw.
 * @typedef {{area: string, name: string, series: object, measure: object|number, level: Figures, figures: Figures,
 *   definition: Array|null}} Line
 */

/** Series of the chosen areas. */
function chosenSeries(state) {
  return state.areas.flatMap((area) => {
    const definition = definitionShown(state, area);
    const of = offered(state).filter((s) => s.a === area && Object.hasOwn(s.m, state.unit));
    return of.filter((s) => (definition ? s.d === definition[1] : !s.d));
  });
}

/**
 * Lines that answer the state, and the areas that have none with the reason.
 * @returns {{lines: Line[], lacking: string[], unbased: string[], base: number|null, years: number[]}}
 */
function linesOf(state) {
  const series = chosenSeries(state);
  const all = series.map((s) => ({ ...lineOf(s, state, series), level: measureOf(s, state.unit) }));
  const base = state.show === "index" ? (state.base ?? latestCommonStart(all)) : null;
  const changed = all.map((line) => ({ ...line, figures: changedFigures(line.level, state.show, base) }));
  const lines = changed.filter((l) => l.figures).map((l) => ({ ...l, figures: within(l.figures, state) }));
  const there = lines.filter((l) => l.figures.values.some((v) => v !== null));
  return {
    lines: there,
    lacking: state.areas.filter((a) => !series.some((s) => s.a === a)).map(areaName),
    unbased: changed.filter((l) => !l.figures).map((l) => l.name),
    base,
    years: yearsOf(all),
  };
}

function changedFigures(level, show, base) {
  if (show === "growth") return growth(level);
  return show === "index" ? indexed(level, base) : level;
}

/** First year in which every line can be the base of an index; the first of any line where there is none. */
function latestCommonStart(lines) {
  const can = (line, year) => indexed(line.level, year) !== null;
  const years = yearsOf(lines);
  return years.find((y) => lines.every((l) => can(l, y))) ?? years.find((y) => lines.some((l) => can(l, y))) ?? years[0] ?? null;
}

function yearsOf(lines) {
  const found = new Set();
  for (const { level } of lines) {
    level.values.forEach((v, i) => v !== null && found.add(yearOf(level.kind, level.from + i)));
  }
  return [...found].sort((a, b) => a - b);
}

/** Keep the years chosen. */
function within(figures, state) {
  const keep = (_, i) => {
    const year = yearOf(figures.kind, figures.from + i);
    return year >= (state.from ?? -Infinity) && year <= (state.to ?? Infinity);
  };
  const first = figures.values.findIndex(keep);
  return {
    ...figures, from: figures.from + Math.max(first, 0),
    values: figures.values.filter(keep), statuses: figures.statuses.filter(keep),
  };
}

/** Name of a series: its area, and what tells it from the others of that area. */
function lineOf(series, state, all) {
  const beside = all.filter((s) => s.a === series.a);
  const definition = series.d ? DATA.definitions.find(([a, id]) => a === series.a && id === series.d) : null;
  const parts = [];
  if (definition && !definition[3]) parts.push(definition[2]);
  if (beside.length > 1 && series.p) parts.push(DATA.prices[series.p] ?? series.p);
  if (new Set(beside.map((s) => measureOf(s, state.unit).unit)).size > 1) parts.push(unitWords(measureOf(series, state.unit).unit)[0]);
  const name = areaName(series.a) + (parts.length ? (DATA.lang === "en" ? ` (${parts.join(", ")})` : `（${parts.join("，")}）`) : "");
  return { area: series.a, name, series, measure: series.m[state.unit], definition };
}

function areaName(id) {
  return DATA.areas[id].name;
}

/** Areas that an indicator has at a frequency, in the order of the list. */
function areasOffered(state) {
  const have = new Set(offered(state).map((s) => s.a));
  return Object.keys(DATA.areas).filter((a) => have.has(a));
}

/** State for another indicator: the areas stay if one of them has it, else those come that do. */
function withIndicator(state, indicator) {
  const made = settled({ ...state, indicator, frequency: frequencies(indicator)[0], unit: "", from: null, to: null, base: null });
  if (!made.areas.some((a) => areasOffered(made).includes(a))) {
    const have = areasOffered(made);
    const bays = DATA.bays.filter((a) => have.includes(a));
    made.areas = bays.length > 1 ? bays : have.slice(0, 5);
  }
  return settled(made);
}

/** The link that says a state. */
function fragmentOf(state) {
  const parts = new URLSearchParams();
  parts.set("indicator", state.indicator);
  parts.set("areas", state.areas.join(","));
  parts.set("unit", state.unit);
  parts.set("frequency", state.frequency);
  if (state.show !== "level") parts.set("show", state.show);
  for (const key of ["base", "from", "to"]) if (state[key] !== null) parts.set(key, String(state[key]));
  const made = [...state.definitions].filter(([area]) => state.areas.includes(area));
  if (made.length) parts.set("definition", made.map((pair) => pair.join(":")).join(","));
  return `#explorer?${parts.toString().replaceAll("%2C", ",").replaceAll("%3A", ":")}`;
}

function clip(text) {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** What each part of a link does to a state. Each returns false where it cannot be. */
const READERS = new Map([
  ["indicator", (state, text) => Object.hasOwn(DATA.indicators, text) && ((state.indicator = text), true)],
  ["areas", (state, text) => readAreas(state, text)],
  ["unit", (state, text) => ((state.unit = text), true)],
  ["show", (state, text) => SHOWS.includes(text) && ((state.show = text), true)],
  ["frequency", (state, text) => ((state.frequency = text), true)],
  ["base", (state, text) => readYear(state, "base", text)],
  ["from", (state, text) => readYear(state, "from", text)],
  ["to", (state, text) => readYear(state, "to", text)],
  ["definition", (state, text) => readDefinitions(state, text)],
]);

function readYear(state, key, text) {
  if (!/^\d{4}$/.test(text)) return false;
  state[key] = Number(text);
  return true;
}

/** Areas that there are; the others are handed back to be told. */
function readAreas(state, text) {
  const given = [...new Set(text.split(",").filter(Boolean))];
  state.areas = given.filter((a) => Object.hasOwn(DATA.areas, a));
  return given.filter((a) => !Object.hasOwn(DATA.areas, a));
}

function readDefinitions(state, text) {
  const known = (area, id) => DATA.definitions.some((d) => d[0] === area && d[1] === id);
  const pairs = text.split(",").map((p) => p.split(":"));
  state.definitions = new Map(pairs.filter((p) => known(...p)));
  return pairs.filter((p) => !known(...p)).map((p) => p.join(":"));
}

/**
 * Read a link. What it says wrongly is ignored and told.
 * @returns {{state: State, problems: string[]}|null} null where the fragment is of another part of the page
 */
function readFragment(hash) {
  if (["", "#", "#explorer"].includes(hash)) return { state: defaultState(), problems: [] };
  if (!hash.startsWith("#explorer?")) return null;
  if (hash.length > LONGEST_LINK || !isReadable(hash)) return { state: defaultState(), problems: [WORDS.bad_link] };
  const state = { ...defaultState(), unit: "", frequency: "" };
  const wrong = [];
  for (const [key, text] of new URLSearchParams(hash.slice("#explorer?".length))) {
    const read = READERS.get(key)?.(state, text) ?? false;
    if (read === false) wrong.push(say("unknown", READERS.has(key) ? WORDS[key] : clip(key), clip(text)));
    if (Array.isArray(read)) wrong.push(...read.map((part) => say("unknown", WORDS[key], clip(part))));
  }
  if (state.from !== null && state.to !== null && state.from > state.to) {
    wrong.push(say("unknown", WORDS.years, `${state.from}–${state.to}`));
    state.from = state.to = null;
  }
  const made = settled(state, wrong);
  return { state: made, problems: wrong.length ? [say("ignored", wrong.join("; "))] : [] };
}

function isReadable(text) {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
