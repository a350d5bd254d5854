"""Images of four kinds of scan, for Table 3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from cephalign.augmentation.motion import draw_motion
from cephalign.errors import InputError
from cephalign.geometry import Modality
from cephalign.models.features import image_about
from cephalign.prep.coarse import FoundHead
from cephalign.simulate.head import Anatomy
from cephalign.simulate.session import simulated_session
from cephalign.study.copies import ANGLE_DEG, SHIFT_MM, Place
from cephalign.study.scale import Scale
from cephalign.train.task import Batch

KINDS = (Modality.CT, Modality.T1, Modality.T2, Modality.PD)
STREAM = 2_000_000


@dataclass(eq=False)
class Kinds:
    """Scans of as many heads as a study has originals, and copies of them; place n shows kind n modulo four.

    Parameters
    ----------
    scale : Scale
    seed : int
    anatomy : Anatomy
    """

    scale: Scale
    seed: int
    anatomy: Anatomy
    _found: dict[int, list[FoundHead]] = field(default_factory=dict)

    def places(self, originals: Sequence[int]) -> list[Place]:
        """Return all images of some originals."""
        count = len(KINDS) * self.scale.classified
        return [Place(original, copy) for original in originals for copy in range(count)]

    def image(self, place: Place) -> NDArray[np.float32]:
        """Return (1, I, J, K): a scan whose head is moved as far as in the paper's augmentation."""
        rng = np.random.default_rng([self.seed, STREAM, place.original, 1 + place.copy])
        found = self._heads(place.original)[place.copy % len(KINDS)]
        motion = draw_motion(rng, ANGLE_DEG, SHIFT_MM, found.centre)
        return image_about(found, found.centre, self.scale.images, motion.copy_from_original)

    def batch(self, places: Sequence[Place], device: torch.device) -> Batch:
        """Return `image` (B, 1, I, J, K) and `kind` (B,)."""
        images = np.stack([self.image(place) for place in places])
        kinds = torch.tensor([place.copy % len(KINDS) for place in places])
        return {"image": torch.from_numpy(images).to(device), "kind": kinds.to(device)}

    def _heads(self, original: int) -> list[FoundHead]:
        if original not in self._found:
            rng = np.random.default_rng([self.seed, STREAM, original])
            while original not in self._found:
                session = simulated_session(rng, self.scale.preset, modalities=KINDS, anatomy=self.anatomy)
                spacing_mm = min(self.scale.images.spacing_mm)
                try:
                    self._found[original] = [FoundHead.of(session.scans[kind], spacing_mm) for kind in KINDS]
                except InputError:  # so little of it, or so much noise
                    continue
        return self._found[original]
