"""Pairs in any orientation: the truth is true, other programs get as many of each band, the page counts."""

from itertools import islice

import numpy as np
import pytest
from scipy import ndimage

from benchmarks.attempt import Outcome
from benchmarks.records import row_of
from benchmarks.turned import BANDS, PRESETS, kinds, peer_numbers, turned_pair
from benchmarks.turned_table import turned_table
from cephalign.geometry import Modality, Rigid
from cephalign.geometry.grid import apply_affine
from cephalign.simulate.pair import simulated_pair
from cephalign.simulate.procedural import procedural_head

KINDS = (Modality.T1, Modality.CT)


def seen(volume, points):
    """Return the intensities at world points."""
    index = apply_affine(volume.grid.voxel_from_world, points)
    return ndimage.map_coordinates(volume.data.astype(float), index.T, order=1, mode="nearest")


@pytest.mark.parametrize("band", BANDS)
def test_the_moving_scan_shows_what_the_truth_says(band):
    pair = turned_pair(np.random.default_rng(5), "training", KINDS, procedural_head, band)
    before = simulated_pair(
        np.random.default_rng(5), "training", modalities=KINDS, angle_deg=10.0, shift_mm=10.0
    )
    assert band[0] <= pair.moving_from_fixed.angle_deg <= band[1]
    places = before.landmarks + np.random.default_rng(1).normal(0, 15, (400, 10, 3))
    index = apply_affine(before.moving.grid.voxel_from_world, before.moving_from_fixed.map(places))
    places = places[((index > 1) & (index < np.array(before.moving.grid.shape) - 2)).all(axis=-1)]
    assert len(places) > 500
    shown = seen(pair.moving, pair.moving_from_fixed.map(places))
    expected = seen(before.moving, before.moving_from_fixed.map(places))
    assert np.corrcoef(shown, expected)[0, 1] > 0.95


def test_every_preset_meets_every_band():
    first = list(islice(kinds(), 32))
    assert {(preset, band) for preset, band, _, _ in first} == {(p, b) for p in PRESETS for b in BANDS}
    assert [which for *_, which in first] == [True] * 16 + [False] * 16


def test_other_programs_get_as_many_of_each_band():
    numbers = peer_numbers(500, 40)
    assert numbers == peer_numbers(500, 40) and len(numbers) == 40
    bands = [band for _, band, _, _ in islice(kinds(), 500)]
    assert [sum(bands[n] == band for n in numbers) for band in BANDS] == [10] * 4


def test_the_page_parts_the_other_programs_pairs():
    points, truth = np.eye(3) * 50, Rigid.identity()
    rows = [
        row_of(
            ("rire 0 to 15", pair, method, ""),
            Outcome(Rigid.from_euler((0, 0, 0), (off, 0, 0))),
            truth,
            points,
        )
        for pair, method, off in (
            ("000", "whole: auto", 1.0),
            ("000", "greedy", 30.0),
            ("001", "whole: auto", 3.0),
        )
    ]
    page = turned_table(rows)
    others, _, whole = page.partition("## all: all pairs")
    assert "| greedy | 1 | 30.00 |" in others and "| whole: auto | 1 | 1.00 |" in others
    assert "greedy" not in whole and "| whole: auto | 2 | 2.00 |" in whole
