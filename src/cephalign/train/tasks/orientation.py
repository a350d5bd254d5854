"""Learn whether a head stands upright, and how, for `models.pose.orientation`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor, nn
from torch.nn import functional

from cephalign.models.pose.orientation import UNIT_MM, OrientationConfig, OrientationNetwork
from cephalign.simulate.head import Anatomy
from cephalign.train.task import Batch, Samples
from cephalign.train.tasks.scans import joined, simulated_scans, turned

# Half of the cubes show the head within this of upright; it is asked how it stands there only.
NEAR_DEG = 50.0
# From certainly upright to certainly not.
UPRIGHT_DEG = (40.0, 60.0)
# Heads on their side, on their face or upside down are what it is easiest to mistake an upright one for.
AXIS_TURNS = Rotation.create_group("O")


class OrientationTask:
    """Cubes of heads under rotations of which it knows half to be small.

    Parameters
    ----------
    options : Options
    anatomy : Anatomy
    """

    name: ClassVar[str] = "orientation"

    @dataclass(frozen=True)
    class Options:
        """Its table of the configuration.

        Parameters
        ----------
        network : OrientationConfig
        preset : str
            How heads are scanned.
        cubes_per_scan : int
        shift_mm : float
            Standard deviation along each axis of where cubes lie.
        """

        network: OrientationConfig = field(default_factory=OrientationConfig)
        preset: str = "training"
        cubes_per_scan: int = 8
        shift_mm: float = 8.0

    def __init__(self, options: Options, anatomy: Anatomy) -> None:
        self.options, self.anatomy = options, anatomy

    def network(self, generator: torch.Generator) -> OrientationNetwork:
        """Return the network before training."""
        return OrientationNetwork(self.options.network)

    def samples(self, rng: np.random.Generator, number: int) -> Samples:
        """Scan a head and cut cubes; `head_from_cube` (3, 3), and `centre_mm` (3,) in the head's frame."""
        side, spacing_mm = self.options.network.side, self.options.network.spacing_mm
        samples: list[Samples] = []
        for scan in simulated_scans(rng, self.anatomy, self.options.preset, spacing_mm):
            turns = np.array([_drawn(rng).as_matrix() for _ in range(self.options.cubes_per_scan)])
            cubes, head_from_voxel = scan.cubes(side, spacing_mm, turns, rng, self.options.shift_mm)
            axes = head_from_voxel[:, :3, :3]
            middles = axes @ np.full(3, (side - 1) / 2) + head_from_voxel[:, :3, 3]
            samples.append({"cube": cubes, "head_from_cube": axes / spacing_mm, "centre_mm": middles})
        return joined(samples)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, float]]:
        """Return cross-entropy of upright or not, and for near ones the distance of rotation and centre."""
        said = network(batch["cube"])
        true = batch["head_from_cube"]
        angle = angle_deg(true)
        certainly, not_at_all = UPRIGHT_DEG
        upright = ((not_at_all - angle) / (not_at_all - certainly)).clamp(0, 1)
        entropy = functional.binary_cross_entropy_with_logits(said.upright, upright)
        near = (angle < NEAR_DEG).float()
        count = near.sum().clamp_min(1)
        rotation = ((said.head_from_cube - true).square().sum((1, 2)) + 1e-6).sqrt()
        centre = (said.centre_mm - batch["centre_mm"]).abs().sum(1) / UNIT_MM
        loss = entropy + (near * (rotation + centre)).sum() / count
        off = angle_deg(said.head_from_cube.transpose(1, 2) @ true)
        figures = {
            "entropy": entropy.item(),
            "near_deg": ((near * off).sum() / count).item(),
            "near_mm": ((near * centre).sum() / count).item() * UNIT_MM,
        }
        return loss, figures

    def figures(self, network: nn.Module, batch: Batch) -> Mapping[str, float]:
        """Return the parts of the loss."""
        return self.loss(network, batch)[1]

    def card(self) -> Mapping[str, Any]:
        """Return what the model card says of it."""
        return {
            "architecture": "orientation",
            "config": asdict(self.options.network),
            "data": f"simulated CT, T1, T2, PD and PET and scans of random contrast ({self.options.preset})",
        }


def angle_deg(rotations: Tensor) -> Tensor:
    """Return by how much (B, 3, 3) rotations turn, (B,)."""
    trace = rotations.diagonal(dim1=1, dim2=2).sum(1)
    return torch.rad2deg(torch.arccos(((trace - 1) / 2).clamp(-1, 1)))


def _drawn(rng: np.random.Generator) -> Rotation:
    """Draw how a head stands: half of them nearly upright, a quarter about an axis turn, a quarter anyhow."""
    kind = rng.random()
    if kind < 0.5:
        return turned(rng, NEAR_DEG)
    if kind < 0.75:
        return turned(rng, 40.0) * AXIS_TURNS[int(rng.integers(1, len(AXIS_TURNS)))]
    return Rotation.from_quat(rng.normal(size=4))
