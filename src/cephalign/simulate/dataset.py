"""A folder of simulated heads in the layout of BIDS, with all that is true of them.

Beside each scan stands what it was made with; under `derivatives/truth` the label map, the motions and the
landmarks. Everything says that it is simulated.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from itertools import permutations
from pathlib import Path
from typing import Any

from cephalign import __version__
from cephalign.errors import OutputError
from cephalign.geometry import Modality, Volume
from cephalign.io.folders import refuse_data, whole_folder
from cephalign.io.texts import write_json, write_table
from cephalign.io.transforms import write_transform
from cephalign.io.volumes import write_volume
from cephalign.simulate.head import LANDMARKS
from cephalign.simulate.session import Session
from cephalign.simulate.tissues import Tissue

# Folder and suffix of each kind of scan in BIDS.
PLACE = {
    Modality.CT: ("ct", "ct"),
    Modality.T1: ("anat", "T1w"),
    Modality.T2: ("anat", "T2w"),
    Modality.PD: ("anat", "PDw"),
    Modality.PET: ("pet", "pet"),
}
NOTE = f"simulated by cephalign {__version__}, not a patient"
DESCRIPTION, PEOPLE, TRUTH = "dataset_description.json", "participants.tsv", Path("derivatives") / "truth"
GENERATOR, TITLE = "cephalign simulate", "Simulated heads: no patient is shown"


class Dataset:
    """A folder that simulated heads are added to.

    Parameters
    ----------
    out : Path
        Made if it is missing.
    overwrite : bool
        Remove the simulated heads that it holds. Other people's folders are refused all the same.

    Raises
    ------
    OutputError
        The folder holds data, or cannot be made.
    """

    def __init__(self, out: Path, *, overwrite: bool = False) -> None:
        self.out = out
        self._people: list[tuple[str, str]] = []
        refuse_data(out, overwrite=overwrite, maker=GENERATOR, record=DESCRIPTION, sign=("Name", TITLE))
        try:
            _remove_heads(out)
            (out / TRUTH).mkdir(parents=True)
        except OSError as error:
            raise OutputError.at(out, error) from error
        description = {
            "Name": TITLE,
            "BIDSVersion": "1.10.0",
            "DatasetType": "raw",
            "GeneratedBy": [{"Name": GENERATOR, "Version": __version__}],
            "Simulated": True,
        }
        write_json(description, out / DESCRIPTION)
        write_table(("index", "name"), ((int(t), t.name.lower()) for t in Tissue), out / TRUTH / "dseg.tsv")

    def add(self, session: Session, subject: str, request: Mapping[str, Any]) -> None:
        """Write all of one head, whole or not at all.

        Parameters
        ----------
        session : Session
        subject : str
            Such as `sub-0001`.
        request : mapping
            What was asked for, for the record: preset, seed and so on.

        Raises
        ------
        OutputError
            A file cannot be written.
        """
        with whole_folder(self.out / TRUTH / subject) as truth, whole_folder(self.out / subject) as scans:
            for modality in session.scans:
                _write_scan(session, modality, scans, subject)
            _write_truth(session, truth, subject)
            head = {"Simulated": True, "Request": request, "Head": session.head.parameters}
            write_json(head, truth / f"{subject}_head.json")
        self._people.append((subject, str(session.head.parameters["source"])))
        write_table(("participant_id", "anatomy"), self._people, self.out / PEOPLE)


def _remove_heads(out: Path) -> None:
    """Remove simulated heads, and leave what else the folder holds."""
    for old in (*out.glob("sub-*"), out / TRUTH):
        if old.is_dir():
            shutil.rmtree(old)


def _write_scan(session: Session, modality: Modality, folder: Path, subject: str) -> None:
    place, suffix = PLACE[modality]
    (folder / place).mkdir(exist_ok=True)
    name = folder / place / f"{subject}_{suffix}"
    write_volume(session.scans[modality], name.with_suffix(".nii.gz"), description=NOTE)
    record = {"Simulated": True, "Acquisition": session.acquisitions[modality].to_record()}
    write_json(record, name.with_suffix(".json"))


def _write_truth(session: Session, folder: Path, subject: str) -> None:
    labels = Volume(session.head.tissues.cpu().numpy(), session.head.grid)
    write_volume(labels, folder / f"{subject}_space-head_dseg.nii.gz", description=NOTE)
    for modality in session.scans:
        rows = zip(LANDMARKS, session.landmarks(modality).tolist(), strict=True)
        write_table(
            ("landmark", "x_ras_mm", "y_ras_mm", "z_ras_mm"),
            ((name, *(f"{value:.6f}" for value in point)) for name, point in rows),
            folder / f"{subject}_space-{PLACE[modality][1]}_landmarks.tsv",
        )
    for fixed, moving in permutations(session.scans, 2):
        name = f"{subject}_fixed-{PLACE[fixed][1]}_moving-{PLACE[moving][1]}_xfm.tfm"
        write_transform(session.motion(fixed, moving), folder / name)
