"""Halves of a head: whole blocks, no voxel twice, the same anatomy in both scans."""

from dataclasses import replace

import numpy as np
import pytest

from cephalign.align.levels import FINE
from cephalign.align.reference.halves import PERIOD, _part, half_spread
from cephalign.geometry import Rigid
from cephalign.geometry.grid import apply_affine

EDGE_MM = 25.0
ORIGIN = np.array([3.0, -8.0, 11.0])


@pytest.fixture(scope="module")
def pattern():
    return np.random.default_rng(6).permutation(np.arange(PERIOD**3) % 2 == 0).reshape((PERIOD,) * 3)


def blocks_of(scan, fixed_from_scan):
    mask = scan.around
    world = fixed_from_scan.map(apply_affine(mask.grid.world_from_voxel, np.argwhere(mask.data)))
    return np.floor((world - ORIGIN) / EDGE_MM).astype(int) % PERIOD


def test_halves_make_the_whole_in_whole_blocks(scans, pattern):
    whole = scans[0].around.data
    one, other = (
        _part(scans[0], Rigid.identity(), ORIGIN, EDGE_MM, blocks) for blocks in (pattern, ~pattern)
    )
    assert not (one.around.data & other.around.data).any()
    np.testing.assert_array_equal(one.around.data | other.around.data, whole)
    assert 0.35 < one.around.data.sum() / whole.sum() < 0.65
    assert pattern[tuple(blocks_of(one, Rigid.identity()).T)].all()


def test_both_scans_keep_the_same_anatomy(scans, pair, pattern):
    part = _part(scans[1], ~pair.moving_from_fixed, ORIGIN, EDGE_MM, pattern)
    assert part.around.data.any()
    assert pattern[tuple(blocks_of(part, ~pair.moving_from_fixed).T)].all()


def test_the_spread_is_small_where_the_head_is_clear(quick, scans, pair):
    level = replace(FINE, points=8192)
    spread = half_spread(*scans, pair.moving_from_fixed, level, np.random.default_rng(7))
    assert 0.02 < spread < 1.0


def test_nothing_is_known_where_nothing_overlaps(scans):
    beyond = Rigid.from_euler((0, 0, 0), (0, 900, 0))
    assert half_spread(*scans, beyond, FINE, np.random.default_rng(8)) == np.inf
