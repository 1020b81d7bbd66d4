// Legends below or beside a chart; a table of them takes a third of the panel and scrolls.

import { html } from "./elements.js";
import { calcTitle, reduced, shown } from "./fields.js";

const ROW = 22;
const SHARE = 0.35;

function swatch(color) {
  const box = html("span", { class: "swatch" });
  box.style.background = color;
  return box;
}

function tableLegend(series, options, { width, height: most }) {
  const rows = series.map((one) => ({
    one,
    values: options.calcs.map((calc) => reduced(calc, one.values)),
  }));
  const place = options.calcs.findIndex((calc) => calcTitle(calc) === options.sortBy);
  if (place >= 0) {
    const sign = options.sortDesc ? -1 : 1;
    rows.sort((a, b) => sign * ((a.values[place] ?? -Infinity) - (b.values[place] ?? -Infinity) || 0));
  }
  const head = html("tr", {}, html("th", {}, "Name"));
  for (const calc of options.calcs) {
    const arrow = calcTitle(calc) === options.sortBy ? (options.sortDesc ? " ⌄" : " ⌃") : "";
    head.append(html("th", { class: "right" }, calcTitle(calc) + arrow));
  }
  const body = rows.map(({ one, values }) =>
    html(
      "tr",
      {},
      html("td", {}, swatch(one.color), one.name),
      ...values.map((value) =>
        html("td", { class: "right" }, value === null ? "" : shown(one.config, value).text),
      ),
    ),
  );
  const wanted = ROW * (rows.length + 1) + 4;
  const table = html("table", {}, head, ...body);
  if (options.placement === "right") {
    const wide = options.width ?? width * SHARE;
    const box = html("div", { class: "legend beside", style: `width: ${wide}px` }, table);
    return { height: 0, width: wide, element: scrolling(box, wanted, Math.min(wanted, most)) };
  }
  const height = Math.min(wanted, most * SHARE);
  const element = scrolling(html("div", { class: "legend" }, table), wanted, height);
  return { height, width: 0, element };
}

function listLegend(entries) {
  const inside = entries.map(([name, color]) => html("span", {}, swatch(color), name));
  return { height: 24, element: html("div", { class: "legend list" }, ...inside) };
}

export function scrolling(element, wanted, height) {
  element.style.height = `${height}px`;
  if (wanted > height + 1) {
    const thumb = html("div", { class: "thumb" });
    thumb.style.height = `${(height * height) / wanted}px`;
    element.append(thumb);
  }
  return element;
}

export const MODES = { table: tableLegend, list: (series) => listLegend(series) };

export function legend(options, series, room) {
  if (!options.showLegend) return { height: 0, width: 0, element: null };
  return MODES[options.displayMode](series, options, room);
}
