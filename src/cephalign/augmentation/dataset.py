"""The folder of an augmented data set: every copy, what was done to it, the truth, and the split."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path

from cephalign import __version__
from cephalign.augmentation.motion import Motion, moved_copy, no_motion, truth_of_copies
from cephalign.augmentation.originals import Original, read_scans
from cephalign.augmentation.plan import Plan
from cephalign.augmentation.record import as_record
from cephalign.geometry import Rigid, Volume
from cephalign.io.texts import write_json, write_table
from cephalign.io.transforms import write_transform
from cephalign.io.volumes import ReadOptions, write_volume

RECORD, SPLIT = "augmentation.json", "split.tsv"


def write_dataset(
    originals: Sequence[Original],
    plan: Plan,
    folder: Path,
    options: ReadOptions,
    *,
    jobs: int = 1,
    progress: Callable[[str], None] = lambda _: None,
) -> None:
    """Write originals and copies; the bytes do not depend on `jobs`.

    `sub-0001/sub-0001_desc-copy007_fixed.nii.gz` and so on, with a JSON file beside each, and the truth as
    `..._xfm.tfm` (ITK) and `..._xfm.json`: `moving_from_fixed` of a pair. Of a single scan the original is
    fixed and its copy moving.

    Parameters
    ----------
    originals : sequence of Original
    plan : Plan
    folder : Path
        Exists and is empty.
    options : ReadOptions
        With which the originals were inspected.
    jobs : int
        How many copies are made at the same time.
    progress : callable
        Told the name of each copy that is done.

    Raises
    ------
    InputError, GeometryError
        A scan cannot be read any more.
    OutputError
        A file cannot be written.
    """
    pool = ThreadPoolExecutor(jobs)
    try:
        for original, copies in zip(originals, plan.motions, strict=True):
            itself = tuple(no_motion(scan.grid.centre) for scan in original.scans.values())
            (folder / original.name).mkdir()
            write = partial(_write_copy, original, read_scans(original, options), folder)
            for name in pool.map(write, range(len(copies) + 1), (itself, *copies)):
                progress(name)
    finally:
        pool.shutdown(cancel_futures=True)
    write_json(as_record(originals, plan), folder / RECORD)
    names = ("original", "copy", "subset", *originals[0].scans, "reference")
    write_table(names, _split_rows(originals, plan), folder / SPLIT)


def remove_copies(out: Path) -> None:
    """Remove an earlier augmented data set, and leave what else the folder holds."""
    for folder in filter(Path.is_dir, out.glob("sub-*")):
        shutil.rmtree(folder)
    for name in (RECORD, SPLIT):
        (out / name).unlink(missing_ok=True)


def _name(original: Original, number: int) -> str:
    """Return the beginning of the names of a copy's files; number 0 is the original itself."""
    return f"{original.name}_desc-{f'copy{number:03d}' if number else 'original'}"


def _write_copy(
    original: Original,
    volumes: Mapping[str, Volume],
    folder: Path,
    number: int,
    motions: Sequence[Motion],
) -> str:
    name = _name(original, number)
    stem = folder / original.name / name
    for (role, volume), motion in zip(volumes.items(), motions, strict=True):
        shown = moved_copy(volume, motion) if number else volume
        what = f"synthetic: rigid copy {number}" if number else "original scan"
        note = f"{what}, written by cephalign {__version__} augment"
        write_volume(shown, stem.with_name(f"{name}_{role}.nii.gz"), description=note)
        record = {
            "Description": note,
            "Sources": [str(original.scans[role].path)],
            "sha256": original.scans[role].sha256,
            "modality": str(volume.modality),
            "copy": number,
            **asdict(motion),
            "copy_from_original": motion.copy_from_original.matrix.tolist(),
        }
        write_json(record, stem.with_name(f"{name}_{role}.json"))
    for suffix in (".tfm", ".json"):
        write_transform(_truth(original, motions), stem.with_name(f"{name}_xfm{suffix}"))
    return name


def _truth(original: Original, motions: Sequence[Motion]) -> Rigid:
    if len(motions) == 1:
        return motions[0].copy_from_original
    fixed, moving = motions
    return truth_of_copies(original.moving_from_fixed, fixed, moving)


def _split_rows(originals: Sequence[Original], plan: Plan) -> Iterator[tuple[str, ...]]:
    """Yield a row for each original and each copy, with paths from the table's folder."""
    for original, subset in zip(originals, plan.subsets, strict=True):
        for number in range(plan.request.count + 1):
            name = _name(original, number)
            files = [*(f"{name}_{role}.nii.gz" for role in original.scans), f"{name}_xfm.tfm"]
            yield original.name, str(number), subset, *(f"{original.name}/{file}" for file in files)
