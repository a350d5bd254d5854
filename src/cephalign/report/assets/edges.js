// Thin lines along the edges of a picture. It is `edge_lines` of edges.py, which says why.

const SCALE_MM = 1.5;
const LEAST_STEP = 0.08, ENOUGH_STEP = 0.25, WEAK = 0.4;
const SHORTEST_MM = 10;
const HALF_WIDTH = 0.6;

// Opacities of the lines and of a darker band about them; the picture is grey from 0 to 255, or OUTSIDE.
function edgeLines(grey, side, pixelMm) {
  const sigma = SCALE_MM / pixelMm;
  const smooth = blurred(grey.map((value) => Math.max(value, 0) / 255), side, sigma);
  const [gy, gx] = gradient(smooth, side);
  const far = inside(grey, side, Math.ceil(2 * sigma));
  const magnitude = gx.map((value, n) => (far[n] ? length(value, gy[n]) : 0));
  const distance = distanceToCrest(magnitude, gx, gy, side);
  const height = sigma * Math.sqrt(2 * Math.PI);
  const steps = magnitude.map((value) => value * height);
  const kept = keptLines(distance, steps, side, pixelMm);
  const lines = distance.map((d, n) => (kept[n] ? clip(HALF_WIDTH + 0.5 - d) : 0));
  const halo = distance.map((d, n) => (kept[n] ? clip(HALF_WIDTH + 1.5 - d) * 0.5 : 0));
  return { lines, halo };
}

// Math.hypot guards against overflow, and takes ten times as long.
const length = (x, y) => Math.sqrt(x * x + y * y);
const clip = (value) => Math.min(Math.max(value, 0), 1);

function blurred(picture, side, sigma) {
  const reach = Math.floor(3 * sigma + 0.5);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, n) => Math.exp(-0.5 * ((n - reach) / sigma) ** 2));
  const total = weights.reduce((sum, weight) => sum + weight);
  // Each pass turns rows into columns, so that two passes are all.
  const line = new Float32Array(side + 2 * reach);
  const pass = (from) => {
    const to = new Float32Array(side * side);
    for (let row = 0; row < side; row++) {
      line.set(from.subarray(row * side, (row + 1) * side), reach);
      line.fill(line[reach], 0, reach);
      line.fill(line[reach + side - 1], reach + side);
      for (let column = 0; column < side; column++) {
        let sum = 0;
        for (let n = 0; n < weights.length; n++) sum += weights[n] * line[column + n];
        to[column * side + row] = sum / total;
      }
    }
    return to;
  };
  return pass(pass(picture));
}

// Central differences, one-sided at the border: down, and to the right.
function gradient(picture, side) {
  const gy = new Float32Array(side * side), gx = new Float32Array(side * side);
  for (let row = 0, at = 0; row < side; row++) {
    const up = row > 0 ? side : 0, down = row < side - 1 ? side : 0;
    for (let column = 0; column < side; column++, at++) {
      const left = column > 0 ? 1 : 0, right = column < side - 1 ? 1 : 0;
      gy[at] = ((picture[at + down] - picture[at - up]) * side) / (down + up);
      gx[at] = (picture[at + right] - picture[at - left]) / (right + left);
    }
  }
  return [gy, gx];
}

// Whether no pixel within reach, in a square, is OUTSIDE.
function inside(grey, side, reach) {
  const pass = (from) => {
    const to = new Uint8Array(side * side);
    for (let row = 0; row < side; row++) {
      let last = -reach - 1;
      for (let column = -reach; column < side; column++) {
        const ahead = column + reach;
        if (ahead < side && !from[row * side + ahead]) last = ahead;
        if (column >= 0) to[column * side + row] = last < column - reach ? 1 : 0;
      }
    }
    return to;
  };
  return pass(pass(grey.map((value) => (value === OUTSIDE ? 0 : 1))));
}

// Pixels to the top of the parabola along the gradient; infinity where it has none.
function distanceToCrest(magnitude, gx, gy, side) {
  const [my, mx] = gradient(magnitude, side);
  const [myy, myx] = gradient(my, side);
  const mxx = gradient(mx, side)[1];
  return gx.map((value, n) => {
    const norm = Math.max(length(value, gy[n]), 1e-12);
    const nx = value / norm, ny = gy[n] / norm;
    const bend = nx * nx * mxx[n] + 2 * nx * ny * myx[n] + ny * ny * myy[n];
    return bend < 0 ? Math.abs(nx * mx[n] + ny * my[n]) / -bend : Infinity;
  });
}

// The crests that are long and somewhere strong, one pixel wider on each side.
function keptLines(distance, steps, side, pixelMm) {
  const heights = steps.filter((_, n) => distance[n] < 1).sort();
  if (!heights.length) return new Uint8Array(side * side);
  const place = 0.99 * (heights.length - 1), below = Math.floor(place);
  const high = heights[below] + (heights[Math.ceil(place)] - heights[below]) * (place - below);
  const strong = Math.min(Math.max(high / 2, LEAST_STEP), ENOUGH_STEP);
  const waiting = distance.map((d, n) => (d < 1 && steps[n] > WEAK * strong ? 1 : 0));
  const kept = new Uint8Array(side * side);
  for (let start = 0; start < waiting.length; start++) {
    if (!waiting[start]) continue;
    const part = connected(waiting, start, side);
    // A line is two pixels wide here.
    if ((part.length * pixelMm) / 2 <= SHORTEST_MM || !part.some((n) => steps[n] > strong)) continue;
    for (const n of part) forNeighbours(n, side, (neighbour) => { kept[neighbour] = 1; });
  }
  return kept;
}

// The pixels that hang together with one, by sides and corners; they wait no longer.
function connected(waiting, start, side) {
  const part = [start];
  waiting[start] = 0;
  for (let n = 0; n < part.length; n++) {
    forNeighbours(part[n], side, (neighbour) => {
      if (waiting[neighbour]) {
        waiting[neighbour] = 0;
        part.push(neighbour);
      }
    });
  }
  return part;
}

function forNeighbours(n, side, visit) {
  const row = Math.floor(n / side), column = n % side;
  for (let r = Math.max(row - 1, 0); r <= Math.min(row + 1, side - 1); r++) {
    for (let c = Math.max(column - 1, 0); c <= Math.min(column + 1, side - 1); c++) visit(r * side + c);
  }
}
