"""The paper's DCNN: its layers are those of the text, and it learns from pairs."""

import numpy as np
import pytest
import torch
from torch import nn

from cephalign.errors import InputError
from cephalign.models.convolution import Convolution
from cephalign.models.dcnn import (
    Classifier,
    DcnnConfig,
    Encoder,
    PairRegressor,
    PaperSchedule,
)
from cephalign.models.pair_network import half_mean_squared_error
from cephalign.parallel import undivided_operations

SMALL = DcnnConfig(shape=(32, 24, 10), filters=(4, 8, 16), in_plane_pools=1)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(7)


def images(count, config, seed=0):
    drawn = torch.Generator().manual_seed(seed)
    return torch.randn((count, config.channels, *config.shape), generator=drawn)


def layers(network, kind):
    return [module for module in network.modules() if isinstance(module, kind)]


def test_the_papers_layers(generator):
    """Normalisation follows each convolution, a leaky ReLU of 0.1 follows it, and 128 features come out."""
    encoder = Encoder(DcnnConfig(), generator)
    assert [[type(layer) for layer in block] for block in encoder.blocks] == [
        [Convolution, nn.BatchNorm3d, nn.LeakyReLU]
    ] * 6
    assert {layer.negative_slope for layer in layers(encoder, nn.LeakyReLU)} == {0.1}
    assert [layer.out_channels for layer in layers(encoder, nn.Conv3d)] == [8, 16, 32, 64, 128, 128]
    assert [layer.kernel_size for layer in layers(encoder, nn.MaxPool3d)] == [(2, 2, 1)] * 2 + [2] * 3
    seen = []
    for block in encoder.blocks:
        block.register_forward_hook(lambda block, given, out: seen.append(tuple(out.shape[1:])))
    features = encoder.to("meta")(torch.empty((1, 1, 256, 256, 26), device="meta"))
    assert features.shape == (1, 128)
    assert seen == [
        (8, 256, 256, 26),
        (16, 128, 128, 26),
        (32, 64, 64, 26),
        (64, 32, 32, 13),
        (128, 16, 16, 6),
        (128, 8, 8, 3),
    ]


def test_a_cell_sees_as_much_of_the_image_as_stated(generator):
    encoder = Encoder(DcnnConfig(shape=(256, 256, 64), filters=(1,) * 6), generator).eval()
    image = torch.ones((1, 1, 256, 256, 64), requires_grad=True)
    x = encoder.blocks[0](image)
    for pool, block in zip(encoder.pools, encoder.blocks[1:], strict=True):
        x = block(nn.functional.avg_pool3d(x, pool.kernel_size))  # a maximum would show one voxel of all
    x[0, 0, 4, 4, 4].backward()
    assert [np.ptp(along) + 1 for along in np.nonzero(image.grad[0, 0].numpy())] == [158, 158, 42]


def test_shapes_of_all_three(generator):
    pair = PairRegressor(SMALL, generator)
    assert Encoder(SMALL, generator)(images(3, SMALL)).shape == (3, 16)
    assert pair.features(images(3, SMALL), images(3, SMALL)).shape == (3, 32)
    assert pair(images(3, SMALL), images(3, SMALL)).shape == (3, 6)
    assert Classifier(SMALL, 5, generator)(images(3, SMALL)).shape == (3, 5)


def test_features_of_a_pair_are_those_of_its_images(generator):
    pair = PairRegressor(SMALL, generator).eval()
    fixed, moving = images(2, SMALL, 1), images(2, SMALL, 2)
    features = pair.features(fixed, moving)
    torch.testing.assert_close(features, torch.cat([pair.encoder(fixed), pair.encoder(moving)], 1))
    torch.testing.assert_close(pair(fixed, moving), pair.last(features))


def test_both_modalities_share_their_moments_in_training(generator):
    """Else images of unlike brightness are normalised one way in training and another way after it."""
    pair = PairRegressor(SMALL, generator)
    dark, bright = images(8, SMALL, 1), images(8, SMALL, 2) + 4
    with torch.no_grad():
        for _ in range(60):  # running moments get there
            trained = pair.features(dark, bright)
        torch.testing.assert_close(pair.eval().features(dark, bright), trained, atol=0.02, rtol=0.02)


@pytest.mark.parametrize("make", [PairRegressor, Encoder, lambda c, g: Classifier(c, 4, g)])
def test_first_weights_are_the_generators_alone(make):
    def state(seed, others):
        torch.manual_seed(others)
        return make(SMALL, torch.Generator().manual_seed(seed)).state_dict()

    one, same, other = state(1, 10), state(1, 11), state(2, 10)
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_an_image_of_another_size_is_refused(generator):
    with pytest.raises(InputError, match=r"not images.*\(B, \(1, 32, 24, 10\)\).*\(1, 1, 32, 24, 12\)"):
        Encoder(SMALL, generator)(torch.zeros(1, 1, 32, 24, 12))


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"shape": (64, 64, 15)}, "too small.*at least 64 x 64 x 16 voxels for 6 blocks; got 64 x 64 x 15"),
        ({"shape": (63, 64, 26)}, "too small"),
        ({"shape": (256, 256)}, "too small"),
        ({"filters": ()}, "impossible size"),
        ({"filters": (8, 0)}, "impossible size"),
        ({"channels": 0}, "impossible size"),
        ({"in_plane_pools": -1}, "impossible size"),
    ],
)
def test_impossible_sizes_are_refused(sizes, message):
    with pytest.raises(InputError, match=message):
        DcnnConfig(**sizes)


def test_the_smallest_image_goes_through(generator):
    config = DcnnConfig(shape=(64, 64, 16))
    assert Encoder(config, generator)(images(1, config)).isfinite().all()


def test_the_loss_is_half_the_sum_over_responses():
    predicted, target = (
        torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]),
        torch.tensor([[0.0, 0.0, 1.0], [2, 0, 0]]),
    )
    assert half_mean_squared_error(predicted, target).item() == pytest.approx((0.5 * 9 + 0.5 * 4) / 2)
    with pytest.raises(InputError, match=r"expected \(2, 1\); got \(2, 3\)"):
        half_mean_squared_error(predicted, target[:, :1])


def test_the_papers_schedule():
    schedule = PaperSchedule()
    assert [schedule.rate_at(epoch) for epoch in range(schedule.epochs)] == [1e-3] * 20 + [1e-4] * 10


def blobs(count, config, seed):
    """Return pairs of images of a blob, and how far it lies apart in them, in voxels."""
    random = np.random.default_rng(seed)
    at = np.stack(np.meshgrid(*map(np.arange, config.shape), indexing="ij"), -1)
    middle = np.array(config.shape) / 2
    first, shift = (random.uniform(-2, 2, (count, 3)) for _ in range(2))
    fixed, moving = (
        np.exp(-((at - middle - shift[:, None, None, None]) ** 2).sum(-1) / (2 * 3.0**2))
        for shift in (first, first + shift)
    )
    tensors = (torch.tensor(one[:, None], dtype=torch.float32) for one in (fixed, moving))
    return *tensors, torch.tensor(np.hstack([np.zeros_like(shift), shift]), dtype=torch.float32)


def test_it_learns_where_a_blob_went():
    """It averages over the whole image and yet can tell a place, for padding shows where the borders are."""
    config = DcnnConfig(shape=(16, 16, 8), filters=(8, 16, 32), in_plane_pools=1)
    network = PairRegressor(config, torch.Generator().manual_seed(1))
    fixed, moving, target = blobs(24, config, 1)
    descent = torch.optim.SGD(network.parameters(), 1e-2, momentum=PaperSchedule().momentum)
    with undivided_operations():
        for _ in range(60):
            loss = half_mean_squared_error(network(fixed, moving), target)
            descent.zero_grad()
            loss.backward()
            descent.step()
        fixed, moving, others = blobs(64, config, 2)
        held_out = half_mean_squared_error(network.eval()(fixed, moving), others)
    still = half_mean_squared_error(torch.zeros_like(others), others)
    assert loss < 0.2 * still and held_out < 0.6 * still
