"""The first coat of paint: skin, fat, flesh, bone with its spongy middle, water for the brain."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from cephalign.simulate.procedural.canvas import Canvas
from cephalign.simulate.procedural.frame import Frame
from cephalign.simulate.procedural.lattice import SUPPORT, Lattice
from cephalign.simulate.procedural.sketch import NAMES, Sketch
from cephalign.simulate.tissues import Tissue

# Ha et al., Plast Reconstr Surg 115:1769, 2005.
SKIN_MM = 1.8
# The compact tables on both sides of the diploe (Lillie et al., J Bone Miner Res 31:299, 2016).
TABLE_MM = 1.7
# Planes of fat between muscles: how wide in the field's units, and how far under the other fat they begin.
PLANE, PLANE_MM = 0.11, 3.0
# Air around the head.
AIR_MM = 5.0
# A field that is larger than this on all nodes around is nowhere negative between them.
MARGIN_MM = 2.5


def label_lattice(drawing: Sketch, ears_mm: float, spacing_mm: float) -> Lattice:
    """Return the lattice of the label map: the skin's, with air on all sides but below."""
    coarse = drawing.frame.lattice
    skin = drawing.field("skin") < 0
    low, high = [], []
    for axis in range(3):
        others = [a for a in range(3) if a != axis]
        found = np.flatnonzero(skin.any(dim=others[1]).any(dim=others[0]).cpu().numpy())
        at = coarse.along(axis)
        # The surface lies less than a node further out.
        reach = coarse.spacing_mm + AIR_MM + (ears_mm if axis == 0 else 0)
        # A cubic needs nodes around.
        low.append(max(at[found[0]] - reach, at[SUPPORT]))
        high.append(min(at[found[-1]] + reach, at[-1 - SUPPORT]))
    low[2] = coarse.along(2)[2]
    first = np.ceil(np.array(low) / spacing_mm) * spacing_mm
    x, y, z = (float(v) for v in first)
    i, j, k = (int(n) for n in np.floor((np.array(high) - first) / spacing_mm) + 1)
    return Lattice((x, y, z), (i, j, k), spacing_mm)


def first_coat(frame: Frame, drawing: Sketch) -> Canvas:
    """Paint the large shapes.

    Parameters
    ----------
    frame : Frame
        Of the label map's lattice.
    drawing : Sketch

    Returns
    -------
    Canvas
    """
    lattice = frame.lattice
    refined = drawing.refined(lattice)
    if lattice.is_small:
        everywhere = refined(drawing.fields, lattice.whole)
        tissues = _coat(dict(zip(NAMES, everywhere, strict=True))).to(torch.uint8)
        return Canvas(frame, drawing, refined, tissues, everywhere)
    tissues = torch.zeros(lattice.shape, dtype=torch.uint8, device=frame.device)
    for block in lattice.blocks():
        least = drawing.fields[:, *refined.needed(block)].flatten(1).amin(1).tolist()
        reaching = [n for n, value in enumerate(least) if value < MARGIN_MM]
        if NAMES.index("skin") in reaching:
            values = refined(drawing.fields, block, reaching)
            tissues[block] = _coat({NAMES[n]: value for n, value in zip(reaching, values, strict=True)})
    return Canvas(frame, drawing, refined, tissues)


def _coat(here: dict[str, Tensor]) -> Tensor:
    """Return the first coat of a block, made of the fields that reach it."""
    # Skin, fat and muscle are numbers 1, 2 and 3.
    label: Tensor = (here["skin"] < 0).float().add_(here["skin"] < -SKIN_MM)
    if "fat" in here:
        label.add_(here["fat"] < 0)
        if "planes" in here:
            between = torch.maximum(here["planes"].abs().sub_(PLANE), here["fat"] + PLANE_MM) < 0
            label.sub_(between.float())
    if "bone" in here:
        spongy = here["bone"] < -TABLE_MM
        if "room" in here:
            spongy &= here["room"] > TABLE_MM
        label = torch.where(here["bone"] < 0, spongy.float().add_(float(Tissue.CORTICAL_BONE)), label)
    if "room" in here:
        label.masked_fill_(here["room"] < 0, float(Tissue.CSF))
    return label
