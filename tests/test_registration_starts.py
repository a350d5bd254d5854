"""The starts that a method offers."""

import numpy as np
import pytest

from cephalign.align.scan import prepare
from cephalign.errors import InputError
from cephalign.geometry import Rigid
from cephalign.models.pose.locate import shipped_locator
from cephalign.registration_starts import METHODS, pose_candidates, starts
from cephalign.simulate.pair import simulated_pair


@pytest.fixture(scope="module")
def pair(preset):
    rng = np.random.default_rng(1401)
    return simulated_pair(rng, preset("small"), angle_deg=170.0, shift_mm=25.0, least_angle_deg=120.0)


@pytest.fixture(scope="module")
def scans(pair):
    return prepare(pair.fixed), prepare(pair.moving)


def nearest_mm(candidates, pair):
    """Return how far the landmarks are off at the best of some starts."""
    truth = pair.moving_from_fixed
    return min(float(one.distance(truth, pair.landmarks).mean()) for one in candidates)


def test_some_start_is_near_the_truth(pair, scans):
    assert nearest_mm([Rigid.identity()], pair) > 60
    within = {"pose": 25.0, "symmetry": 50.0, "header": 80.0, "auto": 25.0}
    assert within.keys() | {"features"} == METHODS.keys()
    for name, most in within.items():
        assert nearest_mm(starts(*scans, name), pair) < most, name


def test_features_halve_the_distance_of_pairs_as_in_the_paper(preset):
    """An MR and a CT, no more than 15 degrees apart, about as they lie in scanners."""
    still, found = [], []
    for seed in range(1410, 1415):
        pair = simulated_pair(np.random.default_rng(seed), preset("small"))
        scans = prepare(pair.fixed), prepare(pair.moving)
        (start,) = starts(*scans, "features")
        middles = Rigid.from_euler((0, 0, 0), scans[1].centre - scans[0].centre)
        still.append(nearest_mm([middles], pair))
        found.append(nearest_mm([start], pair))
    assert np.mean(found) < 0.5 * np.mean(still)


def test_places_are_laid_together_surest_first(scans, monkeypatch):
    """What the network says of either scan: three places in one, two in the other."""
    poses = [Rigid.from_euler((10 * n, 5, -20 * n), (n, 2, 3)) for n in range(5)]
    said = {id(scans[0].volume): poses[:3], id(scans[1].volume): poses[3:]}
    monkeypatch.setattr(type(shipped_locator()), "locate", lambda _, volume, mask: said[id(volume)])
    found = pose_candidates(*scans)
    ranked = [(3, 0), (4, 0), (3, 1), (4, 1), (3, 2), (4, 2)]
    assert found == [~poses[moving] @ poses[fixed] for moving, fixed in ranked]


def test_an_unknown_method_is_refused(scans):
    with pytest.raises(
        InputError, match="unknown method; expected auto, pose, features, symmetry, header; got 'luck'"
    ):
        starts(*scans, "luck")
