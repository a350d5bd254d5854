"""Learn the motion between two scans with the paper's DCNN, for `models.features`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from cephalign.geometry.grid import Float
from cephalign.models.dcnn import PairRegressor
from cephalign.models.features import UNIT, FeaturesConfig, motion_of
from cephalign.models.pair_network import half_mean_squared_error
from cephalign.simulate.head import Anatomy
from cephalign.train.task import Batch, Samples
from cephalign.train.tasks.pairs import found_pair
from cephalign.train.tasks.scans import joined


class FeaturesTask:
    """Augmented copies of simulated pairs, T1 fixed and CT moving, as in the paper.

    Parameters
    ----------
    options : Options
    anatomy : Anatomy
    """

    name: ClassVar[str] = "features"

    @dataclass(frozen=True)
    class Options:
        """Its table of the configuration.

        Parameters
        ----------
        network : FeaturesConfig
        preset : str
            How heads are scanned.
        copies : int
            Of each pair; the paper's 99 are copies of the same sixteen pairs, ours of ever new ones.
        angle_deg, shift_mm : float
            How far each scan's copies move, as in the paper.
        """

        network: FeaturesConfig = field(default_factory=FeaturesConfig)
        preset: str = "rire"
        copies: int = 16
        angle_deg: float = 15.0
        shift_mm: float = 5.0

    def __init__(self, options: Options, anatomy: Anatomy) -> None:
        self.options, self.anatomy = options, anatomy

    def network(self, generator: torch.Generator) -> PairRegressor:
        """Return the network before training."""
        return self.options.network.network(generator)

    def samples(self, rng: np.random.Generator, number: int) -> Samples:
        """Scan a head twice and move copies of both, as `FoundPair.copy` shows them."""
        options = self.options
        pair = found_pair(rng, options.preset, self.anatomy, min(options.network.spacing_mm))
        samples: list[Samples] = []
        for _ in range(options.copies):
            one = pair.copy(pair.motions(rng, options.angle_deg, options.shift_mm), options.network)
            samples.append({name: values[None] for name, values in one.items()})
        return joined(samples)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, float]]:
        """Return half the mean squared error, and the mean distances from the truth."""
        said = network(batch["fixed"], batch["moving"]).float()
        return half_mean_squared_error(said, batch["responses"]), _distances(said, batch)

    def figures(self, network: nn.Module, batch: Batch) -> Mapping[str, float]:
        """Return the mean distances and the mean TRE over the landmarks, and that of no motion."""
        answers = network(batch["fixed"], batch["moving"]).float()
        said, true, points = (
            one.double().cpu().numpy() for one in (answers, batch["responses"], batch["points_mm"])
        )
        tre = {"tre_mm": tre_mm(said, true, points), "still_mm": tre_mm(0 * said, true, points)}
        means = {name: float(errors.mean()) for name, errors in tre.items()}
        return {**_distances(answers, batch), **means}

    def card(self) -> Mapping[str, Any]:
        """Return what the model card says of it."""
        turned, shifted = self.options.angle_deg, self.options.shift_mm
        return {
            "architecture": "features",
            "config": asdict(self.options.network),
            "data": f"simulated pairs of T1 and CT ({self.options.preset}), copies of them, each scan moved "
            f"by up to {turned:g} degrees and {shifted:g} mm along each axis",
        }


def _distances(said: Tensor, batch: Batch) -> dict[str, float]:
    """Return the mean distances of (S, 6) answers from the truth."""
    off = (said.detach() - batch["responses"]).abs().mean(0) * UNIT
    return {"angle_deg": off[:3].mean().item(), "shift_mm": off[3:].mean().item()}


def tre_mm(said: Float, true: Float, points: Float) -> Float:
    """Return (S, P) distances in mm between where two (S, 6) responses put (S, P, 3) points."""
    here = np.zeros(3)
    return np.array(
        [
            motion_of(one, here, here).distance(motion_of(other, here, here), where)
            for one, other, where in zip(said, true, points, strict=True)
        ]
    )
