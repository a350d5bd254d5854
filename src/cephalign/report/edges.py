"""Thin lines along the edges of a picture, placed to a fraction of a pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Grey = NDArray[np.float32]

# Blur before differentiation: above the noise of a scan, below the thickness of a skull.
SCALE_MM = 1.5
# The step, as a part of the grey range, that a line must have somewhere: half the highest ones of the
# picture, within bounds that keep out noise and let in the thin structures of a sharp scan.
LEAST_STEP, ENOUGH_STEP = 0.08, 0.25
# The part of that step at which a line may go on.
WEAK = 0.4
SHORTEST_MM = 10.0
HALF_WIDTH = 0.6
EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=int)


def edge_lines(grey: Grey, pixel_mm: float) -> tuple[Grey, Grey]:
    """Find the crests of the gradient's magnitude and draw them as antialiased lines.

    Along the gradient's direction the magnitude is a parabola about each pixel; its top, where there is one,
    lies a known fraction of a pixel away (Steger 1998, Unbiased detection of curvilinear structures). Lines
    are kept by hysteresis (Canny 1986): weak ones only where they continue strong ones.

    Parameters
    ----------
    grey : (N, M) float32 array
        From 0 to 1; NaN where there is nothing, and no line is drawn along that border.
    pixel_mm : float

    Returns
    -------
    lines, halo : (N, M) float32 arrays
        Opacity of the line and of a wider, fainter band about it, 0 to 1.
    """
    known = np.isfinite(grey)
    sigma = SCALE_MM / pixel_mm
    smooth = ndimage.gaussian_filter(np.nan_to_num(grey), sigma, mode="nearest", truncate=3)
    gy, gx = np.gradient(smooth)
    magnitude = np.hypot(gx, gy)
    # What lies within reach of the blur from the border of the scan may be an edge of its end only.
    magnitude[
        ~ndimage.binary_erosion(known, EIGHT_NEIGHBOURS, iterations=int(np.ceil(2 * sigma)), border_value=1)
    ] = 0
    distance = _distance_to_crest(magnitude, gx, gy)
    # A blurred step of height h has the slope h / (sigma sqrt(2 pi)).
    step = magnitude * (sigma * np.sqrt(2 * np.pi))
    crest = distance < 1
    strong = (
        float(np.clip(np.percentile(step[crest], 99) / 2, LEAST_STEP, ENOUGH_STEP)) if crest.any() else 1.0
    )
    parts, count = ndimage.label(crest & (step > WEAK * strong), EIGHT_NEIGHBOURS)
    # A line is two pixels wide here.
    keep = np.bincount(parts.ravel(), minlength=count + 1) * pixel_mm / 2 > SHORTEST_MM
    keep &= np.bincount(parts[step > strong], minlength=count + 1) > 0
    keep[0] = False
    kept = ndimage.binary_dilation(keep[parts], EIGHT_NEIGHBOURS)
    lines = np.where(kept, np.clip(HALF_WIDTH + 0.5 - distance, 0, 1), 0)
    halo = np.where(kept, np.clip(HALF_WIDTH + 1.5 - distance, 0, 1) * 0.5, 0)
    return lines.astype(np.float32), halo.astype(np.float32)


def _distance_to_crest(magnitude: Grey, gx: Grey, gy: Grey) -> Grey:
    """Return the pixels to the top of the parabola along the gradient; infinity where it has none."""
    norm = np.maximum(np.hypot(gx, gy), 1e-12)
    nx, ny = gx / norm, gy / norm
    my, mx = np.gradient(magnitude)
    myy, myx = np.gradient(my)
    mxx = np.gradient(mx, axis=1)
    slope = nx * mx + ny * my
    bend = nx * nx * mxx + 2 * nx * ny * myx + ny * ny * myy
    is_crest = bend < 0
    return np.where(is_crest, np.abs(slope) / np.where(is_crest, -bend, 1), np.inf).astype(np.float32)
