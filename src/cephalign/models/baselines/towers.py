"""Two towers that begin as one: Sloan et al.'s (BIOIMAGING 2018) are shared until modalities differ."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn


class Towers(nn.Module):
    """One tower for both images, until `untie`; then one for each.

    Parameters
    ----------
    tower : Module
        For one image.
    """

    def __init__(self, tower: nn.Module) -> None:
        super().__init__()
        self.fixed, self.moving = tower, deepcopy(tower)
        self.untied = False

    def untie(self) -> None:
        """Give the moving image a copy of what the tower has learnt."""
        self.moving.load_state_dict(self.fixed.state_dict())
        self.untied = True

    def forward(self, fixed: Tensor, moving: Tensor) -> Tensor:
        """Return what the towers make of (B, 1, I, J, K) images, channels of the fixed one first."""
        tower = self.moving if self.untied else self.fixed
        return torch.cat([self.fixed(fixed), tower(moving)], dim=1)
