"""The consensus: right within what it states, the same both ways, refusing what does not belong together."""

import numpy as np
import pytest
from scipy import ndimage

from cephalign.align.reference import consensus as room
from cephalign.align.reference.answer import Member, Spreads
from cephalign.align.reference.consensus import mean_pose, stated_mm
from cephalign.align.reference.runs import EXCHANGED
from cephalign.errors import InputError
from cephalign.geometry import Grid, Rigid, Volume
from cephalign.simulate.pair import simulated_pair


@pytest.fixture(scope="module")
def found(agreed, pair):
    return agreed(pair.fixed, pair.moving)


def noisy(volume, sigma, seed):
    noise = np.random.default_rng(seed).normal(0, sigma, volume.grid.shape)
    return Volume((volume.data + noise).astype(np.float32), volume.grid, volume.modality)


def slices(volume, first, last):
    """The scan between two slices."""
    matrix = volume.grid.world_from_voxel.copy()
    matrix[:3, 3] += first * matrix[:3, 2]
    i, j, _ = volume.grid.shape
    return Volume(volume.data[..., first:last], Grid((i, j, last - first), matrix), volume.modality)


def test_the_truth_lies_within_what_is_stated(found, pair, head_error):
    assert found.agreed
    assert head_error(found.moving_from_fixed) < 0.6
    assert head_error(found.moving_from_fixed) < 2.5 * found.uncertainty_mm
    assert 0.05 < found.uncertainty_mm < 2


def test_runs_go_both_ways_and_end_together(found, scans):
    names = [member.name for member in found.members]
    assert len(set(names)) == len(names) >= 8
    assert {"symmetry", "turns", "header", "exchanged symmetry", "exchanged turns"} <= set(names)
    assert sum(name.startswith(EXCHANGED) for name in names) == len(names) / 2
    body = scans[0].body[::11]
    apart = [
        member.moving_from_fixed.distance(found.moving_from_fixed, body).mean() for member in found.members
    ]
    assert all(member.agrees == (mm < 2) for member, mm in zip(found.members, apart, strict=True))
    assert sum(member.agrees for member in found.members) >= 8


def test_exchanged_scans_of_any_orientation_give_the_inverse(agreed, pair, found, scans):
    """A header that states a wrong orientation costs two runs, not the answer."""
    motion = Rigid.from_euler((180, 20, -75), (50, -80, 120), pair.moving.grid.centre)
    turned = Grid(pair.moving.grid.shape, motion.matrix @ pair.moving.grid.world_from_voxel)
    other = agreed(Volume(pair.moving.data, turned, pair.moving.modality), pair.fixed)
    assert other.agreed
    # So far, with so few points of comparison.
    apart = (~motion @ ~other.moving_from_fixed).distance(found.moving_from_fixed, scans[0].body[::11])
    assert apart.mean() < 0.25
    assert 0.4 < found.uncertainty_mm / other.uncertainty_mm < 2.5


def test_the_generator_decides_and_what_is_too_uncertain_is_refused(monkeypatch, agreed, pair, found):
    monkeypatch.setattr(room, "LARGEST_MM", found.uncertainty_mm / 2)
    refused = agreed(pair.fixed, pair.moving)
    assert not refused.agreed
    assert "too much for a reference" in refused.reason
    assert refused.spreads == found.spreads
    for one, other in zip(found.members, refused.members, strict=True):
        assert one.moving_from_fixed.matrix.tobytes() == other.moving_from_fixed.matrix.tobytes()


def test_uncertainty_grows_with_noise(agreed, found, pair):
    loud = agreed(noisy(pair.fixed, 90, 1), noisy(pair.moving, 90, 2))
    assert loud.uncertainty_mm > 1.3 * found.uncertainty_mm


def test_two_heads_are_refused(agreed, pair):
    other = simulated_pair(np.random.default_rng(170), "small")
    assert not agreed(pair.fixed, other.moving).agreed


def test_noise_is_refused(agreed, pair):
    noise = ndimage.gaussian_filter(np.random.default_rng(5).normal(size=pair.moving.grid.shape), 1)
    data = (500 + 100 * noise / noise.std()).astype(np.float32)
    refused = agreed(pair.fixed, Volume(data, pair.moving.grid))
    assert not refused.agreed
    assert refused.uncertainty_mm == np.inf
    assert refused.reason.endswith(".")


def test_parts_that_hardly_overlap_are_refused(agreed, pair):
    refused = agreed(slices(pair.fixed, 0, 11), slices(pair.moving, 17, 29))
    assert not refused.agreed


@pytest.mark.parametrize("role", ["fixed", "moving"])
def test_an_empty_scan_is_refused_by_name(agreed, pair, role):
    grid = Grid((30, 31, 20), np.diag([-6.0, -6.0, 9.0, 1.0]))
    empty = Volume(np.zeros(grid.shape, np.int16), grid)
    scans = (empty, pair.moving) if role == "fixed" else (pair.fixed, empty)
    with pytest.raises(InputError, match=f"^{role} scan holds no image"):
        agreed(*scans)


RUNS = ["symmetry", "turns", "header", "exchanged symmetry", "exchanged turns", "exchanged header"]
HERE, THERE = Rigid.identity(), Rigid.from_euler((0, 0, 0), (0, 9, 0))


def votes(*given):
    """Members from (similarity, gap in mm, whether it agrees) for each of `RUNS`."""
    return [
        Member(name, HERE if agrees else THERE, similarity, gap_mm, agrees)
        for name, (similarity, gap_mm, agrees) in zip(RUNS, given, strict=True)
    ]


IN, OUT, MISTAKEN, NOWHERE = (0.5, 2.0, True), (0.4, 2.0, False), (0.6, 12.0, False), (-np.inf, np.inf, False)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([IN] * 6, ""),
        ([IN] * 4 + [OUT] * 2, ""),
        ([IN] * 4 + [MISTAKEN] * 2, ""),
        ([IN] * 4 + [NOWHERE] * 2, ""),
        ([NOWHERE] * 6, "do not overlap"),
        ([MISTAKEN] * 6, "12.0 mm apart"),
        ([IN] * 3 + [OUT] * 3, "Only 3 of 6"),
        ([IN, MISTAKEN, MISTAKEN] * 2, "Only 2 of 6"),
        ([IN] * 4 + [(0.49, 2.0, False)] * 2, "Another place"),
    ],
)
def test_votes(given, said):
    reason = room._disagreement(votes(*given))
    assert (said in reason) if said else not reason


def test_votes_from_one_direction_are_not_enough(monkeypatch):
    monkeypatch.setattr(room, "LEAST_RUNS", 3)
    assert "one direction" in room._disagreement(votes(*[IN] * 3, *[MISTAKEN] * 3))


def test_every_spread_adds_to_what_is_stated():
    small = Spreads(0.1, 0.1)
    for name in vars(small):
        assert stated_mm(Spreads(**{**vars(small), name: 0.4})) > stated_mm(small) > 0.1


def test_mean_pose_is_midway():
    centre = np.array([20.0, -30, 55])
    base = Rigid.from_euler((30, -20, 70), (5, 6, 7))
    poses = [
        base @ Rigid.from_axis_angle((1, 2, -1), angle, (mm, 0, 0), centre)
        for angle, mm in ((4, 3), (-4, -3))
    ]
    mean = mean_pose(poses, centre)
    assert (~base @ mean).angle_deg < 1e-9
    np.testing.assert_allclose(mean.map(centre), base.map(centre), atol=1e-9)
