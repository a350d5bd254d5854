"""Two scans of one head, found, and copies of them whose motion is known: the paper's augmentation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cephalign.augmentation.motion import Motion, draw_motion, truth_of_copies
from cephalign.geometry import Modality, Rigid, Volume
from cephalign.geometry.grid import Float
from cephalign.models.features import FeaturesConfig, image_about, responses_of
from cephalign.prep.coarse import FoundHead
from cephalign.simulate.head import Anatomy
from cephalign.simulate.redrawn import until_found
from cephalign.simulate.session import Session, simulated_session
from cephalign.train.task import Samples

FIXED, MOVING = Modality.T1, Modality.CT


@dataclass(frozen=True, eq=False)
class FoundPair:
    """A T1 and a CT of one head.

    Parameters
    ----------
    fixed, moving : FoundHead
    moving_from_fixed : Rigid
        The truth.
    landmarks : (10, 3) array
        In the fixed scan, RAS+ mm.
    scans : pair of Volume
        Fixed and moving, as they were found in.
    """

    fixed: FoundHead
    moving: FoundHead
    moving_from_fixed: Rigid
    landmarks: Float
    scans: tuple[Volume, Volume]

    def motions(self, rng: np.random.Generator, angle_deg: float, shift_mm: float) -> tuple[Motion, Motion]:
        """Draw how a copy of either scan is moved about the middle of its head."""
        fixed = draw_motion(rng, angle_deg, shift_mm, self.fixed.centre)
        return fixed, draw_motion(rng, angle_deg, shift_mm, self.moving.centre)

    def copy(self, motions: tuple[Motion, Motion], config: FeaturesConfig) -> Samples:
        """Show both scans moved.

        `fixed` and `moving` (1, I, J, K); `responses` (6,) are those of `responses_of`; `points_mm` (10, 3)
        the fixed copy's landmarks, from its middle.
        """
        fixed, moving = self.fixed, self.moving
        of_fixed, of_moving = (one.copy_from_original for one in motions)
        truth = truth_of_copies(self.moving_from_fixed, *motions)
        return {
            "fixed": image_about(fixed, fixed.centre, config, of_fixed),
            "moving": image_about(moving, moving.centre, config, of_moving),
            "responses": responses_of(truth, fixed.centre, moving.centre),
            "points_mm": of_fixed.map(self.landmarks) - fixed.centre,
        }

    def mono(self, motions: tuple[Motion, Motion], config: FeaturesConfig) -> NDArray[np.float32]:
        """Show the fixed scan where the moving copy shows its own: (1, I, J, K), of one modality."""
        lies = motions[1].copy_from_original @ self.moving_from_fixed
        return image_about(self.fixed, self.moving.centre, config, lies)


def found_pair(rng: np.random.Generator, preset: str, anatomy: Anatomy, spacing_mm: float) -> FoundPair:
    """Scan heads until one is found in both scans; `spacing_mm` is the finest of the images to be cut."""

    def find(session: Session) -> FoundPair:
        scans = session.scans[FIXED], session.scans[MOVING]
        fixed, moving = (FoundHead.of(scan, spacing_mm) for scan in scans)
        return FoundPair(fixed, moving, session.motion(FIXED, MOVING), session.landmarks(FIXED), scans)

    return until_found(
        lambda: simulated_session(rng, preset, modalities=(FIXED, MOVING), anatomy=anatomy), find
    )
