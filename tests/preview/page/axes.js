// The frame that panels over time share: time below, marks of annotations across.

import { label, line, svg } from "./elements.js";

const GRID = "rgba(204,204,220,0.07)";
const AXIS = "rgba(204,204,220,0.85)";
const HOURS = [1 / 12, 1 / 6, 1 / 4, 1 / 2, 1, 2, 3, 4, 6, 12, 24];

export const across = (range, left, width) => (time) =>
  left + ((time - range.from) / (range.to - range.from)) * width;

export function timeAxis(canvas, { x, range, top, bottom, width }) {
  const least = ((range.to - range.from) / 3600) * (70 / width);
  const step = (HOURS.find((hours) => hours >= least) ?? 24) * 3600;
  for (let time = Math.ceil(range.from / step) * step; time <= range.to; time += step) {
    const text = new Date(time * 1000).toISOString().slice(11, 16);
    canvas.append(line(x(time), top, x(time), bottom, GRID));
    canvas.append(label(x(time), bottom + 17, text, { "text-anchor": "middle", fill: AXIS }));
  }
}

export function valueMark(canvas, { y, text, left, right }) {
  canvas.append(line(left, y, right, y, GRID));
  canvas.append(label(left - 6, y + 4, text, { "text-anchor": "end", fill: AXIS }));
}

export function annotations(canvas, { x, marks, top, bottom }) {
  for (const { color, spans } of marks) {
    for (const [from, to] of spans) {
      const [start, end] = [x(from), x(to)];
      const dashes = { "stroke-dasharray": "4 3", "stroke-width": 1 };
      canvas.append(line(start, top, start, bottom, color, dashes));
      if (end - start < 1) {
        const corners = `${start - 4},${bottom + 5} ${start + 4},${bottom + 5} ${start},${bottom}`;
        canvas.append(svg("polygon", { points: corners, fill: color }));
        continue;
      }
      const box = { x: start, width: end - start, fill: color };
      canvas.append(line(end, top, end, bottom, color, dashes));
      canvas.append(svg("rect", { ...box, y: top, height: bottom - top, opacity: 0.1 }));
      canvas.append(svg("rect", { ...box, y: bottom, height: 5 }));
    }
  }
}
