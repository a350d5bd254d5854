"""Who the head belongs to: what is drawn before anything is built."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Person:
    """Sizes, thicknesses and habits of one head, in mm where nothing else is said.

    Parameters
    ----------
    width, length, height : float
        Size against the average head. Heads of adults are 140 to 165 mm wide and 175 to 210 mm long
        (Gordon et al., ANSUR survey, 1989; Farkas, Anthropometry of the Head and Face, 1994).
    torque : float
        Right forehead and left occiput reach out (LeMay, Ann NY Acad Sci 280:349, 1976).
    skull : float
        Mean of the vault, 5 to 9 (Lynnerup et al., Forensic Sci Int 117:45, 2001).
    scalp : float
        4 to 8 (Hori et al., J Invest Dermatol 58:396, 1972).
    fat : float
        Thickness of the fat under the skin of the face and neck against the mean.
    atrophy : float
        0 in the young, 1 in the old: wide sulci and ventricles (Fotenos et al., Neurology 64:1032, 2005).
    ventricles : float
        Width of the ventricles against the mean of the young.
    cortex : float
        2 to 3 (Fischl and Dale, PNAS 97:11050, 2000).
    gyri : float
        From one sulcus to the next.
    jaw, chin, nose, lips, cheeks, brow, ears, eyes : float
        Sizes against the mean.
    jaw_open : float
        How far the teeth are apart.
    neck, neck_below : float
        Girth against the mean; how far below the commissures the scan reaches.
    lordosis : float
        How far the cervical spine bends forward in its middle.
    frontal_sinus, sphenoid_sinus, maxillary_sinus, mastoid : tuple of two floats
        Size against the mean, left and right.
    occipital_horns : tuple of two floats
        Length against the mean, left and right (McRae et al., Neurology 18:95, 1968: left the longer).
    calcified : float
        Radius of the pineal gland's calcification.
    """

    width: float
    length: float
    height: float
    torque: float
    skull: float
    scalp: float
    fat: float
    atrophy: float
    ventricles: float
    cortex: float
    gyri: float
    jaw: float
    chin: float
    nose: float
    lips: float
    cheeks: float
    brow: float
    ears: float
    eyes: float
    jaw_open: float
    neck: float
    neck_below: float
    lordosis: float
    frontal_sinus: tuple[float, float]
    sphenoid_sinus: tuple[float, float]
    maxillary_sinus: tuple[float, float]
    mastoid: tuple[float, float]
    occipital_horns: tuple[float, float]
    calcified: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Person:
        """Draw somebody."""
        size = 1 + 0.018 * np.clip(rng.normal(), -2, 2)
        atrophy = float(rng.beta(1.1, 1.6))

        def about(mean: float, spread: float) -> float:
            """Draw a number that is not more than 2.2 spreads away."""
            return float(mean + spread * np.clip(rng.normal(), -2.2, 2.2))

        def two(mean: float, spread: float) -> tuple[float, float]:
            return about(mean, spread), about(mean, spread)

        return cls(
            width=float(size * about(1, 0.016)),
            length=float(size * about(1, 0.017)),
            height=float(size * about(1, 0.018)),
            torque=about(1.4, 0.8),
            skull=about(6.4, 0.7),
            scalp=about(5.6, 0.7),
            fat=float(np.exp(about(0, 0.22))),
            atrophy=atrophy,
            ventricles=float(np.exp(0.45 * atrophy + about(0.06, 0.12))),
            cortex=about(2.5, 0.12),
            gyri=about(12.4, 0.5),
            jaw=about(1, 0.05),
            chin=about(1, 0.12),
            nose=about(1, 0.09),
            lips=about(1, 0.1),
            cheeks=about(1, 0.04),
            brow=about(1, 0.15),
            ears=about(1, 0.09),
            eyes=about(1, 0.015),
            jaw_open=float(rng.uniform(0, 3)),
            neck=about(1, 0.06),
            neck_below=float(rng.uniform(166, 180)),
            lordosis=about(4, 3),
            frontal_sinus=two(1, 0.22),
            sphenoid_sinus=two(1, 0.15),
            maxillary_sinus=two(1, 0.08),
            mastoid=two(1, 0.12),
            occipital_horns=(about(1.1, 0.2), about(0.95, 0.2)),
            calcified=float(rng.uniform(1.2, 3)),
        )

    def record(self) -> dict[str, Any]:
        """Return what was drawn; can be written as JSON."""
        return {
            key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()
        }
