// Rows and columns; columns share the width and scroll where they would be too narrow.

import { html, nothing } from "./elements.js";
import { configOf, shown } from "./fields.js";
import { tablesOf, transformed } from "./frames.js";
import { scrolling } from "./legend.js";

export const OPTIONS = { cellHeight: ["sm"], footer: null, showHeader: [true], sortBy: null };
export const CUSTOM = {
  align: ["auto"],
  cellOptions: null,
  filterable: null,
  hidden: null,
  width: null,
  inspect: null,
  minWidth: null,
};

const ROW = 36;
const LEAST = 150;

function plain(cell, { text }) {
  cell.append(text);
}

function coloured(cell, { text, color }) {
  cell.append(html("span", { style: `color: ${color}` }, text));
}

function filled(cell, { text, color }) {
  cell.style.background = color;
  cell.append(text);
}

function gauge(cell, { text, color, share }) {
  const bar = html("div", { class: "gauge" });
  bar.append(html("div", { style: `width: ${share * 100}%; background: ${color}` }));
  cell.append(html("div", { class: "cell" }, bar, html("span", { style: `color: ${color}` }, text)));
}

export const CELLS = {
  auto: plain,
  "color-text": coloured,
  "color-background": filled,
  gauge,
};

function sorted(rows, sortBy) {
  return (sortBy ?? []).reduceRight((all, { displayName, desc }) => {
    const sign = desc ? -1 : 1;
    const key = (row) => row[displayName] ?? -Infinity;
    return [...all].sort((a, b) => (key(a) === key(b) ? 0 : key(a) < key(b) ? -sign : sign));
  }, rows);
}

function cellOf(column, row) {
  const value = row[column.name];
  const cell = html("td", { class: column.isNumber ? "right" : "" });
  if (value === undefined) return cell;
  const { config } = column;
  const look = shown(config, value);
  const low = config.min ?? 0;
  const share = (value - low) / ((config.max ?? 1) - low);
  look.share = Math.max(0, Math.min(1, share));
  if (config.links) cell.classList.add("link");
  CELLS[config.custom.cellOptions.type](cell, look);
  return cell;
}

// As the browser asks for it: fixed columns as they say, the others in equal parts.
function widths(columns, width) {
  const fixed = columns.reduce((sum, { config }) => sum + (config.custom.width ?? 0), 0);
  const free = columns.filter(({ config }) => !config.custom.width).length;
  const least = (config) => config.custom.minWidth ?? LEAST;
  return columns.map(
    ({ config }) => config.custom.width ?? Math.max(least(config), (width - fixed) / free),
  );
}

export function draw(panel, asked, { width, height }) {
  const [table] = transformed(panel, tablesOf(panel, asked));
  if (!table?.rows.length) return nothing(panel.fieldConfig.defaults.noValue);
  const columns = table.names
    .map((name) => ({
      name,
      config: configOf(panel, { name }),
      isNumber: table.rows.some((row) => typeof row[name] === "number"),
    }))
    .filter(({ config }) => !config.custom.hidden);
  const wide = widths(columns, width);
  const total = wide.reduce((sum, one) => sum + one, 0);
  const head = html("tr");
  const order = panel.options.sortBy?.[0];
  columns.forEach(({ name, isNumber }, at) => {
    const arrow = order?.displayName === name ? (order.desc ? " ↓" : " ↑") : "";
    head.append(
      html("th", { class: isNumber ? "right" : "", style: `width: ${wide[at]}px` }, name + arrow),
    );
  });
  const rows = sorted(table.rows, panel.options.sortBy).map((row) =>
    html("tr", {}, ...columns.map((column) => cellOf(column, row))),
  );
  const element = html("table", { class: "rows", style: `width: ${total}px` }, head, ...rows);
  const box = html("div", { class: "table" }, element);
  if (total > width + 1) {
    box.append(html("div", { class: "sideways", style: `width: ${(width * width) / total}px` }));
  }
  return scrolling(box, ROW * (rows.length + 1), height);
}
