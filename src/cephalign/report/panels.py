"""What the panels of a page show: planes, how far their sliders go, and the error to expect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cephalign.geometry import Rigid
from cephalign.geometry.grid import Float
from cephalign.report.embedded import Embedded, png_of, png_uri
from cephalign.report.planes import PLANES, Field, Plane
from cephalign.report.residual import Residual
from cephalign.report.residual_picture import draw_residual

# Around the head's box, so that letters stand beside the head.
MARGIN_MM = 14.0
# In which the crosshair moves.
STEP_MM = 0.5
RESIDUAL_PIXELS = 320
SIDES = {"R": "the patient's right", "A": "front", "S": "top"}


@dataclass(frozen=True, eq=False)
class View:
    """What all panels of a page have in common; points are RAS+ mm of the fixed scan.

    Parameters
    ----------
    centre : (3,) array
        Middle of the head's box.
    extent_mm : float
        Side of the square that each panel shows.
    ranges_mm : list of pairs of int
        How far the head reaches along x, y and z.
    crosshair : (3,) array
        Where the three planes meet at first.
    """

    centre: Float
    extent_mm: float
    ranges_mm: list[tuple[int, int]]
    crosshair: Float


def view_of(fixed: Embedded, crosshair: tuple[float, float, float]) -> View:
    """Return the view that holds the whole head, and the crosshair at the nearest of its steps."""
    cross = np.round(np.array(crosshair) / STEP_MM) * STEP_MM
    points = np.concatenate([fixed.body, [cross]])
    low, high = np.floor(points.min(axis=0)), np.ceil(points.max(axis=0))
    ranges = [(int(first), int(last)) for first, last in zip(low, high, strict=True)]
    return View((low + high) / 2, float((high - low).max() + 2 * MARGIN_MM), ranges, cross)


def axis_of(plane: Plane) -> int:
    """Return which of x, y, z is the same all over a plane."""
    return int(np.argmin(np.abs(plane.right) + np.abs(plane.down)))


def panel_words(view: View) -> dict[str, Any]:
    """Return what the template needs for a panel of each plane."""
    return {
        "planes": [
            {
                "name": plane.name,
                "letters": plane.letters,
                "range_mm": view.ranges_mm[axis],
                "at": f"{'xyz'[axis]} = {view.crosshair[axis]:.1f} mm",
            }
            for plane in PLANES
            for axis in [axis_of(plane)]
        ],
        "step_mm": STEP_MM,
    }


def residual_words(spread: Residual | str, view: View, fixed: Embedded) -> dict[str, Any]:
    """Return what the template needs to show the error to expect, or to say why there is none."""
    if isinstance(spread, str):
        return {"why_no_residual": spread}
    drawn = draw_residual(spread, fixed, view.crosshair, Field(view.centre, view.extent_mm, RESIDUAL_PIXELS))
    errors_mm = spread.at(fixed.body)
    return {
        "residual": {
            "panels": [png_uri(png_of(panel)) for panel in drawn.panels],
            "bar": png_uri(png_of(drawn.bar)),
            "ticks": [f"{mm:.3g}" for mm in drawn.ticks_mm],
            "least_mm": f"{errors_mm.min():.2f}",
            "largest_mm": f"{errors_mm.max():.2f}",
        }
    }


def program_facts(
    scans: tuple[Embedded, Embedded], moving_from_fixed: Rigid, view: View, spread: Residual | str
) -> dict[str, object]:
    """Return in JSON's terms what the page's program needs."""
    fixed, moving = scans
    return {
        "planes": [
            {
                "name": plane.name,
                "right": plane.right,
                "down": plane.down,
                "axis": axis_of(plane),
                "sides": f"{SIDES[plane.letters[0]]} is on the left, {SIDES[plane.letters[2]]} at the top",
            }
            for plane in PLANES
        ],
        "centre": view.centre.tolist(),
        "crosshair": view.crosshair.tolist(),
        "ranges_mm": view.ranges_mm,
        "extent_mm": view.extent_mm,
        "step_mm": STEP_MM,
        "poses": {"before": Rigid.identity().matrix.tolist(), "after": moving_from_fixed.matrix.tolist()},
        "fixed": fixed.facts(),
        "moving": moving.facts(),
        "residual_form": None if isinstance(spread, str) else spread.form.tolist(),
    }
