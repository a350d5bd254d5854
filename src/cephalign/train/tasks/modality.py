"""Learn what a scan is, for `models.modality`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from torch import Tensor, nn
from torch.nn import functional

from cephalign.geometry import Modality
from cephalign.models.dcnn import Classifier
from cephalign.models.modality import CLASSES, SURE, TEMPERATURES, ModalityConfig, loss_name
from cephalign.simulate.head import Anatomy
from cephalign.train.task import Batch, Samples
from cephalign.train.tasks.negatives import found_no_head
from cephalign.train.tasks.scans import joined, simulated_scans
from cephalign.train.tasks.variety import distortions, varied

UNSURE = CLASSES.index(Modality.UNKNOWN)


class ModalityTask:
    """Cubes of heads in any orientation, and of what is no head.

    Parameters
    ----------
    options : Options
    anatomy : Anatomy
    """

    name: ClassVar[str] = "modality"

    @dataclass(frozen=True)
    class Options:
        """Its table of the configuration.

        Parameters
        ----------
        network : ModalityConfig
        presets : tuple of str
            How heads are scanned, in turn.
        cubes_per_scan : int
        negatives_per_head : int
            Cubes of what is no head.
        shift_mm : float
            Standard deviation along each axis of where cubes lie.
        """

        network: ModalityConfig = field(default_factory=ModalityConfig)
        presets: tuple[str, ...] = ("training", "small")
        cubes_per_scan: int = 6
        negatives_per_head: int = 4
        shift_mm: float = 10.0

    def __init__(self, options: Options, anatomy: Anatomy) -> None:
        self.options, self.anatomy = options, anatomy

    def network(self, generator: torch.Generator) -> Classifier:
        """Return the network before training."""
        return self.options.network.network(generator)

    def samples(self, rng: np.random.Generator, number: int) -> Samples:
        """Scan a head and cut cubes; `class` is a place in `CLASSES`.

        Random contrasts are left out: as a class of their own, they took real scans for themselves.
        """
        side, spacing_mm = self.options.network.side, self.options.network.spacing_mm
        samples: list[Samples] = []
        preset = self.options.presets[number % len(self.options.presets)]
        for scan in simulated_scans(rng, self.anatomy, preset, spacing_mm):
            if scan.modality is Modality.UNKNOWN:
                continue
            count = self.options.cubes_per_scan
            turns = Rotation.from_quat(rng.normal(size=(count, 4))).as_matrix() @ distortions(rng, count)
            cubes, _ = scan.cubes(side, spacing_mm, turns, rng, self.options.shift_mm)
            samples.append(_labelled(varied(rng, cubes), scan.modality))
        for _ in range(self.options.negatives_per_head):
            cube = found_no_head(rng, spacing_mm).cube(side, spacing_mm)
            samples.append(_labelled(cube.channels[None], Modality.UNKNOWN))
        return joined(samples)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, float]]:
        """Return the cross-entropy, and the share of right answers."""
        logits = network(batch["cube"]).float()
        right = (logits.argmax(1) == batch["class"]).float().mean()
        return functional.cross_entropy(logits, batch["class"].long()), {"right": right.item()}

    def figures(self, network: nn.Module, batch: Batch) -> Mapping[str, float]:
        """Return of single looks, temperature 1: how many are right, wrong and sure, unsure for no reason.

        The loss under each temperature, too, by which the weights are calibrated.
        """
        logits = network(batch["cube"]).float()
        best, likeliest = logits.softmax(1).max(1)
        true, sure = batch["class"], (likeliest != UNSURE) & (best >= SURE)
        answers = {
            "right": likeliest == true,
            "sure_and_wrong": sure & (likeliest != true),
            "needlessly_unsure": ~sure & (true != UNSURE),
        }
        losses = {
            loss_name(one): functional.cross_entropy(logits / one, true.long()).item() for one in TEMPERATURES
        }
        return {name: is_so.float().mean().item() for name, is_so in answers.items()} | losses

    def card(self) -> Mapping[str, Any]:
        """Return what the model card says of it."""
        return {
            "architecture": "modality",
            "config": asdict(self.options.network),
            "data": f"simulated CT, T1, T2, PD and PET, turned anyhow ({', '.join(self.options.presets)}); "
            "not to be sure of: noise, blobs, plain bodies",
        }


def _labelled(cubes: NDArray[np.float32], modality: Modality) -> Samples:
    return {"cube": cubes, "class": np.full(len(cubes), CLASSES.index(modality))}
