"""The label map of a drawn head: each voxel's place looked up in the source."""

from __future__ import annotations

import numpy as np
import torch

from cephalign.geometry import Grid
from cephalign.geometry.grid import Float
from cephalign.simulate.labelled.growth import LATTICE
from cephalign.simulate.labelled.source import Source
from cephalign.simulate.labelled.warp import NODES_MM, Warp
from cephalign.simulate.tissues import Tissue

# So many voxels at a time stay in the processor's cache.
AT_ONCE = 400_000


def sample(source: Source, warp: Warp, spacing_mm: float) -> tuple[torch.Tensor, Grid, float]:
    """Draw the label map.

    Parameters
    ----------
    source : Source
    warp : Warp
        Its device is where the work is done.
    spacing_mm : float

    Returns
    -------
    tissues : (I, J, K) uint8 tensor
        Cropped to the head; its outer faces are air but the lowest.
    grid : Grid
        Voxel centres at whole multiples of the spacing, head mm.
    lowest_mm : float
        Below this z the source ended somewhere in the slice; its lowest voxels go on there.
    """
    start, stop, lowest_mm = _reach(source, warp)
    lines = [
        spacing_mm * torch.arange(np.ceil(a / spacing_mm), np.floor(b / spacing_mm) + 1, dtype=torch.float64)
        for a, b in zip(start, stop, strict=True)
    ]
    tissues = _looked_up(source, warp, lines)
    head = tissues != Tissue.AIR
    first, last = [], []
    for axis in range(3):
        filled = torch.nonzero(head.amax(dim=[a for a in range(3) if a != axis]))
        first.append(int(filled.min()))
        last.append(int(filled.max()) + 1)
    tissues = tissues[first[0] : last[0], first[1] : last[1], first[2] : last[2]]
    tissues = torch.nn.functional.pad(tissues, (0, 1, 1, 1, 1, 1))
    world_from_voxel = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    offset = (1, 1, 0)
    world_from_voxel[:3, 3] = [float(lines[a][0]) + spacing_mm * (first[a] - offset[a]) for a in range(3)]
    shape = (tissues.shape[0], tissues.shape[1], tissues.shape[2])
    grid = Grid(shape, world_from_voxel)
    return tissues, grid, max(lowest_mm, float(world_from_voxel[2, 3]))


def _reach(source: Source, warp: Warp) -> tuple[Float, Float, float]:
    """Return the box of the nodes that may be head, and the height from which on all of it is known."""
    occupied = source.occupied.to(warp.nodes.device)
    at = (warp.nodes / LATTICE).round().int()
    within = torch.ones(at.shape[1:], dtype=torch.bool, device=at.device)
    for axis, size in enumerate(occupied.shape):
        # Below its lowest slice the head goes on.
        within &= (at[axis] < size) if axis == 2 else (at[axis] >= 0) & (at[axis] < size)
        at[axis].clamp_(0, size - 1)
    head = within & occupied[at[0], at[1], at[2]]
    known = warp.nodes[2] >= 0
    ends = torch.nonzero(head & known).double()
    start = warp.low + NODES_MM * (ends.amin(dim=0).cpu().numpy() - [1, 1, 0])
    stop = warp.low + NODES_MM * (ends.amax(dim=0).cpu().numpy() + 1)
    guessed = torch.nonzero((head & ~known).any(dim=0).any(dim=0))
    highest = int(guessed.max()) + 1 if len(guessed) else 0
    last = warp.low + NODES_MM * (np.array(warp.nodes.shape[1:]) - 1)
    return np.maximum(start, warp.low), np.minimum(stop, last), float(warp.low[2] + NODES_MM * highest)


def _looked_up(source: Source, warp: Warp, lines: list[torch.Tensor]) -> torch.Tensor:
    device = warp.nodes.device
    tissues = source.tissues.to(device)
    size_i, size_j, size_k = tissues.shape
    flat = tissues.reshape(-1)
    across_x, across_y, across_z = (
        _linear_weights((line - low) / NODES_MM, count).to(device)
        for line, low, count in zip(lines, warp.low, warp.nodes.shape[1:], strict=True)
    )
    # The field interpolated along y; then along x and z, a slab of planes at a time.
    along_y = torch.matmul(across_y, warp.nodes)
    planes = max(1, AT_ONCE // (len(lines[1]) * len(lines[2])))
    drawn = torch.empty([len(line) for line in lines], dtype=torch.uint8, device=device)
    for first in range(0, len(lines[0]), planes):
        weights = across_x[first : first + planes]
        slab = torch.matmul(weights, along_y.flatten(2)).reshape(3, len(weights), *along_y.shape[2:])
        i, j, k = (torch.matmul(part, across_z.T).round_().int() for part in slab)
        index = i.clamp_(0, size_i - 1).mul_(size_j).add_(j.clamp_(0, size_j - 1))
        index = index.mul_(size_k).add_(k.clamp_(0, size_k - 1))
        drawn[first : first + planes] = flat.index_select(0, index.reshape(-1)).reshape(index.shape)
    return drawn


def _linear_weights(at: torch.Tensor, count: int) -> torch.Tensor:
    """Return the (N, count) matrix that interpolates between nodes at places counted in nodes."""
    first = at.floor().long().clamp(0, count - 2)
    share = (at - first)[:, None]
    weights = torch.zeros(len(at), count, dtype=torch.float64)
    weights.scatter_(1, first[:, None], 1 - share)
    weights.scatter_(1, first[:, None] + 1, share)
    return weights.float()
