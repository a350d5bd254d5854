"""How bright each tissue is in each kind of scan.

Each class has a method `brightness` that gives the mean and the spread of all tissues, by number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cephalign.geometry.grid import Float
from cephalign.simulate.acquire.any_contrast import AnyContrast
from cephalign.simulate.acquire.parts import check_numbers
from cephalign.simulate.acquire.signal import GradientEcho, InversionGradientEcho, SpinEcho
from cephalign.simulate.properties import column
from cephalign.simulate.tissues import Tissue

# Above this it is calcium (or metal) that attenuates.
DENSE_HU = 100.0


@dataclass(frozen=True)
class Hounsfield:
    """Attenuation of X-rays.

    Parameters
    ----------
    hardness : float
        How much denser bone looks than at 120 kV: 1.2 at 80 kV, 0.93 at 140 kV.
    """

    hardness: float = 1.0

    def __post_init__(self) -> None:
        check_numbers(self)

    def brightness(self) -> tuple[Float, Float]:
        """Return (36,) HU and their (36,) spread."""
        hu = column("hu")
        return np.where(hu > DENSE_HU, DENSE_HU + (hu - DENSE_HU) * self.hardness, hu), column("hu_spread")


@dataclass(frozen=True)
class Uptake:
    """Activity of FDG, 1 in cortical grey matter.

    Parameters
    ----------
    scalp : float
        How much of the uptake outside the brain there is; 1 is ordinary.
    """

    scalp: float = 1.0

    def __post_init__(self) -> None:
        check_numbers(self, nothing_allowed=("scalp",))

    def brightness(self) -> tuple[Float, Float]:
        """Return (36,) uptake and its (36,) spread."""
        uptake = column("uptake")
        outside = [tissue for tissue in Tissue if tissue < Tissue.CSF and tissue != Tissue.OPTIC_NERVE]
        uptake[outside] *= self.scalp
        return uptake, uptake * column("spread")


Contrast = SpinEcho | GradientEcho | InversionGradientEcho | AnyContrast | Hounsfield | Uptake
CONTRASTS: dict[str, type[Contrast]] = {
    kind.__name__: kind
    for kind in (SpinEcho, GradientEcho, InversionGradientEcho, AnyContrast, Hounsfield, Uptake)
}
