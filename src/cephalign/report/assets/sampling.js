// Scans and cuts through them. Points are RAS+ mm, matrices 4 x 4 with rows first, a whole index is a voxel's centre.

const IDENTITY = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]];
const OUTSIDE = -1;

function product(a, b) {
  return a.map((row) => b[0].map((_, j) => row.reduce((sum, value, k) => sum + value * b[k][j], 0)));
}

function rigidInverse(m) {
  const turned = [0, 1, 2].map((i) => [0, 1, 2].map((j) => m[j][i]));
  return [...turned.map((row) => [...row, -row.reduce((sum, value, j) => sum + value * m[j][3], 0)]), [0, 0, 0, 1]];
}

// The bytes that stand in the page as gzip in base64.
async function unpacked(id) {
  const text = atob(document.getElementById(id).textContent);
  const bytes = new Uint8Array(text.length);
  for (let n = 0; n < text.length; n++) bytes[n] = text.charCodeAt(n);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Takes 0, row, column of a picture to the fixed world.
function worldFromPixel(plane, field) {
  const step = field.extentMm / field.side;
  const last = ((field.side - 1) / 2) * step;
  const row = (i) => [0, plane.down[i] * step, plane.right[i] * step,
    field.centre[i] - (plane.down[i] + plane.right[i]) * last];
  return [row(0), row(1), row(2), [0, 0, 0, 1]];
}

// Grey levels, 0 to 255, of a scan on a plane of the fixed world, linear between voxels; OUTSIDE beyond the scan.
function cut(scan, scanFromFixed, plane, field) {
  const { data, shape: [ni, nj, nk] } = scan;
  const matrix = product(product(scan.voxel_from_world, scanFromFixed), worldFromPixel(plane, field));
  const [[, downI, rightI, startI], [, downJ, rightJ, startJ], [, downK, rightK, startK]] = matrix;
  const side = field.side;
  const values = new Float32Array(side * side).fill(OUTSIDE);
  for (let row = 0, at = 0; row < side; row++) {
    for (let column = 0; column < side; column++, at++) {
      let i = startI + downI * row + rightI * column;
      let j = startJ + downJ * row + rightJ * column;
      let k = startK + downK * row + rightK * column;
      // A voxel reaches half a voxel beyond its centre.
      if (!(i >= -0.5 && i <= ni - 0.5 && j >= -0.5 && j <= nj - 0.5 && k >= -0.5 && k <= nk - 0.5)) continue;
      i = Math.min(Math.max(i, 0), ni - 1);
      j = Math.min(Math.max(j, 0), nj - 1);
      k = Math.min(Math.max(k, 0), nk - 1);
      const i0 = Math.floor(i), j0 = Math.floor(j), k0 = Math.floor(k);
      const toI = i0 < ni - 1 ? 1 : 0, toJ = j0 < nj - 1 ? ni : 0, toK = k0 < nk - 1 ? ni * nj : 0;
      const first = i0 + ni * (j0 + nj * k0);
      const u = i - i0, v = j - j0, w = k - k0;
      const near = (data[first] * (1 - u) + data[first + toI] * u) * (1 - v)
        + (data[first + toJ] * (1 - u) + data[first + toJ + toI] * u) * v;
      const next = first + toK;
      const far = (data[next] * (1 - u) + data[next + toI] * u) * (1 - v)
        + (data[next + toJ] * (1 - u) + data[next + toJ + toI] * u) * v;
      values[at] = near * (1 - w) + far * w;
    }
  }
  return values;
}
