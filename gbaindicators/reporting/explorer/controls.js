// Controls: what the reader can choose, always saying what is chosen.

const CONTROL = Object.fromEntries(
  ["find-indicator", "indicator", "found-indicator", "find-area", "areas", "found-area", "all", "clear", "definitions", "unit", "show", "base", "base-field", "frequency", "from", "to"]
    .map((id) => [id, document.getElementById(`explorer-${id}`)]),
);

function option(value, text, chosen) {
  const made = element("option", { value }, text);
  made.selected = chosen;
  return made;
}

function fill(select, choices, chosen) {
  select.replaceChildren(...choices.map(([value, text]) => option(value, text, String(value) === String(chosen))));
  select.disabled = choices.length < 2;
}

function matches(text, needle) {
  return needle.toLowerCase().split(/\s+/).every((part) => text.toLowerCase().includes(part));
}

/** Indicators whose name, table or id holds what is looked for, by table; the chosen one always stays. */
function drawIndicators(state) {
  const needle = CONTROL["find-indicator"].value.trim();
  const all = Object.entries(DATA.indicators);
  const found = all.filter(([id, i]) => matches(`${i.name} ${id} ${WORDS[i.table]}`, needle));
  const shown = found.some(([id]) => id === state.indicator) ? found : [[state.indicator, DATA.indicators[state.indicator]], ...found];
  const groups = new Map();
  for (const [id, indicator] of shown) groups.set(indicator.table, [...(groups.get(indicator.table) ?? []), [id, indicator]]);
  CONTROL.indicator.replaceChildren(...[...groups].map(([table, entries]) =>
    element("optgroup", { label: WORDS[table] ?? table }, ...entries.map(([id, i]) => option(id, i.name, id === state.indicator)))));
  CONTROL["found-indicator"].textContent = needle ? say("found", found.length, all.length) : "";
}

let listed = "";

/** Areas that have figures, each with its colour; made anew only when they change, so that the focus stays. */
function drawAreas(state) {
  const key = `${state.indicator} ${state.frequency}`;
  if (key !== listed) makeAreas(state);
  listed = key;
  for (const box of CONTROL.areas.querySelectorAll("input")) box.checked = state.areas.includes(box.value);
  paintAreas();
  filterAreas();
}

function makeAreas(state) {
  const groups = new Map();
  for (const area of areasOffered(state)) groups.set(DATA.areas[area].group, [...(groups.get(DATA.areas[area].group) ?? []), area]);
  CONTROL.areas.replaceChildren(...[...groups].map(([group, areas]) =>
    element("fieldset", {}, element("legend", {}, WORDS[group]), ...areas.map(areaBox))));
}

function areaBox(area) {
  const box = element("input", { type: "checkbox", name: "area", value: area });
  const colour = element("span", { class: "swatch", "aria-hidden": "true", "data-area": area });
  return element("label", { class: "area" }, box, colour, areaName(area));
}

/** Colours of the areas, as the lines have them on this paper. */
function paintAreas() {
  const { paper } = pageColours();
  for (const mark of CONTROL.areas.querySelectorAll(".swatch")) {
    mark.style.setProperty("background-color", readable(DATA.areas[mark.dataset.area].colour, paper, 3));
  }
}

function filterAreas() {
  const needle = CONTROL["find-area"].value.trim();
  const labels = [...CONTROL.areas.querySelectorAll("label.area")];
  for (const label of labels) label.hidden = !matches(`${label.textContent} ${label.firstChild.value}`, needle);
  for (const group of CONTROL.areas.querySelectorAll("fieldset")) group.hidden = !group.querySelector("label:not([hidden])");
  const found = labels.filter((l) => !l.hidden).length;
  CONTROL["found-area"].textContent = needle ? say("found", found, labels.length) : "";
}

/** A choice of definition for each bay area that has several. */
function drawDefinitions(state, choose) {
  const bays = state.areas.filter((area) => definitionsOf(state, area).length > 1);
  const key = JSON.stringify([state.indicator, state.frequency, bays]);
  if (CONTROL.definitions.dataset.key !== key) {
    CONTROL.definitions.dataset.key = key;
    CONTROL.definitions.replaceChildren(...bays.flatMap((area) => definitionChoice(state, area, choose)));
  }
  CONTROL.definitions.hidden = bays.length === 0;
  for (const select of CONTROL.definitions.querySelectorAll("select")) select.value = definitionShown(state, select.dataset.area)[1];
}

function definitionChoice(state, area, choose) {
  const id = `explorer-definition-${area}`;
  const select = element("select", { id, "data-area": area });
  fill(select, definitionsOf(state, area).map(([, definition, name]) => [definition, name]), null);
  select.addEventListener("change", () => choose(area, select.value));
  return [element("label", { for: id }, `${areaName(area)}: ${WORDS.definition}`), select];
}

function drawChoices(state, answer) {
  fill(CONTROL.unit, units(state).map((u) => [u, unitName(state, u)]), state.unit);
  fill(CONTROL.show, shows(state).map((s) => [s, WORDS[s]]), state.show);
  fill(CONTROL.frequency, frequencies(state.indicator).map((f) => [f, frequencyName(f)]), state.frequency);
  const years = answer.years.map((y) => [y, String(y)]);
  CONTROL["base-field"].hidden = state.show !== "index";
  fill(CONTROL.base, withYear(years, answer.base), answer.base);
  fill(CONTROL.from, withYear(years, state.from), state.from ?? years[0]?.[0]);
  fill(CONTROL.to, withYear(years, state.to), state.to ?? years[years.length - 1]?.[0]);
}

/** Years to choose from, with one that a link names though there is no figure for it. */
function withYear(years, year) {
  const lacks = year !== null && !years.some(([y]) => y === year);
  return lacks ? [...years, [year, String(year)]].sort((a, b) => a[0] - b[0]) : years;
}
