"""The brain's outlines on a lattice of its own, and the folds of its cortex."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from cephalign.simulate.procedural.canvas import Canvas
from cephalign.simulate.procedural.frame import Frame, Patch
from cephalign.simulate.procedural.lattice import Refinement
from cephalign.simulate.procedural.person import Person
from cephalign.simulate.procedural.shapes import Points, common, ellipsoid, joined, limb
from cephalign.simulate.procedural.waves import Waves
from cephalign.simulate.tissues import Tissue

LOW, HIGH = (-72.0, -110.0, -68.0), (72.0, 72.0, 82.0)
# Callosum and what lies below it: here the hemispheres are one.
BODY = ((0.0, -4.0, 6.5), (26.0, 37.5, 22.5))
FISSURE_MM = 1.4
# So far below the envelope sulci are wider than deeper down.
ROUND_MM = 2.6
PLANES = 10


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
    sway: np.ndarray

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


def tentorium(xyz: Points) -> Tensor:
    """Return the height above the tentorium: a tent that falls from the straight sinus to the sides."""
    x, y, z = xyz
    behind = (-40 - y).clamp_(min=0)
    before = (y + 40).clamp_(min=0)
    return (z + 1 + 0.2 * behind + 0.35 * before + 0.33 * x.abs()) * 0.92


def under_tent(xyz: Points) -> Tensor:
    """Return the distance from the room under the tentorium and behind the petrous ridge."""
    x, y, _ = xyz
    ridge = (y + 12 + 0.45 * (x.abs() - 13)) * 0.9
    return torch.maximum(tentorium(xyz), ridge)


def hemispheres(xyz: Points, room: Tensor, water_mm: Tensor) -> Tensor:
    """Return the distance from the envelope of the cerebrum, both halves with what joins them."""
    hull = common(room + water_mm, 1.3 - under_tent(xyz), 3)
    cistern = joined(
        ellipsoid(xyz, (0, -12, -17), (16, 27, 13)), limb(xyz, (0, -24, -20), (0, -34, -50), 16), 4
    )
    hull = common(hull, -cistern, 4)
    body = ellipsoid(xyz, *BODY)
    return common(hull, torch.minimum(FISSURE_MM - xyz[0].abs(), body), 6)


def cerebellum(xyz: Points, room: Tensor) -> Tensor:
    """Return the distance from the cerebellum's envelope."""
    x, y, z = xyz
    sides = (x.abs(), y, z)
    halves = ellipsoid(sides, (25, -60, -34), (32, 32, 24))
    both = joined(halves, ellipsoid(xyz, (0, -59, -23), (16, 27, 24)), 6)
    both = joined(both, ellipsoid(sides, (26, -42, -27), (20, 17, 14)), 6)
    both = common(both, room + 1.8, 3)
    both = common(both, tentorium(xyz) + 1.8, 3)
    stem = limb(xyz, (0, -24, -14), (0, -38, -56), 13, 9)
    return common(both, -stem, 3)


def paint_brain(canvas: Canvas, person: Person, folds: Folds, rng: np.random.Generator) -> None:
    """Paint cerebrum and cerebellum.

    Parameters
    ----------
    canvas : Canvas
    person : Person
    folds : Folds
    rng : numpy Generator
        Decides where there is more water around the brain.
    """
    spacing = max(2.0, canvas.frame.lattice.spacing_mm)
    water = Waves.draw(rng, 70.0, 20, 0.3)
    box = canvas.frame.patch(LOW, HIGH)
    assert box is not None
    frame = Frame(
        canvas.frame.lattice.part(box.box).coarser(spacing), canvas.frame.space, canvas.frame.device
    )
    patch = frame.whole()
    room = canvas.sketch.refined(frame.lattice)(canvas.sketch.fields[3:4], frame.lattice.whole)[0]
    fields = _cerebrum(frame, patch, room, person, folds, water.on(frame.lattice, frame.device))
    fields += _cerebellum(patch, room)
    _paint(canvas, box, frame, torch.stack(fields), person)


def _cerebrum(
    frame: Frame, patch: Patch, room: Tensor, person: Person, folds: Folds, water: Tensor
) -> list[Tensor]:
    """Return the depth below the envelope, the distance from a sulcus, and the depth below its end."""
    _, y, z = patch.xyz
    old = person.atrophy
    water_mm = (
        1.7
        + 1.2 * old
        + (0.5 + 0.5 * old) * water
        + (0.4 + 1.6 * old) * torch.sigmoid((y + 0.6 * z - 60) * 0.08)
    )
    envelope = hemispheres(patch.xyz, room, water_mm.clamp_(min=1.0))
    aside, end = _sulci(frame, patch, envelope, person, folds)
    cleft = sylvian(patch.xyz, 0.8 + 0.8 * old, folds)
    # No sulcus cuts into the callosum and the nuclei below it.
    beyond = torch.maximum(-envelope - end, 3 - ellipsoid(patch.xyz, *BODY))
    return [-envelope, aside, beyond, cleft]


def _sulci(
    frame: Frame, patch: Patch, envelope: Tensor, person: Person, folds: Folds
) -> tuple[Tensor, Tensor]:
    """Return the signed distance from the nearest sulcus, and how deep that one goes.

    The pattern lives on the envelope and is carried inwards along its normals, so that the sulci stand
    upright on the brain's surface.
    """
    spacing = frame.lattice.spacing_mm
    lattice = frame.lattice.coarser(3.0)
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
    return aside, (11.5 + 4.5 * carried[1]).clamp_(4, 18)


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


def _cerebellum(patch: Patch, room: Tensor) -> list[Tensor]:
    """Return the depth below the cerebellum's envelope, and a phase that folia repeat with."""
    x, y, z = patch.xyz
    envelope = cerebellum(patch.xyz, room)
    angle = torch.atan2(z + 30 + 0.12 * x.abs(), -(y + 33))
    return [-envelope, angle * 30 + 0.5 * envelope + 0.15 * x.abs()]


def _paint(canvas: Canvas, box: Patch, frame: Frame, fields: Tensor, person: Person) -> None:
    """Decide for each voxel of the brain between water, grey and white."""
    refined = Refinement(frame.lattice, canvas.frame.lattice.part(box.box), frame.device)
    view = canvas.tissues[box.box]
    half = 0.3 + 0.7 * person.atrophy
    i, j, k = view.shape
    across, needed = refined.across(fields, (slice(0, i), slice(0, j), slice(0, k)))
    for start in range(0, i, PLANES):
        part = slice(start, min(start + PLANES, i))
        depth, aside, beyond, cleft, folia, phase = refined.down(across, needed, part)
        # The crowns of the gyri are round.
        open_mm = (ROUND_MM - depth).clamp_(0, ROUND_MM).mul_(0.5).add_(half)
        cortex = torch.maximum(aside.abs_().sub_(open_mm), beyond)
        cortex = torch.minimum(torch.minimum(depth, cortex), cleft)
        label = view[part].float()
        brain = (cortex > person.cortex).float().add_(float(Tissue.GREY))
        label = torch.where((cortex > 0) & (label == float(Tissue.CSF)), brain, label)
        # Fine fissures between the folia, and between every second pair a branch of the tree of life.
        fissure = torch.maximum(2.1 - (torch.remainder(phase, 5.0) - 2.5).abs_(), folia - 4.5)
        branch = (torch.remainder(phase, 10.0) - 5).abs_() - 4.2 + 0.1 * folia
        white = torch.minimum(torch.maximum(branch, folia - 12), folia - 2.6) > 0
        brain = white.float().add_(float(Tissue.CEREBELLUM_GREY))
        label = torch.where(torch.minimum(folia, fissure) > 0, brain, label)
        view[part] = label
