"""`cephalign rire` over simulated patients in RIRE's own format, and over what little of RIRE is at hand."""

import csv
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from benchmarks.pairs import CT_SHAPE, CT_SPACING, remap_contrast, rire_t1
from cephalign.geometry import Grid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.io import rire_standard
from cephalign.io.rire import in_rire_frame
from cephalign.io.volumes import read_volume, write_volume
from cephalign.prep.resample import resample
from cephalign.simulate.head import LANDMARKS
from cephalign.simulate.pair import simulated_pair

DONE, WRONG, INCOMPLETE = 0, 2, 3
SUMMARIES = {"summary.csv", "summary.json", "summary.md"}
PAIR = "training_001_ct_to_mr_T1"


def write_patient(root: Path, patient: str, seed: int, preset: str = "small", *, standard: bool) -> None:
    """Write one patient as the project's archives unpack, with landmarks where there is a standard."""
    pair = simulated_pair(np.random.default_rng(seed), preset, angle_deg=20, shift_mm=25, least_angle_deg=5)
    ct, rire_from_ct = in_rire_frame(pair.moving)
    t1, rire_from_t1 = in_rire_frame(pair.fixed)
    for name, scan in (("ct", ct), ("mr_T1", t1)):
        (root / patient / name).mkdir(parents=True)
        write_volume(scan, root / patient / name / "header.ascii", description="simulated")
    if standard:
        folder = root / patient / "transformations"
        folder.mkdir()
        truth = rire_from_ct @ pair.moving_from_fixed @ ~rire_from_t1
        rire_standard.write(truth, folder / "ct_T1.standard", t1.grid, ct.grid)
        table = ["landmark\tx_ras_mm\ty_ras_mm\tz_ras_mm"]
        for name, (x, y, z) in zip(LANDMARKS, rire_from_t1.map(pair.landmarks), strict=True):
            table.append(f"{name}\t{x:.6f}\t{y:.6f}\t{z:.6f}")
        (folder / "mr_T1_landmarks.tsv").write_text("\n".join(table) + "\n")


@pytest.fixture(scope="module")
def patients(tmp_path_factory) -> Path:
    """training_001 has standard and landmarks, patient_002 neither, and patient_003's CT is cut short."""
    root = tmp_path_factory.mktemp("patients")
    write_patient(root, "training_001", 80, standard=True)
    shutil.copytree(root / "training_001", root / "patient_003")
    write_patient(root, "patient_002", 81, standard=False)
    image = root / "patient_003" / "ct" / "image.bin"
    image.write_bytes(image.read_bytes()[:-1000])
    return root


@pytest.fixture(scope="module")
def result(program, patients, tmp_path_factory):
    """What the installed program leaves and says, with the folder named by the environment."""
    out = tmp_path_factory.mktemp("result") / "out"
    command = [program, "rire", "--out", out, "--investigator", "A. B. Cee", "--site", "Somewhere"]
    environment = {**os.environ, "CEPHALIGN_RIRE": str(patients), "OMP_NUM_THREADS": "2"}
    return out, subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def call(monkeypatch, call_in):
    """Run the verb without a folder of patients to fall back on."""
    monkeypatch.delenv("CEPHALIGN_RIRE", raising=False)
    return lambda *arguments: call_in(".", "rire", *arguments)


def rows_of(out):
    with (out / "summary.csv").open(newline="") as file:
        return {row["patient"]: row for row in csv.DictReader(file)}


def shown(grid, points):
    index = apply_affine(grid.voxel_from_world, points)
    return ((index > -0.5) & (index < np.array(grid.shape) - 0.5)).all(axis=1)


def names(folder):
    return {path.name for path in folder.iterdir()}


def refused(done, said):
    assert done.returncode == WRONG
    assert done.stdout == ""
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_one_bad_scan_does_not_stop_the_rest(result):
    out, done = result
    assert done.returncode == INCOMPLETE
    assert done.stdout == f"3 pairs: 2 aligned, 1 refused\n{out / 'summary.md'}\n"
    assert [line.split(" (")[0] for line in done.stderr.splitlines()] == [
        "cephalign: patient_002 ct to mr_T1: aligned",
        "cephalign: patient_003 ct to mr_T1: refused",
        "cephalign: training_001 ct to mr_T1: aligned",
    ]
    pairs = {PAIR, "patient_002_ct_to_mr_T1"}
    assert names(out) == SUMMARIES | {
        f"{pair}{suffix}" for pair in pairs for suffix in (".standard", ".json")
    }
    assert "has not the size its header says" in rows_of(out)["patient_003"]["reason"]


def test_a_terminal_shows_a_bar(result, program, patients):
    out, _ = result
    ours, theirs = os.openpty()
    done = subprocess.run(
        [program, "rire", patients, "--out", out], stdout=subprocess.PIPE, stderr=theirs, check=False
    )
    os.close(theirs)
    shown = os.read(ours, 1_000_000).decode()
    os.close(ours)
    assert done.stdout.startswith(b"3 pairs: 2 aligned, 1 refused")
    assert "training_001 ct to mr_T1: aligned" in shown
    assert "3/3" in shown


def test_transform_is_in_the_projects_form(result):
    out, _ = result
    head, _, rest = (out / f"{PAIR}.standard").read_text().partition("Point")
    assert head == (
        "-" * 73 + "\nTransformation Parameters\n\nInvestigator(s): A. B. Cee\n\nSite: Somewhere\n\n"
        "Method: Cephalign 0.1.0, symmetry and mutual information\nDate: unknown\nPatient number: 001\n"
        "From: CT\nTo: mr_T1\n\n"
    )
    points = re.findall(r"^ *([1-8])((?: +-?\d+\.\d{4}){6})$", rest, re.MULTILINE)
    assert [number for number, _ in points] == list("12345678")
    # The far corner of 128 x 128 x 29 voxels of 2.6 x 2.6 x 4 mm.
    assert points[-1][1].split()[:3] == ["330.2000", "330.2000", "112.0000"]


def test_transform_is_right(result, patients):
    out, _ = result
    volumes = [read_volume(patients / "training_001" / name).grid for name in ("mr_T1", "ct")]
    found = rire_standard.read(out / f"{PAIR}.standard", *volumes)
    truth = rire_standard.read(patients / "training_001/transformations/ct_T1.standard", *volumes)
    corners = volumes[1].corners
    errors = (~found).distance(~truth, corners)
    assert errors.max() < 1.5
    row = rows_of(out)["training_001"]
    assert float(row["corners_max_mm"]) == pytest.approx(errors.max(), abs=2e-4)  # four decimals in the file


def test_scores_stand_beside_doing_nothing(result, patients):
    """At the landmarks that both scans show."""
    out, _ = result
    folder = patients / "training_001"
    t1, ct = (read_volume(folder / name).grid for name in ("mr_T1", "ct"))
    truth = rire_standard.read(folder / "transformations" / "ct_T1.standard", t1, ct)
    points = np.loadtxt(
        folder / "transformations" / "mr_T1_landmarks.tsv", delimiter="\t", skiprows=1, usecols=(1, 2, 3)
    )
    seen = shown(t1, points) & shown(ct, truth.map(points))
    assert 0 < seen.sum() < len(points) == 10
    row = rows_of(out)["training_001"]
    assert (row["points"], row["point_count"]) == ("landmarks", str(seen.sum()))
    assert float(row["tre_max_mm"]) < 0.6
    assert float(row["centres_median_mm"]) > 5.0
    assert float(row["identity_median_mm"]) > 20.0
    assert rows_of(out)["patient_002"]["points"] == ""
    text = (out / "summary.md").read_text()
    assert "| CT-T1 | 3 | 1 | 1 | landmarks |" in text
    whole = json.loads((out / "summary.json").read_text())
    assert whole["table"][0]["measures"]["tre"][1] == pytest.approx(float(row["tre_max_mm"]), abs=1e-4)


def test_what_is_done_is_kept(result, patients, call, tmp_path):
    """The header may change, the CT that was damaged is tried again, and nothing else is done anew."""
    old, _ = result
    out, again = tmp_path / "out", tmp_path / "patients"
    shutil.copytree(old, out)
    shutil.copytree(patients, again)
    shutil.copy(patients / "training_001" / "ct" / "image.bin", again / "patient_003" / "ct")
    done = call(again, "--out", out, "--site", "Elsewhere", "--date", "9th August 1996")
    assert done.returncode == DONE
    kept = {line.split()[1]: "kept" in line for line in done.stderr.splitlines()}
    assert kept == {"patient_002": True, "patient_003": False, "training_001": True}
    assert (out / f"{PAIR}.json").read_bytes() == (old / f"{PAIR}.json").read_bytes()
    text = (out / f"{PAIR}.standard").read_text()
    assert "Site: Elsewhere" in text
    assert "Date: 9th August 1996" in text
    assert text.partition("Point")[2] == (old / f"{PAIR}.standard").read_text().partition("Point")[2]
    assert call(again, "--out", out).returncode == DONE
    assert (out / f"{PAIR}.standard").read_text() == text
    # What fed the result has changed: it is no longer done.
    shutil.rmtree(again / "training_001")
    shutil.rmtree(again / "patient_003")
    header = again / "patient_002" / "ct" / "header.ascii"
    header.write_text(header.read_text().replace(":= simulated", ":= simulated twice"))
    assert "kept" not in call(again, "--out", out).stderr
    assert "kept" not in call(again, "--out", out, "--overwrite").stderr


def test_another_method_needs_another_folder(result, patients, call, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(result[0], out)
    refused(call(patients, "--out", out, "--method", "evolution"), "holds results of another method")


def test_evolution(preset, call, tmp_path):
    """With the paper's hundred iterations it need not end well; it must end, and say what it was."""
    coarse = {"matrix": (52, 52), "spacing_mm": (6.0, 6.0)}
    write_patient(tmp_path, "patient_002", 81, preset(t1=coarse, ct=coarse), standard=False)
    done = call(tmp_path / "patient_002", "--method", "evolution", "--out", tmp_path / "out")
    assert done.returncode in {DONE, INCOMPLETE}
    record = json.loads((tmp_path / "out" / "patient_002_ct_to_mr_T1.json").read_text())
    assert [stage["name"] for stage in record["stages"]][1:] == ["evolution-4", "evolution-2", "evolution-1"]
    assert (record["status"] == "failed") == (done.returncode == INCOMPLETE)


def test_standards_elsewhere(result, patients, call, tmp_path):
    """They are taken by the patient's name, and without landmarks points of the head are measured."""
    out, standards = tmp_path / "out", tmp_path / "standards"
    shutil.copytree(result[0], out)
    standards.mkdir()
    standard = patients / "training_001" / "transformations" / "ct_T1.standard"
    shutil.copy(standard, standards / "training_001_ct_T1.standard")
    (standards / "patient_002_ct_T1.standard").write_text("nothing of the kind")
    shutil.copy(standard, standards / "ct_T1.standard")  # whose is it?
    call(patients, "--out", out, "--standards", standards)
    rows = rows_of(out)
    assert rows["training_001"]["points"] == "head"
    assert rows["training_001"]["point_count"] == "2000"
    assert float(rows["training_001"]["tre_max_mm"]) < 1.5
    assert (rows["patient_002"]["status"], rows["patient_002"]["points"]) == ("aligned", "")
    assert "is not a RIRE transform" in rows["patient_002"]["unscored"]


def test_nothing_like_a_head(patients, call, tmp_path):
    """A scan of noise fails or is refused; no transform is handed in for it."""
    shutil.copytree(patients / "patient_002", tmp_path / "patient_002")
    image = tmp_path / "patient_002" / "mr_T1" / "image.bin"
    noise = np.random.default_rng(3).integers(0, 900, image.stat().st_size // 2).astype(">i2")
    image.write_bytes(noise.tobytes())
    out = tmp_path / "out"
    out.mkdir()
    (out / "patient_002_ct_to_mr_T1.standard").write_text("of an earlier run")
    done = call(tmp_path, "--out", out)
    assert done.returncode == INCOMPLETE
    assert rows_of(out)["patient_002"]["status"] in {"failed", "refused"}
    assert not (out / "patient_002_ct_to_mr_T1.standard").exists()


def test_no_folder(call, tmp_path):
    refused(call("--out", tmp_path / "out"), "its name in CEPHALIGN_RIRE")
    refused(call(tmp_path / "nowhere", "--out", tmp_path / "out"), "is no folder")
    refused(call(tmp_path, "--out", tmp_path / "out"), "holds no RIRE patients")
    assert not (tmp_path / "out").exists()


def test_no_folder_of_standards(patients, call, tmp_path):
    refused(
        call(patients, "--out", tmp_path / "out", "--standards", tmp_path / "x"),
        "the folder of RIRE's standards",
    )


def test_out_is_a_file(patients, call, tmp_path):
    (tmp_path / "out").write_text("in the way")
    refused(call(patients, "--out", tmp_path / "out"), "cannot write")


def test_practice_patient_without_its_ct(data_dir, call, tmp_path):
    """Of the real practice patient only the T1 and the standard are here: the CT is said to be missing."""
    done = call(data_dir / "rire", "--out", tmp_path / "out")
    assert done.returncode == INCOMPLETE
    row = rows_of(tmp_path / "out")["training_001"]
    assert (row["from"], row["to"], row["status"], row["reason"]) == (
        "ct",
        "mr_T1",
        "missing",
        "There is no ct.",
    )
    assert "No pair could be scored" in (tmp_path / "out" / "summary.md").read_text()


def test_practice_patient_with_a_ct_of_our_own(data_dir, call, tmp_path):
    """The real T1, in another contrast, lies where the project's standard puts the CT: that is found."""
    t1 = rire_t1(data_dir)
    grid = Grid(CT_SHAPE, np.diag([-CT_SPACING[0], -CT_SPACING[1], CT_SPACING[2], 1.0]))
    ct_from_t1 = rire_standard.read(data_dir / "rire" / "ct_T1.standard", t1.grid, grid)
    moved = resample(t1, grid, ~ct_from_t1)
    rng = np.random.default_rng(9)
    values = remap_contrast(moved.data, rng) + rng.normal(0, 15, CT_SHAPE)
    folder = tmp_path / "rire"
    folder.mkdir()
    write_volume(Volume(values.round().astype(np.int16), grid), folder / "training_001_ct.mha")
    for name in ("training_001_mr_T1.mha", "ct_T1.standard"):
        (folder / name).symlink_to(data_dir / "rire" / name)
    done = call(folder, "--out", tmp_path / "out")
    assert done.returncode == DONE
    row = rows_of(tmp_path / "out")["training_001"]
    assert row["points"] == "head"
    assert float(row["tre_median_mm"]) < 0.3
    assert float(row["centres_median_mm"]) > 10.0


@pytest.mark.skipif(
    "CEPHALIGN_RIRE" not in os.environ, reason="CEPHALIGN_RIRE names no folder of RIRE patients"
)
def test_real_practice_patient(call, tmp_path):
    """All of training_001 that has a standard; a median of a centimetre would be no registration at all."""
    folder = Path(os.environ["CEPHALIGN_RIRE"]) / "training_001"
    call(folder, "--out", tmp_path / "out")
    with (tmp_path / "out" / "summary.csv").open(newline="") as file:
        errors = [float(row["tre_median_mm"]) for row in csv.DictReader(file) if row["tre_median_mm"]]
    assert errors
    assert max(errors) < 10.0
