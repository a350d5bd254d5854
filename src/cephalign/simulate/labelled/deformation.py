"""What makes another head out of a real one: drawn numbers, and the displacements they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cephalign.geometry.grid import Float
from cephalign.simulate.labelled.growth import GROWTHS

# Control points of the two smooth displacements: how far apart, and the sd of the displacement, mm.
FAR_MM, FAR_SD_MM = (60.0, 80.0), (3.5, 5.5)
NEAR_MM, NEAR_SD_MM = (25.0, 30.0), (0.9, 1.4)
SCALE, SCALE_SIDES, SHEAR = (0.90, 1.10), 0.03, 0.03
# The lattice of growths smooths away two fifths of it: skulls become 20 % thinner to 35 % thicker, the fluid
# around a brain that shrinks by 2 mm some 20 ml more.
SKULL, SCALP = (-0.5, 0.65), (-0.4, 0.6)
# Mean square of a sum of cubic B-splines over independent control values of sd 1, along each axis.
SPLINE_POWER = 0.479
# Where the neck begins to lean and the face to grow, head mm; both over such a length.
NECK_MM, FACE_MM, ONSET_MM = -85.0, -40.0, 15.0


@dataclass(frozen=True)
class Deformation:
    """One drawn set of numbers; the same numbers make the same head.

    Parameters
    ----------
    flip : bool
        Left and right change places.
    scale, shear : three floats
        Of the whole head along x, y, z; of x by y, x by z and y by z.
    seed : int
        Of the control points' values.
    far_mm, far_sd_mm, near_mm, near_sd_mm : float
        Spacing of the control points of both displacements, and sd of what they displace.
    growths : four floats
        In the order of `GROWTHS`: by what share skull and scalp grow (thin, if negative), by how many mm the
        brain's surface sinks and the ventricles' walls recede.
    lean : two floats
        By how much the neck leans sideways and forwards, mm a mm.
    jaw : float
        By what share the face is longer.
    strength : float
        Of all but scale and flip: below 1 where the head would have folded.
    """

    flip: bool
    scale: tuple[float, float, float]
    shear: tuple[float, float, float]
    seed: int
    far_mm: float
    far_sd_mm: float
    near_mm: float
    near_sd_mm: float
    growths: tuple[float, float, float, float]
    lean: tuple[float, float]
    jaw: float
    strength: float = 1.0

    def to_record(self) -> Mapping[str, Any]:
        """Return what can be written as JSON."""
        return {**asdict(self), "growths": dict(zip(GROWTHS, self.growths, strict=True))}


def draw_deformation(rng: np.random.Generator) -> Deformation:
    """Draw how a head differs from its source."""
    size = rng.uniform(*SCALE)
    sides = rng.uniform(-SCALE_SIDES, SCALE_SIDES, 3)
    atrophy = rng.uniform(-0.5, 1.0)
    return Deformation(
        flip=bool(rng.random() < 0.5),
        scale=_three(size * (1 + sides - sides.mean())),
        shear=_three(rng.uniform(-SHEAR, SHEAR, 3)),
        seed=int(rng.integers(2**31)),
        far_mm=float(rng.uniform(*FAR_MM)),
        far_sd_mm=float(rng.uniform(*FAR_SD_MM)),
        near_mm=float(rng.uniform(*NEAR_MM)),
        near_sd_mm=float(rng.uniform(*NEAR_SD_MM)),
        growths=(
            float(rng.uniform(*SKULL)),
            float(rng.uniform(*SCALP)),
            float(np.clip(3.5 * atrophy + rng.normal(0, 0.5), -2.0, 4.0)),
            float(np.clip(2.5 * atrophy + rng.normal(0, 0.5), -1.5, 3.0)),
        ),
        lean=(float(rng.uniform(-0.08, 0.08)), float(rng.uniform(-0.2, 0.2))),
        jaw=float(rng.uniform(-0.1, 0.1)),
    )


def _three(values: Float) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])


def stretch(deformation: Deformation) -> Float:
    """Return the (3, 3) matrix that takes a drawn head's points to its source's size."""
    shear = np.eye(3)
    shear[0, 1], shear[0, 2], shear[1, 2] = np.multiply(deformation.shear, deformation.strength)
    matrix: Float = shear @ np.diag(1 / np.array(deformation.scale))
    return matrix


class Displacement:
    """Smooth displacements of a deformation within a box, in mm along x, y, z of the unflipped head.

    Parameters
    ----------
    deformation : Deformation
    low, high : (3,) arrays
        The box, mm.
    """

    def __init__(self, deformation: Deformation, low: Float, high: Float) -> None:
        self._deformation, self._low = deformation, low
        rng = np.random.default_rng(deformation.seed)
        self._splines: list[tuple[float, Float]] = []
        for spacing, sd in (
            (deformation.far_mm, deformation.far_sd_mm),
            (deformation.near_mm, deformation.near_sd_mm),
        ):
            counts = np.ceil((high - low) / spacing).astype(int) + 3
            values = rng.standard_normal((3, *counts)) * (sd * deformation.strength / SPLINE_POWER**1.5)
            self._splines.append((spacing, values))

    def on_lattice(self, x: Float, y: Float, z: Float) -> Float:
        """Return (3, I, J, K) displacements at all combinations of coordinates."""
        total = np.zeros((3, len(x), len(y), len(z)))
        for spacing, values in self._splines:
            part: Float = values
            for axis, at in enumerate((x, y, z)):
                weights = _spline_weights((at - self._low[axis]) / spacing, part.shape[1])
                # The axis that is done goes to the end: after three, the order is x, y, z again.
                part = np.asarray(np.tensordot(part, weights, axes=(1, 1)))
            total += part
        grids = (x[:, None, None], y[None, :, None], z[None, None, :])
        for axis, posture in enumerate(self._posture(*grids)):
            total[axis] += posture
        return total

    def at(self, points: Float) -> Float:
        """Return (N, 3) displacements of points."""
        total = np.stack(self._posture(*points.T), axis=-1) * np.ones((len(points), 1))
        for spacing, values in self._splines:
            at = (points - self._low) / spacing
            wx, wy, wz = (_spline_weights(at[:, a], values.shape[1 + a]) for a in range(3))
            total += np.einsum("cijk,ni,nj,nk->nc", values, wx, wy, wz, optimize=True)
        return total

    def _posture(self, x: Float, y: Float, z: Float) -> tuple[Float, Float, Float]:
        """Lean the neck, lengthen the face: a point is looked up where it came from."""
        d = self._deformation
        neck = d.strength * _ramp(NECK_MM - z)
        face = d.strength * _ramp(FACE_MM - z) / (1 + np.exp(-y / ONSET_MM))
        return -d.lean[0] * neck, -d.lean[1] * neck, d.jaw * face


def _ramp(mm: Float) -> Float:
    """Rise smoothly from 0 to the length itself."""
    ramp: Float = ONSET_MM * np.logaddexp(0, mm / ONSET_MM)
    return ramp


def _spline_weights(at: Float, count: int) -> Float:
    """Return (N, count) cubic B-spline weights of control points that begin one spacing before 0."""
    from_control = np.abs(at[:, None] - (np.arange(count) - 1.0))
    inner = 2 / 3 - from_control**2 * (1 - from_control / 2)
    outer = np.maximum(2 - from_control, 0) ** 3 / 6
    weights: Float = np.where(from_control < 1, inner, outer)
    return weights
