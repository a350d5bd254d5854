"""A contrast that no scanner has."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cephalign.errors import InputError
from cephalign.geometry.grid import Float
from cephalign.simulate.tissues import Tissue

SPREAD = 0.06
DARK_AIR = 0.8  # how often air is dark
# Tissues that look alike in most contrasts; each group gets a brightness, each tissue one near it.
ALIKE = (
    (Tissue.AIR, Tissue.CAVITY, Tissue.METAL, Tissue.PLASTIC),
    (Tissue.CORTICAL_BONE, Tissue.TOOTH, Tissue.CALCIFICATION, Tissue.AIR_CELLS),
    (Tissue.DIPLOE,),
    (Tissue.FAT,),
    (Tissue.SKIN, Tissue.MUSCLE, Tissue.SOFT, Tissue.GLAND, Tissue.MUCOSA, Tissue.CARTILAGE, Tissue.DISC),
    (Tissue.CSF, Tissue.VENTRICLE, Tissue.EYE),
    (Tissue.GREY, Tissue.DEEP_GREY, Tissue.CEREBELLUM_GREY),
    (Tissue.WHITE, Tissue.CEREBELLUM_WHITE, Tissue.BRAIN_STEM, Tissue.SPINAL_CORD, Tissue.OPTIC_NERVE),
    (Tissue.EYE_WALL, Tissue.LENS, Tissue.DURA),
    (Tissue.VEIN, Tissue.ARTERY),
    (Tissue.TUMOUR, Tissue.OEDEMA, Tissue.BLEEDING),
)


@dataclass(frozen=True)
class AnyContrast:
    """A brightness for each tissue that follows no physics: networks learn anatomy from it, not contrast.

    Parameters
    ----------
    values : (36,) tuple of float
        By tissue number, at least 0.
    """

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.values) != len(Tissue) or not all(0 <= v < math.inf for v in self.values):
            raise InputError(
                "brightness of tissues",
                expected=f"{len(Tissue)} numbers of at least 0",
                got=f"{len(self.values)} numbers",
            )

    def brightness(self) -> tuple[Float, Float]:
        """Return (36,) values and their (36,) spread."""
        values = np.array(self.values, dtype=np.float64)
        return values, SPREAD * values

    @classmethod
    def draw(cls, rng: np.random.Generator) -> AnyContrast:
        """Draw a brightness for each group of tissues; air is dark more often than not."""
        values = np.zeros(len(Tissue))
        for group in ALIKE:
            values[list(group)] = rng.uniform(0.05, 1) + rng.normal(0, 0.06, len(group))
        if rng.random() < DARK_AIR:
            values[list(ALIKE[0])] = rng.uniform(0, 0.04)
        return cls(tuple(float(v) for v in values.clip(0.0, 1.2)))
