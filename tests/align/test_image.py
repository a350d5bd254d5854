"""Interpolation against SciPy and analytic functions; reducing an image leaves it where it is in space."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from cephalign.align.image import blurred, level_image, pooled, sample, splined
from cephalign.geometry import Grid, Volume
from cephalign.geometry.grid import apply_affine

AFFINE = np.array([[1.9, 0.3, 0, 12], [-0.3, 1.9, 0, -40], [0, 0, 3.1, 7], [0, 0, 0, 1.0]])


def volume_of(function, shape=(14, 12, 11)):
    return Volume(function(*np.indices(shape)).astype(np.float32), Grid(shape, AFFINE))


def noise(shape=(14, 12, 11)):
    return Volume(np.random.default_rng(4).normal(100, 30, shape).astype(np.float32), Grid(shape, AFFINE))


def places(shape, count=400, border=1.0):
    """Voxel indices (3, count) anywhere at least `border` voxels inside the outermost centres."""
    top = np.array(shape)[:, None] - 1 - 2 * border
    return border + np.random.default_rng(9).random((3, count)) * top


def values_at(volume, index, *, cubic):
    image = splined(level_image(volume)) if cubic else level_image(volume)
    value, slope, inside = sample(image, torch.from_numpy(index).float())
    return value.numpy(), np.array([s.numpy() for s in slope]), inside.numpy()


def worlds_at(image, points):
    """Sample at (N, 3) world points; return values and which are inside."""
    index = torch.from_numpy(apply_affine(image.voxel_from_world, points).T).float()
    value, _, inside = sample(splined(image), index)
    return value.numpy(), inside.numpy()


def test_voxels_are_the_data():
    volume = noise()
    image = level_image(volume)
    assert image.shape == volume.grid.shape
    assert np.array_equal(image.values.numpy().T, volume.data)
    index = np.indices(volume.grid.shape).reshape(3, -1).astype(float)
    for cubic in (False, True):
        value, _, _ = values_at(volume, index, cubic=cubic)
        np.testing.assert_allclose(value, volume.data.ravel(), rtol=1e-6, atol=1e-3)


def test_linear_is_scipys():
    volume = noise()
    for border in (0.0, -3.0):
        index = places(volume.grid.shape, border=border)
        expected = ndimage.map_coordinates(volume.data, index, order=1, mode="nearest")
        value, _, _ = values_at(volume, index, cubic=False)
        np.testing.assert_allclose(value, expected, rtol=1e-4)


@pytest.mark.parametrize("border", [1.0, 0.0])
def test_cubic_is_scipys(border):
    volume = noise()
    index = places(volume.grid.shape, border=border)
    expected = ndimage.map_coordinates(volume.data, index, order=3, mode="mirror")
    value, _, _ = values_at(volume, index, cubic=True)
    np.testing.assert_allclose(value, expected, atol=1e-2)


@pytest.mark.parametrize("cubic", [False, True])
def test_slopes_are_those_of_the_values(cubic):
    volume, step = noise(), 0.01
    index = places(volume.grid.shape, count=2000)
    # A step across a voxel's centre would meet another slope.
    index = index[:, (np.abs(index - np.rint(index)) > 2 * step).all(axis=0)]
    _, slope, _ = values_at(volume, index, cubic=cubic)
    for axis in range(3):
        ahead, behind = (index + sign * step * np.eye(3)[:, axis : axis + 1] for sign in (1, -1))
        rise = values_at(volume, ahead, cubic=cubic)[0] - values_at(volume, behind, cubic=cubic)[0]
        np.testing.assert_allclose(rise / (2 * step), slope[axis], atol=0.2)


def test_inside_is_one_voxel_within_the_outermost_centres():
    volume = noise()
    top = np.array(volume.grid.shape) - 1.0
    for axis in range(3):
        for at, expected in ((0.99, False), (1.0, True), (top[axis] - 1, True), (top[axis] - 0.99, False)):
            index = (top / 2)[:, None].copy()
            index[axis] = at
            assert bool(values_at(volume, index, cubic=False)[2][0]) is expected


@pytest.mark.parametrize("cubic", [False, True])
def test_far_outside_is_the_border(cubic):
    volume = noise()
    index = np.array([[-50.0, 90.0], [4.0, 5.0], [3.0, -7.0]])
    value, _, inside = values_at(volume, index, cubic=cubic)
    np.testing.assert_allclose(value, [volume.data[0, 4, 3], volume.data[-1, 5, 0]], rtol=1e-5)
    assert not inside.any()


@pytest.mark.parametrize("reduced", [lambda im: pooled(im, 2.7), lambda im: blurred(im, 1.5)])
def test_a_pattern_stays_where_it_is(grid, shown, reduced):
    image = reduced(level_image(shown(grid)))
    middle = np.random.default_rng(2).uniform(0.3, 0.7, (300, 3)) * (np.array(grid.shape) - 1)
    points = apply_affine(grid.world_from_voxel, middle)
    value, inside = worlds_at(image, points)
    assert inside.all()
    off = value - shown.at(points)
    # Averaging flattens the crests of a pattern 700 high by some units; a voxel's shift would cost 20.
    assert np.abs(off).max() < 6
    assert abs(off.mean()) < 2


def test_pooling_averages_blocks_up_to_the_spacing(oblique_grid, shown):
    volume = shown(oblique_grid)
    image = pooled(level_image(volume), 2.5)
    assert image.shape == (20, 39, 16)  # 2 x 1.1, 1 x 1.3, 2 x 1.2 mm
    np.testing.assert_allclose(image.spacing, [2.2, 1.3, 2.4])
    blocks = volume.data[:40, :, :32].reshape(20, 2, 39, 16, 2).mean(axis=(1, 4))
    np.testing.assert_allclose(image.values.numpy().T, blocks, rtol=1e-5, atol=1e-3)
    world_from_voxel = np.linalg.inv(image.voxel_from_world)
    np.testing.assert_allclose(
        world_from_voxel[:3, 3], apply_affine(oblique_grid.world_from_voxel, (0.5, 0, 0.5))
    )


def test_thick_slices_are_never_pooled():
    grid = Grid((40, 40, 20), np.diag([-0.7, -0.7, 4.0, 1]))
    image = level_image(Volume(np.zeros(grid.shape, np.int16), grid))
    assert [pooled(image, mm).shape for mm in (0.5, 1.4, 8.0)] == [(40, 40, 20), (20, 20, 20), (3, 3, 20)]
    assert pooled(image, 0.5) is image
    assert pooled(image, 1e6).shape == (1, 1, 20)


def test_blurring_is_a_gaussian_in_mm():
    grid = Grid((41, 41, 9), np.diag([-0.8, 1.1, 6.0, 1]))
    data = np.zeros(grid.shape, np.float32)
    data[20, 20, 4] = 1000
    image = blurred(level_image(Volume(data, grid)), 1.6)
    expected = ndimage.gaussian_filter(data, (2.0, 1.6 / 1.1, 0), mode="nearest", truncate=3)
    np.testing.assert_allclose(image.values.numpy().T, expected, atol=0.01 * expected.max())
    assert image.values.sum() == pytest.approx(1000, rel=1e-4)
    assert (image.values[3] == 0).all()  # slices of 6 mm are too far apart for a blur of 1.6 mm
