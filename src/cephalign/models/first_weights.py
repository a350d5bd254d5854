"""First weights for networks without normalisation: with PyTorch's own, little passes many layers."""

from __future__ import annotations

from torch import nn


def with_he_weights(network: nn.Module) -> None:
    """Draw the weights of all layers anew as He et al. (ICCV 2015), and set their biases to zero."""
    for module in network.modules():
        if isinstance(module, nn.Conv3d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
