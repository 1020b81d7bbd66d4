// Making elements of HTML and SVG, and measuring text.

const SVG = "http://www.w3.org/2000/svg";

export function html(name, attributes = {}, ...inside) {
  return filled(document.createElement(name), attributes, inside);
}

export function svg(name, attributes = {}, ...inside) {
  return filled(document.createElementNS(SVG, name), attributes, inside);
}

function filled(element, attributes, inside) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside.filter((one) => one !== null && one !== undefined));
  return element;
}

const pen = document.createElement("canvas").getContext("2d");

export function widthOf(text, size = 12, weight = 400) {
  pen.font = `${weight} ${size}px Inter, "Liberation Sans", Arial, sans-serif`;
  return pen.measureText(text).width;
}

export const line = (x1, y1, x2, y2, stroke, more = {}) =>
  svg("line", { x1, y1, x2, y2, stroke, ...more });

export const label = (x, y, text, more = {}) => {
  const element = svg("text", { x, y, fill: "#CCCCDC", "font-size": 12, ...more });
  element.textContent = text;
  return element;
};

export const nothing = (text) => html("div", { class: "nothing" }, text);
