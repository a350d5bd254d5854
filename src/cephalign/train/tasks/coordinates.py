"""Learn where in a head each place of a cube is, for `models.pose.coordinates`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from cephalign.geometry.grid import apply_affine
from cephalign.models.pose.coordinates import (
    UNIT_MM,
    CoordinatesConfig,
    CoordinatesNetwork,
    cell_centres,
    cell_means,
)
from cephalign.models.pose.fit import rigid_fit
from cephalign.simulate.head import Anatomy
from cephalign.train.task import Batch, Samples
from cephalign.train.tasks.scans import joined, simulated_scans, turned


class CoordinatesTask:
    """Cubes of nearly upright heads.

    Parameters
    ----------
    options : Options
    anatomy : Anatomy
    """

    name: ClassVar[str] = "coordinates"

    @dataclass(frozen=True)
    class Options:
        """Its table of the configuration.

        Parameters
        ----------
        network : CoordinatesConfig
        preset : str
            How heads are scanned.
        cubes_per_scan : int
        most_deg : float
            The farthest from upright.
        shift_mm : float
            Standard deviation along each axis of where cubes lie.
        """

        network: CoordinatesConfig = field(default_factory=CoordinatesConfig)
        preset: str = "training"
        cubes_per_scan: int = 4
        most_deg: float = 40.0
        shift_mm: float = 10.0

    def __init__(self, options: Options, anatomy: Anatomy) -> None:
        self.options, self.anatomy = options, anatomy

    def network(self, generator: torch.Generator) -> CoordinatesNetwork:
        """Return the network before training."""
        return CoordinatesNetwork(self.options.network)

    def samples(self, rng: np.random.Generator, number: int) -> Samples:
        """Scan a head and cut cubes; `head_from_voxel` (4, 4)."""
        config = self.options.network
        samples: list[Samples] = []
        for scan in simulated_scans(rng, self.anatomy, self.options.preset, config.spacing_mm):
            count = self.options.cubes_per_scan
            turns = np.array([turned(rng, self.options.most_deg).as_matrix() for _ in range(count)])
            cubes, head_from_voxel = scan.cubes(
                config.side, config.spacing_mm, turns, rng, self.options.shift_mm
            )
            samples.append({"cube": cubes, "head_from_voxel": head_from_voxel})
        return joined(samples)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, float]]:
        """Return the negative log-likelihood of the distances, in the head only."""
        said = network(batch["cube"])
        distance, within = self._distances(said.head_mm, batch)
        spread = said.spread_mm / UNIT_MM
        unlikely = distance / UNIT_MM / spread + 3 * spread.log()
        return _mean(unlikely, within), {"place_mm": _mean(distance, within).item()}

    def _distances(self, head_mm: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return (B, N) distances from the truth, and how much of each place is in the head."""
        centres = torch.from_numpy(cell_centres(self.options.network)).to(head_mm)
        affine = batch["head_from_voxel"]
        true = centres @ affine[:, :3, :3].transpose(1, 2) + affine[:, None, :3, 3]
        return (head_mm - true).norm(dim=-1), cell_means(
            (batch["cube"][:, 1] > 0).float(), self.options.network
        )

    def figures(self, network: nn.Module, batch: Batch) -> Mapping[str, float]:
        """Return the mean distance of places, and how far off the fitted pose is in mm."""
        said = network(batch["cube"])
        distance, within = self._distances(said.head_mm, batch)
        weights = within / said.spread_mm.square()
        centres = cell_centres(self.options.network)
        errors = []
        for images, weight, inside, affine in zip(
            said.head_mm.double().cpu().numpy(),
            weights.double().cpu().numpy(),
            within.cpu().numpy() > 0.5,
            batch["head_from_voxel"].double().cpu().numpy(),
            strict=True,
        ):
            spacing_mm = self.options.network.spacing_mm
            fitted = rigid_fit(centres * spacing_mm, images, weight)
            places = centres[inside] if inside.any() else centres
            off = fitted.map(places * spacing_mm) - apply_affine(affine, places)
            errors.append(np.linalg.norm(off, axis=1).mean())
        middle, most = np.percentile(errors, (50, 95))
        place = _mean(distance, within).item()
        return {"place_mm": place, "pose_mm": float(middle), "pose_mm_95": float(most)}

    def card(self) -> Mapping[str, Any]:
        """Return what the model card says of it."""
        return {
            "architecture": "coordinates",
            "config": asdict(self.options.network),
            "data": f"simulated CT, T1, T2, PD and PET and scans of random contrast ({self.options.preset})",
        }


def _mean(values: Tensor, within: Tensor) -> Tensor:
    """Return the mean of (B, N) values over the places in heads."""
    return (values * within).sum() / within.sum().clamp_min(1)
