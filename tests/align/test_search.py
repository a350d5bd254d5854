"""Of many starts the search finds the one that leads to the truth."""

import numpy as np
import pytest

from cephalign.align.search import search
from cephalign.align.symmetry import header_candidates, symmetry_candidates, turned_candidates
from cephalign.geometry import Rigid


def beside(scans, pair, angles_deg, shift_mm):
    return pair.moving_from_fixed @ Rigid.from_euler(angles_deg, shift_mm, scans[0].centre)


@pytest.fixture(scope="module")
def starts(scans, pair):
    """Turned the wrong way round, and one that is right to a dozen degrees and mm."""
    wrong = [beside(scans, pair, turn, (3, 0, 0)) for turn in ((180, 0, 0), (0, 175, 0), (0, 0, 90))]
    return [*wrong, beside(scans, pair, (-6, 8, 5), (8, -6, 5))]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (3,)])
def test_the_right_start_wins_wherever_it_stands(scans, head_error, starts, order):
    found = search(*scans, [starts[n] for n in order])
    assert found.start == starts[3]
    assert head_error(found.poses[0]) < 5 < head_error(found.start)
    assert found.similarities[0] > found.start_similarity


def test_places_are_distinct_and_best_first(scans, starts):
    found = search(*scans, [*starts, *starts])
    assert len(found.poses) == len(found.similarities) > 1
    assert list(found.similarities) == sorted(found.similarities, reverse=True)
    body = scans[0].body[::50]
    for n, pose in enumerate(found.poses):
        for other in found.poses[:n]:
            assert pose.distance(other, body).mean() > 1


@pytest.mark.parametrize("thorough", [False, True])
@pytest.mark.parametrize("candidates", [symmetry_candidates, header_candidates, turned_candidates])
def test_every_set_of_candidates_has_one_that_leads_there(scans, head_error, candidates, thorough):
    starts = candidates(*scans)
    found = search(*scans, starts, thorough=thorough)
    assert head_error(found.poses[0]) < 5
    assert found.start in starts


def test_starts_beyond_the_other_scan_lose(scans, starts):
    beyond = [Rigid.from_euler((0, 0, 0), (mm, 0, 0)) for mm in (700, 900)]
    assert search(*scans, [*beyond, starts[3]]).start == starts[3]
    found = search(*scans, beyond)
    assert found.similarities[0] == -np.inf
    assert found.start in beyond
