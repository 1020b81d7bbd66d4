// Lines, areas and bars over time.

import { across, annotations, timeAxis, valueMark } from "./axes.js";
import { MODES } from "./colors.js";
import { html, line, nothing, svg, widthOf } from "./elements.js";
import { configOf } from "./fields.js";
import { seriesOf } from "./frames.js";
import { legend } from "./legend.js";
import { UNITS, decimalsOf, step } from "./units.js";

export const OPTIONS = { legend: null, tooltip: null };
export const CUSTOM = {
  axisSoftMin: null,
  axisSoftMax: null,
  drawStyle: ["line", "bars"],
  fillOpacity: null,
  lineInterpolation: ["linear", "stepAfter"],
  lineWidth: null,
  pointSize: null,
  showPoints: ["never", "auto"],
  spanNulls: [false],
  stacking: null,
  thresholdsStyle: null,
  lineStyle: null,
  insertNulls: [false],
};

const POINT = 4;

function configured(panel, asked) {
  return seriesOf(panel, asked).map((one, place) => {
    const config = configOf(panel, one);
    const color = MODES[config.color.mode](config, 0, place);
    const values = one.values.map((value) => (Number.isFinite(value) ? value : null));
    return { ...one, values, config, color };
  });
}

// Where each series begins and ends at each time: stacked ones on those before.
function stacked(series) {
  const sums = [];
  for (const one of series) {
    const isStacked = one.config.custom.stacking.mode === "normal";
    one.lows = one.values.map((_, at) => (isStacked ? (sums[at] ?? 0) : 0));
    one.highs = one.values.map((value, at) => (value === null ? null : value + one.lows[at]));
    if (isStacked) one.highs.forEach((high, at) => (sums[at] = high ?? sums[at]));
  }
}

function limits(panel, series) {
  const { min, max, custom } = panel.fieldConfig.defaults;
  const tops = series.flatMap((one) => one.highs.filter((value) => value !== null));
  let low = min ?? Math.min(custom.axisSoftMin ?? Infinity, ...tops);
  let high = max ?? Math.max(custom.axisSoftMax ?? -Infinity, ...tops);
  if (high <= low) [low, high] = low === 0 ? [0, 1] : [min ?? low - Math.abs(low) * 0.1, low + Math.abs(low) * 0.1];
  const room = (high - low) * 0.1;
  if (max === undefined && custom.axisSoftMax !== high) high += room;
  if (min === undefined && custom.axisSoftMin !== low) low -= room;
  return [low, high];
}

function path(one, x, y) {
  const isStep = one.config.custom.lineInterpolation === "stepAfter";
  const runs = [];
  let run = null;
  one.highs.forEach((high, at) => {
    if (high === null) run = null;
    else {
      if (!run) runs.push((run = []));
      if (isStep && run.length) run.push([x(one.times[at]), run[run.length - 1][1], one.lows[at]]);
      run.push([x(one.times[at]), y(high), one.lows[at]]);
    }
  });
  return runs;
}

function drawLine(canvas, one, { x, y }) {
  const { custom } = one.config;
  const dash = custom.lineStyle?.fill === "dash" ? custom.lineStyle.dash.join(" ") : "none";
  for (const run of path(one, x, y)) {
    const points = run.map(([px, py]) => `${px},${py}`).join(" ");
    if (custom.fillOpacity) {
      const back = [...run].reverse().map(([px, , low]) => `${px},${y(low)}`).join(" ");
      const look = { fill: one.color, "fill-opacity": custom.fillOpacity / 100 };
      canvas.append(svg("polygon", { points: `${points} ${back}`, ...look }));
    }
    if (run.length === 1 && custom.showPoints === "auto") {
      canvas.append(svg("circle", { cx: run[0][0], cy: run[0][1], r: POINT / 2, fill: one.color }));
    }
    const look = { fill: "none", stroke: one.color, "stroke-width": custom.lineWidth };
    canvas.append(svg("polyline", { points, ...look, "stroke-dasharray": dash }));
  }
}

function drawBars(canvas, one, { x, y }, width) {
  one.highs.forEach((high, at) => {
    if (high === null || high === one.lows[at]) return;
    const box = { x: x(one.times[at]) - width / 2, y: y(high), width };
    const look = { fill: one.color, "fill-opacity": one.config.custom.fillOpacity / 100 };
    const height = Math.max(0.5, y(one.lows[at]) - y(high));
    canvas.append(svg("rect", { ...box, height, ...look, stroke: one.color, "stroke-width": 0.5 }));
  });
}

export function draw(panel, asked, { width, height }, chrome, { range, marks }) {
  const series = configured(panel, asked);
  if (!series.some((one) => one.values.some((value) => value !== null))) {
    return nothing(panel.fieldConfig.defaults.noValue);
  }
  stacked(series);
  const below = legend(panel.options.legend, series, { width, height });
  const canvasHeight = height - below.height;
  const bottom = canvasHeight - 26;
  const [low, high] = limits(panel, series);
  const { unit, decimals } = panel.fieldConfig.defaults;
  const rough = (high - low) / Math.max(2, Math.floor(bottom / 34));
  const apart = step(unit, rough);
  const ticks = [];
  for (let at = Math.ceil(low / apart - 1e-9) * apart; at <= high * 1.0001; at += apart) ticks.push(at);
  const text = (at) => {
    const clean = Math.abs(at) < apart / 1e6 ? 0 : +at.toPrecision(14);
    return UNITS[unit](clean, clean === 0 ? 0 : (decimals ?? decimalsOf(unit, apart)));
  };
  const left = 14 + Math.max(...ticks.map((at) => widthOf(text(at))));
  const right = width - below.width - 8;
  const x = across(range, left, right - left);
  const y = (value) => bottom - ((Math.max(low, Math.min(high, value)) - low) / (high - low)) * (bottom - 6);
  const canvas = svg("svg", { width, height: canvasHeight });
  timeAxis(canvas, { x, range, top: 6, bottom, width: right - left });
  for (const at of ticks) valueMark(canvas, { y: y(at), text: text(at), left, right });
  if (panel.fieldConfig.defaults.custom.thresholdsStyle.mode === "dashed") {
    for (const { color, value } of panel.fieldConfig.defaults.thresholds.steps) {
      if (value === null || value < low || value > high) continue;
      canvas.append(line(left, y(value), right, y(value), color, { "stroke-dasharray": "8 6" }));
    }
  }
  const bar = ((asked.step / (range.to - range.from)) * (right - left)) * 0.6;
  for (const one of [...series].reverse()) {
    if (one.config.custom.drawStyle === "bars") drawBars(canvas, one, { x, y }, bar);
    else drawLine(canvas, one, { x, y });
  }
  annotations(canvas, { x, marks, top: 6, bottom });
  return html("div", {}, canvas, below.element);
}
