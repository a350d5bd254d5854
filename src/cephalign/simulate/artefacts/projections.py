"""Projections of slices and back: a parallel-beam CT scanner on a square of pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

# A view is looked up between detector elements in steps of one part in so many.
FINER = 4


@dataclass(frozen=True)
class Scanner:
    """A parallel beam through a square of pixels, seen from angles spread evenly over half a turn.

    Parameters
    ----------
    size : int
        Pixels, and detector elements, of `pixel_mm` on each side.
    angles : int
    pixel_mm : float
    """

    size: int
    angles: int
    pixel_mm: float

    def projections(self, squares: torch.Tensor) -> torch.Tensor:
        """Return (angles, size, K) line integrals, in mm, of (size * size, K) pixels (rows, then columns).

        A ray is followed along the image axis that it is closer to, between two pixels at each step (Joseph,
        IEEE Trans Med Imaging 1:192, 1982).
        """
        device = squares.device
        along = torch.arange(self.size, device=device, dtype=torch.float32) - (self.size - 1) / 2
        full = (squares != 0).any(dim=1).reshape(self.size, self.size)
        rows, columns = (full.any(dim=axis).nonzero()[:, 0] for axis in (1, 0))
        views = []
        for view in range(self.angles):
            cos, sin = self._direction(view)
            steep = abs(cos) > abs(sin)  # the ray crosses the rows: cos * x + sin * y is constant
            major, minor, steps = (cos, sin, rows) if steep else (sin, cos, columns)
            across = (along[:, None] - minor * along[steps]) / major + (self.size - 1) / 2
            lower = across.floor()
            share = across - lower
            index, weight = [], []
            for place, part in ((lower.long(), 1 - share), (lower.long() + 1, share)):
                inside = (place >= 0) & (place < self.size)
                near = place.clamp(0, self.size - 1)
                index.append(steps * self.size + near if steep else near * self.size + steps)
                weight.append(part * inside * (self.pixel_mm / abs(major)))
            sums = torch.nn.functional.embedding_bag(
                torch.cat(index, 1), squares, per_sample_weights=torch.cat(weight, 1), mode="sum"
            )
            views.append(sums)
        return torch.stack(views)

    def filtered(self, views: torch.Tensor) -> torch.Tensor:
        """Return (angles, size, K) projections through the ramp filter, its highest frequencies damped."""
        padded = 2 * self.size
        offset = torch.fft.fftfreq(padded, 1 / padded, device=views.device).round()
        odd = offset.remainder(2) == 1
        # The ramp in space (Kak & Slaney, Principles of computerized tomographic imaging, eq. 61).
        kernel = torch.where(odd, -1 / (math.pi * offset.clamp(min=1).where(offset > 0, offset)) ** 2, 0.0)
        kernel[0] = 0.25
        window = 0.5 + 0.5 * torch.cos(math.pi * torch.linspace(0, 1, self.size + 1, device=views.device))
        ramp = torch.fft.rfft(kernel).real * window / self.pixel_mm
        spectrum = torch.fft.rfft(views, padded, dim=1) * ramp[:, None]
        whole: torch.Tensor = torch.fft.irfft(spectrum, padded, dim=1)
        return whole[:, : self.size].contiguous()

    def squares(self, filtered: torch.Tensor) -> torch.Tensor:
        """Return (size * size, K) pixels, per mm, by back projection of (angles, size, K) filtered views."""
        device, middle = filtered.device, self.size / 2 * FINER
        along = (torch.arange(self.size, device=device) - (self.size - 1) / 2) * FINER
        finer = torch.nn.functional.interpolate(filtered.transpose(1, 2), scale_factor=FINER, mode="linear")
        pixels = filtered.new_zeros(filtered.shape[2], self.size * self.size)
        for view in range(self.angles):
            cos, sin = self._direction(view)
            place = (cos * along + middle + sin * along[:, None]).flatten()
            # Beyond the detector there is nothing dense: its last element does.
            place = place.clamp(0, self.size * FINER - 1).int()
            pixels += finer[view].index_select(1, place)
        return pixels.T * (math.pi / self.angles)

    def _direction(self, view: int) -> tuple[float, float]:
        """Return the detector's direction (x, y): not exactly along a pixel row, lest rays coincide."""
        angle = math.pi * (view + 0.5) / self.angles
        return math.cos(angle), math.sin(angle)
