// Colours as Grafana chooses them: by threshold, fixed, or by the place of a series.

const CLASSIC = (
  "73BF69 F2CC0C 8AB8FF FF780A F2495C 5794F2 B877D9 705DA0 37872D FADE2A 447EBC C15C17 890F02" +
  " 0A437C 6D1F62 584477 B7DBAB F4D598 70DBED F9BA8F F29191 82B5D8 E5A8E2 AEA2E0 629E51 E5AC0E" +
  " 64B0C8 E0752D BF1B00 0A50A1 962D82 614D93 9AC48A F2C96D 65C5DB F9934E EA6460 5195CE D683CE" +
  " 806EB7 3F6833 967302 2F575E 99440A 58140C 052B51 511749 3F2B5B E0F9D7 FCEACA CFFAFF F9E2D2" +
  " FCE2DE BADFF4 F9D9F9 DEDAF7"
)
  .split(" ")
  .map((color) => `#${color}`);

export const TEXT = "#CCCCDC";

export function ofThreshold(thresholds, value) {
  const passed = thresholds.steps.filter((step) => step.value === null || value >= step.value);
  return passed[passed.length - 1].color;
}

// By mode: the colour of a value of the field that stands in this place among the others.
export const MODES = {
  thresholds: (config, value) => ofThreshold(config.thresholds, value),
  fixed: (config) => config.color.fixedColor,
  "palette-classic": (config, value, place) => CLASSIC[place % CLASSIC.length],
};

function parts(color) {
  return [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
}

export function onTop(color) {
  const [red, green, blue] = parts(color);
  return (red * 299 + green * 587 + blue * 114) / 1000 < 128 ? "#FFFFFF" : "#16171A";
}

export function darker(color, share) {
  return `rgb(${parts(color).map((part) => Math.round(part * share)).join(",")})`;
}

const polynomial = (t, ...factors) => factors.reduceRight((sum, factor) => factor + t * sum, 0);

export const SCHEMES = {
  Cividis: (t) =>
    `rgb(${[
      polynomial(t, -4.54, -35.34, 2381.73, -6402.7, 7024.72, -2710.57),
      polynomial(t, 32.49, 170.73, 52.82, -131.46, 176.58, -67.37),
      polynomial(t, 81.24, 442.36, -2482.43, 6167.24, -6614.94, 2475.67),
    ]
      .map((part) => Math.max(0, Math.min(255, Math.round(part))))
      .join(",")})`,
};
