"""Where the volumes and the standards lie in a folder of unpacked RIRE patients.

The project's archives unpack to `patient_001/ct/header.ascii` and so on, `training_001` also to
`transformations/ct_T1.standard`; its MetaImage copies are named `training_001_mr_T1.mha`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cephalign.errors import InputError
from cephalign.io.volumes import RIRE_HEADER

# Each of the first is registered to each of the second (the project's protocol, section 2). What it leaves
# to the investigators, MP-RAGE to T2, is not done.
FROM_NAMES = ("ct", "pet")
TO_NAMES = (
    "mr_T1",
    "mr_T1_rectified",
    "mr_T2",
    "mr_T2_rectified",
    "mr_PD",
    "mr_PD_rectified",
    "mr_MP-RAGE",
)
PATIENT = re.compile(r"(?:patient|training)_\d{3}")
SUFFIXES = (".mha", ".mhd", ".nrrd", ".nii.gz", ".nii")
STANDARDS_FOLDER = "transformations"


@dataclass(frozen=True)
class Patient:
    """One patient and which volumes there are.

    Parameters
    ----------
    name : str
        Such as 'patient_001'.
    volumes : mapping of str to Path
        What `read_volume` takes, by RIRE's name of it, such as 'mr_T1'.
    """

    name: str
    volumes: Mapping[str, Path]

    @property
    def number(self) -> str:
        """Three digits, as in the headers of transforms."""
        return self.name[-3:]


@dataclass(frozen=True)
class Pair:
    """Two volumes of a patient: `from_name` moves, `to_name` is fixed."""

    patient: Patient
    from_name: str
    to_name: str

    @property
    def stem(self) -> str:
        """The name of what we write about it, without a suffix."""
        return f"{self.patient.name}_{self.from_name}_to_{self.to_name}"

    @property
    def missing(self) -> tuple[str, ...]:
        """Which of the two volumes are not there."""
        return tuple(name for name in (self.from_name, self.to_name) if name not in self.patient.volumes)


@dataclass(frozen=True)
class Place:
    """A folder in which files about patients lie.

    Parameters
    ----------
    folder : Path
    sole : str
        The one patient to whom a file without a patient's name belongs; empty where there are several.
    """

    folder: Path
    sole: str = ""

    def find(self, patient: str, name: str) -> Path | None:
        """Return the file of that name that belongs to the patient.

        It lies in a folder of the patient's name, in `transformations` in there, or has the patient's name
        before its own. Where there is one patient only, it may also lie in the folder itself.
        """
        own = self.folder / patient
        tried = [own / name, own / STANDARDS_FOLDER / name, self.folder / f"{patient}_{name}"]
        if patient == self.sole:
            tried += [self.folder / name, self.folder / STANDARDS_FOLDER / name]
        return next((path for path in tried if path.is_file()), None)


def find_patients(root: Path) -> list[Patient]:
    """Find the patients in a folder, or the one patient whose folder it is.

    Parameters
    ----------
    root : Path
        Holds folders named as patients, or files named as in `training_001_mr_T1.mha`; or is such a folder.

    Returns
    -------
    list of Patient
        By name; at least one, each with at least one volume.

    Raises
    ------
    InputError
        The folder is missing or holds no such patient.
    """
    if not root.is_dir():
        raise InputError(f"{root} is no folder", expected="the folder of unpacked RIRE patients")
    resolved = root.resolve()
    if PATIENT.fullmatch(resolved.name):
        folders = {resolved.name: root}
    else:
        try:
            entries = sorted(root.iterdir())
        except OSError as error:
            raise InputError(f"cannot read {root}: {error.strerror or error}") from error
        folders = {}
        for entry in entries:
            if entry.is_dir() and PATIENT.fullmatch(entry.name):
                folders[entry.name] = entry
            elif (named := PATIENT.match(entry.name)) and entry.is_file():
                folders.setdefault(named[0], root)
    patients = [Patient(name, _volumes(folder, name)) for name, folder in sorted(folders.items())]
    patients = [patient for patient in patients if patient.volumes]
    if not patients:
        raise InputError(
            f"{root} holds no RIRE patients",
            expected="folders such as patient_001/ct, or files such as training_001_mr_T1.mha",
            do="unpack the project's archives there (docs/rire.md)",
        )
    return patients


def place_of(folder: Path, patients: list[Patient]) -> Place:
    """Return `folder` as a place of files about these patients."""
    return Place(folder, patients[0].name if len(patients) == 1 else "")


def pairs_of(patient: Patient, standards: Place) -> list[Pair]:
    """List the pairs that the project asks for.

    All that can be made of the volumes at hand, and those with a standard. Where no volume can be the From
    or the To, the commonest stands in its place, so that the patient is not passed over in silence.
    """
    froms = [name for name in FROM_NAMES if name in patient.volumes] or [FROM_NAMES[0]]
    tos = [name for name in TO_NAMES if name in patient.volumes] or [TO_NAMES[0]]
    pairs = [Pair(patient, from_name, to_name) for from_name in FROM_NAMES for to_name in TO_NAMES]
    return [
        pair
        for pair in pairs
        if (pair.from_name in froms and pair.to_name in tos)
        or standards.find(patient.name, standard_name(pair))
    ]


def standard_name(pair: Pair) -> str:
    """Return the project's own name of a pair's standard, such as `ct_T1.standard`."""
    return f"{pair.from_name}_{pair.to_name.removeprefix('mr_')}.standard"


def _volumes(folder: Path, patient: str) -> dict[str, Path]:
    found = {name: _volume(folder, patient, name) for name in (*FROM_NAMES, *TO_NAMES)}
    return {name: path for name, path in found.items() if path}


def _volume(folder: Path, patient: str, name: str) -> Path | None:
    """Return the native volume, else a copy in another format, else whatever folder has the name."""
    own = folder / name
    if (own / RIRE_HEADER).is_file():
        return own
    stems = (own / f"{patient}_{name}", own / name, folder / f"{patient}_{name}", folder / name)
    copies = (stem.with_name(stem.name + suffix) for stem in stems for suffix in SUFFIXES)
    return next((path for path in copies if path.is_file()), own if own.is_dir() else None)
