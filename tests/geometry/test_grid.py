import dataclasses

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st

from cephalign.errors import GeometryError
from cephalign.geometry import Grid, Rigid
from cephalign.geometry.grid import apply_affine

grid = st.from_type(Grid)
spacing = st.floats(0.3, 9)

# A CT as they are: left, posterior, superior, thick slices, the head off the centre and a little askew.
TURN = Rigid.from_euler((4, -7, 11), (120, 85, -310))
SLICES = Grid((64, 60, 26), TURN.matrix @ np.diag([-0.9, -0.8, 4.0, 1.0]))


@given(grid)
def test_spacing_and_directions_are_those_of_nibabel(grid):
    affine = grid.world_from_voxel
    np.testing.assert_allclose(grid.spacing, nib.affines.voxel_sizes(affine))
    np.testing.assert_allclose(grid.directions * grid.spacing, affine[:3, :3], atol=1e-12)
    np.testing.assert_allclose(grid.directions.T @ grid.directions, np.eye(3), atol=1e-12)


@given(grid, st.tuples(*[st.floats(-5, 45)] * 3))
def test_voxels_map_as_in_nibabel_and_back(grid, voxel):
    world = apply_affine(grid.world_from_voxel, voxel)
    np.testing.assert_allclose(world, nib.affines.apply_affine(grid.world_from_voxel, voxel), atol=1e-9)
    np.testing.assert_allclose(apply_affine(grid.voxel_from_world, world), voxel, atol=1e-9)


@given(grid)
def test_centre_and_corners_are_those_of_itk(grid):
    """ITK's points are LPS, ours RAS."""
    ras_from_lps = np.diag([-1, -1, 1])
    image = SimpleITK.Image(grid.shape, SimpleITK.sitkUInt8)
    image.SetSpacing(grid.spacing.tolist())
    image.SetOrigin((ras_from_lps @ grid.world_from_voxel[:3, 3]).tolist())
    image.SetDirection((ras_from_lps @ grid.directions).ravel().tolist())
    middle = [(n - 1) / 2 for n in grid.shape]
    centre = ras_from_lps @ image.TransformContinuousIndexToPhysicalPoint(middle)
    np.testing.assert_allclose(grid.centre, centre, atol=1e-6)
    i, j, k = (n - 1 for n in grid.shape)
    for number, index in {0: (0, 0, 0), 1: (i, 0, 0), 2: (0, j, 0), 4: (0, 0, k), 7: (i, j, k)}.items():
        corner = ras_from_lps @ image.TransformIndexToPhysicalPoint(index)
        np.testing.assert_allclose(grid.corners[number], corner, atol=1e-6)


@given(grid)
def test_corners_lie_about_the_centre_within_the_extent(grid):
    np.testing.assert_allclose(grid.corners.mean(axis=0), grid.centre, atol=1e-9)
    between = np.abs((grid.corners - grid.centre) @ grid.directions)
    np.testing.assert_allclose(between, np.tile((grid.extent - grid.spacing) / 2, (8, 1)), atol=1e-9)


@given(grid)
def test_handedness(grid):
    mirrored = Grid(grid.shape, grid.world_from_voxel @ np.diag([-1.0, 1, 1, 1]))
    assert grid.is_left_handed != mirrored.is_left_handed
    assert grid.is_left_handed == (np.linalg.det(grid.directions) < 0)


def test_facts_of_one_scan():
    np.testing.assert_allclose(SLICES.spacing, (0.9, 0.8, 4))
    np.testing.assert_allclose(SLICES.extent, (57.6, 48, 104))
    np.testing.assert_allclose(SLICES.centre, TURN.map((-0.9 * 31.5, -0.8 * 29.5, 4 * 12.5)))
    assert not SLICES.is_left_handed
    np.testing.assert_allclose(SLICES.corners[3], TURN.map((-0.9 * 63, -0.8 * 59, 0)))


@given(grid, st.tuples(*[st.integers(0, 4)] * 3))
def test_cropped_keeps_voxels_where_they_are(grid, first):
    part = grid.cropped(first, (3, 1, 2))
    assert part.shape == (3, 1, 2)
    for voxel in ((0, 0, 0), (2, 0, 1)):
        before = apply_affine(grid.world_from_voxel, np.add(voxel, first))
        np.testing.assert_allclose(apply_affine(part.world_from_voxel, voxel), before, atol=1e-9)


@given(grid, st.tuples(spacing, spacing, spacing) | spacing)
def test_resized_keeps_centre_axes_and_extent(grid, wanted):
    resized = grid.resized(wanted)
    np.testing.assert_allclose(resized.centre, grid.centre, atol=1e-9)
    np.testing.assert_allclose(resized.spacing, np.broadcast_to(wanted, 3))
    np.testing.assert_allclose(resized.directions, grid.directions, atol=1e-12)
    off = np.abs(resized.extent - grid.extent)
    assert np.all((off <= resized.spacing / 2 + 1e-9) | (np.array(resized.shape) == 1))


@given(grid)
def test_resized_to_its_own_spacing_is_itself(grid):
    again = grid.resized(grid.spacing)
    assert again.shape == grid.shape
    np.testing.assert_allclose(again.world_from_voxel, grid.world_from_voxel, atol=1e-9)


def test_resized_keeps_a_single_slice():
    assert Grid((50, 50, 1), SLICES.world_from_voxel).resized((3, 3, 9)).shape == (15, 13, 1)


@pytest.mark.parametrize(
    ("shape", "change", "message"),
    [
        ((5, 6), np.eye(4), "not three-dimensional"),
        ((5, 0, 7), np.eye(4), "at least 1"),
        ((5, 6, 7), np.diag([np.nan, 1, 1, 1]), "NaN"),
        ((5, 6, 7), np.diag([1, 0, 1, 1]), "spacing is zero"),
        ((5, 6, 7), [[1, 0, 0.02, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], "not orthogonal"),
        ((5, 6, 7), np.diag([1, 1, 1, 2]), "last row"),
        ((5, 6, 7), np.zeros((3, 3)), "wrong shape"),
    ],
)
def test_refused(shape, change, message):
    matrix = SLICES.world_from_voxel @ change if np.shape(change) == (4, 4) else change
    with np.errstate(invalid="ignore"), pytest.raises(GeometryError, match=message):
        Grid(shape, matrix)


def tilted(angle_deg):
    """Return the grid of a CT whose gantry was tilted: the slices march along y as they go up."""
    shear = np.eye(4)
    shear[1, 2] = 4.0 / 0.8 * np.tan(np.deg2rad(angle_deg))
    return Grid(SLICES.shape, SLICES.world_from_voxel @ shear)


def test_a_tilted_gantry_is_refused_but_rounding_is_not():
    tilted(0.03)
    for angle_deg in (0.1, 5, -15):
        with pytest.raises(GeometryError, match="not orthogonal"):
            tilted(angle_deg)


def test_equality_is_exact():
    same = Grid(list(SLICES.shape), SLICES.world_from_voxel.copy())
    assert same == SLICES and hash(same) == hash(SLICES)
    assert Grid((64, 60, 25), SLICES.world_from_voxel) != SLICES
    assert Grid(SLICES.shape, SLICES.world_from_voxel + np.eye(4) * [1e-12, 0, 0, 0]) != SLICES


def test_frozen():
    matrix = SLICES.world_from_voxel.copy()
    grid = Grid(SLICES.shape, matrix)
    matrix[0, 3] = 0
    grid.spacing[0] = grid.centre[0] = 99
    assert grid == SLICES and grid.spacing[0] == pytest.approx(0.9)
    with pytest.raises(ValueError, match="read-only"):
        grid.world_from_voxel[0, 0] = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        grid.shape = (1, 2, 3)
