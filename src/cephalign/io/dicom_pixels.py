"""Values as DICOM stores them: integers of 16 bits, and how they become what they stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.valuerep import format_number_as_ds

from cephalign.geometry.volume import Modality, Volume


@dataclass(frozen=True, eq=False)
class Stored:
    """A volume's values are `values * slope + intercept`.

    Parameters
    ----------
    values : (I, J, K) array of int16 or uint16
    slope, intercept : float
        As exact as DICOM's text holds them.
    """

    values: NDArray[Any]
    slope: float
    intercept: float

    def of(self, value: float) -> int:
        """Return what stands for a value."""
        return round((value - self.intercept) / self.slope)


def stored(volume: Volume) -> Stored:
    """Store whole numbers as they are and CT in whole HU; others in 65535 steps, of PET with intercept 0."""
    data = volume.data
    if volume.modality is Modality.CT or data.dtype.kind in "iu":
        whole = np.rint(data) if data.dtype.kind == "f" else data
        for kind in (np.int16, np.uint16):
            if np.iinfo(kind).min <= whole.min() and whole.max() <= np.iinfo(kind).max:
                return Stored(whole.astype(kind), 1.0, 0.0)
    low, high = float(data.min()), float(data.max())
    if volume.modality is Modality.PET:
        kind, intercept, step = np.int16, 0.0, max(-low, high) / np.iinfo(np.int16).max
    else:
        kind, intercept, step = np.uint16, _as_text(low), (high - low) / np.iinfo(np.uint16).max
    slope = _as_text(step) or 1.0
    scaled = np.rint((data.astype(np.float64) - intercept) / slope)
    return Stored(scaled.clip(np.iinfo(kind).min, np.iinfo(kind).max).astype(kind), slope, intercept)


def _as_text(number: float) -> float:
    return float(format_number_as_ds(number))
