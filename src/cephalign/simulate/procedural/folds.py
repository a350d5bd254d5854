"""Where the sulci of the cerebrum run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from cephalign.geometry.grid import Float
from cephalign.simulate.procedural.envelopes import BODY
from cephalign.simulate.procedural.frame import Frame
from cephalign.simulate.procedural.person import Person
from cephalign.simulate.procedural.shapes import Points, ellipsoid
from cephalign.simulate.procedural.waves import Waves

# The pattern is sampled so finely; it repeats after 20 mm and more.
PATTERN_MM = 3.0
# Sulci reach so deep, in mean and spread, and at most (Im et al., Cereb Cortex 18:2181, 2008).
DEEP_MM, DEEP_SPREAD_MM, DEEPEST_MM = 12.3, 4.8, 19.0


@dataclass(frozen=True, eq=False)
class Folds:
    """Where the sulci run and how deep they are.

    Parameters
    ----------
    pattern, depth : Waves
        The sulci are the zeros of the pattern; how deep they go varies slowly along them.
    wiggle : Waves
        Bends the folds below the surface.
    sway : (4,) array
        Where the named sulci of the left and the right side swing.
    """

    pattern: Waves
    depth: Waves
    wiggle: Waves
    sway: Float

    @classmethod
    def draw(cls, rng: np.random.Generator, person: Person) -> Folds:
        """Draw a person's folds."""
        # Waves that meet the surface at an angle look longer on it.
        wavelength = 2 * person.gyri * 0.80
        return cls(
            Waves.draw(rng, wavelength, 60, 0.08),
            Waves.draw(rng, 38.0, 30, 0.3),
            Waves.draw(rng, 40.0, 30, 0.2),
            rng.normal(size=4),
        )


def sulci(frame: Frame, envelope: Tensor, person: Person, folds: Folds) -> tuple[Tensor, Tensor]:
    """Return the signed distance from the nearest sulcus, and how deep that one goes.

    The pattern lives on the envelope and is carried inwards along its normals, so that the sulci stand
    upright on the brain's surface.
    """
    spacing = frame.lattice.spacing_mm
    lattice = frame.lattice.coarser(PATTERN_MM)
    outside = Frame(lattice, frame.space, frame.device)
    pattern = _named(outside.whole().xyz, folds.pattern.on(lattice, frame.device), person, folds)
    depth = folds.depth.on(lattice, frame.device)
    slope = torch.stack(torch.gradient(envelope, spacing=spacing))
    slope *= slope.square().sum(0).clamp_(min=1e-3).rsqrt_()
    deep = (-envelope).clamp_(-6, 26)
    bend = folds.wiggle.on(frame.lattice, frame.device) * (deep * 0.17)
    steps = []
    for axis in (2, 1, 0):  # grid_sample names the last axis first
        last = (lattice.shape[axis] - 1) * lattice.spacing_mm
        at = torch.from_numpy(frame.lattice.along(axis).astype(np.float32)).to(frame.device)
        at = at.view([-1 if a == axis else 1 for a in range(3)])
        moved = at + slope[axis] * deep + (bend if axis else -bend)
        steps.append((moved - lattice.origin[axis]) * (2 / last) - 1)
    carried = grid_sample(
        torch.stack([pattern, depth])[None], torch.stack(steps, dim=-1)[None], align_corners=True
    )[0]
    wave = np.pi / person.gyri
    grade = torch.stack(torch.gradient(carried[0], spacing=spacing)).square_().sum(0).sqrt_()
    # Exact for a sine: its zeros are as far away as its phase says.
    aside = torch.atan2(carried[0] * wave, grade) * (1 / wave)
    return aside, (DEEP_MM + DEEP_SPREAD_MM * carried[1]).clamp_(4, DEEPEST_MM)


def _named(xyz: Points, pattern: Tensor, person: Person, folds: Folds) -> Tensor:
    """Return the pattern with the central and the cingulate sulcus at their places."""
    x, y, z = xyz
    wave = np.pi / person.gyri
    aside = x.abs()
    sway = torch.where(x > 0, float(folds.sway[0]), float(folds.sway[1]))
    central = (y - central_y(aside, sway)) * 0.9
    weight = torch.exp(-((central * (1 / 9)) ** 2)) * torch.sigmoid((z - 16) * 0.3)
    pattern = torch.lerp(pattern, 1.2 * torch.sin(wave * central), weight)
    around = ellipsoid(xyz, *BODY) - 11
    weight = (
        torch.exp(-((around * (1 / 8)) ** 2))
        * torch.sigmoid((13 - aside) * 0.5)
        * torch.sigmoid((z - 8) * 0.3)
    )
    return torch.lerp(pattern, 1.2 * torch.sin(wave * around), weight)


def central_y(aside: Tensor, sway: Tensor) -> Tensor:
    """Return where the central sulcus lies, so far from the midline: it runs forward and swings."""
    return 0.47 * aside - 33.5 + 2 * sway + 2.2 * (torch.sin(aside * 0.17 + sway) - torch.sin(sway))


def sylvian(xyz: Points, half_mm: float, folds: Folds) -> Tensor:
    """Return the distance from the Sylvian fissure and the cleft over the insula."""
    x, y, z = xyz
    aside = x.abs()
    rise = torch.where(x > 0, float(folds.sway[2]), float(folds.sway[3])).mul_(1.5)
    height = (
        z + 13 - (28 - y) * 0.41 - rise - 0.18 * (aside - 50) + 2 * torch.sin(aside * 0.2 + y * 0.08 + rise)
    )
    along = (y + 5).abs() - 34 + 0.5 * (50 - aside).clamp_(min=0)
    sheet = torch.maximum(height.abs() * 0.9 - half_mm, torch.maximum(36 - aside, along))
    bulge = aside - 39 - 0.05 * (y + 5) + ((height - 2) * 0.075) ** 2 * 2
    cleft = torch.maximum(bulge.abs() - half_mm, ((height - 1) ** 2 + ((y + 3) * 0.62) ** 2).sqrt_() - 14)
    return torch.minimum(sheet, cleft)
