"""The gradient in half precision is that in single precision, but for rounding."""

import pytest
import torch

from cephalign.models.convolution import Convolution


@pytest.mark.parametrize("side", [2, 4])
@pytest.mark.parametrize("count", [48, 60, 80, 83])
def test_gradient_in_half_precision(side, count):
    generator = torch.Generator().manual_seed(count)
    images = torch.randn(count, 64, side, side, side, generator=generator)
    layer = Convolution(64, 128).to(memory_format=torch.channels_last_3d)
    gradients = []
    for is_half in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=is_half):
            loss = layer(images).float().square().mean()
        (gradient,) = torch.autograd.grad(loss, [layer.weight])
        gradients.append(gradient)
    single, half = gradients
    assert (half - single).norm() < 0.02 * single.norm()
    assert layer(images).shape == (count, 128, side, side, side)
