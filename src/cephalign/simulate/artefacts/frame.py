"""A stereotactic frame: a base ring, posts with pins into the skull, and N-shaped localisers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cephalign.geometry.grid import Float
from cephalign.simulate.artefacts.parts import Part, Plate, Ring, Rod, Triple, triple


@dataclass(frozen=True)
class Frame:
    """Of Leksell's kind (square) or Brown's (round).

    Parameters
    ----------
    round : bool
    middle_mm : (3,) tuple
        World point in the middle of the base.
    half_mm : (2,) tuple
        Half its width (x) and depth (y).
    high_mm : float
        Of the localisers above the base.
    base_mm, base_hu : float
        Thickness of the base, and its metal.
    rod_mm, rod_hu : float
        Diameter of the localiser's rods, and their material.
    sheet_hu : float
        Of the plates that hold the rods of a square frame.
    post_mm, post_hu : float
        Diameter of the posts, which rise from the base to the pins, and their metal.
    pins : tuple of pairs of points
        From the post to the skull, world mm.
    pin_mm, pin_hu : float
        Diameter of the pins, and their metal.
    """

    round: bool
    middle_mm: Triple
    half_mm: tuple[float, float]
    high_mm: float
    base_mm: float
    base_hu: float
    rod_mm: float
    rod_hu: float
    sheet_hu: float
    post_mm: float
    post_hu: float
    pins: tuple[tuple[Triple, Triple], ...]
    pin_mm: float
    pin_hu: float

    def parts(self) -> Iterator[Part]:
        """Yield what is to be painted."""
        yield from self._base()
        yield from self._localisers()
        for start, end in self.pins:
            foot = (start[0], start[1], self.middle_mm[2])
            yield Rod(foot, (start[0], start[1], start[2] + 6), self.post_mm / 2, self.post_hu)
            yield from Rod(start, end, self.pin_mm / 2, self.pin_hu).pieces()
            # The screw that holds the pin is thicker.
            third = triple(np.array(start) + 0.3 * (np.array(end) - np.array(start)))
            yield from Rod(start, third, 1.7 * self.pin_mm, self.post_hu).pieces()

    def _base(self) -> Iterator[Part]:
        x, y, z = self.middle_mm
        a, b = self.half_mm
        half = self.base_mm / 2
        if self.round:
            yield Ring(self.middle_mm, self.half_mm, 1.5 * self.base_mm, self.base_mm, self.base_hu)
            return
        for side in (-1, 1):
            yield Plate((x + side * a, y, z), (half, b + half, half), self.base_hu)
            yield Plate((x, y + side * b, z), (a + half, half, half), self.base_hu)

    def _localisers(self) -> Iterator[Part]:
        for corners in self._panels():
            first, last = (np.array((*corner, self.middle_mm[2])) for corner in corners)
            top = np.array([0, 0, self.high_mm])
            for start, end in ((first, first + top), (last, last + top), (first, last + top)):
                yield from Rod(triple(start), triple(end), self.rod_mm / 2, self.rod_hu).pieces()
        if not self.round:
            x, y, z = self.middle_mm
            for side in (-1, 1):
                place = (x + side * (self.half_mm[0] - 4), y, z + self.high_mm / 2)
                yield Plate(place, (2.0, 70.0, self.high_mm / 2), self.sheet_hu)

    def _panels(self) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
        """Yield x, y of the upright rods of each N."""
        x, y, _ = self.middle_mm
        a, b = self.half_mm
        if not self.round:
            for side in (-1, 1):
                yield (x + side * (a - 4), y - 60), (x + side * (a - 4), y + 60)
            return
        for middle in np.deg2rad((90, 210, 330)):
            ends = middle + np.deg2rad(30) * np.array([-1, 1])
            (x0, x1), (y0, y1) = x + a * np.cos(ends), y + b * np.sin(ends)
            yield (float(x0), float(y0)), (float(x1), float(y1))


def draw_frame(rng: np.random.Generator, head_box_world: Float) -> Frame:
    """Draw a frame around a head.

    Parameters
    ----------
    rng : numpy Generator
    head_box_world : (2, 3) array
        Lowest and highest corner around the head in world mm; the patient lies on the back.

    Returns
    -------
    Frame
        Its pins end where a skull of this size is.
    """
    low, high = head_box_world
    is_round = bool(rng.random() < 0.5)
    size = (high - low) / 2
    # The nose reaches further than the skull: its middle lies behind the box's.
    middle = (low + high) / 2 + np.array([0, -8, 0])
    half = np.maximum([118.0, 118.0] if not is_round else [132.0, 132.0], size[:2] + np.array([14, 18]))
    base = float(high[2]) - float(rng.uniform(120, 165))
    pin_height = float(high[2]) - float(rng.uniform(50, 80))
    pins = []
    for quadrant in np.deg2rad((45, 135, 225, 315)):
        angle = quadrant + np.deg2rad(rng.uniform(-8, 8))
        outward = np.array([np.cos(angle), np.sin(angle)])
        post = middle[:2] + outward * half * (0.97 if is_round else 1.12)
        skull = middle[:2] + outward * np.array([0.82, 0.86]) * size[:2]
        pins.append(((*post, pin_height), (*skull, pin_height + float(rng.uniform(-5, 5)))))
    metal = float(rng.uniform(1800, 3000))
    return Frame(
        round=is_round,
        middle_mm=(float(middle[0]), float(middle[1]), base),
        half_mm=(float(half[0]), float(half[1])),
        high_mm=float(rng.uniform(120, 190)),
        base_mm=float(rng.uniform(10, 16)),
        base_hu=metal,
        rod_mm=float(rng.uniform(3, 7)),
        rod_hu=float(rng.uniform(800, 2500)),
        sheet_hu=float(rng.uniform(20, 250)),
        post_mm=float(rng.uniform(9, 14)),
        post_hu=metal,
        pins=tuple((triple(a), triple(b)) for a, b in pins),
        pin_mm=float(rng.uniform(2.5, 4)),
        pin_hu=float(rng.uniform(3000, 7000)),
    )
