"""How far two masks agree: the overlap scores of the paper's Tables 1 and 2, as printed and along boundaries.

Islam et al. 2021, Eqs. 1 to 5: x is the moving image under the reference transform, y that under the
predicted one, both as masks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cephalign.errors import InputError

Mask = NDArray[np.bool_]
# Of the image's diagonal in voxels: so near, boundaries count as the same, as in MATLAB's `bfscore`.
TOLERANCE = 0.0075


@dataclass(frozen=True)
class Overlap:
    """Two shares, and what the paper makes of them; a share of nothing is NaN.

    Parameters
    ----------
    precision : float
        Rp (Eq. 3): the part of y that lies in x.
    sensitivity : float
        Rs (Eq. 4): the part of x that lies in y.
    """

    precision: float
    sensitivity: float

    @property
    def contour_score(self) -> float:
        """CMS (Eq. 5), the harmonic mean of both; of whole masks the same number as DSC (Eq. 1)."""
        total = self.precision + self.sensitivity
        return 2 * self.precision * self.sensitivity / total if total else 0.0

    @property
    def jaccard(self) -> float:
        """JSC (Eq. 2), which says nothing that DSC does not: DSC / (2 - DSC)."""
        return self.contour_score / (2 - self.contour_score)


def overlap(reference: Mask, predicted: Mask) -> Overlap:
    """Compare whole masks, as the paper's equations are printed.

    Parameters
    ----------
    reference, predicted : (...) bool array
        x and y.

    Raises
    ------
    InputError
        Masks of different shapes.
    """
    _refuse_unlike(reference, predicted)
    both = np.count_nonzero(reference & predicted)
    return Overlap(_share(both, np.count_nonzero(predicted)), _share(both, np.count_nonzero(reference)))


def boundary_overlap(reference: Mask, predicted: Mask, tolerance_vox: float | None = None) -> Overlap:
    """Compare boundaries, which is what the paper's names (contour matching score) say.

    Parameters
    ----------
    reference, predicted : (...) bool array
        x and y.
    tolerance_vox : float, optional
        A boundary voxel nearer than this to the other boundary is right; by default 0.75 % of the diagonal.

    Returns
    -------
    Overlap
        Its `contour_score` is the boundary F1 score of Csurka et al. (BMVC 2013).

    Raises
    ------
    InputError
        Masks of different shapes, or a tolerance that is not positive.

    Notes
    -----
    A boundary is what an erosion by the next voxel along each axis takes away; beyond the image is nothing.
    """
    _refuse_unlike(reference, predicted)
    tolerance = TOLERANCE * math.hypot(*reference.shape) if tolerance_vox is None else tolerance_vox
    if not tolerance > 0:
        raise InputError("impossible tolerance", expected="above 0 voxels", got=f"{tolerance:g}")
    x, y = (mask & ~ndimage.binary_erosion(mask) for mask in (reference, predicted))
    return Overlap(_near(y, x, tolerance), _near(x, y, tolerance))


def _near(boundary: Mask, other: Mask, tolerance: float) -> float:
    """Return the share of one boundary that lies near another."""
    if not other.any():
        return 0.0 if boundary.any() else math.nan
    distance = ndimage.distance_transform_edt(~other)
    return _share(np.count_nonzero(distance[boundary] < tolerance), np.count_nonzero(boundary))


def _share(part: np.integer[Any], whole: np.integer[Any]) -> float:
    return float(part / whole) if whole else math.nan


def _refuse_unlike(reference: Mask, predicted: Mask) -> None:
    if reference.shape != predicted.shape:
        raise InputError("masks of different shapes", expected=f"{reference.shape}", got=f"{predicted.shape}")
