"""Where the head is: its mask without table, holder, frame and background, for a scan of any kind."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cephalign.errors import InputError
from cephalign.geometry import Modality, Volume
from cephalign.geometry.grid import Float
from cephalign.prep.blocks import Image, block_means
from cephalign.prep.resample import AIR_HU, SURELY_AIR_HU

Mask = NDArray[np.bool_]

# Fewer slices than this show no head, and no threshold or ball can tell what they show.
FEWEST_SLICES = 4
# The border between air and tissue lies here in any CT, however little air it shows.
AIR_BORDER_HU = (-700.0, -200.0)
# No tissue and no air is below it.
PADDING_HU = AIR_HU - 100
# Everything denser counts alike, so that bone and metal do not pull the threshold.
DENSE_HU = 200.0
# So much of a CT's head lies within a tenth of the step from air to water, and 0.15 to 0.3 of one in T1. A
# flat MR may pass too (0.45 of a specimen in T2): it then lacks only the filling before the opening.
FLAT_SHARE = 0.38
# Cuts what is thinner than 18 mm: table tops, shells, crates, rods and pins; a nose or a jaw survives.
BALL_MM = 9.0
# The scalp may have gaps of this size where it meets a sinus, a wound or a dim corner of the coil.
GAP_MM = 5.0
# Pieces smaller than this are noise; closed up and filled they would flood the air.
SPECK_ML = 2.0
# A head is longer than this: where a scan is shorter, the head goes on beyond its border.
SHORTER_THAN_HEAD_MM = 100.0
# Half a litre is less than a newborn's head; a tenth of that is no part of a head worth aligning.
SMALLEST_ML = 50.0


def head_mask(volume: Volume, spacing_mm: float = 3.0) -> Volume:
    """Find the head in a scan, with its cavities, without table, holder, frame and noise.

    Coarse block means, a threshold (Otsu 1979; the paper, 'Generation of ground truth data'), an opening
    that cuts what is thin, the largest piece, and its holes filled slice by slice.

    Parameters
    ----------
    volume : Volume
        A scan in any units; a CT may be offset, padded or hold metal.
    spacing_mm : float
        Spacing of the mask's grid; an axis that is coarser stays as it is.

    Returns
    -------
    Volume
        Data bool; over the extent of `volume`, its modality kept.

    Raises
    ------
    InputError
        Fewer than four slices along an axis, NaN or infinity, one value everywhere, or nothing like a head.
    """
    if min(volume.grid.shape) < FEWEST_SLICES:
        raise InputError(
            "scan is too thin to find a head in",
            expected=f"at least {FEWEST_SLICES} voxels along each axis",
            got=" x ".join(map(str, volume.grid.shape)),
            do="give a whole 3D scan",
        )
    grid = volume.grid.resized(np.maximum(volume.grid.spacing, spacing_mm))
    image = block_means(volume.data, grid.shape)
    _refuse_empty(image)
    threshold, bone_is_bright = _threshold(image, volume.modality)
    mask = _largest_body(image > threshold, grid.spacing, hollow=not bone_is_bright)
    found_ml = float(mask.sum() * grid.spacing.prod() / 1000)
    if found_ml < SMALLEST_ML:
        raise InputError(
            "scan shows nothing like a head",
            expected=f"a body of at least {SMALLEST_ML:g} ml brighter than its surroundings",
            got=f"{found_ml:.3g} ml",
            do="look at the scan, and at the voxel spacing in its header",
        )
    return Volume(mask, grid, volume.modality)


def _refuse_empty(image: Image) -> None:
    """Refuse what cannot show anything."""
    if not np.isfinite(image).all():
        raise InputError(
            "scan holds NaN or infinite voxels", expected="finite intensities", do="repair or crop the scan"
        )
    low, high = float(image.min()), float(image.max())
    if high - low <= 1e-5 * max(abs(low), abs(high)):  # averaging rounds
        raise InputError(
            "scan holds no image",
            expected="intensities that differ",
            got=f"{low:.6g} everywhere",
            do="check that the right file was given",
        )


def in_hounsfield_units(values: NDArray[Any]) -> bool:
    """Say whether there is air of some -1000, which no MR and no PET has, beside what may pad a CT."""
    padding = float(np.mean(values < PADDING_HU))
    air = float(np.mean(values < SURELY_AIR_HU)) - padding
    return air > max(1e-3, padding / 5)  # blocks across the edge of the padding look like air too


def _threshold(image: Image, modality: Modality) -> tuple[float, bool]:
    """Return the value between air and tissue, and whether bone is bright, as it is in CT only."""
    may_be_ct = modality in (Modality.CT, Modality.UNKNOWN)
    if may_be_ct:
        if in_hounsfield_units(image):
            return float(np.clip(_otsu(np.clip(image, AIR_HU, DENSE_HU)), *AIR_BORDER_HU)), True
        if (image < PADDING_HU).any():  # a CT with air at 0
            image = np.maximum(image, 0)
    # Percentiles keep out metal and hot spots. The root lowers the threshold: air is all dark, but contrast
    # and bias give tissue many shades.
    low, high = (float(p) for p in np.percentile(image, (0.5, 99)))
    if high <= low:
        low, high = float(image.min()), float(image.max())
    threshold = low + _otsu(np.sqrt(np.clip(image, low, high) - low)) ** 2
    tissue = image[image > threshold] - low
    water = float(np.median(tissue))
    is_flat = np.mean(np.abs(tissue - water) < 0.1 * water) > FLAT_SHARE
    if modality is Modality.CT or (may_be_ct and is_flat):
        return low + water / 2, True
    return threshold, False


def _otsu(values: Image) -> float:
    """Return the threshold that parts `values` into the two classes farthest apart (Otsu 1979)."""
    counts, edges = np.histogram(values, bins=256)
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1].astype(np.float64)
    above = counts.sum() - below
    total_below = np.cumsum(counts * middles)[:-1]
    total_above = (counts * middles).sum() - total_below
    between = below * above * (total_above / np.maximum(above, 1) - total_below / np.maximum(below, 1)) ** 2
    # Between two peaks with nothing in the gap all thresholds are as good: take the middle.
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))
    return float(edges[1:][best].mean())


def _largest_body(bright: Mask, spacing: Float, *, hollow: bool) -> Mask:
    """Return the largest thick piece with what belongs to it; `hollow`: dark bone parts scalp and brain."""
    solid = bright
    if hollow:  # in CT the foam inside a table top would be filled too
        clean = _without_specks(bright, SPECK_ML * 1000 / float(spacing.prod()))
        closed = ~dilated(~dilated(clean, GAP_MM, spacing), GAP_MM, spacing)
        solid = _filled(clean | closed)
    # A plate along the border is thin, but a head that a thin slab cuts is not.
    rim = [(0, 0) if size < SHORTER_THAN_HEAD_MM else (1, 1) for size in spacing * bright.shape]
    inside = tuple(slice(before, before + n) for (before, _), n in zip(rim, bright.shape, strict=True))
    eroded = ~dilated(~np.pad(solid, rim), BALL_MM, spacing)[inside]
    core = _largest_piece(dilated(eroded, BALL_MM, spacing) & solid)
    # Nose, ears and corners that the opening took hug the core and come back; a table or frame reaches far.
    labels, count = ndimage.label(solid & ~core)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    near = np.bincount(labels[dilated(core, BALL_MM, spacing)], minlength=count + 1)
    hugs = near > sizes / 2
    hugs[0] = False
    return _filled(_largest_piece(core | hugs[labels]))


def dilated(mask: Mask, radius_mm: float, spacing: Float) -> Mask:
    """Return what lies within `radius_mm` of the mask; nothing lies beyond the border."""
    reach = np.minimum(radius_mm // spacing, mask.shape).astype(int)
    # A ball is a bundle of rods along k, and there are few lengths of rods.
    rods = [mask]
    for k in range(1, reach[2] + 1):
        rod = rods[-1].copy()
        rod[:, :, k:] |= mask[:, :, :-k]
        rod[:, :, :-k] |= mask[:, :, k:]
        rods.append(rod)
    out = np.zeros_like(mask)
    for i, j in product(*(range(-r, r + 1) for r in reach[:2])):
        beside = float(np.hypot(i * spacing[0], j * spacing[1]))
        if beside <= radius_mm:
            rod = rods[min(int(np.sqrt(radius_mm**2 - beside**2) / spacing[2]), reach[2])]
            into, source = zip(_shifted(i, mask.shape[0]), _shifted(j, mask.shape[1]), strict=True)
            out[into] |= rod[source]
    return out


def _shifted(offset: int, count: int) -> tuple[slice, slice]:
    """Return the part of an axis that a shift fills, and the part that fills it."""
    return slice(max(offset, 0), count + min(offset, 0)), slice(max(-offset, 0), count - max(offset, 0))


def _without_specks(mask: Mask, fewest_voxels: float) -> Mask:
    """Return the pieces of at least so many voxels."""
    labels, _ = ndimage.label(mask)
    return np.asarray(mask & (np.bincount(labels.ravel()) >= fewest_voxels)[labels])


def _largest_piece(mask: Mask) -> Mask:
    """Return the largest connected piece, or nothing of nothing."""
    labels, count = ndimage.label(mask)
    sizes = np.bincount(labels.ravel(), minlength=2)
    return np.asarray(labels == sizes[1:].argmax() + 1) if count else mask


def _filled(mask: Mask) -> Mask:
    """Fill what is enclosed within any slice along any axis: sinuses, airways, dark bone."""
    filled = mask
    for axis in range(3):
        in_plane = ndimage.generate_binary_structure(3, 1)
        in_plane[tuple(slice(None) if a != axis else [0, 2] for a in range(3))] = False
        labels, count = ndimage.label(~filled, in_plane)
        is_open = np.zeros(count + 1, dtype=np.bool_)
        for side in (a for a in range(3) if a != axis):
            is_open[labels.take(0, side)] = is_open[labels.take(-1, side)] = True
        filled = filled | ~is_open[labels]
    return filled
