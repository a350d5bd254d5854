"""A folder of simulated patients in RIRE's own format and layout, with their true standards."""

from pathlib import Path

import numpy as np
import pytest

from cephalign.geometry import Rigid, Volume
from cephalign.io import rire_standard
from cephalign.io.rire import in_rire_frame
from cephalign.io.volumes import write_volume
from cephalign.simulate.compact import SMALL_CT, SMALL_MR, compact_head_pair


def simulated_scans(seed: int) -> tuple[Volume, Volume, Rigid, np.ndarray]:
    """Return a CT, a T1, the true `ct_from_t1`, and landmarks of the T1."""
    pair = compact_head_pair(np.random.default_rng(seed), fixed=SMALL_MR, moving=SMALL_CT)
    return pair.moving, pair.fixed, pair.moving_from_fixed, pair.landmarks


def write_patient(root: Path, patient: str, seed: int, *, standard: bool) -> Rigid:
    """Write one patient as the project's archives unpack; return the truth."""
    ct, t1, ct_from_t1, landmarks = simulated_scans(seed)
    ct, rire_from_ct = in_rire_frame(ct)
    t1, rire_from_t1 = in_rire_frame(t1)
    for name, scan in (("ct", ct), ("mr_T1", t1)):
        (root / patient / name).mkdir(parents=True)
        write_volume(scan, root / patient / name / "header.ascii", description="simulated")
    truth = rire_from_ct @ ct_from_t1 @ ~rire_from_t1
    if standard:
        folder = root / patient / "transformations"
        folder.mkdir()
        rire_standard.write(truth, folder / "ct_T1.standard", t1.grid, ct.grid)
        table = ["landmark\tx_ras_mm\ty_ras_mm\tz_ras_mm"]
        for number, (x, y, z) in enumerate(rire_from_t1.map(landmarks)):
            table.append(f"spot {number}\t{x:.6f}\t{y:.6f}\t{z:.6f}")
        (folder / "mr_T1_landmarks.tsv").write_text("\n".join(table) + "\n")
    return truth


@pytest.fixture(scope="session")
def rire_folder(tmp_path_factory) -> Path:
    """training_001 with standard and landmarks, patient_002 without, patient_003 whose CT is cut short."""
    root = tmp_path_factory.mktemp("rire")
    write_patient(root, "training_001", 80, standard=True)
    write_patient(root, "patient_002", 81, standard=False)
    write_patient(root, "patient_003", 82, standard=True)
    image = root / "patient_003" / "ct" / "image.bin"
    image.write_bytes(image.read_bytes()[:-1000])
    return root
