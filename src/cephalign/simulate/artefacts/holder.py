"""The cup that a head lies in for a CT, and its padding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from cephalign.geometry.grid import Float
from cephalign.simulate.artefacts.parts import AIR_HU, Part, Triple, covered, layered
from cephalign.simulate.artefacts.strap import Strap, draw_strap


@dataclass(frozen=True)
class Holder:
    """A trough around the back of the head, open to the nose.

    Parameters
    ----------
    middle_mm, bottom_mm : float
        World x of its middle, and y of its inner face there at `z_mm[0]`.
    half_width_mm, corner_mm, flare : float
        Half its inner width at the bottom, the radius of its corners, and how far its walls lean out (mm/mm).
    slope : float
        How much the bottom rises towards the vertex (mm/mm).
    rim_mm : float
        World y at which the walls end.
    thick_mm, shell_hu, core_hu : float
        Of the wall: a skin of `skin_mm` around foam.
    skin_mm : float
    pad_mm, pad_hu : float
        Foam on its inner face.
    z_mm : (2,) tuple
        World z at which it begins and ends.
    strap : Strap, optional
    """

    middle_mm: float
    bottom_mm: float
    half_width_mm: float
    corner_mm: float
    flare: float
    slope: float
    rim_mm: float
    thick_mm: float
    skin_mm: float
    shell_hu: float
    core_hu: float
    pad_mm: float
    pad_hu: float
    z_mm: tuple[float, float]
    strap: Strap | None

    def outline_world(self) -> Float:
        """Return (2, 3) the lowest and the highest corner of the box around it, without its strap."""
        return np.array(_Cup(self).box())

    def parts(self) -> Iterator[Part]:
        """Yield what is to be painted."""
        yield _Cup(self)
        if self.strap is not None:
            yield self.strap


@dataclass(frozen=True)
class _Cup:
    holder: Holder

    def box(self) -> tuple[Triple, Triple]:
        """See `Part`."""
        holder = self.holder
        first, last = holder.z_mm
        drop = min(0.0, holder.slope * (last - first))
        reach = (
            holder.half_width_mm + holder.thick_mm + abs(holder.flare) * (holder.rim_mm - holder.bottom_mm)
        )
        low = (holder.middle_mm - reach, holder.bottom_mm - holder.thick_mm + drop, first)
        return low, (holder.middle_mm + reach, holder.rim_mm, last)

    def above_air(self, x: torch.Tensor, y: torch.Tensor, z: torch.Tensor, edge_mm: float) -> torch.Tensor:
        """See `Part`."""
        holder = self.holder
        up = y - (holder.bottom_mm + holder.slope * (z - holder.z_mm[0]))
        across = (x - holder.middle_mm).abs() - holder.flare * up.clamp(min=0)
        # A rounded trough without an upper end (Quilez's rounded box), its inner face at 0.
        u = across - (holder.half_width_mm - holder.corner_mm)
        v = holder.corner_mm - up
        inside = torch.hypot(u.clamp(min=0), v.clamp(min=0)) + torch.maximum(u, v).clamp(max=0)
        outward = inside - holder.corner_mm
        middle = holder.thick_mm / 2
        wall = (outward - middle).abs() - middle
        value = layered(wall, wall + holder.skin_mm, holder.shell_hu, holder.core_hu, edge_mm)
        if holder.pad_mm > 0:
            pad = (outward + holder.pad_mm / 2).abs() - holder.pad_mm / 2
            value = torch.maximum(value, covered(pad, edge_mm) * (holder.pad_hu - AIR_HU))
        ends = torch.maximum(holder.z_mm[0] - z, z - holder.z_mm[1])
        return value * covered(y - holder.rim_mm, edge_mm) * covered(ends, edge_mm)


def draw_holder(rng: np.random.Generator, head_box_world: Float) -> Holder:
    """Draw a holder around the back of a head.

    Parameters
    ----------
    rng : numpy Generator
    head_box_world : (2, 3) array
        Lowest and highest corner around the head in world mm; the patient lies on the back.

    Returns
    -------
    Holder
        Its padding may touch the head.
    """
    low, high = head_box_world
    half_head, deep = float(high[0] - low[0]) / 2, float(high[1] - low[1])
    middle = float(low[0] + high[0]) / 2 + float(rng.uniform(-5, 5))
    half_width = half_head + float(rng.uniform(4, 30))
    pad = float(rng.choice([0.0, rng.uniform(4, 22)]))
    bottom = float(low[1]) - pad - float(rng.choice([0.0, rng.uniform(0, 6)]))
    rim = float(low[1]) + deep * float(rng.uniform(0.15, 0.62))
    flare = float(rng.uniform(0, 0.15))
    edge = (middle + half_width + flare * (rim - bottom), rim)
    first = float(low[2]) - float(rng.uniform(-90, 40))
    last = float(high[2]) + float(rng.uniform(-25, 60))
    return Holder(
        middle_mm=middle,
        bottom_mm=bottom,
        half_width_mm=half_width,
        corner_mm=half_width * float(rng.uniform(0.45, 1.0)),
        flare=flare,
        slope=-float(rng.uniform(0.0, 0.06)),
        rim_mm=rim,
        thick_mm=float(rng.uniform(2.5, 14)),
        skin_mm=float(rng.uniform(0.7, 1.8)),
        shell_hu=float(rng.uniform(-250, 200)),
        core_hu=float(rng.uniform(-950, -300)),
        pad_mm=pad,
        pad_hu=float(rng.uniform(-985, -880)),
        z_mm=(first, max(last, first + 60)),
        strap=draw_strap(rng, head_box_world, edge) if rng.random() < 0.5 else None,
    )
