// Figures: what the data hold, growth and indices by date, and how numbers and periods are written.

const DATA = JSON.parse(document.getElementById("explorer-data").textContent);
const WORDS = DATA.words;
/** Periods in a year, by kind: year, fiscal year, half-year, quarter, month. */
const PER_YEAR = { A: 1, F: 1, S: 2, Q: 4, M: 12 };
/** Statuses from the best to the worst; a figure made of several takes the worst of them. */
const STATUSES = ["A", "P", "E", "F", "B", "U", "M"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Words in the reader's language, with their parts filled in. */
function say(id, ...parts) {
  return WORDS[id].replace(/\{(\d)\}/g, (_, i) => String(parts[i]));
}

/** Value of a column that is written once where it is the same for all figures. */
function cell(column, i) {
  return Array.isArray(column) ? column[i] : column;
}

/**
 * A series of numbers by number of period.
 * @typedef {{unit: string, kind: string, from: number, values: (number|null)[], statuses: (string|null)[]}} Figures
 */

/** Read a coded series; entries of its columns stand for figures, so gaps have none. @returns {Figures} */
function decode(coded, kind) {
  let figure = -1;
  const statuses = coded.v.map((v) => (v === null ? null : cell(coded.st, ++figure)));
  return { unit: DATA.units[coded.u][0], kind, from: coded.from, values: coded.v, statuses };
}

function worst(a, b) {
  return STATUSES[Math.max(STATUSES.indexOf(a), STATUSES.indexOf(b))];
}

/** Growth in percent over the same period a year earlier. A gap gives none; a break between the two is marked. */
function growth(figures) {
  const lag = PER_YEAR[figures.kind];
  const passed = breaksPassed(figures);
  const values = [];
  const statuses = [];
  figures.values.forEach((value, i) => {
    const base = i >= lag ? figures.values[i - lag] : null;
    const known = value !== null && base !== null && base > 0;
    values.push(known ? (value / base - 1) * 100 : null);
    const ends = known ? worst(figures.statuses[i], figures.statuses[i - lag]) : null;
    statuses.push(known && passed[i] > passed[i - lag] ? worst(ends, "B") : ends);
  });
  return { ...figures, unit: "percent", values, statuses };
}

/** How many breaks a series has passed by each period. */
function breaksPassed(figures) {
  let passed = 0;
  return figures.statuses.map((status) => (passed += status === "B" ? 1 : 0));
}

/**
 * Index with the mean of a year as 100, or null where a period of that year lacks or its mean is not above zero.
 * @returns {Figures|null}
 */
function indexed(figures, year) {
  const places = placesOfYear(figures, year);
  const base = places.map((i) => figures.values[i] ?? null);
  if (base.includes(null)) return null;
  const mean = base.reduce((sum, v) => sum + v, 0) / base.length;
  if (!(mean > 0)) return null;
  // a break with which the base begins lies before it
  const own = places.map((i, n) => (n === 0 && figures.statuses[i] === "B" ? "A" : figures.statuses[i]));
  const status = own.reduce(worst);
  return {
    ...figures,
    unit: "index",
    values: figures.values.map((v) => (v === null ? null : (100 * v) / mean)),
    statuses: figures.statuses.map((s) => (s === null ? null : worst(s, status))),
  };
}

/** Places of the periods of a year in a series. */
function placesOfYear(figures, year) {
  const each = PER_YEAR[figures.kind];
  return Array.from({ length: each }, (_, i) => year * each + i - figures.from);
}

function yearOf(kind, number) {
  return Math.floor(number / PER_YEAR[kind]);
}

/** First month of a period, from 0. `start` is that of a fiscal year. */
function monthOf(kind, number, start) {
  if (kind === "F") return start - 1;
  const each = PER_YEAR[kind];
  return ((number % each) * 12) / each;
}

/** First day of a period as text. */
function dayOf(kind, number, start = 1) {
  return `${yearOf(kind, number)}-${String(monthOf(kind, number, start) + 1).padStart(2, "0")}-01`;
}

/** A period as SDMX writes it: 2022, 2022-Q2, 2022-05, 2022-04-01/P1Y. */
function periodCode(kind, number, start) {
  const year = yearOf(kind, number);
  const part = (number % PER_YEAR[kind]) + 1;
  if (kind === "F") return `${dayOf(kind, number, start)}/P1Y`;
  if (kind === "M") return `${year}-${String(part).padStart(2, "0")}`;
  return kind === "A" ? String(year) : `${year}-${kind}${part}`;
}

/** A period as readers write it. */
function periodText(kind, number) {
  const year = yearOf(kind, number);
  const part = (number % PER_YEAR[kind]) + 1;
  const english = DATA.lang === "en";
  const hans = DATA.lang === "zh-Hans";
  if (kind === "F") return english ? `FY${year}` : `${year}${hans ? "财年" : "財年"}`;
  if (kind === "S") return english ? `${year} H${part}` : `${year}年${"上下"[part - 1]}半年`;
  if (kind === "Q") return english ? `${year} Q${part}` : `${year}年第${part}${hans ? "季度" : "季"}`;
  if (kind === "M") return english ? `${MONTHS[part - 1]} ${year}` : `${year}年${part}月`;
  return String(year);
}

/**
 * How the numbers of a chart are written: divided by `factor`, in `unit` (words), with so many `decimals`.
 * @typedef {{factor: number, unit: string, decimals: number}} Scale
 */

/** Choose the scale word for the largest number. `words` are a unit's: unscaled, then with each scale. @returns {Scale} */
function chooseScale(words, values, percent = false) {
  const sizes = values.map(Math.abs);
  const largest = Math.max(0, ...sizes);
  const found = largest >= 1e5 ? DATA.scales.findIndex(([factor]) => largest >= factor) : -1;
  const scaled = found >= 0 && words[found + 1] !== words[0];
  const factor = scaled ? DATA.scales[found][0] : 1;
  const unit = scaled ? words[found + 1] : words[0];
  return { factor, unit, decimals: decimalsFor(largest / factor, percent, factor === 1 && sizes.every(Number.isInteger)) };
}

function decimalsFor(largest, percent, whole) {
  if (percent && largest >= 1) return 1;
  if (largest >= 1000 || whole) return 0;
  if (largest >= 10) return 1;
  return largest >= 0.1 || largest === 0 ? 2 : 4;
}

/** Write a number with so many decimals, or with three digits from the first that is not zero. */
function numberText(value, decimals = null) {
  const digits = decimals ?? (value ? Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))) : 2);
  const places = Math.min(digits, 20);
  const text = value.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
  return /[1-9]/.test(text) ? text.replace("-", "−") : text.replace("-", "");
}

/** Write a number of a chart; one that would round to zero gets the digits that it needs. */
function scaledText(value, scale) {
  const scaled = value / scale.factor;
  const vanishes = scaled !== 0 && Math.abs(scaled) < 0.5 * 10 ** -scale.decimals;
  return numberText(scaled, vanishes ? null : scale.decimals);
}

/** A number with its unit; signs of money stand before it. */
function amountText(number, unit) {
  const sign = /^(US\$|HK\$)/.exec(unit)?.[0] ?? "";
  return sign ? `${sign} ${number} ${unit.slice(sign.length)}`.trim() : `${number} ${unit}`;
}

/** Write a number in full, as in a dialog: a published one with all its digits, a computed one with seven. */
function fullText(value, digits = 15) {
  return value.toLocaleString("en-US", { maximumSignificantDigits: digits }).replace("-", "−");
}
