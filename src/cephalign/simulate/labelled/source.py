"""A label map made ready: what heads are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from cephalign.geometry import Rigid
from cephalign.geometry.grid import Float
from cephalign.simulate.labelled.cleaning import clean
from cephalign.simulate.labelled.frame import fit_frame
from cephalign.simulate.labelled.growth import LATTICE, growth_fields
from cephalign.simulate.labelled.places import find_places
from cephalign.simulate.labelled.reading import read_labels
from cephalign.simulate.labelled.refining import refine
from cephalign.simulate.tissues import Tissue


@dataclass(frozen=True, eq=False)
class Source:
    """One real head, in voxels of 1 mm.

    Parameters
    ----------
    name : str
        Its file.
    tissues : (I, J, K) uint8 tensor
        Outer faces are air but the lowest slice, below which nothing is known.
    head_from_voxel : Rigid
    landmarks : (10, 3) array
        In the order of `LANDMARKS`, head mm.
    centres : (N, 3) array
        Of the deep structures that the frame rests on, head mm.
    growths : (4, 3, A, B, C) float16 tensor
        See `growth_fields`.
    """

    name: str
    tissues: torch.Tensor
    head_from_voxel: Rigid
    landmarks: Float
    centres: Float
    growths: torch.Tensor

    @cached_property
    def occupied(self) -> torch.Tensor:
        """(A, B, C) bool: whether there may be head within a node's cell, or the next, of the lattice."""
        head = (self.tissues != Tissue.AIR)[None, None].float()
        blocks = torch.nn.functional.max_pool3d(head, LATTICE, ceil_mode=True)
        # A node has half of its cell on either side: the neighbours' neighbours count too.
        return torch.nn.functional.max_pool3d(blocks, 3, stride=1, padding=1)[0, 0] > 0

    @cached_property
    def extent_mm(self) -> Float:
        """(2, 3) lower and upper ends of the head in head mm."""
        at = torch.nonzero(self.occupied).numpy() * float(LATTICE)
        ends = self.head_from_voxel.map(at)
        return np.stack([ends.min(axis=0), ends.max(axis=0)])


def read_source(path: Path, table: Mapping[int, Tissue]) -> Source:
    """Read a label map, clean it, refine it and find its places.

    Raises
    ------
    InputError
        Not a label map of a head whose numbers are known.
    GeometryError
        The file does not say where its voxels lie.
    """
    labels, _ = read_labels(path, table)
    head_from_voxel, centres = fit_frame(labels, path)
    canvas = clean(labels, table, head_from_voxel)
    # The same noise whenever this file is read.
    refine(canvas, frozenset(table.values()), np.random.default_rng(list(path.name.encode())))
    return Source(
        path.name,
        torch.from_numpy(canvas.tissues),
        canvas.head_from_voxel,
        find_places(canvas),
        centres,
        growth_fields(canvas),
    )
