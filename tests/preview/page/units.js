// Numbers as Grafana writes them: one function for each unit that the dashboards use.

const SHORT = ["", " K", " Mil", " Bil", " Tri"];
const IEC = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const SECONDS = [
  [31536000, "year"],
  [604800, "week"],
  [86400, "day"],
  [3600, "hour"],
  [60, "min"],
];

// Three leading digits, none after the point for whole numbers.
function decimalsFor(value) {
  if (value % 1 === 0) return 0;
  return Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
}

// How many decimals tell the marks of an axis apart; undefined where they are whole.
export function decimalsOf(unit, apart) {
  if (unit === "s") return undefined;
  const [, after = ""] = String(+(unit === "percentunit" ? 100 * apart : apart).toPrecision(6)).split(".");
  return after.length || undefined;
}

function fixed(value, decimals) {
  return value.toFixed(decimals ?? Math.min(decimalsFor(value), 20));
}

function scaled(base, suffixes) {
  return (value, decimals) => {
    let step = 0;
    let size = value;
    while (Math.abs(size) >= base && step < suffixes.length - 1) {
      size /= base;
      step += 1;
    }
    return fixed(size, decimals) + suffixes[step];
  };
}

function seconds(value, decimals) {
  const size = Math.abs(value);
  for (const [length, name] of SECONDS) {
    if (size >= length) return `${fixed(value / length, decimals)} ${name}s`;
  }
  if (size >= 1 || size === 0) return `${fixed(value, decimals)} s`;
  if (size >= 1e-3) return `${fixed(value * 1e3, decimals)} ms`;
  return `${fixed(value * 1e6, decimals)} µs`;
}

const counts = (what) => scaled(1000, SHORT.map((suffix) => `${suffix} ${what}`));
const bytes = IEC.map((suffix) => ` ${suffix}`);

export const UNITS = {
  none: fixed,
  short: scaled(1000, SHORT),
  percentunit: (value, decimals) => `${fixed(100 * value, decimals)}%`,
  s: seconds,
  bytes: scaled(1024, bytes),
  binBps: scaled(1024, bytes.map((suffix) => `${suffix}/s`)),
  reqps: counts("req/s"),
  wps: counts("w/s"),
  cps: counts("c/s"),
};

// How far apart the marks of an axis of a unit may be.
export function step(unit, rough) {
  if (unit === "bytes" || unit === "binBps") return 2 ** Math.ceil(Math.log2(rough));
  const size = 10 ** Math.floor(Math.log10(rough));
  return size * [1, 2, 2.5, 5, 10].find((one) => one * size >= rough * 0.999);
}
