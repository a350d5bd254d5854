"""A scan on fewer voxels: each the mean of what falls into it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Image = NDArray[np.float32]


def block_means(data: NDArray[np.generic], shape: tuple[int, int, int]) -> Image:
    """Average the voxels that fall into each coarse one, weighted by overlap; slab by slab to save memory."""
    order = np.argsort([-abs(step) for step in data.strides], kind="stable")
    slow, rows, columns = (_overlaps(data.shape[axis], shape[axis]) for axis in order)
    slabs = np.empty((data.shape[order[0]], rows.shape[0], columns.shape[0]), dtype=np.float32)
    with np.errstate(all="ignore"):  # infinity is found afterwards
        for slab, source in zip(slabs, data.transpose(order), strict=True):
            slab[:] = (columns @ (rows @ source.astype(np.float32)).T).T
        means = (slow @ slabs.reshape(len(slabs), -1)).reshape(-1, *slabs.shape[1:])
    return np.ascontiguousarray(means.transpose(np.argsort(order)))


def _overlaps(count: int, coarse_count: int) -> sparse.csr_array:
    """Return (coarse_count, count) weights: rows sum to one, and the outer voxels take what lies beyond."""
    faces = np.linspace(0, count, coarse_count + 1)
    left, right = faces[:-1, None], faces[1:, None]
    voxels = np.arange(count)
    overlap = np.clip(np.minimum(right, voxels + 1) - np.maximum(left, voxels), 0, None)
    return sparse.csr_array((overlap / overlap.sum(axis=1, keepdims=True)).astype(np.float32))
