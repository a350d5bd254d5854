"""What a beam of many energies makes of bone and metal in CT slices: dark bands, cupping, streaks."""

from __future__ import annotations

import torch

from cephalign.errors import InputError
from cephalign.simulate.artefacts.projections import Scanner

WATER_PER_MM = 0.019  # attenuation at the 70 keV of a 120 kV beam (NIST)
# Denser than this is bone to the scanner; what lies above water hardens the beam.
BONE_HU = 250.0
METAL_HU = 3500.0
# A square error of a bone's projection, fitted so that the band between the petrous bones is some 20 HU deep.
HARDENING = 0.035
# A ray through metal loses at most so much (as exponent): the rest is scatter and the detector's own noise.
STARVED = 3.2
METAL_HARDENING = 0.12

BONE_SCANNER_PIXELS, BONE_ANGLES = 96, 64
METAL_SCANNER_PIXELS, METAL_ANGLES = 192, 120


def hardened(hu: torch.Tensor, spacing_mm: float, amount: float) -> torch.Tensor:
    """Add the artefacts of beam hardening, and of metal where there is some.

    Scanners correct for water. What is left of a ray through bone is an error that grows with the square of
    its path in bone (Joseph & Spital, J Comput Assist Tomogr 2:100, 1978): reconstructed, it is dark between
    dense objects. A ray through metal also runs out of photons.

    Parameters
    ----------
    hu : (K, J, I) float tensor
        Slices with square pixels.
    spacing_mm : float
        Of the pixels.
    amount : float
        0 for a perfect scanner, 1 for one of the nineties.

    Returns
    -------
    (K, J, I) float tensor
        A new one.

    Raises
    ------
    InputError
        A negative amount, or no positive spacing.
    """
    if not 0 <= amount < float("inf"):
        raise InputError("beam hardening", expected="an amount of at least 0", got=f"{amount:g}")
    if not 0 < spacing_mm < float("inf"):
        raise InputError("pixel spacing", expected="a positive number of mm", got=f"{spacing_mm:g}")
    result = hu.clone()
    if not amount:
        return result
    dense = (hu > BONE_HU).flatten(1).any(dim=1)
    chosen = dense.nonzero()[:, 0]
    if len(chosen):
        result[chosen] += _bone_error(hu[chosen], spacing_mm) * amount
    metal = (hu > METAL_HU).flatten(1).any(dim=1).nonzero()[:, 0]
    if len(metal):
        result[metal] += _metal_error(hu[metal], spacing_mm) * amount
    return result


def _bone_error(hu: torch.Tensor, spacing_mm: float) -> torch.Tensor:
    """Return (K, J, I) HU to be added."""
    bone = _Square(hu.shape, spacing_mm, BONE_SCANNER_PIXELS, BONE_ANGLES)
    excess = bone.entered((hu.clamp(BONE_HU, METAL_HU) - BONE_HU) / 1000)
    path = bone.scanner.projections(excess) * WATER_PER_MM
    return bone.left(-HARDENING * path * path)


def _metal_error(hu: torch.Tensor, spacing_mm: float) -> torch.Tensor:
    """Return (K, J, I) HU to be added."""
    fine = _Square(hu.shape, spacing_mm, METAL_SCANNER_PIXELS, METAL_ANGLES)
    inside = fine.scanner.projections(fine.entered((hu - METAL_HU).clamp(min=0) / 1000)) * WATER_PER_MM
    whole = fine.scanner.projections(fine.entered(hu.clamp(min=-1000) / 1000 + 1)) * WATER_PER_MM
    through = whole - METAL_HARDENING * inside * inside / (1 + 0.5 * inside)
    # Smooth ceiling: what is measured tends to what the scatter lets through.
    scatter = 1 / (1 + torch.exp(through - (STARVED + WATER_PER_MM * 180)))
    measured = through * scatter + (1 - scatter) * (STARVED + WATER_PER_MM * 180)
    return fine.left((measured - whole) * (inside > 0))


class _Square:
    """A scanner's square around slices of any shape."""

    def __init__(self, shape: torch.Size, spacing_mm: float, pixels: int, angles: int) -> None:
        _, rows, columns = shape
        self.shape = (rows, columns)
        pixels = min(pixels, max(rows, columns))
        pixel_mm = max(rows, columns) * spacing_mm / pixels
        self.scanner = Scanner(pixels, angles, pixel_mm)
        self.inner = (
            max(1, round(rows * spacing_mm / pixel_mm)),
            max(1, round(columns * spacing_mm / pixel_mm)),
        )

    def entered(self, slices: torch.Tensor) -> torch.Tensor:
        """Return (pixels * pixels, K) means of (K, J, I) slices."""
        means = torch.nn.functional.adaptive_avg_pool2d(slices[None], self.inner)[0]
        square = slices.new_zeros(len(slices), self.scanner.size, self.scanner.size)
        square[:, : self.inner[0], : self.inner[1]] = means
        return square.flatten(1).T.contiguous()

    def left(self, error: torch.Tensor) -> torch.Tensor:
        """Return (K, J, I) HU from an error of (angles, pixels, K) projections."""
        square = self.scanner.squares(self.scanner.filtered(error)) * (1000 / WATER_PER_MM)
        square = square.T.reshape(-1, self.scanner.size, self.scanner.size)
        inner = square[:, : self.inner[0], : self.inner[1]]
        return torch.nn.functional.interpolate(inner[None], self.shape, mode="bilinear", align_corners=False)[
            0
        ]
