"""What is copied: single scans, or pairs of scans with their reference transform."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cephalign.errors import InputError
from cephalign.geometry import Grid, Modality, Rigid, Volume
from cephalign.io.pairs_table import PairOfPaths
from cephalign.io.transforms import read_transform
from cephalign.io.volumes import ReadOptions, read_volume


@dataclass(frozen=True, eq=False)
class Scan:
    """All of a scan but its voxels, of which there may be too many to keep.

    Parameters
    ----------
    path : Path
    sha256 : str
        Of what was read: modality, grid, and voxels with their type. A header may have its voxels elsewhere.
    grid : Grid
    modality : Modality
    """

    path: Path
    sha256: str
    grid: Grid
    modality: Modality


@dataclass(frozen=True, eq=False)
class Original:
    """One scan, or a fixed and a moving one.

    Parameters
    ----------
    name : str
        Such as `sub-0001`.
    scans : dict of str to Scan
        `scan`, or `fixed` and `moving`.
    moving_from_fixed : Rigid
        The reference transform of a pair; the identity for a single scan.
    """

    name: str
    scans: dict[str, Scan]
    moving_from_fixed: Rigid


def inspect_originals(
    sources: Sequence[Path | PairOfPaths],
    options: ReadOptions,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Original]:
    """Read every scan and reference once, so that a bad one is found before the work begins.

    Parameters
    ----------
    sources : sequence of Path or PairOfPaths
    options : ReadOptions
    progress : callable
        Told the path of each scan.

    Returns
    -------
    list of Original
        Named `sub-0001` and so on, in the order of `sources`.

    Raises
    ------
    InputError, GeometryError
        A scan or reference is unreadable or holds NaN, or a scan stands in two originals, whose copies
        could then be trained on and tested with.
    """
    originals: list[Original] = []
    seen: dict[str, Path] = {}
    for number, source in enumerate(sources, start=1):
        scans = {role: _inspect(path, options, progress) for role, path in _paths(source).items()}
        _refuse_repeated(scans, seen)
        seen |= {scan.sha256: scan.path for scan in scans.values()}
        originals.append(Original(f"sub-{number:04d}", scans, _reference(source, scans)))
    return originals


def read_scans(original: Original, options: ReadOptions) -> dict[str, Volume]:
    """Read the voxels of an original's scans."""
    return {role: read_volume(scan.path, options) for role, scan in original.scans.items()}


def _paths(source: Path | PairOfPaths) -> dict[str, Path]:
    if isinstance(source, Path):
        return {"scan": source}
    return {"fixed": source.fixed, "moving": source.moving}


def _inspect(path: Path, options: ReadOptions, progress: Callable[[str], None]) -> Scan:
    progress(str(path))
    volume = read_volume(path, options)
    if not np.isfinite(volume.data).all():
        raise InputError(
            f"{path} holds NaN or infinite voxels",
            expected="finite intensities",
            do="repair or crop the scan",
        )
    return Scan(path, _sha256_of(volume), volume.grid, volume.modality)


def _sha256_of(volume: Volume) -> str:
    shown = [str(volume.modality), volume.data.dtype.str, str(volume.grid.shape)]
    hasher = hashlib.sha256(" ".join(shown).encode() + volume.grid.world_from_voxel.tobytes())
    for slab in volume.data.T:  # no second copy of a whole scan
        hasher.update(slab.tobytes())
    return hasher.hexdigest()


def _refuse_repeated(scans: dict[str, Scan], seen: dict[str, Path]) -> None:
    """Refuse a scan of an earlier original; within a pair the two may be the same."""
    for scan in scans.values():
        if scan.sha256 in seen:
            raise InputError(
                f"{scan.path} is the same scan as {seen[scan.sha256]}",
                expected="each scan once, or copies of one scan could be trained on and tested with",
            )


def _reference(source: Path | PairOfPaths, scans: dict[str, Scan]) -> Rigid:
    if isinstance(source, Path) or source.reference is None:
        return Rigid.identity()
    return read_transform(source.reference, fixed=scans["fixed"].grid, moving=scans["moving"].grid)
