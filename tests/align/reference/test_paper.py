"""The paper's procedure: near the truth for small motions, repeatable by its seed, and never an exception."""

from dataclasses import replace

import numpy as np
import pytest

from cephalign.align.evolution import EvolutionSettings
from cephalign.align.reference import paper as room
from cephalign.align.reference.paper import paper
from cephalign.errors import InputError
from cephalign.geometry import Grid, Rigid, Volume
from cephalign.simulate.pair import simulated_pair

COARSE = {"matrix": (40, 40), "spacing_mm": (7.2, 7.2), "slices": (16, 16), "distance_mm": (7.0, 7.0)}


@pytest.fixture(scope="module")
def clean(preset):
    """One head, hardly moved, with nothing beside it, as the paper had cleaned by hand."""
    coarse = preset(t1=COARSE, ct={**COARSE, "hardware": {}})
    return simulated_pair(np.random.default_rng(72), coarse, angle_deg=5, shift_mm=5)


@pytest.fixture(scope="module")
def found(clean):
    return paper(clean.fixed, clean.moving)


def error_mm(pose, pair):
    return pose.distance(pair.moving_from_fixed, pair.landmarks).mean()


def carried(volume, motion):
    grid = Grid(volume.grid.shape, motion.matrix @ volume.grid.world_from_voxel)
    return Volume(volume.data, grid, volume.modality)


def test_a_small_motion_is_found_within_a_centimetre(found, clean):
    """A hundred iterations lead a third of the way from the symmetry start; they cannot do more."""
    start = error_mm(found.members[0].moving_from_fixed, clean)
    assert error_mm(found.moving_from_fixed, clean) < min(10, 0.8 * start)
    assert found.agreed
    assert np.isnan(found.uncertainty_mm)
    assert "states no uncertainty" in found.reason


def test_members_are_the_start_and_the_papers_levels(found):
    assert [m.name for m in found.members] == ["start", "evolution-4", "evolution-2", "evolution-1"]
    assert found.members[-1].moving_from_fixed == found.moving_from_fixed
    assert all(m.similarity > 0.1 for m in found.members[1:])


def test_the_seed_decides(found, clean):
    again = paper(clean.fixed, clean.moving, seed=1)
    assert again.moving_from_fixed.matrix.tobytes() == found.moving_from_fixed.matrix.tobytes()
    other = paper(clean.fixed, clean.moving, seed=2)
    assert other.moving_from_fixed != found.moving_from_fixed


def test_symmetry_sees_through_a_turn_of_both_scans_worlds(found, clean):
    """Carried by 30 degrees and far away, the moving head starts where it did before."""
    motion = Rigid.from_euler((20, 10, 20), (80, -40, 60))
    start = paper(clean.fixed, carried(clean.moving, motion)).members[0]
    before = found.members[0].moving_from_fixed
    assert (~start.moving_from_fixed @ motion @ before).angle_deg < 4
    assert start.moving_from_fixed.distance(motion @ before, clean.landmarks).mean() < 5


def test_without_symmetry_the_grids_centres_start_together(clean):
    motion = Rigid.from_euler((20, 10, 20), (80, -40, 60))
    start = paper(clean.fixed, carried(clean.moving, motion), with_symmetry=False).members[0]
    assert start.moving_from_fixed.angle_deg < 1e-6
    np.testing.assert_allclose(
        start.moving_from_fixed.map(clean.fixed.grid.centre), motion.map(clean.moving.grid.centre), atol=1e-9
    )


def test_images_are_isotropic_and_every_axis_shrinks(monkeypatch, clean):
    seen = []

    def spied(fixed, moving, start, settings):
        seen.append((fixed.image, moving.image, settings))
        return original(fixed, moving, start, replace(settings, iterations=2))

    original = room.evolve
    monkeypatch.setattr(room, "evolve", spied)
    paper(clean.fixed, clean.moving, seed=5)
    for (own, other, settings), shrink in zip(seen, EvolutionSettings().shrink, strict=True):
        np.testing.assert_allclose(own.spacing, 7.0 * shrink)
        np.testing.assert_allclose(other.spacing, 7.0 * shrink)
        assert settings == EvolutionSettings(seed=5, shrink=(1,))


@pytest.mark.parametrize("role", ["fixed", "moving"])
def test_an_empty_scan_is_refused_by_name(clean, role):
    empty = Volume(np.zeros(clean.fixed.grid.shape, np.int16), clean.fixed.grid)
    scans = (empty, clean.moving) if role == "fixed" else (clean.fixed, empty)
    with pytest.raises(InputError, match=f"^{role} scan holds no image"):
        paper(*scans)
