"""Interest points in slices, and descriptors of what lies around them, both learnt.

M. Zou et al., 'Rigid medical image registration using learning-based interest points and features',
Computers, Materials and Continua 60:511 (2019). How points become a motion is `zou_matching`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from cephalign.models.baselines.corners import steady_corners
from cephalign.models.baselines.motions import motions_of
from cephalign.models.features import FeaturesConfig
from cephalign.models.pair_network import StagedNetwork

CELL = 8  # voxels along each edge; of a cell one voxel is a point, or none
DETECTED = (64, 64, 128, 128)  # filters of the detector, halved between the first four convolutions' pairs
DESCRIBED, NUMBERS = (24, 64, 96, 64), 128
PATCH_SHARE = 4  # a patch is a quarter of a slice wide
PAIRS, TEMPERATURE = 1024, 0.1
# Neighbouring slices show the same corners: the detector learns from each third.
EVERY = 3
# What is air is no place to learn from.
LEAST_SEEN = 0.05


class Zou(StagedNetwork):
    """A detector for slices of both modalities, and a descriptor for each.

    Parameters
    ----------
    config : FeaturesConfig
        Slices are multiples of eight voxels along both edges.

    Notes
    -----
    Published are: a fully convolutional network that learns points by itself, a network for descriptors and
    matching, RANSAC. No layers are. Chosen here: the detector of SuperPoint (DeTone et al., CVPR workshops
    2018) with half its layers, which learns the corners that stay under turns and scales; patches and layers
    like MatchNet's (Han et al., CVPR 2015), a tower for each modality; descriptors learn to tell the true
    partner from those of a batch (van den Oord et al., arXiv 1807.03748), a partner being the voxel
    that the true motion takes a place to, so that descriptors learn to bear turns.
    """

    STAGES = ("points", "descriptors")

    def __init__(self, config: FeaturesConfig) -> None:
        super().__init__()
        self.spacing_mm = config.spacing_mm
        self.patch = max(CELL, config.shape[0] // PATCH_SHARE)
        self.detector = nn.Sequential(
            *_halving(1, DETECTED, halvings=3), nn.Conv2d(DETECTED[-1], CELL**2 + 1, 1)
        )
        self.fixed_tower, self.moving_tower = (_tower(self.patch) for _ in range(2))

    def begin(self, stage: int) -> None:
        """Learn points first, and then descriptors."""
        for name, parameter in self.named_parameters():
            parameter.requires_grad = name.startswith("detector") == (stage == 0)

    def loss(self, batch: Mapping[str, Tensor], stage: int) -> Tensor:
        """Return the mean cross-entropy of points or of partners."""
        if stage == 0:
            slices = torch.cat([slices_of(batch[name]) for name in ("fixed", "moving")])[::EVERY]
            return functional.cross_entropy(self.detector(slices).float(), corner_cells(slices))
        here, there = partners(batch["fixed"], batch["moving"], batch["responses"], self.spacing_mm)
        fixed = self.described(slices_of(batch["fixed"]), here, "fixed")
        moving = self.described(slices_of(batch["moving"]), there, "moving")
        said = (fixed @ moving.T).float()  # (N, N)
        return functional.cross_entropy(said / TEMPERATURE, torch.arange(len(here), device=said.device))

    def strengths(self, slices: Tensor) -> Tensor:
        """Return the probability (K, I, J) that a voxel of (K, 1, I, J) slices is a point."""
        cells = self.detector(slices).float().softmax(1)[:, :-1]
        return functional.pixel_shuffle(cells, CELL)[:, 0]

    def described(self, slices: Tensor, at: Tensor, which: str) -> Tensor:
        """Return the (N, 128) descriptors, of length one, of places (N, 3) as slice, i, j."""
        half = self.patch // 2
        padded = functional.pad(slices[:, 0], (half, half, half, half))
        along = torch.arange(2 * half, device=at.device)
        rows, columns = at[:, 1, None, None] + along[:, None], at[:, 2, None, None] + along
        tower = self.fixed_tower if which == "fixed" else self.moving_tower
        out: Tensor = tower(padded[at[:, 0, None, None], rows, columns][:, None])
        return functional.normalize(out, dim=1)


def slices_of(images: Tensor) -> Tensor:
    """Return the slices (B K, 1, I, J) of (B, 1, I, J, K) images."""
    return images.permute(0, 4, 1, 2, 3).flatten(0, 1)


def corner_cells(slices: Tensor) -> Tensor:
    """Return the number, 0 to 64, of the corner in each cell of (K, 1, I, J) slices; the last is none."""
    corners = functional.pixel_unshuffle(steady_corners(slices), CELL)  # (K, 64, I / 8, J / 8)
    best, which = corners.max(dim=1)
    # Where a slice is empty, none is better than the mean.
    none = best <= corners.flatten(1).mean(1)[:, None, None]
    return torch.where(none, CELL**2, which)


def partners(
    fixed: Tensor, moving: Tensor, responses: Tensor, spacing_mm: Sequence[float]
) -> tuple[Tensor, Tensor]:
    """Return at most `PAIRS` places in fixed slices, and where these lie in the moving ones.

    Parameters
    ----------
    fixed, moving : (B, 1, I, J, K) tensor
        Places are taken evenly from all that are no air in the fixed image; their partners are none either.
    responses : (B, 6) tensor
        The true motions.
    spacing_mm : sequence of float
        Of the voxels of both images.

    Returns
    -------
    pair of (N, 3) tensor
        As slice, i, j of `slices_of`.
    """
    at = (fixed[:, 0] > LEAST_SEEN).nonzero()  # image, i, j, k
    at = at[:: max(1, len(at) // PAIRS)][:PAIRS]
    image, voxels = at[:, 0], at[:, 1:]
    shape = voxels.new_tensor(fixed.shape[2:])
    step, middle = responses.new_tensor(spacing_mm), (shape - 1) / 2
    motions = motions_of(responses)[image]
    moved = motions[:, :3, :3] @ ((voxels - middle) * step)[:, :, None] + motions[:, :3, 3:]
    there = (moved[:, :, 0] / step + middle).round().long()
    held = ((there >= 0) & (there < shape)).all(dim=1)
    inside = there.clamp(min=0).minimum(shape - 1)
    held &= moving[image, 0, inside[:, 0], inside[:, 1], inside[:, 2]] > LEAST_SEEN

    def in_slices(voxels: Tensor) -> Tensor:
        return torch.stack([image * shape[2] + voxels[:, 2], voxels[:, 0], voxels[:, 1]], dim=1)[held]

    return in_slices(voxels), in_slices(there)


def _halving(channels: int, filters: tuple[int, ...], halvings: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for number, after in enumerate(filters):
        layers += [nn.Conv2d(channels, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if number < halvings else []
        channels = after
    return layers


def _tower(patch: int) -> nn.Sequential:
    left = max(1, patch // 2 ** len(DESCRIBED))
    halvings = min(len(DESCRIBED), patch.bit_length() - 1)
    layers = _halving(1, DESCRIBED, halvings)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(DESCRIBED[-1] * left**2, NUMBERS))
