"""Random fields of one wavelength: sums of plane waves that run in all directions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cephalign.geometry.grid import Float
from cephalign.simulate.procedural.lattice import Lattice


@dataclass(frozen=True, eq=False)
class Waves:
    """A random field of variance 1 and (about) one wavelength.

    Parameters
    ----------
    vectors : (n, 3) array
        Radians a mm.
    phases : (n,) array
    """

    vectors: Float
    phases: Float

    @classmethod
    def draw(cls, rng: np.random.Generator, wavelength_mm: float, count: int, spread: float = 0.0) -> Waves:
        """Draw `count` waves, their lengths spread about one by a share."""
        vectors = rng.normal(size=(count, 3))
        length = wavelength_mm * (1 + spread * rng.uniform(-1, 1, (count, 1)))
        vectors *= 2 * np.pi / length / np.linalg.norm(vectors, axis=1, keepdims=True)
        return cls(vectors, rng.uniform(0, 2 * np.pi, count))

    def stretched(self, factors: tuple[float, float, float]) -> Waves:
        """Return the field with its wave vectors shortened (below 1) along each axis."""
        return Waves(self.vectors * factors, self.phases)

    def on(self, lattice: Lattice, device: torch.device) -> Tensor:
        """Return (I, J, K) values, as a product of one factor an axis."""
        x, y, z = (np.exp(1j * np.outer(self.vectors[:, a], lattice.along(a))) for a in range(3))
        x = x * np.exp(1j * self.phases)[:, None] * np.sqrt(2 / len(self.phases))
        parts = [
            torch.from_numpy(part.astype(np.float32)).to(device)
            for factor in (x, y, z)
            for part in (factor.real, factor.imag)
        ]
        xr, xi, yr, yi, zr, zi = parts
        real = yr[:, :, None] * zr[:, None, :] - yi[:, :, None] * zi[:, None, :]
        imaginary = yr[:, :, None] * zi[:, None, :] + yi[:, :, None] * zr[:, None, :]
        return (xr.T @ real.flatten(1) - xi.T @ imaginary.flatten(1)).view(lattice.shape)
