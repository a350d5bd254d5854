"""Images of scans of several kinds, for Table 3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from cephalign.augmentation.motion import draw_motion
from cephalign.geometry import Modality
from cephalign.models.features import image_about
from cephalign.prep.coarse import FoundHead
from cephalign.study.copies import ANGLE_DEG, SHIFT_MM, Place
from cephalign.study.originals import KINDS_STREAM, Source
from cephalign.study.scale import Scale
from cephalign.train.task import Batch


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
    _found: dict[int, dict[Modality, FoundHead]] = field(default_factory=dict)

    @property
    def labels(self) -> list[Modality]:
        """The kinds there are."""
        return list(self._heads(0))

    def places(self, originals: Sequence[int]) -> list[Place]:
        """Return all images of some originals."""
        count = len(self.labels) * self.scale.classified
        return [Place(original, copy) for original in originals for copy in range(count)]

    def label(self, place: Place) -> Modality:
        """Return what an image shows."""
        return self.labels[place.copy % len(self.labels)]

    def image(self, place: Place) -> NDArray[np.float32]:
        """Return (1, I, J, K): a scan whose head is moved as far as in the paper's augmentation."""
        rng = np.random.default_rng([self.seed, KINDS_STREAM, place.original, 1 + place.copy])
        found = self._heads(place.original)[self.label(place)]
        motion = draw_motion(rng, ANGLE_DEG, SHIFT_MM, found.centre)
        return image_about(found, found.centre, self.scale.images, motion.copy_from_original)

    def batch(self, places: Sequence[Place], device: torch.device) -> Batch:
        """Return `image` (B, 1, I, J, K) and `kind` (B,)."""
        images = np.stack([self.image(place) for place in places])
        kinds = torch.tensor([place.copy % len(self.labels) for place in places])
        return {"image": torch.from_numpy(images).to(device), "kind": kinds.to(device)}

    def _heads(self, original: int) -> dict[Modality, FoundHead]:
        if original not in self._found:
            self._found[original] = self.source.kinds(self.scale, self.seed, original)
        return self._found[original]
