"""What not every head has: openings of the skull, tumours, electrodes, metal. Drawn first, then put in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
import torch

from cephalign.errors import InputError
from cephalign.simulate.head import Head
from cephalign.simulate.oddities.blobs import Blob, draw_bleeding, draw_cavity, draw_tumour
from cephalign.simulate.oddities.burr_holes import BurrHole, draw_burr_holes
from cephalign.simulate.oddities.craniotomy import Craniotomy, draw_craniotomy
from cephalign.simulate.oddities.electrodes import (
    DepthElectrode,
    SurfaceGrid,
    draw_depth_electrodes,
    draw_surface_grid,
)
from cephalign.simulate.oddities.markers import SkinMarker, draw_skin_markers
from cephalign.simulate.oddities.shunt import Shunt, draw_shunt
from cephalign.simulate.oddities.small_metal import Clip, Crown, draw_clip, draw_crowns

__all__ = ["KINDS", "Oddities", "draw_oddities", "with_oddities"]


@dataclass(frozen=True)
class Oddities:
    """Of one head, in the order in which they are put in; `artefacts.restored` takes it back from JSON."""

    tumour: Blob | None = None
    bleeding: Blob | None = None
    cavity: Blob | None = None
    craniotomy: Craniotomy | None = None
    burr_holes: tuple[BurrHole, ...] = ()
    shunt: Shunt | None = None
    surface_grid: SurfaceGrid | None = None
    depth_electrodes: tuple[DepthElectrode, ...] = ()
    clip: Clip | None = None
    crowns: tuple[Crown, ...] = ()
    skin_markers: tuple[SkinMarker, ...] = ()


DRAWN: Mapping[str, Callable[[np.random.Generator, Head], Any]] = {
    "tumour": draw_tumour,
    "bleeding": draw_bleeding,
    "cavity": draw_cavity,
    "craniotomy": draw_craniotomy,
    "burr_holes": draw_burr_holes,
    "shunt": draw_shunt,
    "surface_grid": draw_surface_grid,
    "depth_electrodes": draw_depth_electrodes,
    "clip": draw_clip,
    "crowns": draw_crowns,
    "skin_markers": draw_skin_markers,
}
KINDS = tuple(DRAWN)


def draw_oddities(rng: np.random.Generator, head: Head, probabilities: Mapping[str, float]) -> Oddities:
    """Draw what a head has.

    Parameters
    ----------
    rng : numpy Generator
    head : Head
        Searched for places: a crossing of the vault, a ventricle, a tooth. What finds no place is left out.
    probabilities : mapping of str to float
        By kind (`KINDS`), 0 to 1; a kind that is not named does not occur.

    Returns
    -------
    Oddities

    Raises
    ------
    InputError
        A kind that is not known, or what is no probability.
    """
    if unknown := set(probabilities) - set(KINDS):
        raise InputError("unknown oddities", expected=", ".join(KINDS), got=", ".join(sorted(unknown)))
    for kind, probability in probabilities.items():
        if not 0 <= probability <= 1:
            raise InputError(f"probability of {kind}", expected="0 to 1", got=f"{probability:g}")
    # In a fixed order, whatever the order of the mapping.
    chosen = [kind for kind in KINDS if rng.random() < probabilities.get(kind, 0.0)]
    drawn = {kind: DRAWN[kind](rng, head) for kind in chosen}
    return Oddities(**drawn)


def with_oddities(head: Head, oddities: Oddities) -> Head:
    """Return a head that has them; the given one is left as it is.

    Parameters
    ----------
    head : Head
        At 1 mm small things have their size; at 3 mm, few of them are marked in single voxels.
    oddities : Oddities

    Returns
    -------
    Head
        The same grid and landmarks; outer faces as before; its parameters with the oddities added.
    """
    given = {field.name: getattr(oddities, field.name) for field in fields(oddities)}
    present = {kind: value for kind, value in given.items() if value}
    if not present:
        return head
    tissues = head.tissues.clone()
    for value in present.values():
        for one in value if isinstance(value, tuple) else (value,):
            one.put(tissues, head.grid)
    _restore_faces(tissues, head.tissues)
    recorded = {kind: value for kind, value in asdict(oddities).items() if kind in present}
    return replace(head, tissues=tissues, parameters={**head.parameters, "oddities": recorded})


def _restore_faces(tissues: torch.Tensor, before: torch.Tensor) -> None:
    """Give the outer faces back their tissues."""
    for axis in range(3):
        for end in (0, -1):
            tissues.select(axis, end).copy_(before.select(axis, end))
