"""Random motions."""

import numpy as np

from cephalign.simulate.motion import random_motion


def test_motions_stay_within_their_bounds_and_fill_them():
    rng = np.random.default_rng(0)
    centre = np.array([20.0, -70, 130])
    motions = [random_motion(rng, 30, 25, centre) for _ in range(400)]
    angles = np.array([motion.angle_deg for motion in motions])
    shifts = np.array([motion.displacement(centre) for motion in motions])
    assert angles.max() <= 30
    assert shifts.max() <= 25
    assert angles.max() > 28
    assert shifts.max() > 23
    assert np.abs(np.mean([motion.axis_angle()[0] for motion in motions], axis=0)).max() < 0.15


def test_a_band_of_angles():
    rng = np.random.default_rng(1)
    angles = [random_motion(rng, 45, 5, [9.0, -4, 2], least_angle_deg=15).angle_deg for _ in range(100)]
    assert min(angles) >= 15
    assert max(angles) <= 45
    assert np.ptp(angles) > 25
