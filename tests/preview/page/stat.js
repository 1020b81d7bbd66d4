// One number, as large as its panel lets it be.

import { darker, onTop } from "./colors.js";
import { html, nothing, widthOf } from "./elements.js";
import { configOf, reduced, shown } from "./fields.js";
import { seriesOf } from "./frames.js";

export const OPTIONS = {
  colorMode: ["background", "value", "none"],
  graphMode: ["none"],
  justifyMode: ["auto"],
  orientation: ["auto"],
  reduceOptions: null,
  textMode: ["auto"],
  wideLayout: [true],
};
export const CUSTOM = {};

export function draw(panel, asked, { width, height }, chrome) {
  const all = seriesOf(panel, asked);
  if (all.length > 1) return nothing(`${all.length} series in one stat`);
  const name = all[0]?.name ?? panel.title;
  const config = configOf(panel, { name });
  const value = all.length ? reduced(panel.options.reduceOptions.calcs[0], all[0].values) : null;
  const { text, color } = shown(config, value);
  const size = Math.min(height * 0.62, ((width - 16) / widthOf(text, 100, 500)) * 100, 62);
  const box = html("div", { class: "stat" }, text);
  box.style.fontSize = `${size}px`;
  if (panel.options.colorMode === "background" && value !== null) {
    chrome.style.background = `linear-gradient(120deg, ${darker(color, 0.86)}, ${color})`;
    chrome.style.borderColor = "transparent";
    chrome.style.color = onTop(color);
  } else if (panel.options.colorMode === "value" && value !== null) box.style.color = color;
  return box;
}
