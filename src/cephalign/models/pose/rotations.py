"""Six numbers without bounds as a rotation, which a network can learn (Zhou et al., CVPR 2019)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def rotations_of(six: Tensor) -> Tensor:
    """Return (B, 3, 3) rotations from (B, 6) two of their columns, made orthonormal."""
    first = functional.normalize(six[:, :3], dim=1)
    second = six[:, 3:] - (first * six[:, 3:]).sum(1, keepdim=True) * first
    second = functional.normalize(second, dim=1)
    return torch.stack([first, second, torch.linalg.cross(first, second, dim=1)], dim=2)
