"""The table that a patient lies on in a CT scanner, and the pillow on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from cephalign.geometry.grid import Float
from cephalign.simulate.artefacts.parts import Part, Triple, covered, layered

FAR_MM = 2000.0


@dataclass(frozen=True)
class Table:
    """A shell of carbon fibre around foam: its upper and its lower face are parabolas.

    Parameters
    ----------
    middle_mm, top_mm : float
        World x of its middle, and y of its upper face there.
    half_width_mm, thick_mm, shell_mm : float
    rise, rise_below : float
        Of the two faces, in mm per mm^2 from the middle: 0 is flat. Where they meet, the table ends.
    shell_hu, core_hu : float
    pillow_mm, pillow_half_width_mm, pillow_hu : float
        Foam on the table; none if it is 0 mm thick.
    end_mm : float
        World z at which the table ends towards the vertex.
    """

    middle_mm: float
    top_mm: float
    half_width_mm: float
    thick_mm: float
    shell_mm: float
    rise: float
    rise_below: float
    shell_hu: float
    core_hu: float
    pillow_mm: float
    pillow_half_width_mm: float
    pillow_hu: float
    end_mm: float

    def parts(self) -> Iterator[Part]:
        """Yield what is to be painted."""
        yield _Board(self)
        if self.pillow_mm > 0:
            yield _Pillow(self)


@dataclass(frozen=True)
class _Board:
    table: Table

    def box(self) -> tuple[Triple, Triple]:
        """See `Part`."""
        table = self.table
        low = (table.middle_mm - table.half_width_mm, table.top_mm - table.thick_mm, -FAR_MM)
        rise = table.rise * table.half_width_mm**2
        return low, (table.middle_mm + table.half_width_mm, table.top_mm + rise, table.end_mm)

    def above_air(self, x: torch.Tensor, y: torch.Tensor, z: torch.Tensor, edge_mm: float) -> torch.Tensor:
        """See `Part`."""
        table = self.table
        across = x - table.middle_mm
        square = across * across
        upright = (1 + (2 * table.rise * across) ** 2).rsqrt()
        upper = (y - (table.top_mm + table.rise * square)) * upright
        upright = (1 + (2 * table.rise_below * across) ** 2).rsqrt()
        lower = (table.top_mm - table.thick_mm + table.rise_below * square - y) * upright
        outer = torch.maximum(torch.maximum(upper, lower), across.abs() - table.half_width_mm)
        value = layered(outer, outer + table.shell_mm, table.shell_hu, table.core_hu, edge_mm)
        return value * covered(z - table.end_mm, edge_mm)


@dataclass(frozen=True)
class _Pillow:
    table: Table

    def box(self) -> tuple[Triple, Triple]:
        """See `Part`."""
        table = self.table
        half = table.pillow_half_width_mm
        top = table.top_mm + table.rise * half**2 + table.pillow_mm
        return (table.middle_mm - half, table.top_mm, -FAR_MM), (table.middle_mm + half, top, table.end_mm)

    def above_air(self, x: torch.Tensor, y: torch.Tensor, z: torch.Tensor, edge_mm: float) -> torch.Tensor:
        """See `Part`."""
        table = self.table
        across = x - table.middle_mm
        bottom = table.top_mm + table.rise * across * across
        # Thick at its sides, pressed down in the middle.
        height = table.pillow_mm * (0.75 + 0.25 * (across / table.pillow_half_width_mm) ** 2)
        outer = torch.maximum(
            (y - bottom - height / 2).abs() - height / 2, across.abs() - table.pillow_half_width_mm
        )
        value = layered(outer, outer + 1.0, table.pillow_hu + 60, table.pillow_hu, edge_mm)
        return value * covered(z - table.end_mm, edge_mm)


def draw_table(rng: np.random.Generator, head_box_world: Float) -> Table:
    """Draw a table under a head.

    Parameters
    ----------
    rng : numpy Generator
    head_box_world : (2, 3) array
        Lowest and highest corner around the head in world mm; the patient lies on the back.

    Returns
    -------
    Table
        It stays out of the box.
    """
    low, high = head_box_world
    half_head = float(high[0] - low[0]) / 2
    half_width = float(rng.uniform(170, 265))
    thick = float(rng.uniform(18, 55))
    shape = rng.choice(["flat", "even", "boat"])
    rise = 0.0 if shape == "flat" else 1 / (2 * float(rng.uniform(300, 600)))
    rise_below = rise + thick / half_width**2 if shape == "boat" else rise
    pillow = float(rng.uniform(8, 35)) if rng.random() < 0.6 else 0.0
    gap = pillow + float(rng.uniform(0.5, 30 if pillow else 45))
    middle = float(low[0] + high[0]) / 2 + float(rng.uniform(-15, 15))
    # A curved table rises beside the head, too.
    top = float(low[1]) - gap - rise * (half_head + 15) ** 2
    whole = rng.random() < 0.75
    end = (
        float(high[2]) + float(rng.uniform(20, 200))
        if whole
        else float(low[2] + rng.uniform(0.0, 0.4) * (high[2] - low[2]))
    )
    return Table(
        middle_mm=middle,
        top_mm=top,
        half_width_mm=half_width,
        thick_mm=thick,
        shell_mm=float(rng.uniform(0.8, 2.5)),
        rise=rise,
        rise_below=rise_below,
        shell_hu=float(rng.uniform(-200, 250)),
        core_hu=float(rng.uniform(-960, -850)),
        pillow_mm=pillow,
        pillow_half_width_mm=float(rng.uniform(0.8, 1.5) * half_head),
        pillow_hu=float(rng.uniform(-985, -900)),
        end_mm=end,
    )
