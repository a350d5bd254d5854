"""A head as simple as it can be, and scans that nothing spoils."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from cephalign.geometry import Grid, Modality, Rigid
from cephalign.simulate.acquire import Acquisition
from cephalign.simulate.acquire.contrast import Hounsfield
from cephalign.simulate.acquire.parts import Reach, Resolution, Storage
from cephalign.simulate.head import Head
from cephalign.simulate.tissues import Tissue

# Nested ellipsoids around this place in the head, as semi-axes in mm.
CENTRE = np.array([1.0, -16.0, 14.0])
LAYERS = (
    (Tissue.SKIN, (80, 98, 84)),
    (Tissue.FAT, (78, 96, 82)),
    (Tissue.CORTICAL_BONE, (74, 92, 78)),
    (Tissue.CSF, (68, 86, 72)),
    (Tissue.GREY, (64, 82, 68)),
    (Tissue.WHITE, (56, 74, 60)),
    (Tissue.VENTRICLE, (18, 28, 16)),
)


def _head_of(tissues, spacing_mm, origin_mm):
    matrix = np.diag([spacing_mm] * 3 + [1.0])
    matrix[:3, 3] = origin_mm
    return Head(
        torch.as_tensor(tissues, dtype=torch.uint8), Grid(tissues.shape, matrix), np.zeros((10, 3)), {}
    )


def _ellipsoid_head(spacing_mm=2.0):
    low, high = np.array([-84.0, -118.0, -90.0]), np.array([86.0, 86.0, 102.0])
    shape = tuple((np.ceil((high - low) / spacing_mm)).astype(int) + 1)
    points = np.indices(shape).transpose(1, 2, 3, 0) * spacing_mm + low
    tissues = np.zeros(shape, dtype=np.uint8)
    for tissue, axes in LAYERS:
        tissues[(((points - CENTRE) / axes) ** 2).sum(axis=-1) < 1] = tissue
    # A neck that reaches the lowest layer.
    neck = (np.hypot(points[..., 0], points[..., 1] + 20) < 50) & (points[..., 2] < -20) & (tissues == 0)
    tissues[neck] = Tissue.MUSCLE
    return _head_of(tissues, spacing_mm, low)


@pytest.fixture(scope="session")
def head():
    return _ellipsoid_head()


def _grid_over(shape, spacing_mm, turn_deg, centre_mm, mirrored=False):
    directions = Rotation.from_euler("xyz", turn_deg, degrees=True).as_matrix() @ np.diag([-1.0, -1.0, 1.0])
    if mirrored:
        directions[:, 2] *= -1
    matrix = np.eye(4)
    matrix[:3, :3] = directions * np.array(spacing_mm)
    matrix[:3, 3] = np.array(centre_mm) - matrix[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Grid(shape, matrix)


def _plain_scan(grid, world_from_head=None, **changes):
    """A CT that shows tissues as they are on the average."""
    scan = Acquisition(
        modality=Modality.CT,
        grid=grid,
        world_from_head=world_from_head or Rigid.identity(),
        contrast=Hounsfield(),
        deviations=(0.0,) * len(Tissue),
        texture=0.0,
        resolution=Resolution(float(grid.spacing[2])),
        noise=0.0,
        bias=(),
        reach=Reach(),
        storage=Storage("int16", 1.0, 0.0, -1024, 32767),
        seed=5,
    )
    return replace(scan, **changes)


@pytest.fixture(scope="session")
def head_of():
    """Make a head of an array of tissues, a spacing and the place of its first voxel."""
    return _head_of


@pytest.fixture(scope="session")
def grid_over():
    """Make a grid of a shape, a spacing and a turn about a centre; mirrored, it is left-handed."""
    return _grid_over


@pytest.fixture(scope="session")
def plain_scan():
    """Make an acquisition of a grid, a pose, and what shall be otherwise than plain."""
    return _plain_scan
