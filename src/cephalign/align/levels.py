"""The levels of the pyramid, from one that sees far to one that sees finely."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from cephalign.align.ascent import Climb
from cephalign.align.image import LevelImage, blurred, pooled, splined
from cephalign.align.information import MutualInformation
from cephalign.align.points import head_points
from cephalign.align.scan import Scan
from cephalign.align.view import Side
from cephalign.parallel import both

# The outermost voxels are often padding or mixed with it, and cubic interpolation reaches two voxels far.
BORDER_VOX = 2.0


@dataclass(frozen=True)
class Level:
    """How images are reduced and compared.

    Parameters
    ----------
    spacing_mm : float
        Voxels are averaged up to this spacing; thick slices stay.
    blur_mm : float
        Sigma of the Gaussian that follows.
    points : int
        Per scan; a multiple of `view.ROW`.
    bins : int
        Per scan.
    cubic : bool
        Cubic instead of linear interpolation.
    climb : Climb
    rank_share : float
        How much of an intensity's bin comes from its rank in the head.
    """

    spacing_mm: float
    blur_mm: float
    points: int
    bins: int
    cubic: bool
    climb: Climb
    rank_share: float = 0.0


FARTHEST = Level(10.0, 6.0, 1024, 20, cubic=False, climb=Climb(steps=4, enough_mm=1.0, longest_mm=15))
FAR = Level(8.0, 4.0, 2048, 24, cubic=False, climb=Climb(steps=30, enough_mm=0.5, longest_mm=15))
NEAR = Level(4.0, 2.0, 8192, 32, cubic=False, climb=Climb(steps=30, enough_mm=0.1, longest_mm=8))
# Ranks make the end more accurate (chosen on simulated pairs, seeds 4001 to 4012); far off they gain nothing.
FINE = Level(
    2.0, 0.0, 16384, 48, cubic=False, climb=Climb(steps=30, enough_mm=0.03, longest_mm=4), rank_share=0.5
)
FINEST = Level(
    1.4, 0.0, 32768, 128, cubic=True, climb=Climb(steps=30, enough_mm=0.003, longest_mm=2), rank_share=0.5
)


def compare(fixed: Scan, moving: Scan, level: Level) -> MutualInformation:
    """Set up the mutual information of two scans at a level, rotations about the fixed head's centre."""
    sides = both(lambda scan: _side(scan, level), fixed, moving)
    return MutualInformation(*sides, centre=fixed.centre, radius_mm=fixed.radius_mm)


def _side(scan: Scan, level: Level) -> Side:
    """Return the scan at a level; it is made once, for as long as the scan is kept."""
    made = _sides.setdefault(scan, {})
    if level not in made:
        image = _reduced(scan.image, level)
        points = head_points(scan.around, scan.volume.grid, level.points, BORDER_VOX)
        made[level] = Side.of(image, points, level.bins, level.rank_share)
    return made[level]


_sides: WeakKeyDictionary[Scan, dict[Level, Side]] = WeakKeyDictionary()


def _reduced(image: LevelImage, level: Level) -> LevelImage:
    coarse = pooled(image, level.spacing_mm)
    if level.blur_mm:
        coarse = blurred(coarse, level.blur_mm)
    return splined(coarse) if level.cubic else coarse
