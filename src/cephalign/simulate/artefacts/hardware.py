"""What a CT shows beside the head: table, head holder, stereotactic frame."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import torch

from cephalign.errors import InputError
from cephalign.geometry.grid import Float
from cephalign.simulate.artefacts.canvas import Canvas
from cephalign.simulate.artefacts.frame import Frame, draw_frame
from cephalign.simulate.artefacts.holder import Holder, draw_holder
from cephalign.simulate.artefacts.table import Table, draw_table

KINDS = ("table", "holder", "frame")


@dataclass(frozen=True)
class Hardware:
    """Things around one head in one scanner.

    Parameters
    ----------
    table : Table, optional
    holder : Holder, optional
    frame : Frame, optional
    """

    table: Table | None = None
    holder: Holder | None = None
    frame: Frame | None = None

    def paint(self, hu: torch.Tensor, x: torch.Tensor, y: torch.Tensor, z: torch.Tensor) -> None:
        """Paint over air and over what is less dense.

        Parameters
        ----------
        hu : (A, B, C) float tensor
            Voxels of a regular grid, its axes in any order and direction (a tilted gantry's, too); changed
            in place. One call for a whole scan is much cheaper than one a slice.
        x, y, z : float tensors that broadcast to hu's shape
            World mm of the voxels.

        Raises
        ------
        InputError
            Voxels of another number of axes.
        """
        canvas = Canvas.at(hu, x, y, z)
        for thing in (self.table, self.holder, self.frame):
            if thing is not None:
                for part in thing.parts():
                    canvas.paint(part)


def draw_hardware(rng: np.random.Generator, kinds: Collection[str], head_box_world: Float) -> Hardware:
    """Draw things around a head.

    Parameters
    ----------
    rng : numpy Generator
    kinds : collection of {'table', 'holder', 'frame'}
    head_box_world : (2, 3) array
        Lowest and highest corner around the head in world mm; the patient lies on the back, so that the
        table's side is that of the lowest y.

    Returns
    -------
    Hardware

    Raises
    ------
    InputError
        A kind that is not known, or a box without a size.
    """
    if unknown := set(kinds) - set(KINDS):
        raise InputError("unknown hardware", expected=", ".join(KINDS), got=", ".join(sorted(unknown)))
    box = np.asarray(head_box_world, dtype=np.float64)
    if box.shape != (2, 3) or not np.isfinite(box).all() or not (box[0] < box[1]).all():
        raise InputError("box around the head", expected="a lower and a higher corner", got=str(box.tolist()))
    holder = draw_holder(rng, box) if "holder" in kinds else None
    on_table = box.copy()
    if holder is not None:
        # The table lies under the holder, too.
        outline = holder.outline_world()
        on_table[0, :2] = np.minimum(box[0, :2], outline[0, :2])
        on_table[1, 0] = max(box[1, 0], outline[1, 0])
    return Hardware(
        table=draw_table(rng, on_table) if "table" in kinds else None,
        holder=holder,
        frame=draw_frame(rng, box) if "frame" in kinds else None,
    )
