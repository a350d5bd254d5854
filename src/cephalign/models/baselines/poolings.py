"""How often images of a size can be halved: the compared networks were made for other images than ours."""

from __future__ import annotations

import math
from collections.abc import Sequence

Kernel = tuple[int, int, int]


def halvings(shape: Sequence[int], across: int) -> list[Kernel]:
    """Return pooling kernels that halve an image until two cells are left in plane.

    Parameters
    ----------
    shape : sequence of three ints
        Voxels along [i, j, k]; k counts the slices, which are the thicker way.
    across : int
        So many of the last kernels halve the slices too.

    Returns
    -------
    list of tuple of int
        Seven for 256 x 256 x 26 voxels.
    """
    times = int(math.log2(min(shape[:2]) / 2))
    return [(2, 2, 2 if number >= times - across else 1) for number in range(times)]


def cells_left(shape: Sequence[int], kernels: Sequence[Kernel]) -> int:
    """Count the cells that are left of an image; an incomplete one at an edge is dropped."""
    cells = tuple(shape)
    for kernel in kernels:
        cells = tuple(n // m for n, m in zip(cells, kernel, strict=True))
    return math.prod(cells)
