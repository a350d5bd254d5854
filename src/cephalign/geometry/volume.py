"""A scan: its voxels, their grid, and what kind of scan it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cephalign.errors import GeometryError
from cephalign.geometry.grid import Grid


class Modality(StrEnum):
    """What a scan shows; a file's header is a hint, never the judge."""

    CT = "CT"
    MR = "MR"
    T1 = "MR-T1"
    T2 = "MR-T2"
    PD = "MR-PD"
    PET = "PET"
    UNKNOWN = "unknown"

    @property
    def is_mr(self) -> bool:
        """Whether it is an MR of any kind."""
        return self.startswith(Modality.MR.value)


@dataclass(frozen=True, eq=False)
class Volume:
    """A 3D scan that knows where it lies.

    Parameters
    ----------
    data : (I, J, K) array
        Real intensities in their own units (HU for CT), in the file's own type where that is an integer one.
    grid : Grid
        Where the voxels lie in world (RAS+ mm).
    modality : Modality
        What the file says it is; `UNKNOWN` where it says nothing.

    Raises
    ------
    GeometryError
        Data whose shape is not the grid's.
    """

    data: NDArray[Any]
    grid: Grid
    modality: Modality = Modality.UNKNOWN

    def __post_init__(self) -> None:
        data = np.asarray(self.data).view()
        if data.shape != self.grid.shape:
            raise GeometryError(
                "data and grid differ", expected=f"shape {self.grid.shape}", got=str(data.shape)
            )
        data.setflags(write=False)
        object.__setattr__(self, "data", data)
