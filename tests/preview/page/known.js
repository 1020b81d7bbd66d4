// What this stand-in does not know: a dashboard that uses it is not drawn.

import { MODES, SCHEMES } from "./colors.js";
import { KNOWN_CALCS, MATCHERS, PROPERTIES } from "./fields.js";
import { TRANSFORMATIONS } from "./frames.js";
import { MODES as LEGENDS } from "./legend.js";
import { CELLS } from "./table.js";
import { UNITS } from "./units.js";

const DEFAULTS = new Set([
  "color",
  "custom",
  "decimals",
  "links",
  "mappings",
  "max",
  "min",
  "noValue",
  "thresholds",
  "unit",
]);
const PANEL = new Set([
  "datasource",
  "description",
  "fieldConfig",
  "gridPos",
  "id",
  "interval",
  "links",
  "options",
  "pluginVersion",
  "targets",
  "title",
  "transformations",
  "type",
]);

export function* unknowns(panel, kinds) {
  const kind = kinds[panel.type];
  if (!kind) {
    yield `panel type ${panel.type}`;
    return;
  }
  const { defaults, overrides } = panel.fieldConfig;
  for (const key of Object.keys(panel)) if (!PANEL.has(key)) yield `panel key ${key}`;
  for (const key of Object.keys(defaults)) if (!DEFAULTS.has(key)) yield `default ${key}`;
  yield* listed(panel.options, kind.OPTIONS, "option");
  yield* listed(defaults.custom, kind.CUSTOM, "custom");
  yield* ofConfig(defaults);
  for (const { matcher, properties } of overrides) {
    if (!MATCHERS[matcher.id]) yield `matcher ${matcher.id}`;
    for (const { id, value } of properties) {
      if (!PROPERTIES.has(id)) yield `override of ${id}`;
      yield* ofConfig(id.startsWith("custom.") ? { custom: { [id.slice(7)]: value } } : { [id]: value });
    }
  }
  for (const { id } of panel.transformations ?? []) {
    if (!TRANSFORMATIONS[id]) yield `transformation ${id}`;
  }
  const calcs = [...(panel.options.legend?.calcs ?? []), ...(panel.options.reduceOptions?.calcs ?? [])];
  for (const calc of calcs) if (!KNOWN_CALCS.has(calc)) yield `calculation ${calc}`;
  yield* ofLegend(panel.options.legend ?? {});
  const { scheme } = panel.options.color ?? {};
  if (scheme && !SCHEMES[scheme]) yield `colour scheme ${scheme}`;
  const axis = panel.options.yAxis?.unit;
  if (axis && !UNITS[axis]) yield `unit ${axis}`;
}

function* ofLegend({ displayMode, placement }) {
  if (displayMode && !LEGENDS[displayMode]) yield `legend ${displayMode}`;
  if (placement && !["bottom", "right"].includes(placement)) yield `legend at the ${placement}`;
}

function* listed(given, known, what) {
  for (const [key, value] of Object.entries(given)) {
    if (!(key in known)) yield `${what} ${key}`;
    else if (known[key] && !known[key].includes(value)) yield `${what} ${key}: ${value}`;
  }
}

function* ofConfig({ unit, color, mappings, thresholds, custom = {} }) {
  if (unit && !UNITS[unit]) yield `unit ${unit}`;
  if (color && !MODES[color.mode]) yield `colour mode ${color.mode}`;
  for (const { type } of mappings ?? []) if (type !== "value") yield `mapping by ${type}`;
  if (thresholds && thresholds.mode !== "absolute") yield `thresholds ${thresholds.mode}`;
  const cell = custom.cellOptions?.type;
  if (cell && !CELLS[cell]) yield `cell ${cell}`;
  const lines = custom.thresholdsStyle?.mode;
  if (lines && !["off", "dashed"].includes(lines)) yield `threshold lines ${lines}`;
  const stacking = custom.stacking?.mode;
  if (stacking && !["none", "normal"].includes(stacking)) yield `stacking ${stacking}`;
}
