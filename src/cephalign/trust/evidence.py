"""What speaks for an alignment, and what against it: numbers that a model makes an expected error of."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from scipy.spatial.transform import Rotation

from cephalign.align.ascent import climb
from cephalign.align.information import MutualInformation
from cephalign.align.levels import FINE, NEAR, compare
from cephalign.align.reference.surfaces import Surface, surface_gap
from cephalign.align.scan import Scan
from cephalign.align.search import Found
from cephalign.geometry import Rigid
from cephalign.geometry.grid import Float
from cephalign.parallel import both
from cephalign.trust.halves import halves_end
from cephalign.trust.mirror import mirrored_similarity

# How far the end is pushed, in each of six directions, to see how sharp the optimum is.
PUSH_MM = 2.0
# From where it is climbed to again.
AWAY_MM = 4.0
# So far, and so finely.
AGAIN = replace(FINE.climb, steps=12, enough_mm=0.1)
# A gap, or a distance, beyond which it does not matter how far.
LARGEST_MM = 50.0


@dataclass(frozen=True)
class Evidence:
    """Of one registration.

    Parameters
    ----------
    similarity : float
        Mutual information at the near level, nats.
    share : float
        The same over the lesser of the two scans' entropies there.
    gain : float
        How much better the end is than the start, nats at the near level.
    rival : float
        The second best place over the best; 0 where there is none.
    mirrored : float
        The moving scan's mirror image, at its best place, over the scan itself at the end, at the fine level;
        0 where it does not overlap.
    overlap : float
        Part of both heads' points that the other scan holds.
    drift_mm : float
        From the best place at the near level to the end.
    gap_mm : float
        Between the surfaces of the heads.
    sharp, blunt : float
        By what share mutual information at the fine level falls, the end pushed by 2 mm either way: on
        average over six directions, and in the flattest.
    leaning : float
        The largest difference between the two ways, as a share: the end is no optimum.
    spread_mm : float
        From the end to the ends of climbs from around it, at the fine level, root mean square.
    halves_mm : float
        Half the distance between the answers of two halves of the head, at the fine level.
    slices_mm : float
        The coarsest spacing of both scans.
    volume_share : float
        The smaller head over the larger, as masks; a cropped scan or another person.
    """

    similarity: float
    share: float
    gain: float
    rival: float
    mirrored: float
    overlap: float
    drift_mm: float
    gap_mm: float
    sharp: float
    blunt: float
    leaning: float
    spread_mm: float
    halves_mm: float
    slices_mm: float
    volume_share: float

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of the numbers, in order."""
        return tuple(field.name for field in fields(cls))


def gather(fixed: Scan, moving: Scan, found: Found, end: Rigid) -> tuple[Evidence, tuple[Rigid, ...]]:
    """Look at an end.

    Parameters
    ----------
    fixed, moving : Scan
    found : Found
        The places that the search left.
    end : Rigid
        `moving_from_fixed`.

    Returns
    -------
    Evidence
    tuple of Rigid
        Where climbs from around the end, and those of its halves, end.
    """
    near, fine = compare(fixed, moving, NEAR), compare(fixed, moving, FINE)
    at = near(np.array([found.start.matrix, end.matrix]), slopes=False)
    similarity = float(at.value[1])
    entropy = min(_entropy(side.positions.numpy(), near.bins) for side in (near.fixed, near.moving))
    rivals = found.similarities[1:2]
    surfaces = both(Surface.of, fixed, moving)
    volumes = sorted(scan.head.data.sum() * scan.head.grid.spacing.prod() for scan in (fixed, moving))
    body = fixed.body[::50]
    here, sharp, blunt, leaning = _shape(fine, end)
    again, halves = _again(fine, end), halves_end(fine, end, AGAIN)
    evidence = Evidence(
        similarity=similarity,
        share=similarity / max(entropy, 1e-6),
        gain=similarity - float(at.value[0]),
        rival=rivals[0] / found.similarities[0] if rivals and found.similarities[0] > 0 else 0.0,
        mirrored=max(mirrored_similarity(fixed, moving, end), 0.0) / max(here, 1e-6),
        overlap=float(at.overlap[1]),
        drift_mm=float(end.distance(found.poses[0], body).mean()),
        gap_mm=min(surface_gap(*surfaces, end), LARGEST_MM),
        sharp=sharp,
        blunt=blunt,
        leaning=leaning,
        spread_mm=_apart([(end, other) for other in again], body),
        halves_mm=_apart([halves], body) / 2 if halves else LARGEST_MM,
        slices_mm=float(max(scan.volume.grid.spacing.max() for scan in (fixed, moving))),
        volume_share=float(volumes[0] / volumes[1]),
    )
    return evidence, (*again, *halves)


def _entropy(positions: Float, bins: int) -> float:
    """Return the entropy of intensities in bins, nats."""
    share = np.bincount(positions.astype(int), minlength=bins) / positions.size
    return float(-(share[share > 0] * np.log(share[share > 0])).sum())


def _shape(fine: MutualInformation, end: Rigid) -> tuple[float, float, float, float]:
    """Push the end along six directions, both ways: similarity there, `sharp`, `blunt`, `leaning`."""
    pushes = np.concatenate([np.zeros((1, 6)), PUSH_MM * np.eye(6), -PUSH_MM * np.eye(6)])
    values = fine(fine.moved(np.repeat(end.matrix[None], 13, axis=0), pushes), slopes=False).value
    falls = (values[0] - values[1:].reshape(2, 6)) / max(values[0], 1e-6)
    bent, leaning = falls.mean(axis=0), np.abs(falls[0] - falls[1])
    return float(values[0]), float(bent.mean()), float(bent.min()), float(leaning.max())


def _again(fine: MutualInformation, end: Rigid) -> list[Rigid]:
    """Climb to the end again from four places around it."""
    # The corners of a tetrahedron, turned anyhow once, as turns and shifts.
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)
    turns = corners @ Rotation.from_euler("xyz", (40, 20, 70), degrees=True).as_matrix()
    away = AWAY_MM * np.concatenate([turns, corners], axis=1)
    starts = fine.moved(np.repeat(end.matrix[None], 4, axis=0), away)
    poses, _ = climb(fine, starts, AGAIN)
    return [Rigid(pose) for pose in poses]


def _apart(pairs: list[tuple[Rigid, ...]], body: Float) -> float:
    """Return how far each pair of poses lies apart, root mean square over head and pairs, in mm."""
    off = [one.distance(other, body) for one, other in pairs]
    return min(float(np.sqrt(np.mean(np.square(off)))), LARGEST_MM)
