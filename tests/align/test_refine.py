"""The last climb: from some millimetres off to where the scans agree, from anywhere and either way round."""

import numpy as np
import pytest

from cephalign.align.refine import refine
from cephalign.geometry import Rigid

# On voxels of 3 x 3 x 4 mm the hill is rippled: which of its tops is met hangs on where one comes from. On
# eight pairs, three ways each, these lay 0.2 mm apart where the head was farthest off, on average.
A_FIFTH_OF_A_VOXEL_MM = 0.6


@pytest.fixture(scope="module")
def ends(scans, pair):
    """The stages from starts around the truth, some 3 mm off."""
    near = [((0, 0, 0), (0, 0, 0)), ((1.5, -1, 1), (1, 1, -1)), ((-1, 1.5, 0), (-2, 1, 1))]
    return [
        refine(*scans, pair.moving_from_fixed @ Rigid.from_euler(turn, shift, scans[0].centre))
        for turn, shift in near
    ]


def test_it_ends_at_the_truth(ends, head_error):
    for stages in ends:
        assert head_error(stages[-1].moving_from_fixed) < 0.8


def test_it_ends_at_one_place(ends, scans):
    body = scans[0].body[::50]
    one, *others = (stages[-1].moving_from_fixed for stages in ends)
    assert max(one.distance(other, body).max() for other in others) < A_FIFTH_OF_A_VOXEL_MM


def test_every_level_is_a_stage(ends):
    names = [stage.name for stage in ends[0]]
    assert len(set(names)) == len(names) > 1
    for stages in ends:
        assert [stage.name for stage in stages] == names
        assert all(np.isfinite(stage.similarity) and stage.seconds > 0 for stage in stages)


def test_the_scans_change_places(ends, scans):
    forward = ends[0][-1].moving_from_fixed
    backward = refine(*scans[::-1], ends[1][0].moving_from_fixed.inverse())[-1].moving_from_fixed
    assert forward.distance(backward.inverse(), scans[0].body[::50]).max() < A_FIFTH_OF_A_VOXEL_MM


def test_scans_that_do_not_overlap_are_stages(scans):
    beyond = Rigid.from_euler((0, 0, 0), (0, 900, 0))
    for stage in refine(*scans, beyond):
        assert stage.similarity == -np.inf
        assert stage.moving_from_fixed == beyond


def test_one_thread_and_two_give_the_same_bytes(scans, pair, with_threads):
    def end():
        return refine(*scans, pair.moving_from_fixed)[-1].moving_from_fixed.matrix.tobytes()

    assert with_threads(1, end) == with_threads(2, end)
