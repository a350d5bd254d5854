"""What a beam of many energies makes of bone and metal in CT slices: dark bands, cupping, streaks."""

from __future__ import annotations

import torch

from cephalign.errors import InputError
from cephalign.simulate.artefacts.projections import Scanner

WATER_PER_MM = 0.019  # attenuation at the 70 keV of a 120 kV beam (NIST)
# Denser than this is bone to the scanner; what lies above water hardens the beam.
BONE_HU = 250.0
METAL_HU = 3000.0
# What a scanner that corrects for water alone loses of a ray through bone: fitted over 6 to 18 cm of water
# with up to 4.5 cm of cortical bone in it, for a 120 kV beam of seven energies and NIST's attenuations.
BY_BONE, BY_WATER = 0.069, 0.028
# HU of metal are cut off at what can be stored: amalgam and steel weaken a beam more than theirs say.
DENSER = 3.0
# A beam that has passed metal is weakened less and less.
METAL_HARDENING = 0.15
# What arrives behind metal though nothing should, as a share of the beam: scatter, and what detectors add.
SCATTER = 1e-3
PHOTONS = 3e5  # of a ray before it meets anything

BONE_SCANNER_PIXELS, BONE_ANGLES = 96, 64
METAL_SCANNER_PIXELS, METAL_ANGLES = 192, 120


def hardened(hu: torch.Tensor, spacing_mm: float, amount: float) -> torch.Tensor:
    """Add the artefacts of beam hardening, and of metal where there is some.

    Scanners correct for water. What is left of a ray through bone is an error that grows with its path in
    bone times its paths in bone and water (Joseph & Spital, J Comput Assist Tomogr 2:100, 1978):
    reconstructed, it is dark between dense objects. A ray through metal also runs out of photons.

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
    densest = hu.amax((1, 2))
    for least, error in ((BONE_HU, _bone_error), (METAL_HU, _metal_error)):
        some = (densest > least).nonzero()[:, 0]
        if len(some):
            result.index_add_(0, some, error(hu[some], spacing_mm), alpha=amount)
    return result


def _bone_error(hu: torch.Tensor, spacing_mm: float) -> torch.Tensor:
    """Return (K, J, I) HU to be added."""
    coarse = _Square(hu.shape, spacing_mm, BONE_SCANNER_PIXELS, BONE_ANGLES)
    bone = coarse.entered(hu, BONE_HU, METAL_HU)
    water = coarse.entered(hu, -1000, BONE_HU)
    paths = coarse.scanner.projections(torch.cat((bone, water), 1)) * WATER_PER_MM
    in_bone, in_water = paths.tensor_split(2, dim=2)
    loss = in_bone * (BY_BONE * in_bone + BY_WATER * in_water)
    # A loss in proportion to the bone is the bone's own HU, which are what they were meant to be.
    share = (loss * in_bone).sum((0, 1)) / (in_bone * in_bone).sum((0, 1)).clamp(min=1e-9)
    return coarse.left(in_bone * share - loss)


def _metal_error(hu: torch.Tensor, spacing_mm: float) -> torch.Tensor:
    """Return (K, J, I) HU to be added: only rays through metal err."""
    fine = _Square(hu.shape, spacing_mm, METAL_SCANNER_PIXELS, METAL_ANGLES)
    metal = fine.entered(hu, METAL_HU, float("inf"))
    body = fine.entered(hu, -1000, METAL_HU)
    in_metal, in_body = (fine.scanner.projections(one) * WATER_PER_MM for one in (metal, body))
    whole = in_body + DENSER * in_metal / (1 + METAL_HARDENING * in_metal)
    # What arrives tends to the scatter, however much metal there is; few photons make noise of their own.
    arrived = torch.exp(-whole) + SCATTER
    noise = torch.randn(arrived.shape, generator=torch.Generator().manual_seed(0)).to(arrived.device)
    found = -torch.log(arrived) + noise * (arrived * PHOTONS).rsqrt()
    found = (found + torch.log(torch.exp(-in_body) + SCATTER)) * (in_metal > 0)
    # As with bone: what is in proportion to the metal is the HU it was meant to have.
    share = (found * in_metal).sum((0, 1)) / (in_metal * in_metal).sum((0, 1)).clamp(min=1e-9)
    return fine.left(found - share * in_metal)


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

    def entered(self, hu: torch.Tensor, low: float, high: float) -> torch.Tensor:
        """Return (pixels * pixels, K) means of (K, J, I) HU between two limits: thousands above the lower."""
        means = torch.nn.functional.adaptive_avg_pool2d(hu.clamp(low, high)[None], self.inner)[0]
        square = hu.new_zeros(len(hu), self.scanner.size, self.scanner.size)
        square[:, : self.inner[0], : self.inner[1]] = (means - low) / 1000
        return square.flatten(1).T.contiguous()

    def left(self, error: torch.Tensor) -> torch.Tensor:
        """Return (K, J, I) HU from an error of (angles, pixels, K) projections."""
        square = self.scanner.squares(self.scanner.filtered(error)) * (1000 / WATER_PER_MM)
        square = square.T.reshape(-1, self.scanner.size, self.scanner.size)
        inner = square[:, : self.inner[0], : self.inner[1]]
        return torch.nn.functional.interpolate(inner[None], self.shape, mode="bilinear", align_corners=False)[
            0
        ]
