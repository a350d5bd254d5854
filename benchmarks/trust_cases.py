"""Pairs to be believed and not: simulated ones and a real one, as they are and spoilt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import Any

import numpy as np

from benchmarks.moved import any_turn, resampled
from benchmarks.pairs import data_folder, head_points, recontrasted_pair, remap_contrast, rire_t1
from benchmarks.turned import BANDS, MODALITIES, turned_pair
from cephalign.geometry import Rigid, Volume
from cephalign.io.volumes import read_volume
from cephalign.simulate.head import Anatomy
from cephalign.simulate.motion import random_motion
from cephalign.simulate.presets import PRESETS
from cephalign.train.tasks.negatives import no_head

SLAB_MM, GAP_MM = (15.0, 60.0), 10.0
# Standard deviations, as parts of the range of a scan.
NOISE = (0.15, 1.0)
FORCED_DEG, FORCED_MM = (15.0, 180.0), 60.0
UNREFINED_DEG, UNREFINED_MM = 8.0, 12.0


@dataclass(frozen=True, eq=False)
class Case:
    """Two scans, how `register` is called, and what is true.

    `answer` is the true `moving_from_fixed`, None where no answer is right; `motion` is that between the two
    heads before the pair was spoilt; the TRE is taken over (N, 3) `points` of the fixed scan.
    """

    kind: str
    name: str
    fixed: Volume
    moving: Volume
    motion: Rigid
    answer: Rigid | None
    points: np.ndarray
    how: Mapping[str, Any] = field(default_factory=dict)


def simulated(seed: int, number: int, heads: Callable[[bool], Anatomy]) -> Iterator[Case]:
    """Yield a simulated pair as it is, and spoilt in one of the ways.

    Both numbers decide all that is random; presets, bands, modalities and ways go round with `number`, at
    different paces. `heads` gives those from label maps, or procedural ones.
    """
    preset = tuple(PRESETS)[number % len(PRESETS)]
    orders = list(permutations(MODALITIES, 2))
    modalities, band = orders[number * 5 % len(orders)], BANDS[number // len(PRESETS) % len(BANDS)]
    anatomy = heads(number // 2 % 2 == 0)

    def drawn(part: int) -> Case:
        rng = np.random.default_rng([seed, number, part])
        pair = turned_pair(rng, preset, modalities, anatomy, band)
        name = f"{number:04d} {preset} {modalities[0]} {modalities[1]} {band[0]:g}-{band[1]:g}"
        truth = pair.moving_from_fixed
        return Case("as it is", name, pair.fixed, pair.moving, truth, truth, pair.points)

    return with_spoilt(seed, number, drawn(0), lambda: drawn(1).moving)


def real(seed: int, number: int) -> Iterator[Case]:
    """Yield the RIRE T1 and its re-contrasted copy, moved, as they are and spoilt; see `simulated`.

    The other person is the one of the template T1, re-contrasted as well.
    """
    scan = rire_t1(data_folder())
    pair = recontrasted_pair(scan, seed + number)
    truth = pair.moving_from_fixed
    case = Case("as it is", f"{number:04d} real", scan, pair.moving, truth, truth, head_points(scan))

    def other() -> Volume:
        rng = np.random.default_rng([seed, number, 1])
        template = read_volume(data_folder() / "templates" / "T1.nii.gz")
        other = remap_contrast(template.data.astype(float), rng).astype(np.float32)
        turn = Rigid.from_rotation(any_turn(rng), (0, 0, 0), template.grid.centre)
        return resampled(Volume(other, template.grid), turn, 1.0)

    return with_spoilt(seed, number, case, other)


def with_spoilt(seed: int, number: int, case: Case, other: Callable[[], Volume]) -> Iterator[Case]:
    """Yield the case, and spoil it; `other` gives another person's moving scan."""
    yield case
    kind, spoilt = list(SPOILT.items())[number // 7 % len(SPOILT)]
    moving = other() if spoilt is another_person else case.moving
    yield replace(spoilt(np.random.default_rng([seed, number, 2]), case, moving), kind=kind)


def another_person(_: np.random.Generator, case: Case, other: Volume) -> Case:
    return replace(case, moving=other, answer=None)


def mirrored(rng: np.random.Generator, case: Case, moving: Volume) -> Case:
    data = np.ascontiguousarray(np.flip(moving.data, axis=int(rng.integers(3))))
    return replace(case, moving=Volume(data, moving.grid, moving.modality), answer=None)


def no_overlap(rng: np.random.Generator, case: Case, moving: Volume) -> Case:
    """Keep the upper part of one head and the lower one of the other, and nothing of what lies between."""
    cut, sign = float(np.median(case.points[:, 2])), float(rng.choice([-1.0, 1.0]))
    fixed = kept(case.fixed, Rigid.identity(), lambda z: sign * (z - cut) > GAP_MM / 2)
    moving = kept(moving, ~case.motion, lambda z: sign * (z - cut) < -GAP_MM / 2)
    return replace(case, fixed=fixed, moving=moving, answer=None)


def not_a_head(rng: np.random.Generator, case: Case, _: Volume) -> Case:
    return replace(case, moving=no_head(rng), answer=None)


def forced_start(rng: np.random.Generator, case: Case, _: Volume) -> Case:
    low, high = FORCED_DEG
    away = random_motion(rng, high, FORCED_MM, case.points.mean(axis=0), least_angle_deg=low)
    return replace(case, how={"init": case.motion @ away})


def not_refined(rng: np.random.Generator, case: Case, _: Volume) -> Case:
    away = random_motion(rng, UNREFINED_DEG, UNREFINED_MM, case.points.mean(axis=0))
    return replace(case, how={"init": case.motion @ away, "refinement": "none"})


def cropped(rng: np.random.Generator, case: Case, moving: Volume) -> Case:
    thick = rng.uniform(*SLAB_MM)
    middle = rng.uniform(*np.percentile(case.points[:, 2], (10, 90)))
    return replace(case, moving=kept(moving, ~case.motion, lambda z: np.abs(z - middle) < thick / 2))


def noisy(rng: np.random.Generator, case: Case, moving: Volume) -> Case:
    low, high = np.percentile(moving.data, (1, 99))
    sigma = rng.uniform(*NOISE) * (high - low)
    data = moving.data + rng.normal(0, sigma, moving.grid.shape)
    return replace(case, moving=Volume(data.astype(np.float32), moving.grid, moving.modality))


SPOILT: dict[str, Callable[[np.random.Generator, Case, Volume], Case]] = {
    "another person": another_person,
    "mirrored": mirrored,
    "no overlap": no_overlap,
    "no head": not_a_head,
    "forced start": forced_start,
    "not refined": not_refined,
    "cropped": cropped,
    "noisy": noisy,
}


def kept(scan: Volume, fixed_from_scan: Rigid, wanted: Callable[[np.ndarray], np.ndarray]) -> Volume:
    """Blank what lies at other heights of the fixed world than is wanted, and cut the grid to the rest."""
    matrix = fixed_from_scan.matrix @ scan.grid.world_from_voxel
    i, j, k = np.ogrid[tuple(slice(n) for n in scan.grid.shape)]
    inside = wanted(matrix[2, 0] * i + matrix[2, 1] * j + matrix[2, 2] * k + matrix[2, 3])
    found = np.argwhere(inside)
    low, high = found.min(axis=0), found.max(axis=0) + 1
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    data = np.where(inside[box], scan.data[box], scan.data.min())
    return Volume(data, scan.grid.cropped(low, data.shape), scan.modality)
