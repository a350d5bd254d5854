"""The brain: outlines and folds on a lattice of their own, and what each voxel between them is."""

from __future__ import annotations

import torch
from torch import Tensor

from cephalign.simulate.procedural.canvas import Canvas
from cephalign.simulate.procedural.envelopes import BODY, cerebellum, hemispheres
from cephalign.simulate.procedural.folds import Folds, sulci, sylvian
from cephalign.simulate.procedural.frame import Frame, Patch
from cephalign.simulate.procedural.lattice import Refinement
from cephalign.simulate.procedural.person import Person
from cephalign.simulate.procedural.shapes import ellipsoid
from cephalign.simulate.procedural.waves import Waves
from cephalign.simulate.tissues import Tissue

LOW, HIGH = (-72.0, -110.0, -68.0), (72.0, 72.0, 82.0)
LATTICE_MM = 2.0
# The envelopes change slowly: half a node's overshoot of the cubic is less than this.
MARGIN_MM = 1.0
# So far below the envelope sulci are wider than deeper down.
ROUND_MM = 2.6
# A folium, the grey on it, the depth of the fissures, and the depth of the white core.
FOLIUM_MM, LEAF_MM, CREASE_MM, CORE_MM = 5.0, 2.6, 4.5, 12.0


def paint_brain(canvas: Canvas, person: Person, folds: Folds, water: Waves) -> None:
    """Paint cerebrum and cerebellum.

    Parameters
    ----------
    canvas : Canvas
    person : Person
    folds : Folds
    water : Waves
        Where there is more water around the brain.
    """
    spacing = max(LATTICE_MM, 1.3 * canvas.frame.lattice.spacing_mm)
    box = canvas.frame.patch(LOW, HIGH)
    assert box is not None
    fine = canvas.frame.lattice.part(box.box)
    frame = Frame(fine.coarser(spacing), canvas.frame.space, canvas.frame.device)
    patch = frame.whole()
    room = canvas.sketch.on(frame.lattice, "room")
    watery = water.on(frame.lattice, frame.device)
    envelope = hemispheres(patch.xyz, room, _water_mm(patch, person, watery))
    aside, end = sulci(frame, envelope, person, folds)
    # No sulcus cuts into the callosum and the nuclei below it.
    beyond = torch.maximum(-envelope - end, 3 - ellipsoid(patch.xyz, *BODY))
    cleft = sylvian(patch.xyz, 1.05 + 0.7 * person.atrophy, folds)
    refined = Refinement(frame.lattice, fine, frame.device)
    view = canvas.tissues[box.box]
    _paint_cerebrum(view, refined, torch.stack([-envelope, aside, beyond, cleft]), person)
    _paint_cerebellum(view, refined, torch.stack(_leaves(patch, room)))


def _water_mm(patch: Patch, person: Person, watery: Tensor) -> Tensor:
    """Return how much water lies between skull and brain: more in the old, and there in front and above."""
    _, y, z = patch.xyz
    old = person.atrophy
    above = torch.sigmoid((y + 0.6 * z - 60) * 0.08)
    return (1.3 + 1.1 * old + (0.4 + 0.5 * old) * watery + (0.3 + 1.5 * old) * above).clamp_(min=0.8)


def _paint_cerebrum(view: Tensor, refined: Refinement, fields: Tensor, person: Person) -> None:
    """Paint a ribbon of grey along the envelope and the sulci, and white within it."""
    half = 0.3 + 0.65 * person.atrophy
    for block in refined.fine.blocks():
        coarse = refined.needed(block)
        if float(fields[0, *coarse].max()) < -MARGIN_MM:
            continue
        depth, aside, beyond, cleft = refined(fields, block)
        # The crowns of the gyri are round.
        gap = (ROUND_MM - depth).clamp_(0, ROUND_MM).mul_(0.4).add_(half)
        cortex = torch.maximum(aside.abs_().sub_(gap), beyond)
        cortex = torch.minimum(torch.minimum(depth, cortex), cleft)
        label = view[block].float()
        brain = (cortex > person.cortex).float().add_(float(Tissue.GREY))
        view[block] = torch.where((cortex > 0) & (label == float(Tissue.CSF)), brain, label)


def _leaves(patch: Patch, room: Tensor) -> list[Tensor]:
    """Return the depth below the cerebellum's envelope, and the way around it from leaf to leaf, mm."""
    x, y, z = patch.xyz
    envelope = cerebellum(patch.xyz, room)
    angle = torch.atan2(z + 30 + 0.12 * x.abs(), -(y + 33))
    return [-envelope, angle * 30 + 0.5 * envelope + 0.15 * x.abs()]


def _paint_cerebellum(view: Tensor, refined: Refinement, fields: Tensor) -> None:
    """Paint leaves with fine fissures between them, and the white tree of life within."""
    for block in refined.fine.blocks():
        if float(fields[0, *refined.needed(block)].max()) < -MARGIN_MM:
            continue
        depth, around = refined(fields, block)
        half = FOLIUM_MM / 2
        fissure = torch.maximum(
            half - 0.4 - (torch.remainder(around, FOLIUM_MM) - half).abs_(), depth - CREASE_MM
        )
        # A branch to every second leaf, thinner towards the surface.
        branch = (torch.remainder(around, 2 * FOLIUM_MM) - FOLIUM_MM).abs_().sub_(4.2).add_(depth, alpha=0.1)
        white = torch.minimum(torch.maximum(branch, depth - CORE_MM), depth - LEAF_MM) > 0
        brain = white.float().add_(float(Tissue.CEREBELLUM_GREY))
        view[block] = torch.where(torch.minimum(depth, fissure) > 0, brain, view[block].float())
