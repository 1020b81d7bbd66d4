// How many fell into each bucket of a histogram, over time.

import { across, annotations, timeAxis, valueMark } from "./axes.js";
import { SCHEMES } from "./colors.js";
import { html, label, nothing, svg, widthOf } from "./elements.js";
import { seriesOf } from "./frames.js";
import { UNITS } from "./units.js";

export const OPTIONS = {
  calculate: [false],
  cellGap: null,
  cellValues: null,
  color: null,
  exemplars: null,
  filterValues: null,
  legend: null,
  rowsFrame: null,
  tooltip: null,
  yAxis: null,
};
export const CUSTOM = { scaleDistribution: null };

// Prometheus counts all up to a bound; a row is what lies between two of them.
function rowsOf(series) {
  const bounds = [...series].sort((a, b) => bound(a) - bound(b));
  return bounds.map((one, place) => ({
    bound: bound(one),
    times: one.times,
    values: one.values.map((value, at) =>
      value === null ? null : Math.max(0, value - (bounds[place - 1]?.values[at] ?? 0)),
    ),
  }));
}

const bound = ({ labels }) => (labels.le === "+Inf" ? Infinity : +labels.le);

function scale(canvas, { options, width, bottom, low, high }) {
  const color = SCHEMES[options.color.scheme];
  for (let part = 0; part < 64; part += 1) {
    const box = { x: 14 + part * 3, y: bottom + 28, width: 3, height: 10 };
    canvas.append(svg("rect", { ...box, fill: color(part / 63) }));
  }
  canvas.append(label(14, bottom + 52, UNITS.short(low, 0)));
  canvas.append(label(206, bottom + 52, UNITS.short(high, 0), { "text-anchor": "end" }));
}

export function draw(panel, asked, { width, height }, chrome, { range, marks }) {
  const { options } = panel;
  const rows = rowsOf(seriesOf(panel, asked));
  const isSeen = (value) => value !== null && value > (options.filterValues?.le ?? -Infinity);
  const values = rows.flatMap((row) => row.values.filter(isSeen));
  if (!values.length) return nothing(panel.fieldConfig.defaults.noValue);
  const [low, high] = [options.color.min ?? Math.min(...values), options.color.max ?? Math.max(...values)];
  const unit = UNITS[options.yAxis.unit];
  const text = (value) => (value === Infinity ? "+Inf" : unit(value, options.yAxis.decimals));
  const left = 14 + Math.max(...rows.map((row) => widthOf(text(row.bound))));
  const right = width - 8;
  const bottom = height - 26 - (options.legend.show ? 34 : 0);
  const x = across(range, left, right - left);
  const tall = (bottom - 6) / rows.length;
  const wide = ((asked.step / (range.to - range.from)) * (right - left));
  const canvas = svg("svg", { width, height });
  timeAxis(canvas, { x, range, top: 6, bottom, width: right - left });
  const every = Math.ceil(16 / tall);
  rows.forEach((row, place) => {
    const y = bottom - (place + 1) * tall;
    if (place % every === 0) valueMark(canvas, { y, text: text(row.bound), left, right });
    row.values.forEach((value, at) => {
      if (!isSeen(value)) return;
      const share = high > low ? (value - low) / (high - low) : 1;
      const fill = SCHEMES[options.color.scheme](Math.max(0, Math.min(1, share)));
      const gap = Math.min(options.cellGap, wide / 3);
      const box = { x: x(row.times[at]) - wide, y, width: wide - gap, height: tall - options.cellGap };
      if (box.x >= left - wide / 2) canvas.append(svg("rect", { ...box, fill }));
    });
  });
  annotations(canvas, { x, marks, top: 6, bottom });
  if (options.legend.show) scale(canvas, { options, width, bottom, low, high });
  return html("div", {}, canvas);
}
