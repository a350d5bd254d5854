"""One pair after the other: register, keep, write the transform as the project takes it, score."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from cephalign import __version__
from cephalign.errors import GeometryError, InputError, OutputError
from cephalign.geometry import Rigid, Volume
from cephalign.io import rire_standard
from cephalign.io.rire_standard import RireHeader
from cephalign.io.transforms import read_transform
from cephalign.io.volumes import read_volume
from cephalign.registration import Refinement, Status, register
from cephalign.results import registration_record
from cephalign.rire.layout import Pair, Place, standard_name
from cephalign.rire.records import Record, kept_record, record_path, write_record
from cephalign.rire.score import Score, find_landmarks, score

Method = Literal["ours", "evolution"]

REFINEMENT: dict[Method, Refinement] = {"ours": "mi", "evolution": "evolution"}
METHOD_LINE = {
    "ours": f"Cephalign {__version__}, symmetry and mutual information",
    "evolution": f"Cephalign {__version__}, symmetry and (1+1) evolutionary strategy",
}
# Beside those of a registration: a volume is not there, or it or what it shows was refused.
MISSING, REFUSED = "missing", "refused"
NO_TRANSFORM = (Status.FAILED.value, MISSING, REFUSED)


@dataclass(frozen=True)
class Task:
    """How all pairs are done.

    Parameters
    ----------
    out : Path
        An existing folder.
    standards : Place
        Where the project's standards and landmarks are.
    method : {'ours', 'evolution'}
    header : RireHeader
        Investigators, site and date; the rest is filled in for each pair.
    overwrite : bool
        Do again what is done.
    """

    out: Path
    standards: Place
    method: Method = "ours"
    header: RireHeader = field(default_factory=RireHeader)
    overwrite: bool = False


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of one pair.

    Parameters
    ----------
    pair : Pair
    status : str
        Of the registration, or 'missing' or 'refused'.
    reason : str
        One sentence on it.
    seconds : float, optional
        What the registration took.
    kept : bool
        An earlier run had done it.
    score : Score, optional
        Where there is a standard and a transform.
    unscored : str
        Why a standard that is at hand could not be used.
    """

    pair: Pair
    status: str
    reason: str
    seconds: float | None = None
    kept: bool = False
    score: Score | None = None
    unscored: str = ""


def run_pair(pair: Pair, task: Task) -> Outcome:
    """Register a pair, unless that is done, and write what came of it.

    Parameters
    ----------
    pair : Pair
    task : Task

    Returns
    -------
    Outcome
        A scan or a standard that cannot be used is an outcome, not an exception.

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    if pair.missing:
        return Outcome(pair, MISSING, f"There is no {' and no '.join(pair.missing)}.")
    record_file, transform = record_path(pair, task.out), task.out / f"{pair.stem}.standard"
    try:
        fixed, moving = (read_volume(pair.patient.volumes[name]) for name in (pair.to_name, pair.from_name))
        kept = None if task.overwrite else kept_record(pair, task.out, task.method)
        record = kept or _registered(pair, task.method, fixed, moving)
        if not kept:
            write_record(record, record_file)
        moving_from_fixed = read_transform(record_file)
        done = Outcome(pair, record["status"], record["reason"], _seconds(record), kept is not None)
        if done.status not in NO_TRANSFORM:
            # Who did it and where may be said later; a later run that does not say leaves what was said.
            if not (kept and transform.is_file() and task.header == RireHeader()):
                rire_standard.write(
                    moving_from_fixed, transform, fixed.grid, moving.grid, _header(pair, task)
                )
            return _scored(done, task.standards, moving_from_fixed, fixed, moving)
    except (InputError, GeometryError) as error:
        done = Outcome(pair, REFUSED, str(error))
    _remove(transform)
    return done


def _registered(pair: Pair, method: Method, fixed: Volume, moving: Volume) -> Record:
    found = register(fixed, moving, refinement=REFINEMENT[method])
    paths = (pair.patient.volumes[pair.to_name], pair.patient.volumes[pair.from_name])
    return registration_record(found, (fixed, moving), paths, {"method": method})


def _seconds(record: Record) -> float:
    seconds = [float(stage["seconds"]) for stage in record["stages"]]
    return round(sum(seconds), 3)


def _header(pair: Pair, task: Task) -> RireHeader:
    return replace(
        task.header,
        method=METHOD_LINE[task.method],
        patient=pair.patient.number,
        from_name=pair.from_name.upper(),
        to_name=pair.to_name,
    )


def _remove(path: Path) -> None:
    """Remove an earlier transform that no longer holds."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"cannot remove {path}: {error.strerror or error}") from error


def _scored(done: Outcome, place: Place, moving_from_fixed: Rigid, fixed: Volume, moving: Volume) -> Outcome:
    patient = done.pair.patient.name
    path = place.find(patient, standard_name(done.pair))
    if path is None:
        return done
    try:
        standard = rire_standard.read(path, fixed.grid, moving.grid)
        landmarks = find_landmarks(place, patient, done.pair.to_name)
        return replace(done, score=score(moving_from_fixed, standard, fixed, moving.grid, landmarks))
    except (InputError, GeometryError) as error:
        return replace(done, unscored=str(error))
