"""How an MR scanner bends space: its gradients are not linear, its field is not even."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from cephalign.errors import InputError
from cephalign.geometry import Rigid
from cephalign.geometry.grid import Float
from cephalign.simulate.artefacts.field import static_field
from cephalign.simulate.artefacts.parts import Triple, triple
from cephalign.simulate.head import Head

REACH_MM = 100.0  # where the size of the gradients' error is stated
# Bound of a cubic coefficient, in mm at REACH_MM: errors as measured for head scans (Sumanaweera et al.,
# Neurosurgery 35:696, 1994).
CUBIC_MM, RECTIFIED_CUBIC_MM = 1.6, 0.12
# Shift of one part per million: 64 Hz at 1.5 T, over the bandwidth of a pixel.
STATIC_MM_PER_PPM, RECTIFIED_STATIC_MM_PER_PPM = (0.1, 0.7), (0.0, 0.06)
ISOCENTRE_MM = 15.0  # how far the head lies from it


@dataclass(frozen=True)
class Distortion:
    """Where the scanner puts what it sees.

    Parameters
    ----------
    isocentre_mm : (3,) tuple
        World point without an error of the gradients.
    cubic_mm : (3, 3) tuples
        For each axis of world, how much of its error, in mm at 100 mm, is owed to the squares of x, y, z.
    readout : (3,) tuple
        Unit vector, in world, along which an uneven field shifts the image.
    static_mm_per_ppm : float
        How far, with its sign.
    """

    isocentre_mm: Triple
    cubic_mm: tuple[Triple, Triple, Triple]
    readout: Triple
    static_mm_per_ppm: float

    def shift_mm(self, points: torch.Tensor, head: Head, world_from_head: Rigid) -> torch.Tensor:
        """Return from where signals came: the scan shows at a point what lies at the point plus this.

        It is smooth: evaluate it every 4 to 8 mm and interpolate.

        Parameters
        ----------
        points : (3, ...) float tensor
            World points of the scan, mm.
        head : Head
            Whose air cavities make the field uneven.
        world_from_head : Rigid
            Where it lies; the main field runs along world's z axis.

        Returns
        -------
        (3, ...) float tensor
            World mm.
        """
        shape = (3,) + (1,) * (points.ndim - 1)
        away = (points - points.new_tensor(self.isocentre_mm).reshape(shape)) / REACH_MM
        cubic = points.new_tensor(self.cubic_mm) @ (away * away).flatten(1)
        shift = away * cubic.reshape(away.shape)
        if not self.static_mm_per_ppm:
            return shift
        head_from_world = (~world_from_head).matrix
        field = static_field(head, head_from_world[:3, 2])
        matrix = points.new_tensor(head_from_world)
        in_head = matrix[:3, :3] @ points.flatten(1) + matrix[:3, 3:]
        ppm = field.at(in_head).reshape(points.shape[1:])
        readout = points.new_tensor(self.readout).reshape(shape)
        return shift + readout * (ppm * self.static_mm_per_ppm)


def draw_distortion(
    rng: np.random.Generator,
    *,
    rectified: bool,
    readout: Float | Triple = (0.0, 1.0, 0.0),
    isocentre_mm: Float | Triple = (0.0, 0.0, 0.0),
) -> Distortion:
    """Draw a scanner's errors.

    Parameters
    ----------
    rng : numpy Generator
    rectified : bool
        Whether they were corrected but for a small rest, as in RIRE's rectified images (Chang & Fitzpatrick,
        IEEE Trans Med Imaging 11:319, 1992).
    readout : (3,) array
        Axis of the readout in world.
    isocentre_mm : (3,) array
        World point near which the isocentre lies, such as the middle of the head.

    Returns
    -------
    Distortion

    Raises
    ------
    InputError
        A readout without a direction.
    """
    axis = np.asarray(readout, dtype=np.float64)
    length = float(np.linalg.norm(axis))
    if not 0 < length < np.inf:
        raise InputError("readout axis", expected="a vector with a length", got=str(readout))
    bound = RECTIFIED_CUBIC_MM if rectified else CUBIC_MM
    cubic = rng.uniform(-bound, bound, (3, 3))
    span = RECTIFIED_STATIC_MM_PER_PPM if rectified else STATIC_MM_PER_PPM
    isocentre = np.asarray(isocentre_mm) + rng.uniform(-ISOCENTRE_MM, ISOCENTRE_MM, 3)
    return Distortion(
        isocentre_mm=triple(isocentre),
        cubic_mm=(triple(cubic[0]), triple(cubic[1]), triple(cubic[2])),
        readout=triple(axis / length),
        static_mm_per_ppm=float(rng.uniform(*span) * rng.choice([-1, 1])),
    )
