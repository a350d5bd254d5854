"""What networks see of a scan: the same, whatever the scanner writes where it saw nothing."""

import numpy as np
import pytest

from cephalign.geometry import Grid, Modality, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.prep.coarse import FoundHead


@pytest.fixture
def ct():
    """A head of two tissues in air, and how far each voxel lies from the middle of the field."""
    matrix = np.diag([-2.0, -2.1, 5.0, 1.0])
    matrix[:3, 3] = 130, 140, -70
    grid = Grid((130, 132, 30), matrix)
    places = apply_affine(grid.world_from_voxel, np.moveaxis(np.indices(grid.shape), 0, -1))
    away = places - places.reshape(-1, 3).mean(axis=0)
    far = np.linalg.norm(away / (75, 90, 65), axis=-1)
    data = np.random.default_rng(6).normal(-1000, 5, grid.shape)
    data[far < 1], data[far < 0.9] = 700, 35
    return Volume(data.astype(np.int16), grid, Modality.CT), np.linalg.norm(away[..., :2], axis=-1)


@pytest.mark.parametrize("padding", [-2000, -3024])
def test_padding_beyond_the_scanners_field_changes_nothing_near_the_head(ct, padding):
    scan, from_middle = ct
    padded = Volume(np.where(from_middle > 128, padding, scan.data), scan.grid, scan.modality)
    assert (from_middle > 128).mean() > 0.1
    seen, expected = (FoundHead.of(one, 6.0).cube(32, 6.0).channels for one in (padded, scan))
    near = (slice(2), *[slice(5, 27)] * 3)
    np.testing.assert_allclose(seen[near], expected[near], atol=0.01)
