"""Images of scans of several kinds, for Table 3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import torch

from cephalign.augmentation.motion import draw_motion
from cephalign.geometry import Modality
from cephalign.models.features import grid_about, image_about
from cephalign.parallel import each
from cephalign.prep.coarse import FoundHead
from cephalign.study.copies import ANGLE_DEG, SHIFT_MM, Place
from cephalign.study.kept import Kept
from cephalign.study.originals import KINDS_STREAM, Source
from cephalign.study.scale import Scale
from cephalign.train.task import Batch, Samples


@dataclass(eq=False)
class Kinds:
    """Copies of the scans of each original; copy n shows kind n modulo their number.

    Parameters
    ----------
    scale : Scale
    seed : int
    source : Source
    """

    scale: Scale
    seed: int
    source: Source

    @property
    def labels(self) -> list[Modality]:
        """The kinds there are."""
        return list(self._heads[0])

    def places(self, originals: Sequence[int]) -> list[Place]:
        """Return all images of some originals."""
        count = len(self.labels) * self.scale.classified
        return [Place(original, copy) for original in originals for copy in range(count)]

    def label(self, place: Place) -> Modality:
        """Return what an image shows."""
        return self.labels[place.copy % len(self.labels)]

    def sample(self, place: Place) -> Samples:
        """Return `image` (1, I, J, K): a scan whose head is moved as far as in the paper's augmentation."""
        rng = np.random.default_rng([self.seed, KINDS_STREAM, place.original, 1 + place.copy])
        found = self._heads[place.original][self.label(place)]
        motion = draw_motion(rng, ANGLE_DEG, SHIFT_MM, found.centre)
        config = self.scale.classified_images
        image = image_about(found, found.centre, config, motion.copy_from_original)
        return {"image": image * found.known(grid_about(found.centre, config))}

    def batch(self, places: Sequence[Place], device: torch.device) -> Batch:
        """Return `image` (B, 1, I, J, K) and `kind` (B,)."""
        kinds = torch.tensor([place.copy % len(self.labels) for place in places])
        images = np.stack([sample["image"] for sample in self._kept.at(places)])
        return {"image": torch.from_numpy(images).to(device), "kind": kinds.to(device)}

    @cached_property
    def _kept(self) -> Kept[Place]:
        return Kept(self.sample)

    @cached_property
    def _heads(self) -> list[dict[Modality, FoundHead]]:
        return list(each(partial(self.source.kinds, self.scale, self.seed), range(self.scale.originals)))
