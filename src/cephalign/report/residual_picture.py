"""The error to expect as colours over three planes of the head."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cephalign.geometry import Rigid, Volume
from cephalign.geometry.grid import Float
from cephalign.prep.head import Mask
from cephalign.report.edges import edge_lines
from cephalign.report.embedded import Embedded
from cephalign.report.planes import PLANES, Colour, Field, Grey, Plane, cut, points_of
from cephalign.report.residual import Residual

# Matplotlib's viridis (CC0) at seventeen places: even steps look even, in every kind of colour vision.
VIRIDIS = np.array(
    [
        (68, 1, 84),
        (72, 24, 106),
        (71, 45, 123),
        (66, 64, 134),
        (59, 82, 139),
        (51, 99, 141),
        (44, 114, 142),
        (38, 130, 142),
        (33, 145, 140),
        (31, 160, 136),
        (40, 174, 128),
        (63, 188, 115),
        (94, 201, 98),
        (132, 212, 75),
        (173, 220, 48),
        (216, 226, 25),
        (253, 231, 37),
    ]
)
# Ends of a scale whose quarters are easily read, times a power of ten.
ROUND_ENDS = (1.0, 1.2, 1.6, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0)
TICKS = 5
AROUND_RGB = (22.0, 22.0, 26.0)


@dataclass(frozen=True, eq=False)
class ResidualPicture:
    """Panels in the order of `PLANES`, and what their colours mean.

    Parameters
    ----------
    panels : tuple of (N, N, 3) uint8 arrays
    bar : (1, 256, 3) uint8 array
        The colours from 0 to `end_mm`.
    end_mm : float
    """

    panels: tuple[Colour, ...]
    bar: Colour
    end_mm: float

    @property
    def ticks_mm(self) -> list[float]:
        """What to write along the bar, evenly."""
        return [float(mm) for mm in np.linspace(0, self.end_mm, TICKS)]


def draw_residual(residual: Residual, fixed: Embedded, point: Float, field: Field) -> ResidualPicture:
    """Colour the head by the error to expect; lines along the fixed scan's edges say where one is.

    Parameters
    ----------
    residual : Residual
    fixed : Embedded
    point : (3,) array
        Where the planes meet, RAS+ mm of the fixed scan.
    field : Field
        The panels' field of view.
    """
    end_mm = _round_end(float(residual.at(fixed.body).max()))
    mask = Volume(fixed.head.data.astype(np.float32), fixed.head.grid)
    panels = tuple(
        _panel(
            _colours(residual.at(points_of(plane, through)) / end_mm),
            np.nan_to_num(cut(mask, Rigid.identity(), plane, through)) > 0.5,
            cut(fixed.grey, Rigid.identity(), plane, through) / np.float32(255),
            field.pixel_mm,
        )
        for plane in PLANES
        for through in [_through(point, plane, field)]
    )
    bar = np.rint(_colours(np.linspace(0, 1, 256))[None]).astype(np.uint8)
    return ResidualPicture(panels, bar, end_mm)


def _through(point: Float, plane: Plane, field: Field) -> Field:
    """Return the same field on the plane through a point."""
    normal = np.cross(plane.right, plane.down)
    return replace(field, centre=field.centre + normal * (normal @ (point - field.centre)))


def _panel(colours: Float, inside: Mask, grey: Grey, pixel_mm: float) -> Colour:
    lines, halo = (opacity[..., None] for opacity in edge_lines(grey, pixel_mm))
    shown = np.where(inside[..., None], colours, AROUND_RGB) * (1 - halo)
    return np.asarray(np.rint(shown * (1 - lines) + 255 * lines), dtype=np.uint8)


def _colours(parts: Float) -> Float:
    """Return (..., 3) colours of parts of the scale, 0 to 1."""
    places = np.linspace(0, 1, len(VIRIDIS))
    return np.stack([np.interp(parts, places, channel) for channel in VIRIDIS.T], axis=-1)


def _round_end(largest: float) -> float:
    """Return the least easily read number that is not smaller."""
    power = 10.0 ** np.floor(np.log10(largest))
    return float(next(power * end for end in ROUND_ENDS if power * end >= largest * (1 - 1e-9)))
