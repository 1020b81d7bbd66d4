// Elements, made without markup: whatever a VM is called, it stays text.

import { distance, moment, shown, UNKNOWN } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const VERDICTS = ["met", "late", "breached", "excused", "unknown"];

/** An element with attributes and children; strings become text. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) element.setAttribute(name, shown(value));
  }
  element.append(...children.map(asText));
  return element;
}

/** A child as it may be appended: what is no element becomes text that can be shown. */
export function asText(child) {
  return child instanceof Node ? child : shown(child);
}

export function badge(look, word) {
  return make("span", { class: `badge ${look}` }, word);
}

/** A text in small letters, or nothing. */
export function text(words) {
  return words ? [make("span", { class: "text" }, words)] : [];
}

/** A time that says how far away it is; `tick` keeps it true. */
export function when(seconds) {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return UNKNOWN;
  return make(
    "time",
    { datetime: date.toISOString(), title: moment(seconds), "data-at": seconds },
    distance(seconds),
  );
}

/** Let every time on the page say how far away it is by now. */
export function tick() {
  for (const time of document.querySelectorAll("time[data-at]")) {
    const said = distance(Number(time.dataset.at));
    if (time.textContent !== said) time.textContent = said;
  }
}

/** A bar with its number; `ratio` is null while nobody knows. */
export function bar(ratio, name) {
  const progress = make("progress", { max: 1, "aria-label": name });
  if (ratio === null) return progress;
  progress.value = ratio;
  return make("span", { class: "bar" }, progress, percent(ratio));
}

/** Move a bar that is there already; false where it has to be drawn anew. */
export function moveBar(cell, ratio) {
  const progress = cell.querySelector(".bar progress");
  if (!progress || ratio === null) return false;
  progress.value = ratio;
  progress.nextSibling.textContent = percent(ratio);
  return true;
}

function percent(ratio) {
  return `${Math.round(100 * ratio)} %`;
}

/** The verdicts as one bar, drawn from left to right in an order that never changes. */
export function shares(verdicts, label) {
  const total = VERDICTS.reduce((sum, each) => sum + (verdicts[each] ?? 0), 0);
  const said = VERDICTS.filter((each) => verdicts[each]).map((each) => `${verdicts[each]} ${each}`);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "shares");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `${label}: ${said.join(", ") || "none"}`);
  let left = 0;
  for (const verdict of VERDICTS) {
    const width = total ? (100 * (verdicts[verdict] ?? 0)) / total : 0;
    const part = document.createElementNS(SVG, "rect");
    part.setAttribute("class", verdict);
    part.setAttribute("x", `${left.toFixed(3)}%`);
    part.setAttribute("width", `${width.toFixed(3)}%`);
    part.setAttribute("height", "100%");
    svg.append(part);
    left += width;
  }
  return svg;
}
