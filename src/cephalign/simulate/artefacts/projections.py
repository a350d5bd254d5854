"""Projections of slices and back: a parallel-beam CT scanner on a square of pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

# Indices of one call of `embedding_bag` at most: some 30 MB of tables.
BATCH = 2_000_000


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
        views = []
        for view in range(self.angles):
            cos, sin = self._direction(view)
            steep = abs(cos) > abs(sin)  # the ray runs along the rows' axis: s = cos * x + sin * y
            major, minor = (cos, sin) if steep else (sin, cos)
            across = (along[:, None] - minor * along) / major + (self.size - 1) / 2
            lower = across.floor()
            share = across - lower
            lower = lower.long()
            steps = torch.arange(self.size, device=device).expand_as(lower)
            index, weight = [], []
            for place, part in ((lower, 1 - share), (lower + 1, share)):
                inside = (place >= 0) & (place < self.size)
                near = place.clamp(0, self.size - 1)
                index.append(steps * self.size + near if steep else near * self.size + steps)
                weight.append(part * inside * (self.pixel_mm / abs(major)))
            views.append(_weighted_sums(squares, torch.cat(index, 1), torch.cat(weight, 1)))
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
        device = filtered.device
        along = torch.arange(self.size, device=device, dtype=torch.float32) - (self.size - 1) / 2
        table = filtered.reshape(self.angles * self.size, -1)
        directions = [self._direction(view) for view in range(self.angles)]
        cos, sin = (torch.tensor(part, device=device) for part in zip(*directions, strict=True))
        first = torch.arange(self.angles, device=device) * self.size
        rows = max(1, BATCH // (2 * self.angles * self.size))
        parts = []
        for y in torch.split(along, rows):
            place = cos * along[None, :, None] + sin * y[:, None, None] + (self.size - 1) / 2
            # Beyond the detector there is nothing dense: its last element does.
            place = place.reshape(-1, self.angles).clamp(0, self.size - 1.001)
            lower = place.floor()
            share = place - lower
            index = lower.long() + first
            index, weight = torch.cat((index, index + 1), 1), torch.cat((1 - share, share), 1)
            parts.append(_weighted_sums(table, index, weight))
        return torch.cat(parts) * (math.pi / self.angles)

    def _direction(self, view: int) -> tuple[float, float]:
        """Return the detector's direction (x, y): not exactly along a pixel row, lest rays coincide."""
        angle = math.pi * (view + 0.5) / self.angles
        return math.cos(angle), math.sin(angle)


def _weighted_sums(table: torch.Tensor, index: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return (n, K): for each row of (n, m) indices the weighted sum of the table's rows."""
    sums: torch.Tensor = torch.nn.functional.embedding_bag(
        index, table, per_sample_weights=weight, mode="sum"
    )
    return sums
