// What a panel's field configuration makes of a field: its config, and the look of its values.

import { MODES, TEXT } from "./colors.js";
import { UNITS } from "./units.js";

// By the id of a matcher: whether a field is meant.
export const MATCHERS = {
  byName: (field, options) => field.name === options,
};

export const PROPERTIES = new Set([
  "color",
  "custom.cellOptions",
  "custom.hidden",
  "custom.lineStyle",
  "custom.width",
  "decimals",
  "links",
  "mappings",
  "max",
  "min",
  "noValue",
  "thresholds",
  "unit",
]);

export function configOf(panel, field) {
  const { defaults, overrides } = panel.fieldConfig;
  const config = { ...defaults, custom: { ...defaults.custom } };
  for (const override of overrides) {
    if (!MATCHERS[override.matcher.id](field, override.matcher.options)) continue;
    for (const { id, value } of override.properties) {
      if (id.startsWith("custom.")) config.custom[id.slice(7)] = value;
      else config[id] = value;
    }
  }
  return config;
}

function wordOf(config, value) {
  for (const mapping of config.mappings ?? []) {
    const word = mapping.options[String(value)];
    if (word) return word;
  }
  return null;
}

// The text of a value and its colour.
export function shown(config, value, place = 0) {
  if (value === null || value === undefined) return { text: config.noValue ?? "", color: TEXT };
  const word = wordOf(config, value);
  if (word) return { text: word.text ?? String(value), color: word.color ?? TEXT, word };
  if (typeof value === "string") return { text: value, color: TEXT };
  if (Number.isNaN(value)) return { text: "NaN", color: TEXT };
  const text = UNITS[config.unit](value, config.decimals);
  return { text, color: MODES[config.color.mode](config, value, place) };
}

const CALCS = {
  lastNotNull: ["Last *", (values) => values[values.length - 1]],
  max: ["Max", (values) => Math.max(...values)],
  min: ["Min", (values) => Math.min(...values)],
  mean: ["Mean", (values) => values.reduce((sum, value) => sum + value, 0) / values.length],
  sum: ["Total", (values) => values.reduce((sum, value) => sum + value, 0)],
};
export const KNOWN_CALCS = new Set(Object.keys(CALCS));

export const calcTitle = (calc) => CALCS[calc][0];

export function reduced(calc, values) {
  const numbers = values.filter((value) => value !== null && !Number.isNaN(value));
  return numbers.length ? CALCS[calc][1](numbers) : null;
}
