"""What the pose network learns: one that knows the truth loses nothing, and samples are where they say."""

import numpy as np
import pytest
import torch

from cephalign.models.pose.orientation import Orientation
from cephalign.simulate.procedural import procedural_head
from cephalign.train.tasks.orientation import OrientationTask, angle_deg


@pytest.fixture(scope="module")
def task():
    return OrientationTask(OrientationTask.Options(preset="small", cubes_per_scan=3), procedural_head)


@pytest.fixture(scope="module")
def batch(task):
    samples = task.samples(np.random.default_rng([1, 2]), 2)
    return {name: torch.from_numpy(values) for name, values in samples.items()}


def test_same_generator_same_samples(task, batch):
    again = task.samples(np.random.default_rng([1, 2]), 2)
    assert set(again) == set(batch)
    for name, values in again.items():
        assert np.array_equal(values, batch[name].numpy())
    side = task.options.network.side
    assert batch["cube"].shape[1:] == (3, side, side, side)


def test_a_network_that_knows_loses_next_to_nothing(task, batch):
    angle = angle_deg(batch["head_from_cube"])
    upright = ((60 - angle) / 20).clamp(1e-6, 1 - 1e-6)
    said = Orientation(upright.logit(), batch["head_from_cube"], batch["centre_mm"])
    figures = task.figures(lambda _: said, batch)
    assert figures["near_mm"] < 1e-3
    assert figures["near_deg"] < 0.1
    doubt = torch.distributions.Bernoulli(upright).entropy().mean().item()
    assert figures["entropy"] == pytest.approx(doubt, abs=1e-4)
    # The cube's middle lies near the head's.
    assert batch["centre_mm"].abs().max() < 100


def test_its_network_learns(task):
    """A few steps on one head make the loss fall."""
    samples = task.samples(np.random.default_rng(5), 0)
    batch = {name: torch.from_numpy(values[:3]) for name, values in samples.items()}
    torch.manual_seed(0)
    network = task.network(torch.Generator())
    optimiser = torch.optim.AdamW(network.parameters(), 1e-3)
    losses = []
    for _ in range(40):
        loss, _ = task.loss(network, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.3
