"""Whole registrations: simulated heads within millimetre budgets, real scans, and what cannot succeed."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import ndimage

from benchmarks.masks import ALL_HARDWARE, true_mask
from benchmarks.pairs import recontrasted_pair, rire_t1
from cephalign import read_volume
from cephalign.errors import InputError
from cephalign.geometry import Grid, Modality, Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.prep.head import head_mask
from cephalign.registration import Registration, Status, register
from cephalign.simulate.pair import SimulatedPair, simulated_pair

METAL = {"crowns": 1.0, "clip": 1.0}
ELSEWHERE_MM = (50.0, -80.0, 120.0)


@pytest.fixture(scope="module")
def scanned(preset: Callable) -> Callable:
    """Return a function that simulates a T1 and a CT by a seed and by changes of a preset."""

    def scanned(
        seed: int, base: str = "small", *, angles_deg=(5.0, 20.0), **changes: object
    ) -> SimulatedPair:
        rng, (least_deg, most_deg) = np.random.default_rng(seed), angles_deg
        chosen = preset(base, **changes)
        return simulated_pair(rng, chosen, angle_deg=most_deg, shift_mm=25.0, least_angle_deg=least_deg)

    return scanned


def sampled(matrix: int, spacing_mm: float, slices: int, distance_mm: float) -> dict[str, object]:
    """Return how to change a scan of a preset so that its grid is this."""
    exactly = {"matrix": matrix, "spacing_mm": spacing_mm, "slices": slices, "distance_mm": distance_mm}
    return {name: (value, value) for name, value in exactly.items()}


def in_head(pair: SimulatedPair, grid: Grid) -> np.ndarray:
    """(N, 3) world points of the fixed scan, voxels of a grid, that lie in the head."""
    everywhere = Volume(np.ones(grid.shape, dtype=bool), grid)
    return apply_affine(
        grid.world_from_voxel, np.argwhere(true_mask(pair.head, pair.head_from_fixed, everywhere))
    )


def head_points(pair: SimulatedPair) -> np.ndarray:
    """(N, 3) world points of the fixed scan that lie in the head, 8 mm apart: not landmarks only."""
    return in_head(pair, pair.fixed.grid.resized(8.0))


def carried(volume: Volume, motion: Rigid) -> Volume:
    """The same scan of a patient who lies elsewhere, scanner and all."""
    grid = Grid(volume.grid.shape, motion.matrix @ volume.grid.world_from_voxel)
    return Volume(volume.data, grid, volume.modality)


def errors_mm(found: Registration, truth: Rigid, points: np.ndarray) -> tuple[float, float]:
    """Return mean and largest distance from the truth."""
    off = found.moving_from_fixed.distance(truth, points)
    return float(off.mean()), float(off.max())


@pytest.fixture(scope="module")
def plain(scanned):
    return scanned(90)


@pytest.fixture(scope="module")
def answer(plain):
    return register(plain.fixed, plain.moving)


@pytest.mark.parametrize(
    ("seed", "turn_deg", "hardware", "oddities"),
    [
        (91, (90, 0, 0), {}, {}),
        (92, (0, 0, 180), ALL_HARDWARE, METAL),
        (93, (180, 0, 0), {"table": 1.0, "holder": 1.0}, {"tumour": 1.0}),
        (94, (0, 90, 90), {"frame": 1.0}, {"bleeding": 1.0, "craniotomy": 1.0}),
        (95, (137, -60, 20), {}, METAL),
    ],
)
def test_any_orientation_and_whatever_else_the_ct_shows(scanned, seed, turn_deg, hardware, oddities):
    pair = scanned(seed, ct={"hardware": hardware}, oddities=oddities)
    turn = Rigid.from_euler(turn_deg, ELSEWHERE_MM, pair.moving.grid.centre)
    found = register(pair.fixed, carried(pair.moving, turn))
    mean, largest = errors_mm(found, turn @ pair.moving_from_fixed, head_points(pair))
    assert mean < 0.6
    assert largest < 1.2
    assert found.status is Status.ALIGNED


def test_a_head_that_lies_askew_in_both_scanners(scanned):
    """Slices of 4 mm cut it in different planes, and both slabs end in it."""
    pair = scanned(203, angles_deg=(30.0, 45.0))
    mean, largest = errors_mm(register(pair.fixed, pair.moving), pair.moving_from_fixed, head_points(pair))
    assert mean < 0.6
    assert largest < 1.2


def test_thicker_slices(scanned):
    pair = scanned(96, t1=sampled(110, 2.2, 17, 7.0), ct=sampled(120, 2.0, 24, 5.5))
    mean, largest = errors_mm(register(pair.fixed, pair.moving), pair.moving_from_fixed, head_points(pair))
    assert mean < 1.0
    assert largest < 2.0


def test_scans_of_the_size_of_rires(scanned):
    """But for what bends space in an MR scanner, which no rigid motion undoes.

    Most of the error lies along the head, where both scans have slices of 4 mm.
    """
    straight = {"distortion_chance": 0.0, "ghosting_chance": 0.0}
    pair = scanned(97, "rire", t1=straight, ct={"hardware": ALL_HARDWARE}, oddities=METAL)
    found = register(pair.fixed, pair.moving)
    mean, largest = errors_mm(found, pair.moving_from_fixed, head_points(pair))
    assert mean < 1.6
    assert largest < 2.4
    assert found.status is Status.ALIGNED
    assert pair.moving_from_fixed.distance(found.moving_from_fixed, pair.landmarks).mean() < 1.6


def test_the_answer_says_how_it_was_found(plain, answer):
    mean, largest = errors_mm(answer, plain.moving_from_fixed, head_points(plain))
    assert mean < 0.6
    assert largest < 1.2
    assert answer.status is Status.ALIGNED
    assert answer.reason.endswith(".")
    assert answer.stages[0].name == "start"
    assert answer.stages[-1].moving_from_fixed == answer.moving_from_fixed
    assert len({stage.name for stage in answer.stages}) == len(answer.stages) > 2
    assert all(np.isfinite(stage.similarity) and stage.seconds >= 0 for stage in answer.stages)
    deep = np.eye(4)
    deep[:3, :3] *= 30
    deep[:3, 3] = np.array(answer.centre) - 30
    around = Grid((3, 3, 3), deep)  # the centre, and 26 points 30 mm and more away
    assert len(in_head(plain, around)) == 27


def test_either_scan_may_be_the_fixed_one(plain, answer):
    backward = register(plain.moving, plain.fixed)
    assert backward.status is answer.status
    there, back = answer.moving_from_fixed, backward.moving_from_fixed
    assert there.distance(back.inverse(), head_points(plain)).max() < 0.4


def test_starts_lead_to_one_place(plain, answer):
    points = head_points(plain)
    near = plain.moving_from_fixed @ Rigid.from_euler((8, -6, 9), (7, 5, -8), answer.centre)
    for how in ({"method": "symmetry"}, {"method": "header"}, {"init": near}):
        found = register(plain.fixed, plain.moving, **how)
        assert answer.moving_from_fixed.distance(found.moving_from_fixed, points).max() < 0.4
    assert found.stages[0].moving_from_fixed == near


def test_a_start_alone(plain):
    start = plain.moving_from_fixed @ Rigid.from_euler((2, 0, 0), (0, 3, 0))
    found = register(plain.fixed, plain.moving, init=start, refinement="none")
    assert [stage.name for stage in found.stages] == ["start"]
    assert found.moving_from_fixed == start


def test_the_papers_evolution(scanned):
    coarse = sampled(48, 6.0, 26, 4.0)
    pair = scanned(98, t1=coarse, ct=coarse)
    start = pair.moving_from_fixed @ Rigid.from_euler((3, -3, 2), (3, 2, -3))
    found = register(pair.fixed, pair.moving, init=start, refinement="evolution")
    assert [stage.name for stage in found.stages] == ["start", "evolution-4", "evolution-2", "evolution-1"]
    points = head_points(pair)
    before = start.distance(pair.moving_from_fixed, points).mean()
    assert errors_mm(found, pair.moving_from_fixed, points)[0] < 0.7 * before


def test_progress_is_told(plain):
    told = []
    register(plain.fixed, plain.moving, init=plain.moving_from_fixed, progress=told.append)
    assert len(told) >= 3
    assert all(isinstance(word, str) and 0 < len(word) < 40 for word in told)


def test_one_thread_and_two_give_the_same_bytes(plain, answer):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3 - before if before in (1, 2) else 1)
        again = register(plain.fixed, plain.moving)
    finally:
        torch.set_num_threads(before)
    for one, other in zip(answer.stages, again.stages, strict=True):
        assert one.moving_from_fixed.matrix.tobytes() == other.moving_from_fixed.matrix.tobytes()
        assert one.similarity == other.similarity


@pytest.mark.parametrize("refinement", ["mi", "evolution", "none"])
def test_scans_that_do_not_overlap_fail(plain, refinement):
    beyond = Rigid.from_euler((0, 0, 0), (900, 0, 0))
    found = register(plain.fixed, plain.moving, init=beyond, refinement=refinement)
    assert found.status is Status.FAILED
    assert found.moving_from_fixed == beyond
    assert "overlap" in found.reason


@pytest.mark.parametrize("sigma_vox", [0.0, 1.0, 3.0])
def test_nothing_in_common_fails(plain, sigma_vox):
    """Noise all over the field of view, bright enough to pass for a body."""
    rng = np.random.default_rng(5)
    noise = ndimage.gaussian_filter(rng.normal(size=plain.moving.grid.shape), sigma_vox)
    data = (500 + 100 * noise / noise.std()).astype(np.float32)
    found = register(plain.fixed, Volume(data, plain.moving.grid))
    assert found.status is Status.FAILED
    assert found.check.expected_mm > 30


def test_unknown_options(plain):
    with pytest.raises(InputError, match="auto, pose, features, symmetry, header; got 'landmarks'"):
        register(plain.fixed, plain.moving, method="landmarks")
    with pytest.raises(
        InputError, match=r"^moving is no scan .* got str; read files by cephalign.read_volume"
    ):
        register(plain.fixed, "moving.nii")
    with pytest.raises(InputError, match="mi, evolution or none"):
        register(plain.fixed, plain.moving, refinement="demons")


@pytest.mark.parametrize("role", ["fixed", "moving"])
@pytest.mark.parametrize(
    ("value", "said"), [(0, "holds no image"), (250, "holds no image"), (np.nan, "holds NaN or infinite")]
)
def test_no_image_is_refused_by_name(plain, role, value, said):
    bad = Volume(np.full((30, 31, 20), value, np.float32), Grid((30, 31, 20), np.diag([-6, -6, 9, 1.0])))
    scans = (bad, plain.moving) if role == "fixed" else (plain.fixed, bad)
    with pytest.raises(InputError, match=f"^{role} scan {said}"):
        register(*scans)


@pytest.mark.parametrize("seed", [2000, 2001, 2002])
def test_a_real_head_in_another_contrast(data_dir, seed):
    """The RIRE patient's T1 and the same, moved and re-contrasted, on the CT's grid."""
    pair = recontrasted_pair(rire_t1(data_dir), seed)
    found = register(pair.fixed, pair.moving)
    mean, largest = errors_mm(found, pair.moving_from_fixed, pair.points)
    assert mean < 0.15
    assert largest < 0.4
    assert found.status is Status.ALIGNED


def test_a_real_ct_and_a_real_t2(data_dir):
    """There is no truth: starts and directions must agree."""
    ct, t2 = (read_volume(data_dir / "mri-dir" / f"phantom_{name}.nii.gz") for name in ("ct", "t2"))
    ct, t2 = Volume(ct.data, ct.grid, Modality.CT), Volume(t2.data, t2.grid, Modality.T2)
    mask = head_mask(ct)
    body = apply_affine(mask.grid.world_from_voxel, np.argwhere(mask.data)[::20])
    one = register(ct, t2).moving_from_fixed
    header = register(ct, t2, method="header").moving_from_fixed
    backward = register(t2, ct).moving_from_fixed
    assert one.distance(header, body).mean() < 1.0
    assert one.distance(backward.inverse(), body).mean() < 1.0
