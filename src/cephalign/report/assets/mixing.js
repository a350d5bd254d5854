// Ways to look at two cuts at once. The moving scan is tinted; where one scan ends the other is shown.

const LINE_RGB = [255, 176, 32];
const TINT = [1, 214 / 255, 150 / 255];

// How much of the moving scan each pixel of a row shows, 0 to 1, by what the user chose.
const SHARES = {
  swipe: (amount, side) => (row, column) => (column + 0.5 > amount * side ? 1 : 0),
  checkerboard: (amount, side) => (row, column) =>
    (Math.floor((row * amount) / side) + Math.floor((column * amount) / side)) % 2,
  blend: (amount) => () => amount,
};

function mix(pixels, fixed, moving, share, side) {
  for (let row = 0, n = 0; row < side; row++) {
    for (let column = 0; column < side; column++, n++) {
      let part = share(row, column);
      if (moving[n] === OUTSIDE) part = 0;
      else if (fixed[n] === OUTSIDE) part = 1;
      const a = Math.max(fixed[n], 0) * (1 - part), b = Math.max(moving[n], 0) * part;
      for (let c = 0; c < 3; c++) pixels[4 * n + c] = a + b * TINT[c];
      pixels[4 * n + 3] = 255;
    }
  }
}

function overlay(pixels, fixed, { lines, halo }) {
  for (let n = 0; n < fixed.length; n++) {
    const grey = Math.max(fixed[n], 0) * (1 - lines[n]) * (1 - halo[n]);
    for (let c = 0; c < 3; c++) pixels[4 * n + c] = grey + lines[n] * LINE_RGB[c];
    pixels[4 * n + 3] = 255;
  }
}
