"""Copies of originals as batches for networks: moved anew each by itself, and looked at when wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from cephalign.augmentation.motion import Motion
from cephalign.models.features import grid_about
from cephalign.study.kept import Kept
from cephalign.study.scale import Scale
from cephalign.train.task import Batch, Samples
from cephalign.train.tasks.pairs import FoundPair

ANGLE_DEG, SHIFT_MM = 15.0, 5.0


@dataclass(frozen=True)
class Place:
    """One copy: which original, and which of its copies."""

    original: int
    copy: int


@dataclass(eq=False)
class Copies:
    """All copies of all originals.

    Parameters
    ----------
    scale : Scale
    seed : int
    pairs : sequence of FoundPair
        By the numbers of originals.
    """

    scale: Scale
    seed: int
    pairs: Sequence[FoundPair]

    def places(self, originals: Sequence[int], count: int) -> list[Place]:
        """Return the first copies of some originals, `count` of each."""
        return [Place(original, copy) for original in originals for copy in range(count)]

    def motions(self, place: Place) -> tuple[Motion, Motion]:
        """Return how the scans of a copy are moved: the same in every part of a study."""
        rng = np.random.default_rng([self.seed, place.original, 1 + place.copy])
        return self.pairs[place.original].motions(rng, ANGLE_DEG, SHIFT_MM)

    def sample(self, place: Place) -> Samples:
        """Return what `FoundPair.copy` and `.mono` show of a copy, within the scans' own fields of view."""
        pair, motions, config = self.pairs[place.original], self.motions(place), self.scale.images
        shown = pair.copy(motions, config)
        for name, head in (("fixed", pair.fixed), ("moving", pair.moving)):
            shown[name] = shown[name] * head.known(grid_about(head.centre, config))
        shown["mono"] = pair.mono(motions, config)
        return {name: values.astype(np.float32) for name, values in shown.items()}

    def batch(self, places: Sequence[Place], device: torch.device) -> Batch:
        """Return copies one after the other, as `PairNetwork` wants them."""
        samples = self._kept.at(places)
        stacked = {name: np.stack([one[name] for one in samples]) for name in samples[0]}
        return {name: torch.from_numpy(values).to(device) for name, values in stacked.items()}

    @cached_property
    def _kept(self) -> Kept[Place]:
        return Kept(self.sample)
