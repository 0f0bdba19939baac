// Every word a person reads comes from i18n/<language>.json; the code only knows keys.

export const LANGUAGES = ["zh", "en"];
const LOCALES = { zh: "zh-CN", en: "en-GB" };
const tables = {};
// How the service puts its reasons, and what that is in Chinese.
let reasons = [];
let language = "zh";

async function load(name) {
  const answer = await fetch(`/static/i18n/${name}.json`);
  if (!answer.ok) throw new Error(`i18n/${name}.json: HTTP ${answer.status}`);
  return answer.json();
}

export async function loadWords() {
  const [inChinese, ...words] = await Promise.all(["reasons", ...LANGUAGES].map(load));
  reasons = inChinese.map(([pattern, chinese]) => [new RegExp(`^(?:${pattern})$`), chinese]);
  LANGUAGES.forEach((name, index) => (tables[name] = words[index]));
}

export function setLanguage(name) {
  language = name;
  document.documentElement.lang = LOCALES[name];
}

export const getLanguage = () => language;
export const locale = () => LOCALES[language];

/** The language to start in when the address names none: the last one used, else the browser's. */
export function preferredLanguage() {
  const kept = localStorage.getItem("language");
  if (LANGUAGES.includes(kept)) return kept;
  return (navigator.language ?? "").toLowerCase().startsWith("zh") ? "zh" : "en";
}

function template(key, values) {
  const found = tables[language][key];
  if (found === undefined) {
    console.error(`no word for ${key} in ${language}`);
    return key;
  }
  if (typeof found === "string") return found;
  return found[new Intl.PluralRules(locale()).select(values.count)] ?? found.other;
}

const shown = (value) => (typeof value === "number" ? formatNumber(value) : value);

/** The words for a key, with {names} filled in. */
export function t(key, values = {}) {
  return template(key, values).replace(/\{(\w+)\}/g, (_, name) => String(shown(values[name])));
}

/** Like t, for values that are elements: returns children rather than a string. */
export function rich(key, values) {
  return template(key, values)
    .split(/\{(\w+)\}/)
    .map((piece, index) => (index % 2 ? shown(values[piece]) : piece));
}

/** The word for one of the service's values; the value itself if a newer service has new ones. */
export function word(group, value) {
  const key = `${group}.${value}`;
  return key in tables[language] ? t(key) : String(value);
}

/** A reason of the service in the language now shown, or in the service's where there is none. */
export function inWords(reason) {
  if (language === "en") return reason;
  const [pattern, chinese] = reasons.find(([one]) => one.test(reason)) ?? [];
  return pattern ? reason.replace(pattern, chinese) : reason;
}

export const hasWord = (key) => key in tables[language];

export const formatNumber = (value) => new Intl.NumberFormat(locale()).format(value);

/** A share in percent, never rounded up to a hundred while something is missing. */
export function formatShare(part, base) {
  const share = base === 0 ? 0 : part / base;
  const floored = part < base ? Math.floor(share * 1000) / 1000 : share;
  return new Intl.NumberFormat(locale(), { style: "percent", maximumFractionDigits: 1 }).format(floored);
}

/** A percentage that the service computed: 100 only of all. */
export function formatPercent(percent) {
  const floored = percent < 100 ? Math.floor(percent * 10) / 10 : percent;
  return new Intl.NumberFormat(locale(), { style: "percent", maximumFractionDigits: 1 }).format(floored / 100);
}

/** A length of time in its largest unit that makes sense: 42s, 3h, 12 days. */
export function formatDuration(ms) {
  const units = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000], ["second", 1000]];
  const [unit, size] = units.find(([, length]) => Math.abs(ms) >= length) ?? units.at(-1);
  return new Intl.NumberFormat(locale(), { style: "unit", unit, unitDisplay: "narrow" }).format(
    Math.floor(Math.max(0, ms) / size),
  );
}

/** A day that has no time of day: "2026-03-01". */
export const formatDay = (day) =>
  new Intl.DateTimeFormat(locale(), { timeZone: "UTC", dateStyle: "medium" }).format(Date.parse(day));

/** A large number where there is no room for it: 12K. */
export const formatShort = (value) => new Intl.NumberFormat(locale(), { notation: "compact", maximumFractionDigits: 1 }).format(value);
