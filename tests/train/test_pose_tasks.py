"""What the pose networks learn: one that knows the truth loses nothing, and samples are where they say."""

import numpy as np
import pytest
import torch

from cephalign.geometry.grid import apply_affine
from cephalign.models.pose.coordinates import Coordinates, cell_centres
from cephalign.models.pose.orientation import Orientation
from cephalign.simulate.procedural import procedural_head
from cephalign.train.tasks.coordinates import CoordinatesTask
from cephalign.train.tasks.orientation import OrientationTask, angle_deg

TASKS = (OrientationTask, CoordinatesTask)


def task_of(kind, **options):
    return kind(kind.Options(preset="small", cubes_per_scan=3, **options), procedural_head)


@pytest.fixture(scope="module", params=TASKS)
def sampled(request):
    task = task_of(request.param)
    samples = task.samples(np.random.default_rng([1, 2]), 2)
    return task, {name: torch.from_numpy(values) for name, values in samples.items()}


def test_same_generator_same_samples(sampled):
    task, batch = sampled
    again = task.samples(np.random.default_rng([1, 2]), 2)
    assert set(again) == set(batch)
    for name, values in again.items():
        assert np.array_equal(values, batch[name].numpy())
    side = task.options.network.side
    assert batch["cube"].shape[1:] == (3, side, side, side)


def test_a_network_that_knows_loses_next_to_nothing(sampled):
    task, batch = sampled
    if task.name == "orientation":
        angle = angle_deg(batch["head_from_cube"])
        upright = ((60 - angle) / 20).clamp(1e-6, 1 - 1e-6)
        said = Orientation(upright.logit(), batch["head_from_cube"], batch["centre_mm"])
        figures = task.figures(lambda _: said, batch)
        assert figures["near_mm"] < 1e-3
        assert figures["near_deg"] < 0.1
        doubt = torch.distributions.Bernoulli(upright).entropy().mean().item()
        assert figures["entropy"] == pytest.approx(doubt, abs=1e-4)
    else:
        centres = torch.from_numpy(cell_centres(task.options.network)).float()
        affine = batch["head_from_voxel"]
        true = centres @ affine[:, :3, :3].transpose(1, 2) + affine[:, None, :3, 3]
        figures = task.figures(lambda _: Coordinates(true, torch.ones(true.shape[:2])), batch)
        assert figures["place_mm"] < 1e-3
        assert figures["pose_mm_95"] < 1e-2


def test_all_scans_of_a_head_show_it_at_the_same_place(sampled):
    task, batch = sampled
    if task.name == "orientation":
        # The cube's middle lies near the head's.
        assert batch["centre_mm"].abs().max() < 100
        return
    middles = []
    for cube, affine in zip(batch["cube"].numpy(), batch["head_from_voxel"].double().numpy(), strict=True):
        middles.append(apply_affine(affine, np.argwhere(cube[1] > 0)).mean(axis=0))
    # Their slabs differ by some cm along the head.
    off = np.array(middles) - np.median(middles, axis=0)
    assert np.abs(off).max(axis=0) == pytest.approx([0, 0, 0], abs=25)


@pytest.mark.parametrize("kind", TASKS)
def test_its_networks_learn(kind):
    """A few steps on one head make the loss fall."""
    task = task_of(kind)
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
