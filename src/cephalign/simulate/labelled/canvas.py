"""A map of tissues while it is being worked on, and small tools to find and measure places in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from cephalign.geometry import Rigid
from cephalign.geometry.grid import Float
from cephalign.simulate.labelled.reading import Labels
from cephalign.simulate.tissues import Tissue

Mask = NDArray[np.bool_]
Image = NDArray[np.float32]
Patch = tuple[slice, slice, slice]

# Distances and noise are smooth: every second voxel is enough for them.
COARSE = 2


@dataclass(frozen=True, eq=False)
class Canvas:
    """Tissues in voxels of 1 mm, axes near RAS; the array is painted on.

    Parameters
    ----------
    tissues : (I, J, K) uint8 array
    numbers : (I, J, K) uint16 array
        What the file says; not painted on.
    head_from_voxel : Rigid
    """

    tissues: NDArray[np.uint8]
    numbers: Labels
    head_from_voxel: Rigid

    def is_any(self, *tissues: Tissue) -> Mask:
        """Where one of these tissues is."""
        table = np.zeros(256, dtype=bool)
        table[list(tissues)] = True
        return table[self.tissues]

    def has_number(self, *numbers: int) -> Mask:
        """Where the file has one of these numbers."""
        table = np.zeros(np.iinfo(self.numbers.dtype).max + 1, dtype=bool)
        table[list(numbers)] = True
        return table[self.numbers]

    def patch(
        self, low_mm: tuple[float, ...] | Float, high_mm: tuple[float, ...] | Float
    ) -> tuple[Patch, Image]:
        """Cut out the part that holds a box of the head's frame.

        Returns
        -------
        patch : three slices
        xyz : (3, ...) float32 array
            Where its voxels lie in the head's frame.
        """
        corners = np.stack(np.meshgrid(*zip(low_mm, high_mm, strict=True), indexing="ij"), axis=-1).reshape(
            -1, 3
        )
        at = (~self.head_from_voxel).map(corners)
        # Half a box beyond the border is still a box.
        start = np.clip(np.floor(at.min(axis=0)), 0, np.array(self.tissues.shape) - 1).astype(int)
        stop = np.clip(np.ceil(at.max(axis=0)) + 1, start + 1, self.tissues.shape).astype(int)
        i, j, k = (slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
        return (i, j, k), self._places(*(np.arange(a, b) for a, b in zip(start, stop, strict=True)))

    def coarse_places(self) -> Image:
        """(3, ...) where the voxels of `coarse` lie in the head's frame."""
        return self._places(*(np.arange(0, n, COARSE) for n in self.tissues.shape))

    def _places(self, i: NDArray[np.intp], j: NDArray[np.intp], k: NDArray[np.intp]) -> Image:
        R, t = self.head_from_voxel.rotation, self.head_from_voxel.translation
        rows = [
            (R[a, 0] * i)[:, None, None] + (R[a, 1] * j)[None, :, None] + (R[a, 2] * k + t[a])[None, None, :]
            for a in range(3)
        ]
        return np.stack(rows).astype(np.float32)


def coarse(mask: Mask) -> Mask:
    """Every second voxel along each axis."""
    return mask[::COARSE, ::COARSE, ::COARSE]


def fine(field: Image, shape: tuple[int, ...]) -> Image:
    """Interpolate what was computed on `coarse` voxels to all of them."""
    size = [COARSE * (n - 1) + 1 for n in field.shape]
    tensor = torch.from_numpy(np.ascontiguousarray(field, dtype=np.float32))[None, None]
    dense = torch.nn.functional.interpolate(tensor, size=size, mode="trilinear", align_corners=True)[
        0, 0
    ].numpy()
    lacking = [(0, wanted - there) for wanted, there in zip(shape, dense.shape, strict=True)]
    return np.pad(dense, lacking, mode="edge") if any(n for _, n in lacking) else dense


def distance_to(coarse_mask: Mask) -> Image:
    """Distance in mm to the nearest voxel of a coarse mask, 0 in it; far where it is empty."""
    if not coarse_mask.any():
        return np.full(coarse_mask.shape, 1e3, dtype=np.float32)
    return np.asarray(ndimage.distance_transform_edt(~coarse_mask, sampling=COARSE), dtype=np.float32)


def signed_distance(coarse_mask: Mask) -> Image:
    """Distance in mm to the border of a coarse mask, negative inside."""
    half: Image = np.float32(COARSE / 2) * (1 - 2 * coarse_mask.astype(np.float32))
    return distance_to(coarse_mask) - distance_to(~coarse_mask) - half


def grown(coarse_mask: Mask, by_mm: float) -> Mask:
    """Add to a coarse mask what is within a cube of half width `by_mm`; take away, if that is negative."""
    width = 2 * round(abs(by_mm) / COARSE) + 1
    values = torch.from_numpy(coarse_mask.astype(np.float32))[None, None]
    if by_mm < 0:
        values = 1 - values
    for axis in range(3):
        window = [width if a == axis else 1 for a in range(3)]
        values = torch.nn.functional.max_pool3d(values, window, stride=1, padding=[n // 2 for n in window])
    return np.asarray((values[0, 0] < 0.5 if by_mm < 0 else values[0, 0] > 0.5).numpy())


def noise(rng: np.random.Generator, shape: tuple[int, ...], sd_mm: tuple[float, float, float]) -> Image:
    """Smooth noise on coarse voxels, of mean 0 and standard deviation 1, correlated over `sd_mm`."""
    white = rng.standard_normal(shape, dtype=np.float32)
    smooth = ndimage.gaussian_filter(white, np.array(sd_mm) / COARSE, mode="nearest")
    return np.asarray((smooth - smooth.mean()) / max(float(smooth.std()), 1e-6), dtype=np.float32)


def eroded(mask: Mask) -> Mask:
    """Take away the outermost voxels of a mask; the array's own faces count as inside."""
    kept = mask.copy()
    for axis in range(3):
        here, there = [slice(None)] * 3, [slice(None)] * 3
        here[axis], there[axis] = slice(1, None), slice(None, -1)
        kept[tuple(here)] &= mask[tuple(there)]
        kept[tuple(there)] &= mask[tuple(here)]
    return kept


def largest_piece(mask: Mask) -> Mask:
    """Keep the largest connected piece of a mask."""
    pieces, count = ndimage.label(mask)
    if count < 2:
        return mask
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return np.asarray(pieces == sizes.argmax())
