"""ResNet-101: K. He, X. Zhang, S. Ren, J. Sun, CVPR 2016; MONAI has it in three dimensions."""

from __future__ import annotations

from typing import Any

from torch import nn

from cephalign.errors import InputError


def resnet101(classes: int) -> nn.Module:
    """Return the network, for (B, 1, I, J, K) images.

    Raises
    ------
    InputError
        MONAI is not installed.
    """
    try:
        from monai.networks import nets  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise InputError(
            "ResNet-101 is taken from MONAI, which is not installed", do="pip install 'cephalign[study]'"
        ) from error
    untyped: Any = nets
    network: nn.Module = untyped.resnet101(spatial_dims=3, n_input_channels=1, num_classes=classes)
    return network
