// Numbers as people read them, by the exporter's clock: the browser's own may be wrong.

export const UNKNOWN = "–";
const SPANS = [[86400, "d"], [3600, "h"], [60, "min"]];
const SIZES = ["B", "kB", "MB", "GB", "TB", "PB"];
let skewSeconds = 0;

/** Take over the time of an answer. */
export function setClock(date) {
  const instant = Date.parse(date ?? "");
  if (!Number.isNaN(instant)) skewSeconds = instant / 1000 - Date.now() / 1000;
}

export function now() {
  return Date.now() / 1000 + skewSeconds;
}

/** A length of time in its two largest units, such as "3 h 20 min". */
export function length(seconds) {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  const left = Math.floor(seconds);
  const first = SPANS.findIndex(([span]) => left >= span);
  if (first < 0) return `${left} s`;
  const [span, unit] = SPANS[first];
  const [finer, name] = SPANS[first + 1] ?? [Infinity, ""];
  const rest = left % span;
  const whole = `${Math.floor(left / span)} ${unit}`;
  return rest >= finer ? `${whole} ${Math.floor(rest / finer)} ${name}` : whole;
}

/** Bytes in decimal units, such as "1.5 GB". */
export function size(bytes) {
  if (bytes === null || bytes === undefined) return UNKNOWN;
  let [amount, unit] = [bytes, 0];
  for (; amount >= 1000 && unit < SIZES.length - 1; unit += 1) amount /= 1000;
  return `${amount.toFixed(unit ? 1 : 0)} ${SIZES[unit]}`;
}

export function count(number) {
  return number.toLocaleString("en-US");
}

/** A time in UTC, such as "2026-05-04 03:02:01 UTC". */
export function moment(seconds) {
  const date = new Date((seconds ?? NaN) * 1000);
  if (Number.isNaN(date.getTime())) return UNKNOWN;
  return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** How far a time is from now, either way. */
export function distance(seconds) {
  const away = seconds - now();
  if (Math.abs(away) < 2) return "now";
  return away > 0 ? `in ${length(away)}` : `${length(-away)} ago`;
}

/** A text without what has no glyph or turns the line around; the server says the same. */
export function shown(text) {
  return String(text ?? "").replace(
    /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/g,
    (mark, place, whole) => isPaired(whole, place) ? mark : "\ufffd",
  );
}

function isPaired(text, place) {
  const code = text.charCodeAt(place);
  if (code < 0xd800 || code > 0xdfff) return false;
  const other = text.charCodeAt(code < 0xdc00 ? place + 1 : place - 1);
  return code < 0xdc00 ? other >= 0xdc00 && other <= 0xdfff : other >= 0xd800 && other < 0xdc00;
}
