"""What the paper's DCNN learns: images that show the motion they are said to show."""

import numpy as np
import pytest
import torch

from cephalign.geometry import Grid, Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.models.features import UNIT, FeaturesConfig, image_about, motion_of, responses_of
from cephalign.prep.coarse import FoundHead
from cephalign.simulate.procedural import procedural_head
from cephalign.train.tasks.features import FeaturesTask

SMALL = FeaturesConfig(shape=(24, 26, 16), spacing_mm=(9.0, 9.0, 12.0), filters=(4, 8, 8))


@pytest.fixture(scope="module")
def task():
    return FeaturesTask(FeaturesTask.Options(network=SMALL, preset="small", copies=4), procedural_head)


@pytest.fixture(scope="module")
def samples(task):
    return task.samples(np.random.default_rng(3), 0)


def test_same_generator_same_samples(task, samples):
    again = task.samples(np.random.default_rng(3), 0)
    assert all(np.array_equal(samples[name], again[name]) for name in samples)
    assert samples["fixed"].shape == samples["moving"].shape == (4, 1, *SMALL.shape)
    assert samples["responses"].shape == (4, 6)
    assert np.abs(samples["responses"][:, :3]).max() * UNIT < 50  # 15 of either copy, 15 of the session


def test_responses_and_motion_are_inverse():
    motion = Rigid.from_euler((12, -7, 20), (30, -4, 9), (5, 60, -20))
    fixed, moving = np.array([3.0, -10, 40]), np.array([35.0, -12, 44])
    again = motion_of(responses_of(motion, fixed, moving), fixed, moving)
    np.testing.assert_allclose(again.matrix, motion.matrix, atol=1e-12)
    still = Rigid.from_euler((0, 0, 0), moving - fixed)
    np.testing.assert_allclose(responses_of(still, fixed, moving), 0, atol=1e-12)


def test_a_moved_image_shows_a_place_where_it_went():
    """A bright ball in a body, on an oblique grid."""
    matrix = Rigid.from_euler((10, 20, -15), (-60, 25, 12)).matrix.copy()
    matrix[:3, :3] *= (3.0, 4.0, 5.0)
    grid = Grid((60, 50, 44), matrix)
    world = apply_affine(grid.world_from_voxel, np.moveaxis(np.indices(grid.shape), 0, -1))
    middle = grid.centre
    body = np.linalg.norm((world - middle) / (70, 80, 75), axis=-1) < 1
    place = np.add(middle, (25, 30, -20))
    ball = np.linalg.norm(world - place, axis=-1) < 12
    noise = np.random.default_rng(1).normal(0, 2, grid.shape)
    found = FoundHead.of(Volume((100 * body + 500 * ball + noise).astype(np.float32), grid), 4.0)
    config = FeaturesConfig()
    moved = Rigid.from_euler((10, -12, 14), (4, -3, 5), middle)
    for motion, expected in ((None, place), (moved, moved.map(place))):
        image = image_about(found, middle, config, motion)[0]
        where = np.argwhere(image > 0.8 * image.max()).mean(axis=0)
        shown = middle + (where - (np.array(config.shape) - 1) / 2) * config.spacing_mm
        assert np.linalg.norm(shown - expected) < 2.5


def test_a_network_that_knows_loses_nothing(task, samples):
    batch = {name: torch.from_numpy(values) for name, values in samples.items()}
    figures = task.figures(lambda *_: batch["responses"], batch)
    assert figures["angle_deg"] == figures["shift_mm"] == figures["tre_mm"] == 0 < figures["still_mm"]


def test_it_learns_a_few_pairs(task, samples):
    batch = {name: torch.from_numpy(values) for name, values in samples.items()}
    network = task.network(torch.Generator().manual_seed(1))
    optimiser = torch.optim.SGD(network.parameters(), 0.02, momentum=0.9)
    losses = []
    for _ in range(60):
        loss, _ = task.loss(network, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]
