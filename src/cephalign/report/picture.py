"""A picture to look at: three planes before and after a registration, as edges and as a checkerboard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from cephalign import __version__
from cephalign.geometry import Rigid, Volume
from cephalign.geometry.grid import Float
from cephalign.io.atomic import whole_file
from cephalign.report.edges import edge_lines
from cephalign.report.planes import (
    MOVING_RGB,
    PLANES,
    Colour,
    Field,
    Grey,
    Plane,
    checkerboard,
    cut,
    grey_levels,
    overlay,
)
from cephalign.report.text import shortened, text_width, write_text

# The result is to be judged, so it is large; what was before fits beside it twice, one above the other.
MARGIN, GAP, GROUP_GAP = 24, 4, 24
SMALL, LARGE = 214, 432
ROW = LARGE + 2 * GAP
SMALL_LEFT = MARGIN
LARGE_LEFT = SMALL_LEFT + SMALL + GROUP_GAP
CHECKER_LEFT = LARGE_LEFT + LARGE + GAP
WIDTH = CHECKER_LEFT + LARGE + MARGIN

TITLE_SIZE, TEXT_SIZE, LINE = 22, 15, 22
BACKGROUND, WHITE, DIMMED = (16, 16, 18), (240, 240, 240), (165, 165, 172)
# Sky blue: neither grey as the scans nor orange as the lines.
LETTER_RGB = (120, 200, 255)
SCALE_BAR_MM = 50
# Wide enough for a head with its nose and ears.
EXTENT_MM = 260.0
LEGEND = (
    "moving scan: edges and tinted tiles; fixed scan: grey; the patient's right (R) is on the left; "
    f"bar: {SCALE_BAR_MM} mm"
)
# Below this part of a panel the moving scan is as good as absent, and the panel says so.
ABSENT = 0.02


def draw_picture(
    fixed: Volume,
    moving: Volume,
    moving_from_fixed: Rigid,
    *,
    centre: Float,
    extent_mm: float,
    heading: Sequence[str],
    before: Rigid | None = None,
) -> Image.Image:
    """Draw axial, coronal and sagittal planes through the head, before and after the registration.

    Each plane is shown as edges of the moving scan over the fixed one, and as a checkerboard of both, in
    radiological display (the patient's right on the left) along the world axes of the fixed scan. Where the
    moving scan does not reach, the fixed one is shown alone.

    Parameters
    ----------
    fixed, moving : Volume
    moving_from_fixed : Rigid
        RAS+ mm, fixed to moving: the result.
    centre : (3,) array
        World point of the fixed scan through which the planes go, RAS+ mm.
    extent_mm : float
        Side of the square that each panel shows.
    heading : sequence of str
        Lines above the pictures; the first is the title. A line that is too long loses its middle.
    before : Rigid, optional
        What the result is compared with; by default the scans as their headers place them.

    Returns
    -------
    Image
        RGB; the same input gives the same pixels.
    """
    small, large = (Field(np.asarray(centre, dtype=np.float64), float(extent_mm), n) for n in (SMALL, LARGE))
    poses = ((small, before or Rigid.identity()), (large, moving_from_fixed))
    of_fixed = grey_levels(
        [cut(fixed, Rigid.identity(), plane, field) for plane in PLANES for field in (small, large)],
        fixed.modality,
    )
    of_moving = grey_levels(
        [cut(moving, pose, plane, field) for plane in PLANES for field, pose in poses], moving.modality
    )
    top = MARGIN + LINE * (len(heading) + 2)
    picture = Image.new("RGB", (WIDTH, top + len(PLANES) * ROW + 2 * LINE + MARGIN // 2), BACKGROUND)
    draw = ImageDraw.Draw(picture)
    _write_frame(draw, heading, "Before (by headers)" if before is None else "Before", top - LINE)
    for row, plane in enumerate(PLANES):
        y = top + row * ROW
        corners = (
            ((SMALL_LEFT, y), (SMALL_LEFT, y + LARGE - SMALL)),
            ((LARGE_LEFT, y), (CHECKER_LEFT, y)),
        )
        for n, field in enumerate((small, large)):
            _draw_pair(picture, corners[n], plane, field, (of_fixed[2 * row + n], of_moving[2 * row + n]))
    return picture


def write_picture(picture: Image.Image, path: Path) -> None:
    """Write a picture as PNG, whole or not at all; the same pixels give the same bytes.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    with whole_file(path) as temporary:
        picture.save(temporary, format="PNG", compress_level=1)


Corner = tuple[int, int]


def _draw_pair(
    picture: Image.Image,
    corners: tuple[Corner, Corner],
    plane: Plane,
    field: Field,
    greys: tuple[Grey, Grey],
) -> None:
    """Draw one plane of the fixed and the moving scan: edges at one corner, checkerboard at the other."""
    fixed, moving = greys
    draw = ImageDraw.Draw(picture)
    edges: Colour = overlay(fixed, *edge_lines(moving, field.pixel_mm))
    for (x, y), panel in zip(corners, (edges, checkerboard(fixed, moving)), strict=True):
        picture.paste(Image.fromarray(panel), (x, y))
        _write_letters(draw, (x, y), plane, field.pixels)
    x, y = corners[0]
    write_text(draw, (x + 6, y + 4), plane.name, TEXT_SIZE, DIMMED, outline=BACKGROUND)
    bar, right, bottom = round(SCALE_BAR_MM / field.pixel_mm), x + field.pixels - 8, y + field.pixels - 8
    draw.line([(right - bar, bottom), (right, bottom)], WHITE, 2)
    if np.isfinite(moving).mean() < ABSENT:
        at = (x + 6, y + field.pixels - LINE)
        write_text(draw, at, "moving scan not here", TEXT_SIZE, MOVING_RGB, outline=BACKGROUND)


def _write_letters(draw: ImageDraw.ImageDraw, corner: Corner, plane: Plane, side: int) -> None:
    """Write what lies to the left, right, top and bottom of a panel."""
    middle, far = side // 2 - 9, side - 20
    places = ((6, middle), (far + 4, middle), (middle + 4, 3), (middle + 4, far))
    for letter, (dx, dy) in zip(plane.letters, places, strict=True):
        write_text(draw, (corner[0] + dx, corner[1] + dy), letter, TEXT_SIZE, LETTER_RGB, outline=BACKGROUND)


def _write_frame(draw: ImageDraw.ImageDraw, heading: Sequence[str], before: str, y: int) -> None:
    """Write what stands above the panels, whose titles are at `y`, and below them."""
    for number, line in enumerate(heading):
        size, colour = (TEXT_SIZE, DIMMED) if number else (TITLE_SIZE, WHITE)
        # The title is higher than a line, and grows upwards.
        at = (MARGIN, MARGIN + number * LINE - (0 if number else 8))
        write_text(draw, at, shortened(line, size, WIDTH - 2 * MARGIN), size, colour)
    titles = (
        (SMALL_LEFT, before),
        (LARGE_LEFT, "After: edges of moving on fixed"),
        (CHECKER_LEFT, "After: checkerboard"),
    )
    for x, title in titles:
        write_text(draw, (x, y), title, TEXT_SIZE, WHITE)
    bottom = y + LINE + len(PLANES) * ROW + LINE // 2
    draw.line([(MARGIN, bottom + 9), (MARGIN + 24, bottom + 9)], MOVING_RGB, 2)
    write_text(draw, (MARGIN + 32, bottom), LEGEND, TEXT_SIZE, DIMMED)
    version = f"cephalign {__version__}"
    write_text(draw, (WIDTH - MARGIN - text_width(version, TEXT_SIZE), bottom), version, TEXT_SIZE, DIMMED)
