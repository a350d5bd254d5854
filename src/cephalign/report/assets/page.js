// What the user chooses, and who is told.

const facts = JSON.parse(document.getElementById("facts").textContent);
const byId = (id) => document.getElementById(id);

// What the slider of each way to compare means: its name, range, first value, and how it is written.
const AMOUNTS = {
  swipe: { name: "Swipe", min: 0, max: 100, step: 1, value: 50, part: 100, text: (v) => `${v} %` },
  checkerboard: { name: "Tiles", min: 2, max: 24, step: 2, value: 8, part: 1, text: (v) => `${v} across` },
  blend: { name: "Moving scan", min: 0, max: 100, step: 1, value: 50, part: 100, text: (v) => `${v} %` },
};
const LEGENDS = {
  edges: "Orange lines are the edges of the moving scan, grey is the fixed scan.",
  swipe: "Grey is the fixed scan, tinted the moving scan to the right of the line.",
  checkerboard: "Grey tiles are the fixed scan, tinted ones the moving scan.",
  blend: "Grey is the fixed scan, tinted the moving scan.",
};
const POSES = { after: "", before: "Both lie as their files place them." };

const view = { crosshair: facts.crosshair, zoom: 1, mode: "edges", amount: 0, pose: "after", lines: true };

// The error to expect at a point of the fixed scan, in mm: residual.py says how it is made.
function errorAt(point) {
  const x = [...point, 1];
  const square = facts.residual_form.reduce((sum, row, i) =>
    sum + x[i] * row.reduce((inner, value, j) => inner + value * x[j], 0), 0);
  return Math.sqrt(Math.max(square, 0));
}

function sayPosition() {
  const [x, y, z] = view.crosshair.map((mm) => mm.toFixed(1));
  const error = facts.residual_form ? ` Expected error there: ${errorAt(view.crosshair).toFixed(2)} mm.` : "";
  byId("position").textContent = `Crosshair at x ${x}, y ${y}, z ${z} mm.${error}`;
}

function follow(panels) {
  const waiting = new Set();
  const listeners = [];
  let speaking = 0;
  // Once a frame at most, however many events there are; spoken only when the hand rests.
  const redraw = (some = panels) => {
    if (!waiting.size) requestAnimationFrame(() => {
      waiting.forEach((panel) => panel.draw(view));
      waiting.clear();
    });
    some.forEach((panel) => waiting.add(panel));
    clearTimeout(speaking);
    speaking = setTimeout(sayPosition, 200);
  };
  const moveTo = (point, origin) => {
    view.crosshair = point.map((mm, axis) => {
      const [low, high] = facts.ranges_mm[axis];
      return Math.min(Math.max(Math.round(mm / facts.step_mm) * facts.step_mm, low), high);
    });
    redraw();
    listeners.forEach((listener) => listener !== origin && listener(view.crosshair));
  };
  return { redraw, moveTo, listeners };
}

function connectPanel(panel, { moveTo }) {
  const { canvas, slider, plane } = panel;
  const onSlice = (place) => view.crosshair.map((mm, axis) => (axis === plane.axis ? place : mm));
  slider.addEventListener("input", () => moveTo(onSlice(Number(slider.value))));
  // The wheel scrolls the page until the picture was clicked, and again when the pointer has left it.
  let taken = false;
  canvas.addEventListener("pointerdown", (event) => {
    taken = true;
    canvas.setPointerCapture(event.pointerId);
    moveTo(panel.pointAt(event, view));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons & 1) moveTo(panel.pointAt(event, view));
  });
  canvas.addEventListener("pointerleave", () => { taken = false; });
  canvas.addEventListener("wheel", (event) => {
    if (!taken || !event.deltaY) return;
    event.preventDefault();
    moveTo(onSlice(view.crosshair[plane.axis] - Math.sign(event.deltaY)));
  }, { passive: false });
}

function connectControls({ redraw }) {
  const amount = byId("amount");
  const chosen = {};
  const takeAmount = () => {
    const about = AMOUNTS[view.mode];
    byId("amount-row").hidden = !about;
    byId("legend").textContent = `${LEGENDS[view.mode]} ${POSES[view.pose]}`;
    if (!about) return;
    const value = (chosen[view.mode] ??= about.value);
    Object.assign(amount, { min: about.min, max: about.max, step: about.step, value });
    byId("amount-name").textContent = about.name;
    byId("amount-value").textContent = about.text(value);
    amount.setAttribute("aria-valuetext", about.text(value));
    view.amount = value / about.part;
  };
  amount.addEventListener("input", () => {
    chosen[view.mode] = Number(amount.value);
    takeAmount();
    redraw();
  });
  for (const name of ["mode", "pose"]) {
    for (const radio of document.getElementsByName(name)) {
      radio.addEventListener("change", () => {
        view[name] = radio.value;
        takeAmount();
        redraw();
      });
    }
  }
  byId("zoom").addEventListener("input", () => {
    view.zoom = Number(byId("zoom").value);
    byId("zoom-value").textContent = `${view.zoom.toFixed(1)} ×`;
    redraw();
  });
  byId("lines").addEventListener("change", () => {
    view.lines = byId("lines").checked;
    redraw();
  });
  takeAmount();
}

async function start() {
  if (!("DecompressionStream" in window)) {
    byId("trouble").textContent = "This browser cannot unpack the scans, so these pictures stand still.";
    return;
  }
  const [fixed, moving] = await Promise.all(["fixed", "moving"].map(async (name) =>
    ({ ...facts[name], data: await unpacked(`scan-${name}`) })));
  const panels = facts.planes.map((plane) => new Panel(plane, facts, { fixed, moving }));
  const hub = follow(panels);
  panels.forEach((panel) => connectPanel(panel, hub));
  connectControls(hub);
  new ResizeObserver(() => {
    panels.forEach((panel) => panel.resize());
    hub.redraw();
  }).observe(panels[0].canvas);
  offerViewer({ fixed, moving }, hub);
}

start().catch((error) => {
  document.documentElement.className = "static";
  byId("trouble").textContent = `The interactive pictures could not be started (${error.message}).`;
  throw error;
});
