"""From tissue numbers to brightness: a smooth map in the head's frame that scans are sampled from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from cephalign.geometry.grid import Float
from cephalign.simulate.acquire.kernel import GAUSSIAN_REACH, SIGMA_OF_WIDTH, blurred
from cephalign.simulate.head import Head
from cephalign.simulate.tissues import Tissue

# Texture has so many steps, of one standard deviation each, so that a tissue and its step fit into one byte.
STEPS = 7
# It repeats after so many voxels: a head is full of it for the price of drawing little.
TILE = 64
# Voxels of air around the head, so that nothing of it is smeared beyond.
ROOM = 2


@dataclass(frozen=True, eq=False)
class Values:
    """Brightness on a lattice.

    Parameters
    ----------
    array : (K, J, I) float32 tensor
        Its outermost layers are air but the lowest (k = 0), which goes on below.
    voxel_from_head : (4, 4) array
        Takes head mm to i, j, k.
    air : float
        Brightness of air.
    """

    array: torch.Tensor
    voxel_from_head: Float
    air: float

    @property
    def spacing_mm(self) -> float:
        """Distance between lattice points, the same along all axes."""
        return float(1 / np.linalg.norm(self.voxel_from_head[:3, 0]))


def values_of(
    head: Head,
    brightness: Float,
    texture: Float,
    generator: torch.Generator,
    *,
    box_mm: Float,
    fine_mm: float,
    blur_mm: float = 0.0,
) -> Values:
    """Give tissues their brightness, and the stairs of the label map a slope.

    Parameters
    ----------
    head : Head
    brightness, texture : (36,) arrays
        Mean and standard deviation within a tissue, by number.
    generator : torch.Generator
        Of the texture; on the head's device.
    box_mm : (2, 3) array
        Corners, in head mm, of what is needed at least.
    fine_mm : float
        Detail below this is not needed: where it is twice the head's spacing or more, voxels are averaged.
    blur_mm : float
        Full width at half maximum of a Gaussian blur.

    Returns
    -------
    Values
    """
    spacing = float(head.grid.spacing[0])
    step = max(1, int(fine_mm / spacing + 1e-6))
    sigma = blur_mm * SIGMA_OF_WIDTH / (spacing * step)
    room = max(ROOM, step) + math.ceil(GAUSSIAN_REACH * sigma) * step
    cells, first = _cut(head, box_mm, room, step)
    _texture(cells, generator)
    levels = np.arange(STEPS)[:, None] - STEPS // 2
    table = torch.tensor((brightness + levels * texture).ravel(), dtype=torch.float32, device=cells.device)
    array = table.index_select(0, cells.reshape(-1).int()).reshape(cells.shape)
    if step > 1:
        array = torch.nn.functional.avg_pool3d(array[None, None], step)[0, 0]
        shift = (step - 1) / 2
    else:
        for axis in range(3):  # means of neighbours lie half a voxel further
            count = array.shape[axis] - 1
            array = torch.lerp(array.narrow(axis, 0, count), array.narrow(axis, 1, count), 0.5)
        shift = 0.5
    if sigma:
        array = blurred(array, (sigma,) * 3)
    head_voxel_from_voxel = np.diag([step, step, step, 1.0])
    head_voxel_from_voxel[:3, 3] = first + shift
    voxel_from_head = np.linalg.inv(head_voxel_from_voxel) @ head.grid.voxel_from_world
    return Values(array, voxel_from_head, float(brightness[Tissue.AIR]))


def _cut(head: Head, box_mm: Float, room: int, step: int) -> tuple[torch.Tensor, Float]:
    """Return (K, J, I) uint8 tissues around a box, multiples of `step`, and the index where they begin.

    What lies off the head's grid is air; below, its lowest layer.
    """
    shape = np.array(head.grid.shape)
    index = (box_mm - head.grid.world_from_voxel[:3, 3]) / head.grid.spacing
    low = np.clip(np.floor(index[0]).astype(int) - 1, 0, shape - 1) - room
    high = np.clip(np.ceil(index[1]).astype(int) + 1, 0, shape - 1) + room + 1
    high += (low - high) % step
    cells = torch.zeros(
        tuple(int(n) for n in (high - low)[::-1]), dtype=torch.uint8, device=head.tissues.device
    )
    start, stop = np.maximum(low, 0), np.minimum(high, shape)
    part = head.tissues[tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))]
    (i, j, k), (m, n, _) = (start - low).tolist(), (stop - low).tolist()
    cells[k : k + part.shape[2], j:n, i:m] = part.permute(2, 1, 0)
    cells[:k] = cells[k]
    return cells, low.astype(np.float64)


def _texture(cells: torch.Tensor, generator: torch.Generator) -> None:
    """Add to each tissue number its step of texture times the number of tissues, in place."""
    rough = torch.randn((TILE,) * 3, generator=generator, device=generator.device)
    broad = torch.randn((TILE // 8,) * 3, generator=generator, device=generator.device)
    for axis in range(3):
        rough = rough + rough.roll(1, axis)
        broad = broad.repeat_interleave(8, axis)
        for shift in (4, 2, 1):
            broad = broad + broad.roll(shift, axis)
    field = rough / rough.std() + broad / broad.std()
    steps = (field / math.sqrt(2)).round().clamp(-(STEPS // 2), STEPS // 2) + STEPS // 2
    tile = (steps * len(Tissue)).to(torch.uint8)
    times = [-(-n // TILE) for n in cells.shape]
    cells += tile.repeat(times)[: cells.shape[0], : cells.shape[1], : cells.shape[2]]
