// A picture in at most 256 colours: those used most, every other one as the nearest of them.

const MOST = 256;

const distance = (a, b) =>
  ((a >> 16) - (b >> 16)) ** 2 +
  (((a >> 8) & 255) - ((b >> 8) & 255)) ** 2 +
  ((a & 255) - (b & 255)) ** 2;

function palette(counts) {
  const often = [...counts].sort((one, other) => other[1] - one[1]).map(([color]) => color);
  const chosen = [];
  for (let apart = 300; apart >= 0 && chosen.length < MOST; apart = apart < 8 ? -1 : apart / 2) {
    for (const color of often) {
      if (chosen.length === MOST) break;
      if (chosen.every((one) => distance(one, color) > apart)) chosen.push(color);
    }
  }
  return chosen;
}

export async function fewer(shot) {
  const image = new Image();
  image.src = `data:image/png;base64,${shot}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const { data } = pen.getImageData(0, 0, image.width, image.height);
  const packed = new Uint32Array(image.width * image.height);
  const counts = new Map();
  for (let at = 0; at < packed.length; at += 1) {
    const color = (data[4 * at] << 16) | (data[4 * at + 1] << 8) | data[4 * at + 2];
    packed[at] = color;
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }
  const chosen = palette(counts);
  const nearest = new Map();
  for (const color of counts.keys()) {
    let best = 0;
    chosen.forEach((one, place) => {
      if (distance(one, color) < distance(chosen[best], color)) best = place;
    });
    nearest.set(color, best);
  }
  const parts = [];
  for (let at = 0; at < packed.length; at += 8192) {
    const piece = Array.from(packed.subarray(at, at + 8192), (color) => nearest.get(color));
    parts.push(String.fromCharCode(...piece));
  }
  return {
    width: image.width,
    height: image.height,
    colors: chosen.flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255]),
    pixels: btoa(parts.join("")),
  };
}
