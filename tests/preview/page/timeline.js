// States over time, a bar for each series.

import { across, annotations, timeAxis } from "./axes.js";
import { html, label, nothing, svg, widthOf } from "./elements.js";
import { configOf, shown } from "./fields.js";
import { seriesOf } from "./frames.js";
import { legend } from "./legend.js";

export const OPTIONS = {
  alignValue: null,
  legend: null,
  mergeValues: [true],
  perPage: null,
  rowHeight: null,
  showValue: ["never"],
  tooltip: null,
};
export const CUSTOM = { fillOpacity: null, lineWidth: [0], spanNulls: [false] };

// Neighbours of one value as one span, from its first time to the next one's.
function spans(one, step) {
  const found = [];
  one.values.forEach((value, at) => {
    if (value === null) return;
    const last = found[found.length - 1];
    const time = one.times[at];
    if (last && last.value === value && last.to >= time) last.to = time + step;
    else found.push({ value, from: time, to: time + step });
  });
  return found;
}

export function draw(panel, asked, { width, height }, chrome, { range, marks }) {
  const series = seriesOf(panel, asked).map((one) => ({ ...one, config: configOf(panel, one) }));
  if (!series.length) return nothing(panel.fieldConfig.defaults.noValue);
  const seen = new Map();
  const { fillOpacity } = panel.fieldConfig.defaults.custom;
  const left = 14 + Math.max(...series.map(({ name }) => widthOf(name)));
  const right = width - 8;
  const x = across(range, left, right - left);
  const bottom = height - 24 - 26;
  const each = (bottom - 6) / series.length;
  const canvas = svg("svg", { width, height: height - 24 });
  timeAxis(canvas, { x, range, top: 6, bottom, width: right - left });
  series.forEach((one, row) => {
    const top = 6 + row * each + (each * (1 - panel.options.rowHeight)) / 2;
    canvas.append(label(left - 6, 10 + (row + 0.5) * each, one.name, { "text-anchor": "end" }));
    for (const { value, from, to } of spans(one, asked.step)) {
      const { text, color } = shown(one.config, value);
      seen.set(text, color);
      const box = { x: x(from), width: Math.max(0.5, x(Math.min(to, range.to)) - x(from)) };
      const look = { fill: color, "fill-opacity": fillOpacity / 100 };
      canvas.append(svg("rect", { ...box, y: top, height: each * panel.options.rowHeight, ...look }));
    }
  });
  annotations(canvas, { x, marks, top: 6, bottom });
  return html("div", {}, canvas, legend(panel.options.legend, [...seen]).element);
}
