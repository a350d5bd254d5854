"""A scan as a page carries it: 8-bit grey levels on a grid of its own, cropped to the head."""

from __future__ import annotations

import base64
import gzip
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cephalign.errors import InputError
from cephalign.geometry import Grid, Modality, Volume
from cephalign.geometry.grid import Float, apply_affine
from cephalign.prep.blocks import block_means
from cephalign.prep.head import head_mask
from cephalign.report.planes import Colour, grey_levels

# Finer voxels than this are averaged; a slice that is thicker stays as thick as it is.
SPACING_MM = 1.3
# More voxels than this are averaged further: two scans of noise, which no packing makes smaller, and the 3D
# viewer then still fit into 15 MB.
MOST_VOXELS = 3_500_000
# The head's mask is found on every so many mm, which takes a tenth of a second.
MASK_MM = 3.0
MARGIN_MM = 10.0


@dataclass(frozen=True, eq=False)
class Embedded:
    """What the page shows of a scan.

    Parameters
    ----------
    grey : Volume
        Data uint8; as far as the head reaches, and a little further.
    head : Volume
        Bool mask on a coarse grid, over all of the scan.
    """

    grey: Volume
    head: Volume

    @cached_property
    def body(self) -> Float:
        """(N, 3) world positions of the mask's voxels, RAS+ mm."""
        return apply_affine(self.head.grid.world_from_voxel, np.argwhere(self.head.data))

    @property
    def packed_voxels(self) -> str:
        """The grey levels, the first array axis varying fastest, as text."""
        return packed(self.grey.data.tobytes(order="F"))

    def facts(self) -> dict[str, object]:
        """Return in JSON's terms what is needed to read the voxels."""
        grid = self.grey.grid
        return {
            "shape": list(grid.shape),
            "spacing_mm": grid.spacing.tolist(),
            "world_from_voxel": grid.world_from_voxel.tolist(),
            "voxel_from_world": grid.voxel_from_world.tolist(),
        }


def packed(data: bytes) -> str:
    """Return bytes as text for a page: gzip, the quickest, in base64; the same bytes give the same text."""
    return base64.b64encode(gzip.compress(data, compresslevel=1, mtime=0)).decode("ascii")


def png_of(picture: Colour) -> bytes:
    """Return a (N, M, 3) uint8 picture as the bytes of a PNG."""
    held = BytesIO()
    Image.fromarray(picture).save(held, format="PNG", compress_level=1)
    return held.getvalue()


def png_uri(png: bytes) -> str:
    """Return a PNG as an address that holds it."""
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def embedded(scan: Volume, modality: Modality) -> Embedded:
    """Reduce a scan to what a page shows of it.

    Parameters
    ----------
    scan : Volume
    modality : Modality
        What it shows, which decides on its grey levels.

    Returns
    -------
    Embedded
        All of the scan where no head is found in it.
    """
    head = _head(scan)
    cropped = _cropped(scan, *_bounds(scan.grid, head))
    spacing = np.maximum(cropped.grid.spacing, SPACING_MM)
    grid = cropped.grid.resized(spacing)
    while np.prod(grid.shape) > MOST_VOXELS:
        # Only as fine as the finest axis: what is thick already is not made thicker than need be.
        spacing = np.maximum(spacing, 1.05 * spacing.min())
        grid = cropped.grid.resized(spacing)
    [grey] = grey_levels([block_means(cropped.data, grid.shape)], modality)
    return Embedded(Volume(np.rint(grey * 255).astype(np.uint8), grid, modality), head)


def _head(scan: Volume) -> Volume:
    step = np.maximum(1, MASK_MM // scan.grid.spacing).astype(int)
    matrix = scan.grid.world_from_voxel.copy()
    matrix[:3, :3] *= step
    some = scan.data[:: step[0], :: step[1], :: step[2]]
    try:
        return head_mask(Volume(some, Grid(some.shape, matrix), scan.modality))
    except InputError:
        return Volume(np.ones(some.shape, np.bool_), Grid(some.shape, matrix), scan.modality)


def _bounds(grid: Grid, head: Volume) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Return the first voxel of the head's box with its margin, and the one after the last."""
    seen = [np.flatnonzero(head.data.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    low, high = np.array([s[0] - 0.5 for s in seen]), np.array([s[-1] + 0.5 for s in seen])
    # The mask's axes are those of the scan, so that two opposite corners tell all.
    corners = apply_affine(grid.voxel_from_world @ head.grid.world_from_voxel, [low, high])
    margin = MARGIN_MM / grid.spacing
    first = np.floor(corners.min(axis=0) - margin).clip(0)
    after = np.ceil(corners.max(axis=0) + margin).clip(max=np.array(grid.shape) - 1) + 1
    return first.astype(int), after.astype(int)


def _cropped(scan: Volume, first: NDArray[np.int_], after: NDArray[np.int_]) -> Volume:
    data = scan.data[tuple(slice(a, b) for a, b in zip(first, after, strict=True))]
    return Volume(data, scan.grid.cropped(first, data.shape), scan.modality)
