"""Whole sessions: one head in several scanners."""

from dataclasses import replace

import numpy as np
import pytest

from cephalign.errors import InputError
from cephalign.geometry import Modality
from cephalign.simulate.head import LANDMARKS
from cephalign.simulate.pair import simulated_pair
from cephalign.simulate.presets import PRESETS
from cephalign.simulate.session import simulated_session
from cephalign.simulate.tissues import Tissue


def session_of(seed, **options):
    return simulated_session(np.random.default_rng(seed), "training", **options)


@pytest.fixture(scope="module")
def session():
    return session_of(4, angle_deg=180, shift_mm=20)


def test_every_scan_of_the_preset_is_there(session):
    wanted = [Modality.T1, Modality.CT, Modality.T2, Modality.PD, Modality.PET]
    assert list(session.scans) == wanted
    for modality, scan in session.scans.items():
        assert scan.modality is modality
        assert scan.grid == session.acquisitions[modality].grid


def test_landmarks_map_exactly_under_the_known_motion(session):
    for fixed in session.scans:
        for moving in session.scans:
            mapped = session.motion(fixed, moving).map(session.landmarks(fixed))
            assert np.abs(mapped - session.landmarks(moving)).max() < 1e-9


def test_the_first_scan_is_what_the_others_move_against():
    for seed in range(4):
        drawn = session_of(
            seed, modalities=(Modality.CT, Modality.PET), angle_deg=45, least_angle_deg=15, shift_mm=8
        )
        motion = drawn.motion(Modality.CT, Modality.PET)
        assert 15 <= motion.angle_deg <= 45
        origin = drawn.acquisitions[Modality.CT].world_from_head.map((0, 0, 0))
        assert motion.displacement(origin) <= 8


def test_a_pair_is_two_scans_of_a_session():
    pair = simulated_pair(np.random.default_rng(9), "training", angle_deg=30)
    drawn = session_of(9, modalities=(Modality.T1, Modality.CT), angle_deg=30)
    assert np.array_equal(pair.fixed.data, drawn.scans[Modality.T1].data)
    assert np.array_equal(pair.moving.data, drawn.scans[Modality.CT].data)
    assert pair.moving_from_fixed == drawn.motion(Modality.T1, Modality.CT)
    assert pair.landmarks.shape == (len(LANDMARKS), 3)
    in_head = pair.head_from_fixed.map(pair.landmarks)
    assert np.abs(in_head - pair.head.landmarks).max() < 1e-9


def test_same_seed_same_bytes_on_one_thread_and_on_two(with_threads):
    one, two = (with_threads(count, lambda: session_of(6, angle_deg=40)) for count in (1, 2))
    assert one.head.tissues.equal(two.head.tissues)
    for modality, scan in one.scans.items():
        assert scan.data.tobytes() == two.scans[modality].data.tobytes()
        assert scan.grid == two.scans[modality].grid
    other = session_of(7, angle_deg=40)
    assert not np.array_equal(other.head.landmarks, one.head.landmarks)


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_oddities_come_with_the_chances_of_the_preset(monkeypatch, chance):
    preset = replace(PRESETS["training"], oddities={"tumour": chance})
    monkeypatch.setitem(PRESETS, "training", preset)
    head = session_of(3, modalities=[Modality.PET]).head
    assert ("tumour" in head.parameters.get("oddities", {})) == bool(chance)
    assert bool((head.tissues == Tissue.TUMOUR).any()) == bool(chance)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"angle_deg": 181}, "rotation"),
        ({"angle_deg": 10, "least_angle_deg": 20}, "rotation"),
        ({"angle_deg": float("nan")}, "rotation"),
        ({"shift_mm": -1}, "translation"),
        ({"shift_mm": float("inf")}, "translation"),
        ({"modalities": [Modality.MR]}, "no such scan"),
    ],
)
def test_impossible_requests(options, says):
    with pytest.raises(InputError, match=says):
        session_of(0, **options)


def test_unknown_preset():
    with pytest.raises(InputError, match="rire, modern"):
        simulated_session(np.random.default_rng(0), "paper")
