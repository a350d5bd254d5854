"""The head's mask: against heads whose skin is known, and on real scans."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.masks import ALL_HARDWARE, dice, true_mask
from cephalign.errors import InputError
from cephalign.geometry import Grid, Modality, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.io.volumes import read_volume
from cephalign.prep.head import head_mask
from cephalign.simulate.presets.preset import HU
from cephalign.simulate.session import Session, simulated_session

OFF_CENTRE = np.array([[3.0, 0, 0, -40], [0, -3.0, 0, 70], [0, 0, 3.0, 15], [0, 0, 0, 1]])
T1, CT = Modality.T1, Modality.CT


@pytest.fixture(scope="module", params=[11, 12])
def session(request: pytest.FixtureRequest, preset: Callable) -> Session:
    """A head with metal in it, whose CT, in HU, shows table, holder and frame."""
    metal = {"crowns": 1.0, "clip": 1.0}
    cluttered = preset(ct={"hardware": ALL_HARDWARE, "storages": (HU,)}, oddities=metal)
    rng = np.random.default_rng(request.param)
    return simulated_session(rng, cluttered, modalities=(T1, CT), angle_deg=20.0, shift_mm=20.0)


@pytest.fixture(scope="module")
def ct(session: Session) -> Volume:
    return session.scans[CT]


@pytest.fixture(scope="module")
def t1(session: Session) -> Volume:
    return session.scans[T1]


def world_points(grid: Grid) -> np.ndarray:
    indices = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape), indexing="ij"), axis=-1)
    return apply_affine(grid.world_from_voxel, indices)


def true_head(session: Session, scan: Modality, mask: Volume) -> np.ndarray:
    return true_mask(session.head, ~session.acquisitions[scan].world_from_head, mask)


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


def test_ct_keeps_the_head_and_drops_table_holder_and_frame(session, ct):
    mask = head_mask(ct)
    head = true_head(session, CT, mask)
    assert dice(mask.data, head) > 0.985
    hu = torch.full(mask.grid.shape, -1000.0)
    session.acquisitions[CT].hardware.paint(hu, *torch.from_numpy(world_points(mask.grid)).float().unbind(-1))
    foreign = (hu.numpy() > -960) & ~head  # foam too
    assert foreign.sum() > 2000
    assert (mask.data & foreign).sum() < 0.03 * foreign.sum()


def test_mr_mask_holds_dark_skull_and_cavities(session, t1):
    mask = head_mask(t1)
    head = true_head(session, T1, mask)
    assert dice(mask.data, head) > 0.98
    assert (head & ~mask.data).sum() < 0.005 * head.sum()


@pytest.mark.parametrize("padding", [-2000, -3024])
def test_padding_outside_the_circle_is_air(ct, padding):
    padded = np.where(outside_circle(ct), padding, ct.data)
    plain = head_mask(ct)
    assert dice(head_mask(with_data(ct, padded)).data, plain.data) > 0.999


@pytest.mark.parametrize("modality", [Modality.CT, Modality.UNKNOWN])
@pytest.mark.parametrize("padding", [0, -2000])
def test_offset_ct_has_no_table_either(session, ct, modality, padding):
    offset = np.where(outside_circle(ct), padding, ct.data + 1024)
    mask = head_mask(with_data(ct, offset, modality))
    assert dice(mask.data, true_head(session, CT, mask)) > 0.985


def test_eight_bit_ct_window(session, ct):
    grey = np.clip((ct.data + 1000.0) / 3000 * 255, 0, 255).astype(np.uint8)
    mask = head_mask(with_data(ct, grey, Modality.UNKNOWN))
    assert dice(mask.data, true_head(session, CT, mask)) > 0.985


def shaded(data: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    x, y, _ = np.ogrid[tuple(slice(-1, 1, n * 1j) for n in data.shape)]
    return data * np.exp(0.7 * x + 0.4 * y)


def noisy(data: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    sigma = 0.15 * np.percentile(data, 99)
    return np.hypot(data + rng.normal(0, sigma, data.shape), rng.normal(0, sigma, data.shape))


def ghosted(data: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return data + 0.08 * np.roll(data, data.shape[1] // 2, axis=1)


def hot(data: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    spoiled = data.copy()
    spoiled[40:43, 50:53, 10] = 1e6
    return spoiled


@pytest.mark.parametrize("spoil", [shaded, noisy, ghosted, hot])
@pytest.mark.parametrize("modality", [Modality.T1, Modality.UNKNOWN])
def test_mr_with_artefacts(session, t1, spoil: Callable, modality):
    data = spoil(t1.data.astype(np.float32), np.random.default_rng(3))
    mask = head_mask(with_data(t1, data, modality))
    assert dice(mask.data, true_head(session, T1, mask)) > 0.97


def test_cropped_heads(session, t1, ct):
    half = head_mask(cropped(t1, slice(0, 96), slice(46, 96), slice(0, 26)))
    assert dice(half.data, true_head(session, T1, half)) > 0.98
    slab = head_mask(cropped(ct, slice(0, 128), slice(0, 128), slice(12, 17)))
    assert dice(slab.data, true_head(session, CT, slab)) > 0.985
    tight = head_mask(cropped(ct, slice(40, 90), slice(40, 90), slice(0, 29)))
    assert dice(tight.data, true_head(session, CT, tight)) > 0.985


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


def test_isotropic_whole_head_with_neck(preset):
    whole = {"matrix": (130, 130), "slices": (150, 150), "spacing_mm": (1.9, 1.9), "distance_mm": (1.9, 1.9)}
    fine = preset(ct={**whole, "above_vertex_mm": (10.0, 20.0)})
    session = simulated_session(np.random.default_rng(5), fine, modalities=(CT,))
    mask = head_mask(session.scans[CT])
    assert dice(mask.data, true_head(session, CT, mask)) > 0.985


def test_grid_covers_the_scan_and_keeps_thick_slices(ct):
    mask = head_mask(ct)
    assert mask.data.dtype == np.bool_
    assert mask.modality is Modality.CT
    np.testing.assert_allclose(mask.grid.spacing, [3, 3, 4])
    np.testing.assert_allclose(mask.grid.centre, ct.grid.centre)
    assert (np.abs(mask.grid.extent - ct.grid.extent) <= mask.grid.spacing / 2).all()
    np.testing.assert_allclose(head_mask(ct, spacing_mm=5).grid.spacing, [5, 5, 5])


def test_memory_layout_and_type_do_not_matter(ct):
    mask = head_mask(ct).data
    for same in (
        np.ascontiguousarray(ct.data),
        ct.data.astype(np.float64),
        ct.data.astype(">i2"),
    ):
        np.testing.assert_array_equal(head_mask(with_data(ct, same)).data, mask)


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
