"""Pairs that are spoilt, the network fitted to them, and the page about it."""

from dataclasses import astuple, replace

import numpy as np
import pytest
import torch

from benchmarks import trust_cases, trust_fit
from benchmarks.trust import Row
from benchmarks.trust_cases import SPOILT, Case, kept, with_spoilt
from benchmarks.trust_fit import cross_validated, fitted
from benchmarks.trust_table import draw, page
from cephalign.geometry import Grid, Modality, Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.trust.evidence import Evidence
from cephalign.trust.expectation import EDGES_MM

MOTION = Rigid.from_euler((20, -35, 50), (9, -14, 30))


def oblique(shape, spacing, turn_deg, modality):
    matrix = np.eye(4)
    matrix[:3, :3] = Rigid.from_euler(turn_deg).rotation * spacing
    matrix[:3, 3] = -matrix[:3, :3] @ ((np.array(shape) - 1) / 2) + (12, -30, 41)
    rng = np.random.default_rng(8)
    data = rng.integers(100, 900, shape).astype(np.uint16)
    data[0, 0, 0] = 0
    return Volume(data, Grid(shape, matrix), modality)


@pytest.fixture
def case():
    fixed = oblique((30, 28, 18), (3.0, 3.2, 5.0), (4, -7, 10), Modality.T1)
    there = oblique((26, 27, 24), (3.5, 3.0, 4.0), (-8, 5, 3), Modality.CT)
    grid = Grid(there.grid.shape, MOTION.matrix @ there.grid.world_from_voxel)
    points = np.array([12.0, -30, 41]) + np.random.default_rng(9).normal(0, 12, (50, 3))
    return Case("as it is", "0000", fixed, replace(there, grid=grid), MOTION, MOTION, points)


def heights(scan, fixed_from_scan, air):
    """Return the heights in the fixed world of what is not blank."""
    return fixed_from_scan.map(apply_affine(scan.grid.world_from_voxel, np.argwhere(scan.data != air)))[:, 2]


def test_a_slab_keeps_what_lies_in_it_where_it_lies(case):
    slab = kept(case.moving, ~MOTION, lambda z: np.abs(z - 40) < 9)
    z = heights(slab, ~MOTION, 0)
    assert z.min() > 31 and z.max() < 49
    before = heights(case.moving, ~MOTION, 0)
    assert len(z) == np.count_nonzero(np.abs(before - 40) < 9)
    assert np.prod(slab.grid.shape) < np.prod(case.moving.grid.shape)


def test_what_does_not_overlap_lies_apart(case):
    apart = trust_cases.no_overlap(np.random.default_rng(1), case, case.moving)
    one, other = heights(apart.fixed, Rigid.identity(), 0), heights(apart.moving, ~MOTION, 0)
    assert max(one.min() - other.max(), other.min() - one.max()) >= trust_cases.GAP_MM
    assert apart.answer is None


def test_a_mirror_image_is_no_rotation_of_the_scan(case):
    flipped = trust_cases.mirrored(np.random.default_rng(2), case, case.moving)
    assert flipped.moving.grid == case.moving.grid
    axes = [n for n in range(3) if np.array_equal(np.flip(flipped.moving.data, n), case.moving.data)]
    assert len(axes) == 1


@pytest.mark.parametrize("number", range(0, 56, 7))
def test_each_way_has_its_turn(case, number):
    first, second = with_spoilt(3, number, case, lambda: case.moving)
    again = list(with_spoilt(3, number, case, lambda: case.moving))[1]
    assert first is case
    assert second.kind == list(SPOILT)[number // 7]
    assert second.how == again.how
    assert np.array_equal(second.moving.data, again.moving.data)
    if second.kind in {"another person", "mirrored", "no overlap", "no head"}:
        assert second.answer is None
    else:
        assert second.answer == MOTION
    if init := second.how.get("init"):
        assert init.distance(MOTION, case.points).mean() > 0.1


def made_up(rng, count):
    """Return numbers of which the first tells the error, and the errors' ranges."""
    numbers = torch.from_numpy(rng.normal(size=(count, len(Evidence.names()))))
    errors = np.exp(numbers[:, 0].numpy() * 1.5 + rng.normal(0, 0.2, count))
    return numbers, torch.from_numpy(np.searchsorted(EDGES_MM, errors))


def test_the_network_learns_what_tells(monkeypatch):
    for name, fewer in (("STEPS", 300), ("MEMBERS", 2), ("FOLDS", 2)):
        monkeypatch.setattr(trust_fit, name, fewer)
    # Fourteen of the fifteen numbers tell nothing here, which is more than in the evidence.
    monkeypatch.setattr(trust_fit, "PRIOR", 30.0)
    numbers, ranges = made_up(np.random.default_rng(4), 300)
    network = fitted(numbers, ranges)
    new, true = made_up(np.random.default_rng(5), 200)
    with torch.no_grad():
        chances = network(new)
    likelihood = chances[torch.arange(200), true].log().mean()
    even = np.log(np.bincount(ranges, minlength=len(EDGES_MM) + 1).clip(1) / 300)[true].mean()
    assert likelihood > even + 0.7
    assert torch.equal(fitted(numbers, ranges).first, network.first)
    figures = cross_validated(numbers, ranges, np.arange(300))
    assert figures["log likelihood"] > even + 0.2
    assert figures["wrong, called aligned, %"] < 20


def test_the_page_counts_what_was_let_through(tmp_path):
    evidence = "{}"
    rows = [
        Row("as it is", "0000", 0.5, 0.9, "aligned", "", 0.6, 0.2, 1.0, 3.0, 1.0, evidence),
        Row("as it is", "0001", 0.7, 1.1, "doubtful", "", 4.0, 1.0, 9.0, 3.0, 1.0, evidence),
        Row(
            "mirrored", "0000", status="aligned", expected_mm=0.8, low_mm=0.2, high_mm=1.9, evidence=evidence
        ),
        Row("mirrored", "0001", status="failed", expected_mm=50, low_mm=20, high_mm=99, evidence=evidence),
        Row("no head", "0002", status="refused", reason="no head"),
    ]
    said = page(rows)
    assert "with no right answer: 3. Called aligned of these: 1 (33.3 %), 1 mirrored" in said
    assert "Below 1.5 mm: 2. Called doubtful or failed of these: 1 (50.0 %)" in said
    assert "holds the error of 50.0 % of 2" in said
    assert "| mirrored | 2 | 2 | 1 | 0 | 0 | 1 | 0 | 1 | 0 |" in said
    draw(rows, tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 5000
    assert astuple(rows[0])[0] == "as it is"
