"""Sampling on another grid, held against SimpleITK; what lies outside, and what integers become."""

import numpy as np
import pytest
import SimpleITK

from cephalign.errors import InputError
from cephalign.geometry import Grid, Modality, Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.prep.resample import background, resample

MOTION = Rigid.from_euler((7, -12, 20), (3.5, -6.0, 4.2), (10, 10, 0))
ITK_NAMES = {
    "linear": SimpleITK.sitkLinear,
    "nearest": SimpleITK.sitkNearestNeighbor,
    "cubic": SimpleITK.sitkBSpline,
}


def _grid(shape, spacing, flips, turn_deg, centre):
    matrix = np.eye(4)
    matrix[:3, :3] = Rigid.from_euler(turn_deg).rotation @ np.diag(np.array(spacing) * flips)
    matrix[:3, 3] = np.array(centre) - matrix[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Grid(shape, matrix)


GRIDS = {
    "oblique": _grid((24, 26, 20), (1.9, 1.7, 2.2), (1, 1, 1), (11, -17, 23), (9, 12, 3)),
    "LPS": _grid((27, 23, 21), (1.6, 1.8, 2.1), (-1, -1, 1), (0, 0, 0), (12, 8, -2)),
    "anisotropic": _grid((44, 40, 9), (1.1, 1.2, 5.5), (-1, -1, 1), (6, 0, -9), (11, 9, 1)),
    "left-handed": _grid((25, 22, 24), (1.8, 2.3, 1.7), (1, -1, 1), (-8, 20, 5), (8, 11, 2)),
}
FIXED = _grid((30, 28, 18), (1.5, 1.4, 2.7), (-1, -1, 1), (-4, 9, 13), (10, 10, 0))


@pytest.fixture(params=GRIDS)
def moving(request):
    """Values of float32 that vary smoothly, with some noise."""
    grid = GRIDS[request.param]
    points = apply_affine(grid.world_from_voxel, np.moveaxis(np.indices(grid.shape), 0, -1))
    x, y, z = np.moveaxis(points, -1, 0)
    smooth = 400 * np.sin(x / 9) + 300 * np.cos(y / 11) + 8 * z
    noise = np.random.default_rng(6).normal(0, 30, grid.shape)
    return Volume((smooth + noise).astype(np.float32), grid)


def as_itk(volume):
    """SimpleITK's image of a volume in the same frame: it only asks that all share one."""
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(volume.data.T))
    image.SetSpacing(volume.grid.spacing.tolist())
    image.SetDirection(volume.grid.directions.ravel().tolist())
    image.SetOrigin(volume.grid.world_from_voxel[:3, 3].tolist())
    return image


def by_itk(volume, grid, motion, interpolation, fill):
    transform = SimpleITK.AffineTransform(3)
    transform.SetMatrix(motion.rotation.ravel().tolist())
    transform.SetTranslation(motion.translation.tolist())
    like = as_itk(Volume(np.zeros(grid.shape, np.uint8), grid))
    image = SimpleITK.Resample(as_itk(volume), like, transform, ITK_NAMES[interpolation], fill)
    return SimpleITK.GetArrayFromImage(image).T


@pytest.mark.parametrize("interpolation", ["linear", "nearest", "cubic"])
def test_as_simpleitk(moving, interpolation):
    ours = resample(moving, FIXED, MOTION, interpolation=interpolation, fill=-9999)
    theirs = by_itk(moving, FIXED, MOTION, interpolation, -9999)
    assert ours.grid == FIXED
    assert ours.data.dtype == np.float32
    both = (ours.data != -9999) & (theirs != -9999)
    assert both.mean() > 0.3
    # Both take the outer half of the outermost voxels for inside.
    assert ((ours.data != -9999) == (theirs != -9999)).mean() > 0.9999
    off = np.abs(ours.data - theirs)[both]
    if interpolation == "cubic":
        # The spline goes on beyond the border in two ways: mirrored in ITK, constant here.
        index = apply_affine(
            moving.grid.voxel_from_world @ MOTION.matrix @ FIXED.world_from_voxel,
            np.moveaxis(np.indices(FIXED.shape), 0, -1),
        )
        deep = ((index > 3.5) & (index < np.array(moving.grid.shape) - 4.5)).all(axis=-1)
        assert deep.sum() > 300
        off = np.abs(ours.data - theirs)[deep & both]
        assert off.max() < 2
    elif interpolation == "nearest":
        assert (off == 0).mean() > 0.9999  # half-way between two voxels both are nearest
    else:
        assert off.max() < 0.02


@pytest.mark.parametrize("interpolation", ["linear", "nearest", "cubic"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
def test_nothing_moves_and_nothing_changes(interpolation, dtype):
    grid = GRIDS["oblique"]
    rng = np.random.default_rng(7)
    if np.dtype(dtype).kind == "f":
        data = rng.normal(0, 1000, grid.shape).astype(dtype)
    else:
        info = np.iinfo(dtype)
        data = rng.integers(info.min, info.max, grid.shape, dtype=dtype, endpoint=True)
        data.flat[:2] = info.min, info.max
    done = resample(Volume(data, grid, Modality.MR), grid, interpolation=interpolation)
    assert done.data.dtype == dtype
    assert done.modality is Modality.MR
    if np.dtype(dtype).kind == "f" and interpolation != "nearest":
        np.testing.assert_allclose(done.data, data, atol=1000 * 1e-5 if dtype == np.float32 else 1e-9)
    else:
        np.testing.assert_array_equal(done.data, data)


def test_the_motion_takes_fixed_points_to_the_moving_scan():
    """A bright voxel of the moving scan is seen where its point comes from."""
    grid = GRIDS["LPS"]
    data = np.zeros(grid.shape, np.int16)
    data[14, 10, 12] = 1000
    seen = resample(Volume(data, grid), FIXED.resized(0.5), MOTION)
    shines = np.argwhere(seen.data)
    points = apply_affine(seen.grid.world_from_voxel, shines)
    middle = np.average(points, axis=0, weights=seen.data[tuple(shines.T)])
    expected = MOTION.inverse().map(apply_affine(grid.world_from_voxel, (14, 10, 12)))
    np.testing.assert_allclose(middle, expected, atol=0.05)


@pytest.mark.parametrize("interpolation", ["linear", "nearest", "cubic"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_outer_half_of_a_voxel_belongs_to_the_scan(axis, interpolation):
    grid = GRIDS["oblique"]
    scan = Volume(np.full(grid.shape, 700, np.int16), grid)
    beside = grid.directions[:, axis] * grid.spacing[axis]
    for part, inside in ((0.49, True), (0.51, False)):
        for sign, edge in ((1, grid.shape[axis] - 1), (-1, 0)):
            shifted = Rigid.from_rotation(np.eye(3), sign * part * beside)
            done = resample(scan, grid, shifted, interpolation=interpolation, fill=-5)
            border = done.data.take(edge, axis)
            assert (border == (700 if inside else -5)).all()
            assert (np.delete(done.data, edge, axis) == 700).all()


def scan_with(values, modality, dtype=np.int16):
    grid = GRIDS["anisotropic"]
    return Volume(np.resize(np.array(values, dtype), grid.shape), grid, modality)


@pytest.mark.parametrize(
    ("values", "modality", "expected"),
    [
        ((-1024, -1000, 40, 900), Modality.CT, -1000),
        ((-3024, -1000, 40), Modality.CT, -1000),  # padding is no air
        ((-1000, 40, 900), Modality.UNKNOWN, -1000),
        ((0, 24, 1040, 2000), Modality.CT, 0),  # stored with an offset
        ((0, 30, 900), Modality.T1, 0),
        ((-900, 30, 900), Modality.MR, 0),  # no Hounsfield units
        ((12, 30, 900), Modality.T2, 12),
        ((-40, 30), Modality.CT, 0),
    ],
)
def test_empty_space(values, modality, expected):
    scan = scan_with(values, modality)
    assert background(scan) == expected
    far = resample(scan, scan.grid, Rigid.from_euler((0, 0, 0), (500, 0, 0)))
    assert (far.data == expected).all()


def test_empty_space_of_unsigned_integers():
    scan = scan_with((0, 1024, 3000), Modality.CT, np.uint16)
    far = resample(scan, scan.grid, Rigid.from_euler((0, 0, 0), (0, 0, 500)))
    assert far.data.dtype == np.uint16
    assert not far.data.any()


@pytest.mark.parametrize("interpolation", ["linear", "nearest", "cubic"])
def test_a_fill_value_of_ones_own(interpolation):
    scan = scan_with((0, 30, 900), Modality.T1)
    far = Rigid.from_euler((0, 0, 0), (500, 0, 0))
    done = resample(scan, scan.grid, far, interpolation=interpolation, fill=-77)
    assert (done.data == -77).all()


@pytest.mark.parametrize(
    ("dtype", "fill"),
    [(np.uint8, -1), (np.uint8, 256), (np.int16, 40000), (np.int16, 0.5), (np.uint16, np.nan)],
)
def test_a_fill_value_that_does_not_fit(dtype, fill):
    scan = scan_with((0, 30, 90), Modality.T1, dtype)
    with pytest.raises(InputError, match=r"fill value .* does not fit"):
        resample(scan, scan.grid, fill=fill)


def test_floats_take_any_fill_value():
    scan = scan_with((0, 30, 90), Modality.T1, np.float32)
    done = resample(scan, scan.grid, Rigid.from_euler((0, 0, 0), (500, 0, 0)), fill=np.nan)
    assert np.isnan(done.data).all()


def test_unknown_interpolation():
    scan = scan_with((0, 30), Modality.T1)
    with pytest.raises(InputError, match="nearest or linear or cubic"):
        resample(scan, scan.grid, interpolation="lanczos")


def test_integers_are_rounded_and_kept_in_their_range():
    """Linear half-way values are rounded; a cubic overshoot does not wrap around."""
    grid = _grid((20, 6, 6), (2, 2, 2), (1, 1, 1), (0, 0, 0), (3, 4, 5))
    step = np.zeros(grid.shape, np.uint8)
    step[10:] = 255
    half = Rigid.from_euler((0, 0, 0), (0.6, 0, 0))
    linear = resample(Volume(step, grid), grid, half, interpolation="linear")
    assert set(np.unique(linear.data)) == {0, 76, 255}  # 0.3 x 255 = 76.5, to even
    cubic = resample(Volume(step, grid), grid, half, interpolation="cubic").data.astype(int)
    # The edge lies at 9.2 + 0.5 voxels; ringing beyond 0 and 255 is cut off.
    assert cubic[:9].max() < 30
    assert cubic[10:].min() > 225
    assert (cubic[8] == 0).all()
    assert (cubic[10] == 255).all()


@pytest.mark.parametrize(("dtype", "value"), [(np.int64, -(2**53) - 1), (np.uint64, 2**60)])
@pytest.mark.parametrize("interpolation", ["nearest", "linear"])
def test_integers_that_would_not_stay_exact_are_refused(dtype, value, interpolation):
    data, grid = np.full((5, 6, 7), value, dtype), Grid((5, 6, 7), np.diag([2.0, -1.5, 3, 1]))
    with pytest.raises(InputError, match=f"integers of at most {2**53}; got {abs(value)}"):
        resample(Volume(data, grid), grid, interpolation=interpolation)
    data[...] = np.sign(value) * 2**53
    kept = resample(Volume(data, grid), grid, interpolation=interpolation).data
    assert (kept == data).all()


def test_labels_stay_labels():
    labels = np.random.default_rng(3).choice([0, 3, 515, 2000], GRIDS["oblique"].shape).astype(np.int16)
    done = resample(Volume(labels, GRIDS["oblique"]), FIXED, MOTION, interpolation="nearest")
    assert set(np.unique(done.data)) == {0, 3, 515, 2000}
