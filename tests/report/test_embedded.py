"""What a page carries of a scan: the same places, fewer voxels, never too much."""

import numpy as np
import pytest

from cephalign.geometry import Grid, Modality, Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.prep.resample import resample
from cephalign.report.embedded import MOST_VOXELS, SPACING_MM, embedded, packed


@pytest.fixture(scope="module", params=["fixed", "moving"])
def scan(request, scans):
    return scans[("fixed", "moving").index(request.param)]


def test_places_stay(scan):
    """Sampled at the same points of the world, the page's voxels and the scan's own say the same."""
    small = embedded(scan, Modality.MR)
    own = resample(scan, small.grey.grid, Rigid.identity()).data.astype(float)
    inside = small.grey.data[2:-2, 2:-2, 2:-2].astype(float).ravel()
    assert np.corrcoef(inside, own[2:-2, 2:-2, 2:-2].ravel())[0, 1] > 0.99
    # Half a voxel of the page aside, they do not.
    aside = small.grey.grid.world_from_voxel.copy()
    aside[:3, 3] += aside[:3, :3] @ (0.5, 0.5, 0)
    other = resample(scan, Grid(small.grey.grid.shape, aside), Rigid.identity()).data.astype(float)
    assert np.corrcoef(inside, other[2:-2, 2:-2, 2:-2].ravel())[0, 1] < 0.99


def test_the_head_is_kept_and_little_else(scan):
    small = embedded(scan, Modality.MR)
    inside = apply_affine(small.grey.grid.voxel_from_world, small.body)
    assert (inside > -0.5).all()
    assert (inside < np.array(small.grey.grid.shape) - 0.5).all()
    assert (small.grey.grid.extent <= scan.grid.extent + 1e-6).all()
    assert small.grey.grid.extent.prod() < 0.97 * scan.grid.extent.prod()


def test_fine_voxels_are_averaged_and_thick_slices_stay(scan):
    spacing = embedded(scan, Modality.MR).grey.grid.spacing
    np.testing.assert_allclose(spacing, np.maximum(scan.grid.spacing, SPACING_MM), rtol=1e-9)


def test_the_head_lies_where_it_is(scans):
    small = embedded(scans[0], Modality.T1)
    np.testing.assert_allclose(small.body.mean(axis=0), (13, -21, 34), atol=2)
    assert len(small.body) * small.head.grid.spacing.prod() == pytest.approx(
        4 / 3 * np.pi * 66 * 84 * 62, rel=0.05
    )


def test_a_scan_without_a_head_is_shown_whole():
    noise = np.random.default_rng(3).integers(0, 9, (40, 44, 20), np.int16)
    scan = Volume(noise, Grid(noise.shape, np.diag([-2.1, 2.0, 3.0, 1])))
    small = embedded(scan, Modality.MR)
    assert small.grey.grid.shape == noise.shape
    assert small.head.data.all()


def test_no_more_voxels_than_fit():
    noise = np.random.default_rng(3).integers(0, 9, (230, 220, 210), np.int16)
    scan = Volume(noise, Grid(noise.shape, np.diag([1.31, -1.4, 1.5, 1])))
    grid = embedded(scan, Modality.MR).grey.grid
    assert 0.8 * MOST_VOXELS < np.prod(grid.shape) <= MOST_VOXELS
    assert grid.spacing.max() < 2.2


def test_packing_is_the_same_each_time():
    data = np.random.default_rng(0).integers(0, 255, 9999, np.uint8).tobytes()
    assert packed(data) == packed(data)
