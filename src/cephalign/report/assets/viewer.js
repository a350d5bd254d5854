// The 3D viewer, NiiVue, which is unpacked and started only when someone asks for it.

const HEADER_BYTES = 352;
// Of the moving scan, what is darker does not cover the fixed one: air, noise, and holders of foam.
const LEAST_MOVING = 60;

// A scan as a NIfTI-1 file in memory, which is how NiiVue takes it.
function niftiOf(scan) {
  const file = new ArrayBuffer(HEADER_BYTES + scan.data.length);
  const header = new DataView(file);
  const little = true;
  header.setInt32(0, 348, little);
  [3, ...scan.shape, 1, 1, 1, 1].forEach((count, n) => header.setInt16(40 + 2 * n, count, little));
  header.setInt16(70, 2, little); // unsigned bytes
  header.setInt16(72, 8, little);
  [1, ...scan.spacing_mm].forEach((mm, n) => header.setFloat32(76 + 4 * n, mm, little));
  header.setFloat32(108, HEADER_BYTES, little);
  header.setFloat32(112, 1, little); // slope
  header.setUint8(123, 2); // mm
  header.setInt16(254, 1, little); // the matrix below holds
  scan.world_from_voxel.slice(0, 3).flat().forEach((value, n) => header.setFloat32(280 + 4 * n, value, little));
  header.setUint32(344, 0x00312b6e, little); // "n+1"
  new Uint8Array(file, HEADER_BYTES).set(scan.data);
  return file;
}

async function loadNiivue() {
  const script = document.createElement("script");
  script.textContent = new TextDecoder().decode(await unpacked("niivue"));
  document.head.append(script);
  return window.niivue;
}

// Where the moving scan's voxels lie in the fixed world, before or after: no voxel is sampled again.
function movingAffine(moving, pose) {
  return product(rigidInverse(facts.poses[pose]), moving.world_from_voxel);
}

async function openViewer({ fixed, moving }, hub) {
  const { Niivue, NVImage, MULTIPLANAR_TYPE, SHOW_RENDER } = await loadNiivue();
  const nv = new Niivue({
    isSliceMM: true, isRadiologicalConvention: true, sagittalNoseLeft: true,
    multiplanarShowRender: SHOW_RENDER.ALWAYS, multiplanarLayout: MULTIPLANAR_TYPE.GRID,
    backColor: [0.04, 0.04, 0.05, 1], fontColor: [0.47, 0.78, 1, 1], crosshairColor: [0.47, 0.78, 1, 0.9],
    crosshairWidth: 0.5, show3Dcrosshair: true, dragAndDropEnabled: false, logLevel: "silent", loadingText: "",
  });
  byId("viewer").hidden = false;
  await nv.attachToCanvas(byId("viewer-canvas"));
  nv.addVolume(await NVImage.new(niftiOf(fixed), "fixed.nii", "gray", 1, null, 0, 255));
  nv.addVolume(await NVImage.new(niftiOf(moving), "moving.nii", "warm", 0.5, null, LEAST_MOVING, 255));
  connectViewer(nv, moving, hub);
}

function connectViewer(nv, moving, hub) {
  const take = {
    "viewer-opacity": (value) => nv.setOpacity(1, value / 100),
    "viewer-colours": (value) => nv.setColormap(nv.volumes[1].id, value),
    "viewer-layout": (value) => nv.setSliceType(Number(value)),
  };
  for (const [id, apply] of Object.entries(take)) byId(id).addEventListener("input", () => apply(byId(id).value));
  for (const radio of document.getElementsByName("viewer-pose")) {
    radio.addEventListener("change", () => nv.setVolumeAffine(1, movingAffine(moving, radio.value)));
  }
  nv.setVolumeAffine(1, movingAffine(moving, "after"));
  const goTo = (point) => {
    nv.scene.crosshairPos = nv.mm2frac(point);
    nv.drawScene();
    sayViewerPosition(point);
  };
  nv.onLocationChange = ({ mm }) => {
    const point = Array.from(mm).slice(0, 3);
    sayViewerPosition(point);
    hub.moveTo(point, goTo);
  };
  hub.listeners.push(goTo);
  goTo(view.crosshair);
}

function sayViewerPosition(point) {
  const [x, y, z] = point.map((mm) => mm.toFixed(1));
  byId("viewer-position").textContent = `x ${x}, y ${y}, z ${z} mm`;
}

function offerViewer(scans, hub) {
  const button = byId("open-viewer"), state = byId("viewer-state");
  if (!document.createElement("canvas").getContext("webgl2")) {
    button.disabled = true;
    state.textContent = "This browser offers no WebGL 2 here, which the 3D viewer needs. "
      + "The pictures above do without it.";
    return;
  }
  button.addEventListener("click", async () => {
    button.disabled = true;
    state.textContent = "Starting the 3D viewer ...";
    try {
      await openViewer(scans, hub);
      button.hidden = true;
      state.textContent = "The 3D viewer is open.";
    } catch (error) {
      byId("viewer").hidden = true;
      state.textContent = `The 3D viewer could not be started (${error.message}). The pictures above do without it.`;
    }
  });
}
