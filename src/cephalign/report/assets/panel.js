// One of the three planes: a canvas, what lies over it, and the slider through its slices.

// Side of a canvas in pixels, at most: a plane of both scans is then sampled in some hundredths of a second.
const LARGEST_SIDE = 512;
// Below this part of a panel the moving scan is as good as absent, and the panel says so.
const ABSENT = 0.02;
// Of these the longest that takes less than a quarter of the side.
const BARS_MM = [50, 20, 10, 5, 2, 1];

class Panel {
  constructor(plane, facts, scans) {
    Object.assign(this, { plane, facts, scans });
    this.figure = document.getElementById(`panel-${plane.name}`);
    this.canvas = this.figure.querySelector("canvas");
    this.slider = this.figure.querySelector("input");
    this.part = (name) => this.figure.querySelector(`.${name}`);
    this.sampled = this.drawn = "";
  }

  // Where the middle of the panel lies: nearer to the crosshair the larger the picture, so that it stays in view.
  field(view) {
    const share = 1 - 1 / view.zoom;
    const centre = this.facts.centre.map((middle, axis) =>
      axis === this.plane.axis ? view.crosshair[axis] : middle + (view.crosshair[axis] - middle) * share);
    return { centre, extentMm: this.facts.extent_mm / view.zoom, side: this.canvas.width };
  }

  resize() {
    const wanted = Math.round(this.canvas.clientWidth * window.devicePixelRatio);
    const side = Math.min(Math.max(wanted, 64), LARGEST_SIDE);
    // To set a canvas' size is to clear it.
    if (side !== this.canvas.width) this.canvas.width = this.canvas.height = side;
  }

  draw(view) {
    const field = this.field(view);
    this.place(field, view);
    this.say(view);
    const wanted = JSON.stringify([field, view.pose, view.mode, view.amount]);
    if (wanted === this.drawn) return;
    this.drawn = wanted;
    this.sample(field, view);
    const context = this.canvas.getContext("2d");
    const image = context.createImageData(field.side, field.side);
    if (view.mode === "edges") {
      this.edges ??= edgeLines(this.moving, field.side, field.extentMm / field.side);
      overlay(image.data, this.fixed, this.edges);
    } else {
      mix(image.data, this.fixed, this.moving, SHARES[view.mode](view.amount, field.side), field.side);
    }
    context.putImageData(image, 0, 0);
  }

  // Cuts are made anew only where the plane, the field or the pose has changed.
  sample(field, view) {
    const wanted = JSON.stringify([field, view.pose]);
    if (wanted === this.sampled) return;
    this.sampled = wanted;
    this.fixed = cut(this.scans.fixed, IDENTITY, this.plane, field);
    this.moving = cut(this.scans.moving, this.facts.poses[view.pose], this.plane, field);
    this.edges = null;
    const there = this.moving.reduce((count, value) => count + (value !== OUTSIDE), 0);
    this.part("absent").hidden = there >= ABSENT * this.moving.length;
  }

  // Lines over the picture, as parts of its side.
  place(field, view) {
    const percent = (direction) => {
      const along = direction.reduce((sum, d, i) => sum + d * (view.crosshair[i] - field.centre[i]), 0);
      return `${100 * (0.5 + along / field.extentMm)}%`;
    };
    this.part("down").style.left = percent(this.plane.right);
    this.part("across").style.top = percent(this.plane.down);
    this.part("down").hidden = this.part("across").hidden = !view.lines;
    this.part("divider").hidden = view.mode !== "swipe";
    this.part("divider").style.left = `${100 * view.amount}%`;
    const bar = BARS_MM.find((mm) => mm < 0.25 * field.extentMm);
    this.part("bar").style.width = `${(100 * bar) / field.extentMm}%`;
    this.part("bar").textContent = `${bar} mm`;
  }

  say(view) {
    const mm = view.crosshair[this.plane.axis];
    const at = `${"xyz"[this.plane.axis]} = ${mm.toFixed(1)} mm`;
    this.slider.value = mm;
    this.slider.setAttribute("aria-valuetext", at);
    this.part("value").textContent = at;
    this.canvas.setAttribute("aria-label",
      `${this.plane.name} plane at ${at}, ${MODE_WORDS[view.mode]}, ${view.pose} registration; `
      + `${this.plane.sides}`);
  }

  // The point of the fixed world under the pointer.
  pointAt(event, view) {
    const box = this.canvas.getBoundingClientRect(), field = this.field(view);
    const right = ((event.clientX - box.left) / box.width - 0.5) * field.extentMm;
    const down = ((event.clientY - box.top) / box.height - 0.5) * field.extentMm;
    return field.centre.map((middle, i) => middle + this.plane.right[i] * right + this.plane.down[i] * down);
  }
}

const MODE_WORDS = {
  edges: "edges of the moving scan over the fixed scan",
  swipe: "fixed scan on the left, moving scan on the right of the line",
  checkerboard: "tiles of the fixed and of the moving scan in turn",
  blend: "both scans blended",
};
