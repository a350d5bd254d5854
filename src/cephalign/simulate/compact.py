"""A pair of simulated scans of one compact head, MR T1 and CT, whose motion is known."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from cephalign.geometry import Grid, Modality, Rigid, Volume
from cephalign.geometry.grid import Float
from cephalign.simulate.compact_anatomy import AIR
from cephalign.simulate.compact_clutter import Clutter, Hardware
from cephalign.simulate.compact_head import CompactHead
from cephalign.simulate.compact_shapes import Brush, Contrast, Values

# Slices are averages of sub-slices no further apart than this.
SUB_SLICE_MM = 1.4
# Rows of one slice that are painted together: few enough that most parts are out of reach.
ROWS = 32
# What lies further from the head's axis is no head: half-widths of an ellipse.
AROUND_HEAD_MM = (105.0, 135.0)
# The grids' centres lie above the middle of the brain, so that 104 mm reach from the eyes to near the vertex.
SLAB_CENTRE_MM = (0.0, 2.0, 15.0)
OBLIQUE_DEG = 6.0
FAT_BRIGHTNESS = 900.0
MR_NOISE, CT_NOISE_HU = 14.0, 9.0
HU_RANGE = (-1024, 3071)


@dataclass(frozen=True)
class Sampling:
    """Voxels along i, j, k, and their spacing in mm."""

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]


RIRE_MR = Sampling((256, 256, 26), (1.25, 1.25, 4.0))
RIRE_CT = Sampling((512, 512, 29), (0.6536, 0.6536, 4.0))
SMALL_MR = Sampling((96, 96, 26), (3.0, 3.0, 4.0))
SMALL_CT = Sampling((128, 128, 29), (2.6, 2.6, 4.0))


@dataclass(frozen=True, eq=False)
class SimulatedPair:
    """Two scans of one head.

    Parameters
    ----------
    fixed, moving : Volume
        MR T1 (any unit) and CT (HU), int16.
    moving_from_fixed : Rigid
        The truth.
    landmarks : (7, 3) array
        Eyes, a cyst, a bleeding, calcified spots: world points of the fixed scan, if on its grid.
    head : CompactHead
        Whose head it is.
    head_from_fixed : Rigid
        Takes world points of the fixed scan to the head's own frame.
    """

    fixed: Volume
    moving: Volume
    moving_from_fixed: Rigid
    landmarks: Float
    head: CompactHead
    head_from_fixed: Rigid


def compact_head_pair(
    rng: np.random.Generator,
    *,
    fixed: Sampling = RIRE_MR,
    moving: Sampling = RIRE_CT,
    angle_deg: float = 10.0,
    shift_mm: float = 20.0,
    clutter: Collection[Clutter] = ("table", "holder"),
) -> SimulatedPair:
    """Scan one head in an MR and in a CT scanner.

    Parameters
    ----------
    rng : numpy Generator
        Decides everything that is random: person, poses, grids, noise.
    fixed, moving : Sampling
        The MR and the CT grid.
    angle_deg, shift_mm : float
        How far the head lies turned (about each axis) and shifted in each scanner, at most.
    clutter : collection of {'table', 'holder', 'frame', 'metal'}
        What else the CT shows.

    Returns
    -------
    SimulatedPair
    """
    head = CompactHead.draw(rng)
    fixed_from_head, fixed_grid = _lay(rng, fixed, angle_deg, shift_mm)
    moving_from_head, moving_grid = _lay(rng, moving, angle_deg, shift_mm)
    t1 = _scan(head, fixed_grid, ~fixed_from_head, Contrast.T1)
    hardware = Hardware.around(head, moving_grid, ~moving_from_head, clutter)
    hu = _scan(head, moving_grid, ~moving_from_head, Contrast.HU, hardware)
    return SimulatedPair(
        fixed=Volume(_as_mr(t1, rng), fixed_grid, Modality.T1),
        moving=Volume(_as_ct(hu, rng), moving_grid, Modality.CT),
        moving_from_fixed=moving_from_head @ ~fixed_from_head,
        landmarks=fixed_from_head.map(head.landmarks()),
        head=head,
        head_from_fixed=~fixed_from_head,
    )


def _lay(
    rng: np.random.Generator, sampling: Sampling, angle_deg: float, shift_mm: float
) -> tuple[Rigid, Grid]:
    """Lay the head into a scanner: its pose in world, and an oblique grid (axes near L, P, S) over it."""
    world_from_head = Rigid.from_euler(
        rng.uniform(-angle_deg, angle_deg, 3), rng.uniform(-shift_mm, shift_mm, 3), centre=SLAB_CENTRE_MM
    )
    oblique = Rotation.from_euler("xyz", rng.uniform(-OBLIQUE_DEG, OBLIQUE_DEG, 3), degrees=True).as_matrix()
    centre = world_from_head.map(SLAB_CENTRE_MM) + rng.uniform(-4, 4, 3)
    matrix = np.eye(4)
    matrix[:3, :3] = oblique @ np.diag([-1.0, -1.0, 1.0]) * sampling.spacing_mm
    matrix[:3, 3] = centre - matrix[:3, :3] @ ((np.array(sampling.shape) - 1) / 2)
    return world_from_head, Grid(sampling.shape, matrix)


def _scan(
    head: CompactHead,
    grid: Grid,
    head_from_world: Rigid,
    contrast: Contrast,
    hardware: Hardware | None = None,
) -> Values:
    """Return (k, j, i) brightness: each slice the mean of sub-slices across its thickness."""
    count_i, count_j, count_k = grid.shape
    head_from_voxel = (head_from_world.matrix @ grid.world_from_voxel).astype(np.float32)
    along_i, along_j, along_k, origin = (head_from_voxel[:3, c, None, None] for c in range(4))
    brush = Brush(contrast, edge_mm=max(1.0, float(grid.spacing[:2].max())))
    parts = int(np.ceil(grid.spacing[2] / SUB_SLICE_MM - 1e-6))
    image = np.zeros((count_k, count_j, count_i), dtype=np.float32)
    for k, part, first in product(range(count_k), range(parts), range(0, count_j, ROWS)):
        rows = image[k, first : first + ROWS]
        j = np.arange(first, first + len(rows), dtype=np.float32)[:, None]
        points = along_i * np.arange(count_i, dtype=np.float32) + along_j * j
        points += origin + along_k * np.float32(k + (part + 0.5) / parts - 0.5)
        points = points.reshape(3, -1)
        value = np.full(rows.size, AIR[contrast], dtype=np.float32)
        x, y = points[0] * np.float32(1 / AROUND_HEAD_MM[0]), points[1] * np.float32(1 / AROUND_HEAD_MM[1])
        near = np.flatnonzero(x * x + y * y < 1)
        if near.size:
            painted = value[near]
            head.paint(painted, points[:, near], brush)
            value[near] = painted
        if hardware:
            hardware.paint(value, points, brush)
        rows += value.reshape(rows.shape) * np.float32(1 / parts)
    return image


def _as_mr(t1: Values, rng: np.random.Generator) -> NDArray[np.int16]:
    """Add coil shading and Rician noise; give (i, j, k)."""
    axes = np.ogrid[tuple(slice(-1, 1, n * 1j) for n in t1.shape)]
    slope, bow = rng.uniform(-0.15, 0.15, 3), rng.uniform(-0.15, 0.05, 3)
    shade = sum(s * x + b * x * x for s, b, x in zip(slope, bow, axes, strict=True))
    signal = t1 * np.exp(shade).astype(np.float32) * np.float32(FAT_BRIGHTNESS)
    real, imaginary = rng.standard_normal((2, *t1.shape), dtype=np.float32) * np.float32(MR_NOISE)
    stored: NDArray[np.int16] = np.rint(np.hypot(signal + real, imaginary)).astype(np.int16).T
    return stored


def _as_ct(hu: Values, rng: np.random.Generator) -> NDArray[np.int16]:
    """Add noise and store as a scanner does; give (i, j, k)."""
    noisy = hu + rng.standard_normal(hu.shape, dtype=np.float32) * np.float32(CT_NOISE_HU)
    stored: NDArray[np.int16] = np.rint(np.clip(noisy, *HU_RANGE)).astype(np.int16).T
    return stored
