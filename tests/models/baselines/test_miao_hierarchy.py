"""The hierarchy goes the right way, each of its networks learns from its own error, and passes help."""

import numpy as np
import pytest
import torch
from torch import nn

from cephalign.models.baselines.miao_hierarchy import GROUPS, PASSES, MiaoHierarchy
from cephalign.models.baselines.miao_patches import PatchRegressor, boxes_of
from cephalign.models.baselines.motions import inverse_of, motions_of, responses_of_motions
from cephalign.models.features import FeaturesConfig, motion_of

CONFIG = FeaturesConfig(shape=(15, 12, 9), spacing_mm=(15.0, 18.0, 22.0))


def places():
    """Return the (3, I, J, K) places of voxels from the middle, mm."""
    middle = (np.array(CONFIG.shape) - 1) / 2
    mm = np.multiply(np.indices(CONFIG.shape).T - middle, CONFIG.spacing_mm).T
    return torch.from_numpy(mm)


class Seer(nn.Module):
    """A perfect regressor of a group: images of x, of y and of z show it how they were warped."""

    def __init__(self, group, truth):
        super().__init__()
        self.group, self.truth = group, truth

    def forward(self, pair):
        about_the_middle = (slice(None), *(slice(n // 2 - 1, n // 2 + 2) for n in CONFIG.shape))
        shown = pair[:, 1][about_the_middle].flatten(1)  # (3, N), where the moving image was looked at
        at = places()[about_the_middle].flatten(1)
        motion = torch.eye(4, dtype=torch.float64)[None]
        motion[0, :3] = shown @ torch.linalg.pinv(torch.cat([at, torch.ones_like(at[:1])]))
        left = responses_of_motions(inverse_of(motion) @ self.truth)[:, self.group]
        return shown, left.expand(3, -1)


def test_perfect_regressors_reach_the_truth():
    """After a pass a shift is left, as that along z was found last; after the next nothing."""
    six = torch.tensor([[0.9, -1.4, 1.7, 0.8, -0.6, 1.1]], dtype=torch.float64)
    network, truth = MiaoHierarchy(CONFIG), motions_of(six)
    network.regressors = nn.ModuleList(Seer(group, truth) for group in GROUPS)
    ramps = places()[:, None]
    off = [(one.after() - truth).abs().max().item() for one in network.steps(ramps, ramps)]
    assert off[len(GROUPS) - 1] < 5.0 < off[0]
    assert max(off[2 * len(GROUPS) - 1 :]) < 1e-10
    np.testing.assert_allclose(network(ramps, ramps), six.expand(3, 6), atol=1e-10)


def test_groups_are_the_six_responses():
    assert sorted(sum(GROUPS, ())) == list(range(6))


@pytest.mark.parametrize(
    "shape", [(256, 256, 26), (32, 32, 20), (16, 16, 12), (15, 12, 9), (8, 8, 4), (3, 3, 2)]
)
def test_patches_lie_side_by_side_about_the_middle(shape):
    seen = np.zeros(shape)
    for box in boxes_of(shape):
        seen[box] += 1
    assert len(boxes_of(shape)) == 18
    assert set(np.unique(seen)) <= {0, 1}
    held = np.argwhere(seen)
    assert np.abs(held.min(0) + held.max(0) - (np.array(shape) - 1)).max() <= 1
    assert seen.mean() > 0.3
    with torch.device("meta"):
        hidden, said = PatchRegressor(shape, 2)(torch.empty(2, 2, *shape))
    assert (hidden.shape, said.shape) == ((2, 250), (2, 2))


def pairs(count, seed):
    """Return pairs of one object, turned and shifted, in two contrasts."""
    rng = np.random.default_rng(seed)
    responses = rng.uniform(-1.5, 1.5, (count, 6))
    at = places().numpy().reshape(3, -1).T
    blobs = np.array([[0, 60, -40], [45, -30, 20], [-45, -40, 0], [0, 10, 60], [-30, 40, 30]])

    def image(motion, heights):
        off = np.linalg.norm(motion.inverse().map(at)[:, None] - blobs, axis=2) / 35
        return (np.exp(-0.5 * off**2) @ heights).reshape(1, *CONFIG.shape)

    still = motion_of(np.zeros(6), np.zeros(3), np.zeros(3))
    moved = [motion_of(six, np.zeros(3), np.zeros(3)) for six in responses]
    images = {
        "fixed": np.array([image(still, [1, 0.6, 0.8, 0.4, 0.5])] * count),
        "moving": np.array([image(one, [0.3, 1, 0.7, 0.9, 0.2]) for one in moved]),
        "responses": responses,
    }
    return {name: torch.from_numpy(values).float() for name, values in images.items()}


def test_no_network_learns_from_the_error_of_another():
    network, batch = MiaoHierarchy(CONFIG), pairs(4, seed=1)
    for regressor in network.regressors:
        nn.init.normal_(regressor.last.weight)
    steps = list(network.steps(batch["fixed"], batch["moving"]))
    assert len(steps) == PASSES * len(GROUPS)
    (steps[4].said.sum() + steps[4].after().sum()).backward()
    learning = [regressor.last.weight.grad is not None for regressor in network.regressors]
    assert learning == [False, True, False]


def test_passes_help_with_pairs_it_has_not_seen():
    torch.manual_seed(3)
    network, known, unseen = MiaoHierarchy(CONFIG), pairs(60, seed=4), pairs(20, seed=5)
    network.train()
    descent = torch.optim.Adam(network.parameters(), 1e-3)
    for number in range(100):
        part = slice(6 * (number % 10), 6 * (number % 10 + 1))
        loss = network.loss({name: values[part] for name, values in known.items()}, 0)
        descent.zero_grad()
        loss.backward()
        descent.step()
    network.eval()
    truth = unseen["responses"]
    with torch.inference_mode():
        steps = list(network.steps(unseen["fixed"], unseen["moving"]))
        said = [responses_of_motions(step.after()) for step in steps[2::3]]
    off = [((one - truth).square().mean() / truth.square().mean()).item() for one in said]
    assert off[-1] < 0.6 * off[0] < 0.2
