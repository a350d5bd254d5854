"""The compared classifiers: their sizes are the known ones, small images pass, and they learn."""

import pytest
import torch

from cephalign.models.classifiers.alexnet import AlexNet
from cephalign.models.classifiers.googlenet import GoogLeNet
from cephalign.models.classifiers.pooling import shrunk
from cephalign.models.classifiers.resnet import resnet101
from cephalign.models.classifiers.squeezenet import SqueezeNet
from cephalign.models.classifiers.vgg import Vgg19

KINDS = (AlexNet, Vgg19, SqueezeNet, GoogLeNet, resnet101)
every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
@pytest.mark.parametrize("shape", [(256, 256, 26), (32, 32, 20), (16, 16, 8)])
def test_images_of_any_size_pass(kind, shape):
    with torch.device("meta"):
        network = kind(4).eval()
        assert network(torch.empty((2, 1, *shape))).shape == (2, 4)


@every_kind
def test_descent_tells_bright_from_dark_in_the_middle(kind):
    torch.manual_seed(5)
    network = kind(2).eval()  # dropout would hide what so few steps do
    images = 0.1 * torch.rand((4, 1, 16, 16, 8))
    labels = torch.tensor([0, 1, 0, 1])
    images[1::2, :, 5:11, 5:11, 2:6] += 1
    descent = torch.optim.Adam(network.parameters(), 1e-4)
    losses = []
    for _ in range(4):
        loss = torch.nn.functional.cross_entropy(network(images), labels)
        descent.zero_grad()
        loss.backward()
        descent.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert all(one.grad is not None and one.grad.isfinite().all() for one in network.parameters())


def test_the_layers_with_weights_are_as_many_as_published():
    def count(network):
        kinds = (torch.nn.Conv3d, torch.nn.Linear)
        return sum(isinstance(module, kinds) for module in network.modules())

    with torch.device("meta"):
        counts = {kind.__name__: count(kind(1000)) for kind in KINDS}
    # ResNet-101 has four more, on the ways around its blocks; GoogLeNet's modules have six each.
    assert counts == {"AlexNet": 8, "Vgg19": 19, "SqueezeNet": 26, "GoogLeNet": 58, "resnet101": 105}


def test_poolings_leave_few_cells_alone():
    x = torch.arange(2 * 8 * 3, dtype=torch.float32).reshape(1, 1, 2, 8, 3)
    assert shrunk(x).shape == (1, 1, 2, 4, 3)
    assert torch.equal(shrunk(x, kernel=2), x[:, :, :, 1::2])
