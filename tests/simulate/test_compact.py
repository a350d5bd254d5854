"""Compact heads: repeatable, in the right units, and their two scans agree about where things are."""

import numpy as np
import pytest
from scipy import ndimage

from cephalign.errors import InputError
from cephalign.geometry import Modality, Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.prep.head import head_mask
from cephalign.prep.resample import resample
from cephalign.simulate.compact import (
    RIRE_CT,
    RIRE_MR,
    SMALL_CT,
    SMALL_MR,
    Sampling,
    SimulatedPair,
    compact_head_pair,
)

CYST, BLEEDING, STONES = 2, 3, slice(4, 7)
TINY = Sampling((24, 24, 10), (11.0, 11.0, 10.0))


def small_pair(seed: int, **options: object) -> SimulatedPair:
    return compact_head_pair(np.random.default_rng(seed), fixed=SMALL_MR, moving=SMALL_CT, **options)


@pytest.fixture(scope="module")
def fine() -> SimulatedPair:
    """Scans fine enough to see where a spot of 4 mm has its middle."""
    sampling = Sampling((140, 160, 80), (1.4, 1.4, 1.4))
    return compact_head_pair(np.random.default_rng(7), fixed=sampling, moving=sampling, angle_deg=8)


def world_points(volume: Volume) -> np.ndarray:
    indices = np.stack(np.meshgrid(*(np.arange(n) for n in volume.grid.shape), indexing="ij"), axis=-1)
    return apply_affine(volume.grid.world_from_voxel, indices)


def values_around(volume: Volume, centre: np.ndarray, radius_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """World points in a ball and the scan's values there."""
    steps = np.arange(-radius_mm, radius_mm + 0.1, 0.7)
    ball = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    points = centre + ball[np.linalg.norm(ball, axis=1) <= radius_mm]
    voxels = apply_affine(volume.grid.voxel_from_world, points)
    return points, ndimage.map_coordinates(volume.data.astype(np.float32), voxels.T, order=1, mode="nearest")


def middle_of_bright(volume: Volume, centre: np.ndarray, above: float, radius_mm: float) -> np.ndarray:
    points, values = values_around(volume, centre, radius_mm)
    weights = np.clip(values - above, 0, None)
    assert weights.sum() > 0
    return weights @ points / weights.sum()


def test_same_seed_same_bytes():
    one, other = small_pair(3), small_pair(3)
    assert one.fixed.data.tobytes() == other.fixed.data.tobytes()
    assert one.moving.data.tobytes() == other.moving.data.tobytes()
    assert one.moving_from_fixed == other.moving_from_fixed
    assert one.fixed.grid == other.fixed.grid
    assert small_pair(4).moving_from_fixed != one.moving_from_fixed


def test_grids_are_those_asked_for_oblique_and_off_centre():
    pair = small_pair(5)
    for volume, sampling in ((pair.fixed, SMALL_MR), (pair.moving, SMALL_CT)):
        assert volume.data.shape == sampling.shape
        assert volume.data.dtype == np.int16
        np.testing.assert_allclose(volume.grid.spacing, sampling.spacing_mm)
        assert np.abs(volume.grid.directions).min() > 1e-4
        assert np.linalg.norm(volume.grid.centre) > 1
    assert (pair.fixed.modality, pair.moving.modality) == (Modality.T1, Modality.CT)
    assert (RIRE_MR.shape, RIRE_CT.shape) == ((256, 256, 26), (512, 512, 29))


def test_motion_is_within_what_was_asked():
    for seed in range(3):
        motions = [
            compact_head_pair(
                np.random.default_rng(seed), fixed=TINY, moving=TINY, angle_deg=angle, shift_mm=shift
            ).moving_from_fixed
            for angle, shift in ((0, 0), (5, 10))
        ]
        assert motions[0] == Rigid.identity()
        assert 0.1 < motions[1].angle_deg < 2 * 5 * np.sqrt(3)


def test_hounsfield_units(fine):
    hu = fine.moving.data
    assert hu.min() >= -1024
    assert hu.max() <= 3071
    air, tissue = np.percentile(hu, 20), np.median(hu[(hu > -20) & (hu < 80)])
    assert air == pytest.approx(-1000, abs=15)
    assert tissue == pytest.approx(33, abs=10)
    assert 0.01 < np.mean(hu > 600) < 0.1  # bone


def test_t1_is_dark_in_air_and_bright_in_fat(fine):
    skin = fine.head.skin_distance(fine.head_from_fixed.map(world_points(fine.fixed)))
    mean = {
        name: fine.fixed.data[at].mean()
        for name, at in {"air": skin > 4, "fat": (skin < -2.5) & (skin > -4)}.items()
    }
    assert mean["air"] < 30
    assert mean["fat"] > 400
    assert (fine.head.skin_distance(fine.head_from_fixed.map(fine.landmarks)) < 0).all()


def test_calcified_spots_lie_where_the_truth_says(fine):
    for point in fine.moving_from_fixed.map(fine.landmarks[STONES]):
        found = middle_of_bright(fine.moving, point, above=150, radius_mm=6)
        assert np.linalg.norm(found - point) < 0.7


def test_bleeding_lies_where_the_truth_says_in_both(fine):
    there = fine.moving_from_fixed.map(fine.landmarks[BLEEDING])
    found = middle_of_bright(fine.fixed, fine.landmarks[BLEEDING], above=680, radius_mm=11)
    assert np.linalg.norm(found - fine.landmarks[BLEEDING]) < 0.7
    smooth = ndimage.gaussian_filter(fine.moving.data.astype(np.float32), 1)
    found = middle_of_bright(Volume(smooth, fine.moving.grid), there, above=52, radius_mm=10)
    assert np.linalg.norm(found - there) < 0.7


@pytest.mark.parametrize("which", [0, 1, CYST])
def test_eyes_and_cyst_are_water_in_both(fine, which):
    at_fixed = fine.landmarks[which]
    _, hu = values_around(fine.moving, fine.moving_from_fixed.map(at_fixed), 5)
    _, t1 = values_around(fine.fixed, at_fixed, 5)
    assert np.mean(hu) == pytest.approx(9, abs=5)
    assert np.std(hu) < 20
    assert np.mean(t1) < 220  # fat and brain shine


def test_skins_meet_under_the_truth_and_not_beside_it():
    pair = small_pair(8, angle_deg=10, shift_mm=30)
    fixed, moving = head_mask(pair.fixed), head_mask(pair.moving)
    covered = resample(
        Volume(np.ones(moving.grid.shape, np.uint8), moving.grid), fixed.grid, pair.moving_from_fixed
    )

    def overlap(moving_from_fixed: Rigid) -> float:
        warped = resample(moving, fixed.grid, moving_from_fixed, interpolation="nearest", fill=0).data
        ours = fixed.data & (covered.data > 0)
        return float(2 * (ours & warped).sum() / (ours.sum() + warped.sum()))

    best = overlap(pair.moving_from_fixed)
    assert best > 0.97
    for axis in range(3):
        shift = 12 * np.eye(3)[axis]
        off = Rigid.from_euler((0, 0, 0), shift) @ pair.moving_from_fixed
        assert overlap(off) < best
        turn = Rigid.from_euler(15 * np.eye(3)[axis], centre=pair.moving.grid.centre) @ pair.moving_from_fixed
        assert overlap(turn) < best


def test_clutter_shows_in_ct_only_and_leaves_mr_alone():
    bare, full = small_pair(9, clutter=()), small_pair(9, clutter=("table", "holder", "frame", "metal"))
    np.testing.assert_array_equal(bare.fixed.data, full.fixed.data)
    seen = {
        kind: small_pair(9, clutter=(kind,)).moving.data for kind in ("table", "holder", "frame", "metal")
    }
    for kind, data in seen.items():
        changed = np.abs(data.astype(int) - bare.moving.data) > 100
        assert changed.sum() > (3 if kind == "metal" else 500), kind
    assert seen["metal"].max() > bare.moving.data.max()


def test_unknown_clutter_is_refused():
    with pytest.raises(InputError, match=r"unknown clutter.*table.*pillow"):
        small_pair(1, clutter=("pillow",))


def test_thick_slices_are_averages():
    """A slice of 4.2 mm is the mean of three of 1.4 mm at the same places, but for noise (9 HU)."""
    hu = {}
    for count, spacing in ((5, 4.2), (15, 1.4)):
        sampling = Sampling((60, 60, count), (4.0, 4.0, spacing))
        pair = compact_head_pair(np.random.default_rng(2), fixed=TINY, moving=sampling, clutter=())
        hu[count] = pair.moving.data.astype(float)
    difference = hu[5] - hu[15].reshape(60, 60, 5, 3).mean(axis=3)
    # One seed gives the first slices of both the same noise; the later ones are independent.
    difference = difference[:, :, 2:][hu[5][:, :, 2:] > -900]
    assert abs(difference.mean()) < 0.5
    assert difference.std() == pytest.approx(np.hypot(9, 9 / np.sqrt(3)), rel=0.05)
