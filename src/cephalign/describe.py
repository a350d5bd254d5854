"""What `cephalign info` says about a volume or a transform, as plain values and as text."""

from __future__ import annotations

import numpy as np

from cephalign.geometry import Grid, Rigid, Volume
from cephalign.geometry.grid import Float
from cephalign.io.texts import finite

Facts = dict[str, object]

# Where no fixed scan is given: a cube about the size of a head, about the world origin.
HEAD_CUBE_MM = 200.0
AXIS_LETTERS = (("L", "R"), ("P", "A"), ("I", "S"))


def orientation_code(grid: Grid) -> str:
    """Return the three letters of the directions into which the array axes grow, such as 'LPS'.

    An oblique grid has the letters of the nearest world axes, each used once.
    """
    remaining = np.abs(grid.directions)
    letters = ["", "", ""]
    for _ in range(3):
        world, axis = np.unravel_index(int(np.argmax(remaining)), (3, 3))
        letters[axis] = AXIS_LETTERS[world][int(grid.directions[world, axis] > 0)]
        remaining[world, :] = remaining[:, axis] = -1
    return "".join(letters)


def oblique_angle_deg(grid: Grid) -> float:
    """Return the largest angle in degrees between an array axis and the world axis nearest to it."""
    nearest = np.abs(grid.directions).max(axis=0)
    across = np.sqrt(np.clip(1 - nearest**2, 0, None))
    return float(np.rad2deg(np.arctan2(across, nearest)).max())


def describe_volume(volume: Volume) -> Facts:
    """Return what there is to know of a volume: world is RAS+ mm, angles are degrees."""
    grid = volume.grid
    return {
        "kind": "volume",
        "shape": list(grid.shape),
        "spacing_mm": _rounded(grid.spacing),
        "orientation": orientation_code(grid),
        "oblique_deg": round(oblique_angle_deg(grid), 4),
        "left_handed": grid.is_left_handed,
        "centre_mm": _rounded(grid.centre),
        "dtype": str(volume.data.dtype),
        "min": finite(np.min(volume.data)),
        "max": finite(np.max(volume.data)),
        "modality": str(volume.modality),
    }


def describe_transform(moving_from_fixed: Rigid, fixed: Grid | None = None) -> Facts:
    """Return angles, translation and how far the fixed scan's corners, or those of a cube, move.

    The translation is where the world origin goes, which may lie far from the head: the displacement
    says more.
    """
    if fixed is None:
        signs = np.array([[x, y, z] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)])
        points, over = (
            signs * (HEAD_CUBE_MM / 2),
            f"corners of a {HEAD_CUBE_MM:g} mm cube about the world origin",
        )
    else:
        points, over = fixed.corners, "corners of the fixed scan"
    moved = moving_from_fixed.displacement(points)
    axis, _ = moving_from_fixed.axis_angle()
    return {
        "kind": "transform",
        "direction": "moving_from_fixed",
        "frame": "RAS+ mm",
        "angles_xyz_deg": _rounded(moving_from_fixed.euler()),
        "translation_mm": _rounded(moving_from_fixed.translation),
        "rotation_deg": round(moving_from_fixed.angle_deg, 6),
        "axis": _rounded(axis),
        "displacement_mean_mm": round(float(moved.mean()), 6),
        "displacement_max_mm": round(float(moved.max()), 6),
        "displacement_over": over,
        "moving_from_fixed": moving_from_fixed.matrix.tolist(),
    }


def as_text(name: str, facts: Facts) -> str:
    """Lay facts out for reading: one a line under the file's name; the matrix is left to --json."""
    lines = [name]
    for key, value in facts.items():
        if key == "moving_from_fixed":
            continue
        if isinstance(value, list):
            shown = "  ".join(f"{number:g}" for number in value)
        elif isinstance(value, bool):
            shown = "yes" if value else "no"
        else:
            shown = (
                f"{value:g}" if isinstance(value, float) else "not finite" if value is None else str(value)
            )
        lines.append(f"  {key:<22}{shown}")
    return "\n".join(lines)


def _rounded(values: Float) -> list[float]:
    """Six decimals and no negative zero: more digits are noise to a reader."""
    return [round(float(value), 6) + 0.0 for value in values]
