"""The head's mask: against heads whose skin is known, and on real scans."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cephalign.errors import InputError
from cephalign.geometry import Grid, Modality, Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.io.volumes import read_volume
from cephalign.prep.head import head_mask
from cephalign.simulate.compact import SMALL_CT, SMALL_MR, Sampling, SimulatedPair, compact_head_pair
from cephalign.simulate.compact_clutter import Hardware
from cephalign.simulate.compact_shapes import Brush, Contrast

CLUTTER = ("table", "holder", "frame", "metal")
OFF_CENTRE = np.array([[3.0, 0, 0, -40], [0, -3.0, 0, 70], [0, 0, 3.0, 15], [0, 0, 0, 1]])


@pytest.fixture(scope="module", params=[11, 12])
def pair(request: pytest.FixtureRequest) -> SimulatedPair:
    rng = np.random.default_rng(request.param)
    return compact_head_pair(rng, fixed=SMALL_MR, moving=SMALL_CT, clutter=CLUTTER)


def world_points(grid: Grid) -> np.ndarray:
    indices = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape), indexing="ij"), axis=-1)
    return apply_affine(grid.world_from_voxel, indices)


def true_head(pair: SimulatedPair, mask: Volume, head_from_world: Rigid) -> np.ndarray:
    return pair.head.skin_distance(head_from_world.map(world_points(mask.grid))) < 0


def head_from_moving(pair: SimulatedPair) -> Rigid:
    return pair.head_from_fixed @ ~pair.moving_from_fixed


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def with_data(volume: Volume, data: np.ndarray, modality: Modality | None = None) -> Volume:
    return Volume(data, volume.grid, volume.modality if modality is None else modality)


def cropped(volume: Volume, *ranges: slice) -> Volume:
    matrix = volume.grid.world_from_voxel.copy()
    matrix[:3, 3] = apply_affine(matrix, [r.start for r in ranges])
    data = volume.data[ranges]
    return Volume(data, Grid(data.shape, matrix), volume.modality)


def outside_circle(volume: Volume) -> np.ndarray:
    i, j, _ = np.ogrid[tuple(slice(-1, 1, n * 1j) for n in volume.grid.shape)]
    return np.broadcast_to(i**2 + j**2 > 1, volume.grid.shape)


def test_ct_keeps_the_head_and_drops_table_holder_and_frame(pair):
    mask = head_mask(pair.moving)
    head = true_head(pair, mask, head_from_moving(pair))
    assert dice(mask.data, head) > 0.985
    hardware = Hardware.around(pair.head, pair.moving.grid, head_from_moving(pair), CLUTTER)
    points = head_from_moving(pair).map(world_points(mask.grid)).reshape(-1, 3).T.astype(np.float32)
    hu = np.full(points.shape[1], -1000, dtype=np.float32)
    hardware.paint(hu, points, Brush(Contrast.HU, edge_mm=1))
    foreign = (hu.reshape(mask.grid.shape) > -960) & ~head  # foam too
    assert foreign.sum() > 2000
    assert (mask.data & foreign).sum() < 0.03 * foreign.sum()


def test_mr_mask_holds_dark_skull_and_cavities(pair):
    mask = head_mask(pair.fixed)
    head = true_head(pair, mask, pair.head_from_fixed)
    assert dice(mask.data, head) > 0.98
    assert (head & ~mask.data).sum() < 0.005 * head.sum()


@pytest.mark.parametrize("padding", [-2000, -3024])
def test_padding_outside_the_circle_is_air(pair, padding):
    padded = np.where(outside_circle(pair.moving), padding, pair.moving.data)
    plain = head_mask(pair.moving)
    assert dice(head_mask(with_data(pair.moving, padded)).data, plain.data) > 0.999


@pytest.mark.parametrize("modality", [Modality.CT, Modality.UNKNOWN])
@pytest.mark.parametrize("padding", [0, -2000])
def test_offset_ct_has_no_table_either(pair, modality, padding):
    offset = np.where(outside_circle(pair.moving), padding, pair.moving.data + 1024)
    mask = head_mask(with_data(pair.moving, offset, modality))
    assert dice(mask.data, true_head(pair, mask, head_from_moving(pair))) > 0.985


def test_eight_bit_ct_window(pair):
    grey = np.clip((pair.moving.data + 1000.0) / 3000 * 255, 0, 255).astype(np.uint8)
    mask = head_mask(with_data(pair.moving, grey, Modality.UNKNOWN))
    assert dice(mask.data, true_head(pair, mask, head_from_moving(pair))) > 0.98


def shaded(t1: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    x, y, _ = np.ogrid[tuple(slice(-1, 1, n * 1j) for n in t1.shape)]
    return t1 * np.exp(0.7 * x + 0.4 * y)


def noisy(t1: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.hypot(t1 + rng.normal(0, 120, t1.shape), rng.normal(0, 120, t1.shape))


def ghosted(t1: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return t1 + 0.08 * np.roll(t1, t1.shape[1] // 2, axis=1)


def hot(t1: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    spoiled = t1.copy()
    spoiled[40:43, 50:53, 10] = 1e6
    return spoiled


@pytest.mark.parametrize("spoil", [shaded, noisy, ghosted, hot])
@pytest.mark.parametrize("modality", [Modality.T1, Modality.UNKNOWN])
def test_mr_with_artefacts(pair, spoil: Callable, modality):
    data = spoil(pair.fixed.data.astype(np.float32), np.random.default_rng(3))
    mask = head_mask(with_data(pair.fixed, data, modality))
    assert dice(mask.data, true_head(pair, mask, pair.head_from_fixed)) > 0.97


def test_cropped_heads(pair):
    half = head_mask(cropped(pair.fixed, slice(0, 96), slice(46, 96), slice(0, 26)))
    assert dice(half.data, true_head(pair, half, pair.head_from_fixed)) > 0.98
    slab = head_mask(cropped(pair.moving, slice(0, 128), slice(0, 128), slice(12, 17)))
    assert dice(slab.data, true_head(pair, slab, head_from_moving(pair))) > 0.97
    tight = head_mask(cropped(pair.moving, slice(40, 90), slice(40, 90), slice(0, 29)))
    assert dice(tight.data, true_head(pair, tight, head_from_moving(pair))) > 0.97


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slab_of_two_coarse_voxels(axis):
    """6.4 mm of a body of 96 x 120 mm: the mask's grid has two voxels there."""
    shape, spacing = np.roll([8, 60, 75], axis), np.roll([0.8, 3.0, 3.0], axis)
    body = np.ones(shape, dtype=bool)
    for other in {0, 1, 2} - {axis}:
        margin = np.arange(shape[other])
        inside = (margin >= 14) & (margin < shape[other] - 14)
        body &= np.expand_dims(inside, tuple({0, 1, 2} - {other}))
    matrix = np.diag([*spacing, 1.0])
    matrix[:3, 3] = -20, 30, 50
    mask = head_mask(Volume(np.where(body, 40, -1000).astype(np.int16), Grid(tuple(shape), matrix)))
    assert mask.grid.shape[axis] == 2
    index = np.rint(apply_affine(np.linalg.inv(matrix), world_points(mask.grid))).astype(int)
    assert dice(mask.data, body[tuple(np.moveaxis(index, -1, 0))]) > 0.97


def test_isotropic_whole_head_with_neck():
    whole = Sampling((130, 130, 150), (1.9, 1.9, 1.9))
    pair = compact_head_pair(np.random.default_rng(5), fixed=SMALL_MR, moving=whole)
    mask = head_mask(pair.moving)
    assert dice(mask.data, true_head(pair, mask, head_from_moving(pair))) > 0.98


def test_grid_covers_the_scan_and_keeps_thick_slices(pair):
    mask = head_mask(pair.moving)
    assert mask.data.dtype == np.bool_
    assert mask.modality is Modality.CT
    np.testing.assert_allclose(mask.grid.spacing, [3, 3, 4])
    np.testing.assert_allclose(mask.grid.centre, pair.moving.grid.centre)
    assert (np.abs(mask.grid.extent - pair.moving.grid.extent) <= mask.grid.spacing / 2).all()
    np.testing.assert_allclose(head_mask(pair.moving, spacing_mm=5).grid.spacing, [5, 5, 5])


def test_memory_layout_and_type_do_not_matter(pair):
    mask = head_mask(pair.moving).data
    for same in (
        np.ascontiguousarray(pair.moving.data),
        pair.moving.data.astype(np.float64),
        pair.moving.data.astype(">i2"),
    ):
        np.testing.assert_array_equal(head_mask(with_data(pair.moving, same)).data, mask)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (np.zeros((40, 40, 20), np.int16), "holds no image"),
        (np.full((40, 40, 20), 0.1, np.float32), "holds no image"),
        (np.pad(np.ones((4, 4, 4), np.float32), 18), "nothing like a head"),
        (np.ones((40, 3, 20), np.int16), "too thin"),
    ],
)
def test_refuses_what_holds_no_head(data, words):
    with pytest.raises(InputError, match=words):
        head_mask(Volume(data, Grid(data.shape, OFF_CENTRE)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", [(0, 0, 0), (17, 20, 11), (-1, -1, -1)])
def test_refuses_voxels_that_are_no_numbers(bad, where):
    data = np.random.default_rng(0).uniform(0, 100, (40, 37, 23)).astype(np.float32)
    data[where] = bad
    with pytest.raises(InputError, match="NaN or infinite"):
        head_mask(Volume(data, Grid(data.shape, OFF_CENTRE)))


def test_real_t1(data_dir: Path):
    mask = head_mask(read_volume(data_dir / "rire" / "training_001_mr_T1.mha"))
    litres = mask.data.sum() * mask.grid.spacing.prod() / 1e6
    assert 2.2 < litres < 2.6  # the slab cuts a head of about four litres
    assert not mask.data[[0, -1]].any()
    assert not mask.data[:, [0, -1]].any()
    assert mask.data[:, :, 0].any()


def test_real_specimen_without_couch_and_crate(data_dir: Path):
    ct = head_mask(read_volume(data_dir / "mri-dir" / "phantom_ct.nii.gz"))
    t2 = head_mask(read_volume(data_dir / "mri-dir" / "phantom_t2.nii.gz"))
    ct_ml, t2_ml = (m.data.sum() * m.grid.spacing.prod() / 1e3 for m in (ct, t2))
    assert ct_ml == pytest.approx(t2_ml, rel=0.08)
    assert not ct.data[[0, -1]].any()  # where the crate is
