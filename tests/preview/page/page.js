// A dashboard laid out as Grafana does: 24 columns, rows of 30 pixels with gaps of 8.

import { html } from "./elements.js";
import * as heatmap from "./heatmap.js";
import { unknowns } from "./known.js";
import * as stat from "./stat.js";
import * as table from "./table.js";
import * as timeline from "./timeline.js";
import * as timeseries from "./timeseries.js";

const KINDS = { stat, timeseries, table, "state-timeline": timeline, heatmap };
const [ROW, GAP, COLUMNS, HEADER] = [30, 8, 24, 32];

function placed(element, { x, y, w, h }, width) {
  const column = (width - GAP * (COLUMNS - 1)) / COLUMNS;
  const size = { width: w * column + (w - 1) * GAP, height: h * ROW + (h - 1) * GAP };
  element.style.left = `${x * (column + GAP)}px`;
  element.style.top = `${y * (ROW + GAP)}px`;
  element.style.width = `${size.width}px`;
  element.style.height = `${size.height}px`;
  return size;
}

function heading(panel, width) {
  const row = html("div", { class: "heading" }, html("span", {}, "⌄"), panel.title);
  placed(row, panel.gridPos, width);
  return row;
}

function framed(panel, shown, width) {
  const chrome = html("section", { class: "panel" });
  const icons = [panel.description ? "i" : null, panel.links?.length ? "↗" : null];
  const head = html("header", {}, html("h2", {}, panel.title));
  head.append(...icons.filter(Boolean).map((icon) => html("span", { class: "icon" }, icon)));
  const size = placed(chrome, panel.gridPos, width);
  const room = { width: size.width - 18, height: size.height - HEADER - 10 };
  const body = html("div", { class: "body" });
  chrome.append(head, body);
  document.body.append(chrome);
  body.append(KINDS[panel.type].draw(panel, shown.panels[panel.id], room, chrome, shown));
  return chrome;
}

function head(shown) {
  const { dashboard, variables, range, caption } = shown;
  const chosen = variables.map(({ label, text }) =>
    html("span", { class: "choice" }, html("label", {}, label), html("b", {}, text)),
  );
  const marks = shown.marks.map(({ name, color }) =>
    html("span", { class: "choice" }, html("i", { style: `background: ${color}` }), name),
  );
  return html(
    "div",
    { class: "head" },
    html("p", { class: "caption" }, caption),
    html("h1", {}, html("span", {}, "Dashboards  ›  "), dashboard.title),
    html("span", { class: "time" }, range.text),
    html("div", { class: "choices" }, ...chosen, ...marks),
  );
}

export function preview(shown) {
  const faults = [...shown.dashboard.panels]
    .filter(({ type }) => type !== "row")
    .flatMap((panel) => [...unknowns(panel, KINDS)].map((what) => `${panel.title}: ${what}`));
  if (faults.length) throw new Error(`not known to the preview: ${faults.join("; ")}`);
  const grid = html("main");
  document.body.append(head(shown), grid);
  const width = grid.clientWidth;
  for (const panel of shown.dashboard.panels) {
    grid.append(panel.type === "row" ? heading(panel, width) : framed(panel, shown, width));
  }
  const ends = shown.dashboard.panels.map(({ gridPos }) => gridPos.y + gridPos.h);
  grid.style.height = `${Math.max(...ends) * (ROW + GAP)}px`;
  return shown.dashboard.panels.length;
}
