"""What follows the gradient, and what follows that."""

import pytest
import torch
from torch import nn

from cephalign.train.config import OptimiserConfig
from cephalign.train.run import Run, follow, optimiser_for
from tests.train.tiny import TinyTask


@pytest.mark.parametrize("steps", [1, 3, 12, 60])
def test_the_average_is_the_formula(steps):
    """a <- k a + (1 - k) w, k = min(0.6, (1 + t) / (10 + t)), as a sum over all weights there were."""
    average, network = nn.Linear(2, 1), nn.Linear(2, 1)
    first = average.weight.detach().clone().double()
    torch.manual_seed(0)
    there_were = torch.randn(steps, 1, 2)
    for t, weight in enumerate(there_were):
        network.weight.data = weight.clone()
        follow(average, network, 0.6, t)
    shares = torch.ones(steps + 1, dtype=torch.float64)
    for t in range(steps):
        k = min(0.6, (1 + t) / (10 + t))
        shares[: t + 1] *= k
        shares[t + 1] = 1 - k
    assert shares.sum() == pytest.approx(1)
    expected = shares[0] * first + (shares[1:, None, None] * there_were).sum(0)
    torch.testing.assert_close(average.weight.double(), expected, rtol=1e-5, atol=1e-6)


def test_what_normalises_is_averaged_and_what_counts_is_copied():
    average, network = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    network.running_mean.fill_(10.0)
    network.num_batches_tracked.fill_(7)
    follow(average, network, 0.5, 1000)
    assert average.running_mean.tolist() == [5.0, 5.0]
    assert average.num_batches_tracked == 7


@pytest.mark.parametrize("kind", ["adamw", "sgd"])
def test_weights_decay_and_biases_do_not(kind):
    network = nn.Sequential(nn.Conv3d(1, 2, 3), nn.BatchNorm3d(2))
    optimiser = optimiser_for(network, OptimiserConfig(kind, rate=0.1, weight_decay=0.5, momentum=0.8))
    before = {name: one.detach().clone() for name, one in network.named_parameters()}
    for one in network.parameters():
        one.grad = torch.zeros_like(one)
    optimiser.step()
    for name, one in network.named_parameters():
        left = 1 - 0.1 * 0.5 if name == "0.weight" else 1.0
        torch.testing.assert_close(one, before[name] * left)
    momentum = {"sgd": lambda group: group["momentum"], "adamw": lambda group: group["betas"][0]}[kind]
    assert {momentum(group) for group in optimiser.param_groups} == {0.8}


def test_the_seed_draws_the_first_weights():
    task = TinyTask(TinyTask.Options(), None)
    one, same, other = (Run.new(task, seed, OptimiserConfig(), torch.device("cpu")) for seed in (1, 1, 2))
    assert torch.equal(one.network[0].weight, same.network[0].weight)
    assert not torch.equal(one.network[0].weight, other.network[0].weight)
    assert torch.equal(one.average[0].weight, one.network[0].weight)
    assert not any(weight.requires_grad for weight in one.average.parameters())
