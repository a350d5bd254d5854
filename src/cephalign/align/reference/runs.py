"""Many ways to the answer: several starts in both directions, each followed to its end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cephalign.align.ascent import climb
from cephalign.align.levels import FAR, FINE, FINEST, NEAR, Level, compare
from cephalign.align.reference.answer import Member
from cephalign.align.reference.surfaces import LARGEST_GAP_MM, Surface, surface_gap
from cephalign.align.scan import Scan
from cephalign.align.search import Found, search
from cephalign.align.symmetry import symmetry_candidates, turned_candidates
from cephalign.geometry import Rigid
from cephalign.geometry.grid import Float

# Starts around the best place of a direction: how many, and how far from it at most.
PERTURBED, PERTURBED_DEG, PERTURBED_MM = 2, 20.0, 20.0
EXCHANGED = "exchanged "


def all_runs(fixed: Scan, moving: Scan, rng: np.random.Generator) -> list[Member]:
    """Return where every start ends, with the scans as they are and exchanged; none agrees as yet."""
    there = _one_way(fixed, moving, rng)
    back = _one_way(moving, fixed, rng)
    return [
        *there,
        *(replace(m, name=EXCHANGED + m.name, moving_from_fixed=~m.moving_from_fixed) for m in back),
    ]


def _one_way(fixed: Scan, moving: Scan, rng: np.random.Generator) -> list[Member]:
    own, other = Surface.of(fixed), Surface.of(moving)
    afar = [search(fixed, moving, of(fixed, moving)) for of in (symmetry_candidates, turned_candidates)]
    header, _ = follow(fixed, moving, np.eye(4)[None], FAR, NEAR)
    ends = _stacked([*(_plausible(own, other, found) for found in afar), Rigid(header[0])])
    best = _most_plausible(own, other, ends, compare(fixed, moving, NEAR)(ends, slopes=False).value)
    around = _stacked([_perturbed(best, fixed.centre, rng) for _ in range(PERTURBED)])
    near, _ = follow(fixed, moving, around, FAR, NEAR)
    names = ["symmetry", "turns", "header", *(f"perturbed {n + 1}" for n in range(PERTURBED))]
    poses, values = follow(fixed, moving, np.concatenate([ends, near]), FINE, FINEST)
    return [
        Member(name, Rigid(pose), value, surface_gap(own, other, Rigid(pose)), agrees=False)
        for name, pose, value in zip(names, poses, values.tolist(), strict=True)
    ]


def _plausible(fixed: Surface, moving: Surface, found: Found) -> Rigid:
    """Return the best place that lays the heads' surfaces together: a head the wrong way up can seem best."""
    fitting = (pose for pose in found.poses if surface_gap(fixed, moving, pose) <= LARGEST_GAP_MM)
    return next(fitting, found.poses[0])


def _most_plausible(fixed: Surface, moving: Surface, poses: Float, values: Float) -> Rigid:
    """Return the most similar of (B, 4, 4) poses, of those that lay the surfaces together if any does."""
    gaps = np.array([surface_gap(fixed, moving, Rigid(pose)) for pose in poses])
    return Rigid(poses[max(range(len(poses)), key=lambda n: (gaps[n] <= LARGEST_GAP_MM, values[n]))])


def follow(fixed: Scan, moving: Scan, poses: Float, *levels: Level) -> tuple[Float, Float]:
    """Climb from (B, 4, 4) poses side by side, level after level; return poses and values at the last."""
    values = np.zeros(len(poses))
    for level in levels:
        poses, values = climb(compare(fixed, moving, level), poses, level.climb)
    return poses, values


def _perturbed(pose: Rigid, centre: Float, rng: np.random.Generator) -> Rigid:
    axis, direction = rng.normal(size=(2, 3))
    shift = rng.uniform(0, PERTURBED_MM) * direction / np.linalg.norm(direction)
    return pose @ Rigid.from_axis_angle(axis, rng.uniform(0, PERTURBED_DEG), shift, centre)


def _stacked(poses: list[Rigid]) -> Float:
    return np.array([pose.matrix for pose in poses])
