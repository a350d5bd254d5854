"""The benchmark of identification: what its page counts, and scans that keep their head when turned."""

import numpy as np
import pytest

from benchmarks.identify import NONE, Said, any_turn, no_scan, resampled
from benchmarks.identify_table import identify_table
from cephalign.geometry import Grid, Volume
from cephalign.geometry.grid import apply_affine


def said(family, scan, true, answer):
    return Said(family, scan, true, answer, 0.9, 0.1, "")


def test_the_page_counts_each_kind_of_answer():
    rows = [
        said("rire", "000 labelled CT", "CT", "CT"),
        said("rire", "000 labelled MR-T1", "MR-T1", "MR-PD"),
        said("rire", "000 labelled MR-PD", "MR-PD", "unknown"),
        said("hard", "001 labelled PET", "PET", "PET"),
        said("training", "002 labelled MR-T1", "unknown", "MR-T1"),
        said("real", "mri-dir/phantom_t2.nii.gz as it is", "MR-T2", "MR-T2"),
        said("real", "mri-dir/phantom_t2.nii.gz 17", "MR-T2", "CT"),
        said("nothing", "cube 0", "unknown", "unknown"),
        said("nothing", "cube 1", "unknown", "CT"),
    ]
    page = identify_table(rows, ("rire", "training", "hard"))
    for line in (
        "| all | 4 | 2 | 1 | 1 | 50.00 | 0.100 |",
        "| rire | 3 | 1 | 1 | 1 | 33.33 | 0.100 |",
        "| mri-dir/phantom_t2.nii.gz | 2 | 1 | 0 | 1 | 50.00 | 0.100 |",
        "| cube | 2 | 1 | 0 | 1 | 50.00 | 0.100 |",
        "| random contrast | 1 | 0 | 0 | 1 | 0.00 | 0.100 |",
        "| MR-T1 | 0 | 0 | 0 | 1 | 0 | 0 |",
        "| CT | 1.0000 | 1.0000 | 1.0000 | 1.0000 | 1.0000 | 1.0000 |",
    ):
        assert line in page.splitlines()


def test_a_turned_scan_is_whole():
    """A ball near one corner is as large, and as far from the middle, as before."""
    grid = Grid((50, 40, 20), np.diag([-2.5, -2.5, 6.0, 1.0]))
    places = apply_affine(grid.world_from_voxel, np.moveaxis(np.indices(grid.shape), 0, -1))
    ball = np.linalg.norm(places - apply_affine(grid.world_from_voxel, (9, 9, 4)), axis=-1) < 20
    scan = Volume((1000 * ball).astype(np.float32), grid)
    moved = resampled(scan, any_turn(np.random.default_rng(4)))

    def amount_and_reach(volume):
        total = volume.data.sum(dtype=float)
        share = volume.data.astype(float) / total
        middle = (np.indices(volume.grid.shape) * share).sum(axis=(1, 2, 3))
        reach = apply_affine(volume.grid.world_from_voxel, middle) - grid.centre
        return total * volume.grid.spacing.prod(), np.linalg.norm(reach)

    (amount, reach), (moved_amount, moved_reach) = map(amount_and_reach, (scan, moved))
    assert moved_amount == pytest.approx(amount, rel=0.02)
    assert moved_reach == pytest.approx(reach, abs=0.5)


def test_nothings_are_the_same_for_a_generator():
    for kind in NONE[:-1]:
        one, two = (no_scan(np.random.default_rng(1), kind) for _ in range(2))
        assert np.array_equal(one.data, two.data) and one.grid == two.grid
