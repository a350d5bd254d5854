"""The pairs of scans that everything is made of, and how they are divided."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np

from cephalign.errors import InputError
from cephalign.geometry import Modality, Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.io.pairs_table import read_pairs
from cephalign.io.transforms import read_transform
from cephalign.io.volumes import read_volume
from cephalign.prep.coarse import FoundHead
from cephalign.prep.head import head_mask
from cephalign.simulate.head import Anatomy
from cephalign.simulate.labelled import LabelledHeads
from cephalign.simulate.procedural import procedural_head
from cephalign.simulate.redrawn import until_found
from cephalign.simulate.session import simulated_session
from cephalign.study.scale import Scale
from cephalign.train.tasks.pairs import FIXED, MOVING, FoundPair, found_pair

TRAIN, VALIDATION = 0.6, 0.3  # of all, and of these
KINDS = (Modality.CT, Modality.T1, Modality.T2, Modality.PD)
# Streams of the seed: no other use of it draws from these.
SPLIT_STREAM, KINDS_STREAM = 1_000_000, 2_000_000
POINTS = 10  # of a head without landmarks
FEWEST = 3  # to learn from, to validate on and to test


@dataclass(frozen=True)
class Split:
    """Numbers of originals; copies of one are all in one subset.

    Parameters
    ----------
    train, validation, test : tuple of int
    """

    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]


class Source(Protocol):
    """Where originals come from, one by one."""

    @property
    def name(self) -> str:
        """What cells say of it."""

    def pair(self, scale: Scale, seed: int, number: int) -> FoundPair:
        """Return the T1 and the CT of an original."""

    def kinds(self, scale: Scale, seed: int, number: int) -> dict[Modality, FoundHead]:
        """Return scans of different kinds of one head, for Table 3: the same kinds of every original."""


@dataclass(frozen=True, eq=False)
class Simulated:
    """Heads that no one has: the same for the same seed, whatever is done with them.

    Parameters
    ----------
    anatomy : Anatomy
        Of label maps each original takes another, so that no person is on both sides of a split.
    """

    anatomy: Anatomy = procedural_head

    @classmethod
    def of(cls, labels: Path | None) -> Simulated:
        """Return heads from a folder of label maps, or procedural ones where there is none."""
        return cls(LabelledHeads(labels)) if labels else cls()

    @property
    def name(self) -> str:
        """Of the heads."""
        if not isinstance(self.anatomy, LabelledHeads):
            return "procedural heads"
        names = " ".join(self.anatomy.names)
        return (
            f"heads from label maps, SHA-256 of their names {hashlib.sha256(names.encode()).hexdigest()[:12]}"
        )

    def pair(self, scale: Scale, seed: int, number: int) -> FoundPair:
        """Simulate a pair."""
        rng = np.random.default_rng([seed, number])
        return found_pair(rng, scale.preset, self._head(scale, number), min(scale.images.spacing_mm))

    def kinds(self, scale: Scale, seed: int, number: int) -> dict[Modality, FoundHead]:
        """Simulate a CT, a T1, a T2 and a PD of another head."""
        rng = np.random.default_rng([seed, KINDS_STREAM, number])
        anatomy = self._head(scale, number)
        return until_found(
            lambda: simulated_session(rng, scale.preset, modalities=KINDS, anatomy=anatomy),
            lambda session: _found({kind: session.scans[kind] for kind in KINDS}, scale),
        )

    def _head(self, scale: Scale, number: int) -> Anatomy:
        if not isinstance(self.anatomy, LabelledHeads):
            return self.anatomy
        names = self.anatomy.names
        if len(names) < scale.originals:
            raise InputError(
                "too few label maps for a study",
                expected=f"one for each of {scale.originals} originals",
                got=str(len(names)),
                do="add some, or take a smaller scale",
            )
        return partial(self.anatomy.draw, which=(names[number],))


@dataclass(frozen=True, eq=False)
class Scanned:
    """Real pairs, of which each has a reference transform; the fixed scan a T1, the moving one a CT.

    Parameters
    ----------
    table : Path
        As `io.pairs_table.read_pairs` takes it.
    """

    table: Path

    @property
    def name(self) -> str:
        """Of the table."""
        return (
            f"pairs of {self.table.name}, SHA-256 {hashlib.sha256(self.table.read_bytes()).hexdigest()[:12]}"
        )

    def pair(self, scale: Scale, seed: int, number: int) -> FoundPair:
        """Read a pair; the points of its TRE are drawn in the head."""
        paths = read_pairs(self.table)[number]
        fixed, moving = read_volume(paths.fixed), read_volume(paths.moving)
        truth = Rigid.identity()
        if paths.reference:
            truth = read_transform(paths.reference, fixed=fixed.grid, moving=moving.grid)
        spacing_mm, mask = min(scale.images.spacing_mm), head_mask(fixed)
        inside = np.random.default_rng(seed).choice(np.argwhere(mask.data), POINTS, replace=False)
        points = apply_affine(mask.grid.world_from_voxel, inside.astype(float))
        heads = FoundHead.of(fixed, spacing_mm, mask), FoundHead.of(moving, spacing_mm)
        return FoundPair(*heads, truth, points, (fixed, moving))

    def kinds(self, scale: Scale, seed: int, number: int) -> dict[Modality, FoundHead]:
        """Return the two scans of a pair."""
        paths = read_pairs(self.table)[number]
        return _found({FIXED: read_volume(paths.fixed), MOVING: read_volume(paths.moving)}, scale)


def _found(scans: Mapping[Modality, Volume], scale: Scale) -> dict[Modality, FoundHead]:
    spacing_mm = min(scale.classified_images.spacing_mm)
    return {kind: FoundHead.of(scan, spacing_mm) for kind, scan in scans.items()}


def split_of(scale: Scale, seed: int, number: int) -> Split:
    """Draw a split: of 16 originals 7 to learn from, 3 to validate on, 6 to test."""
    drawn: Sequence[int] = (
        np.random.default_rng([seed, SPLIT_STREAM, number]).permutation(scale.originals).tolist()
    )
    learn = round(TRAIN * scale.originals)
    validation = max(1, round(VALIDATION * learn))
    parts = drawn[validation:learn], drawn[:validation], drawn[learn:]
    return Split(*(tuple(sorted(part)) for part in parts))
