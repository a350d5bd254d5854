"""From one person's head to the average head and back: size, torque, and smooth random bends."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from cephalign.geometry.grid import Float

# Bends: how many waves, how long (mm), and how far the strongest of them move a point (mm).
BENDS = ((7, 170.0, 330.0, 2.6), (8, 80.0, 130.0, 0.6))
# Each round of the inverse leaves a sixth of the error.
ROUNDS = 14
COMMISSURES = np.array([[0.0, 0.0, 0.0], [0.0, -26.0, 0.0]])  # anterior, posterior; average head
ABOVE = np.array([0.0, -13.0, 60.0])


@dataclass(frozen=True, eq=False)
class Space:
    """The map between a person's head and the average head, both with the anterior commissure at 0.

    Parameters
    ----------
    size : (3,) array
        Size against the average head.
    torque_mm : float
        How far the right forehead and the left occiput reach beyond their opposite (Yakovlev's torque;
        LeMay, Ann NY Acad Sci 280:349, 1976).
    waves : (n, 3) array
        Wave vectors of the bends, radians a mm.
    phases : (n,) array
    bends_mm : (n, 3) array
        How far each wave moves a point.

    Notes
    -----
    `settled` turns the person's frame so that the bent commissures lie where the frame wants them.
    """

    size: Float
    torque_mm: float
    waves: Float
    phases: Float
    bends_mm: Float
    loose_from_head: Float = field(default_factory=lambda: np.eye(4))

    @classmethod
    def draw(cls, rng: np.random.Generator, size: ArrayLike, torque_mm: float) -> Space:
        """Draw a person's bends, and settle the frame."""
        waves, phases, bends = [], [], []
        for count, shortest, longest, reach in BENDS:
            direction = rng.normal(size=(count, 3))
            direction /= np.linalg.norm(direction, axis=1, keepdims=True)
            length = rng.uniform(shortest, longest, (count, 1))
            waves.append(direction * (2 * np.pi / length))
            phases.append(rng.uniform(0, 2 * np.pi, count))
            bends.append(rng.normal(size=(count, 3)) * reach / np.sqrt(count))
        loose = cls(
            np.asarray(size, dtype=np.float64),
            torque_mm,
            np.concatenate(waves),
            np.concatenate(phases),
            np.concatenate(bends),
        )
        return loose.settled()

    def settled(self) -> Space:
        """Return the same person in the frame of the bent commissures and the bent midline."""
        (front, back), above = self.head(COMMISSURES), self.head(ABOVE)
        along = (front - back) / np.linalg.norm(front - back)
        up = above - front - along * ((above - front) @ along)
        up /= np.linalg.norm(up)
        loose_from_head = np.eye(4)
        loose_from_head[:3, :3] = np.stack([np.cross(along, up), along, up], axis=1)
        loose_from_head[:3, 3] = front
        return Space(self.size, self.torque_mm, self.waves, self.phases, self.bends_mm, loose_from_head)

    def average(self, points: ArrayLike) -> Float:
        """Take (..., 3) points of this head to the average head."""
        points = np.asarray(points, dtype=np.float64)
        loose = points @ self.loose_from_head[:3, :3].T + self.loose_from_head[:3, 3]
        bent = np.sin(loose @ self.waves.T + self.phases) @ self.bends_mm
        straight: Float = (loose + bent) / self.size
        forward = straight[..., 1] / 80
        straight[..., 1] -= self.torque_mm * straight[..., 0] / 60 * forward * forward
        return straight

    def head(self, points: ArrayLike) -> Float:
        """Take (..., 3) points of the average head to this head; exact to 1e-8 mm."""
        wanted = np.asarray(points, dtype=np.float64)
        R = self.loose_from_head[:3, :3]
        found = (wanted * self.size - self.loose_from_head[:3, 3]) @ R
        for _ in range(ROUNDS):  # the bends are mild, so this closes in
            found = found + ((wanted - self.average(found)) * self.size) @ R
        return found
