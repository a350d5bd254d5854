"""`cephalign augment` as a user meets it: its folder, the same bytes again, one line for what is wrong."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from cephalign.geometry import Grid, Modality, Rigid, Volume
from cephalign.io.transforms import read_transform, write_transform
from cephalign.io.volumes import read_volume, write_volume
from cephalign.prep.resample import resample

DONE, WRONG = 0, 2
REFERENCE = Rigid.from_euler((5, -9, 30), (12, -7, 20))


def grid(shape, spacing, turn_deg, centre):
    matrix = np.eye(4)
    matrix[:3, :3] = Rigid.from_euler(turn_deg).rotation @ np.diag(np.array(spacing) * (-1, -1, 1))
    matrix[:3, 3] = np.array(centre) - matrix[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Grid(shape, matrix)


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """Three pairs of an MR and a CT, a table of them, and tables that are wrong."""
    folder = tmp_path_factory.mktemp("scans")
    rng = np.random.default_rng(70)
    mr_grid = grid((30, 32, 12), (2.5, 2.4, 6), (6, -8, 4), (20, -30, 90))
    ct_grid = grid((36, 34, 13), (2.2, 2.3, 5.5), (0, 3, 30), REFERENCE.map((20, -30, 90)))
    lines = ["fixed\tmoving\treference"]
    for name in "abc":
        noise = rng.normal(0, 1, (9, 9, 9))
        coarse = Volume(noise.astype(np.float32), grid((9, 9, 9), (12, 12, 12), (0, 0, 0), (20, -30, 90)))
        mr = resample(coarse, mr_grid, interpolation="cubic", fill=0)
        ct = resample(coarse, ct_grid, REFERENCE.inverse(), interpolation="cubic", fill=0)
        write_volume(
            Volume((mr.data * 99 + 400).clip(0).astype(np.int16), mr_grid), folder / f"mr-{name}.nii.gz"
        )
        write_volume(
            Volume((ct.data * 300 - 200).clip(-1000).astype(np.int16), ct_grid, Modality.CT),
            folder / f"ct-{name}.mha",
        )
        lines.append(f"mr-{name}.nii.gz\tct-{name}.mha\treference.tfm")
    write_transform(REFERENCE, folder / "reference.tfm")
    (folder / "pairs.tsv").write_text("\n".join(lines) + "\n")
    (folder / "one.tsv").write_text("\n".join(lines[:2]) + "\n")
    (folder / "text.tfm").write_text("no transform\n")
    tables = {"text": "mr-a.nii.gz\tct-a.mha\ttext.tfm", "missing": "mr-a.nii.gz\tct-z.mha\t"}
    for name, line in tables.items():
        (folder / f"{name}.tsv").write_text(f"{lines[0]}\n{line}\n")
    nib.save(
        nib.Nifti1Image(np.full((9, 9, 9), np.nan, np.float32), mr_grid.world_from_voxel), folder / "nan.nii"
    )
    return folder


@pytest.fixture
def call(call_in, scans):
    """Run the program beside the scans."""
    return lambda *arguments: call_in(scans, "augment", *arguments)


@pytest.fixture(scope="module")
def result(program, scans, tmp_path_factory):
    """What the installed program makes of the pairs: four copies each, with one thread."""
    out = tmp_path_factory.mktemp("result") / "out"
    command = [program, "augment", "pairs.tsv", "--count", "4", "--seed", "3", "--jobs", "1", "--out", out]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=scans, env=one_thread, capture_output=True, text=True, check=False)
    assert done.returncode == DONE, done.stderr
    return out, done


def files(folder):
    """Return the bytes of every file below a folder, by name."""
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()
    }


def rows(out):
    with (out / "split.tsv").open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


def refused(done, said):
    assert done.returncode == WRONG, done.stderr
    assert done.stdout == ""
    *progress, error = done.stderr.splitlines()
    assert said in error
    assert all(line.startswith("cephalign: ") for line in (*progress, error))
    assert all(line.startswith("cephalign: reading ") for line in progress)


def test_names(result):
    out, done = result
    copies = ("desc-original", "desc-copy001", "desc-copy002", "desc-copy003", "desc-copy004")
    endings = ("fixed.nii.gz", "fixed.json", "moving.nii.gz", "moving.json", "xfm.tfm", "xfm.json")
    people = ("sub-0001", "sub-0002", "sub-0003")
    wanted = {f"{who}/{who}_{copy}_{end}" for who in people for copy in copies for end in endings}
    assert set(files(out)) == wanted | {"augmentation.json", "split.tsv"}
    assert [path.name for path in out.iterdir() if path.name.startswith(".")] == []
    counts, where = done.stdout.splitlines()
    assert counts.startswith("4 copies of each of 3 originals")
    assert where == str(out)
    assert "copying sub-0003" in done.stderr


def test_all_copies_of_an_original_are_in_one_subset(result):
    table = rows(result[0])
    assert len(table) == 3 * 5
    subsets = {}
    for row in table:
        subsets.setdefault(row["original"], set()).add(row["subset"])
        assert row["fixed"].startswith(row["original"])
    assert all(len(found) == 1 for found in subsets.values())
    assert set.union(*subsets.values()) == {"train", "validation", "test"}


def test_the_truth_brings_the_copies_together(result):
    """And the reference does not: the copies were moved apart."""
    out, _ = result
    for row in rows(out):
        fixed, moving = (read_volume(out / row[role]) for role in ("fixed", "moving"))
        truth = read_transform(out / row["reference"])
        assert (
            read_transform((out / row["reference"]).with_suffix(".json")).distance(truth, (99, -9, 99)) < 1e-9
        )
        right, wrong = (alike(fixed, moving, motion) for motion in (truth, REFERENCE))
        assert right > 0.9
        if row["copy"] == "0":
            np.testing.assert_allclose(truth.matrix, REFERENCE.matrix, atol=1e-12)
        else:
            assert wrong < right - 0.05


def alike(fixed, moving, moving_from_fixed):
    """Correlation in the middle of both scans, where neither is empty."""
    shown = resample(moving, fixed.grid, moving_from_fixed).data[7:-7, 7:-7, 3:-3]
    return np.corrcoef(shown.ravel(), fixed.data[7:-7, 7:-7, 3:-3].ravel())[0, 1]


def test_what_stands_beside_a_copy_is_what_was_done(result, scans):
    out, _ = result
    record = json.loads((out / "augmentation.json").read_text())
    for number in (1, 4):
        stem = out / "sub-0002" / f"sub-0002_desc-copy{number:03d}"
        beside = json.loads(Path(f"{stem}_moving.json").read_text())
        drawn = record["originals"][1]["copies"][number - 1]["moving"]
        assert {key: beside[key] for key in drawn} == drawn
        assert beside["copy"] == number
        assert beside["Sources"] == ["ct-b.mha"]
        assert abs(beside["angle_deg"]) <= 15
        assert max(map(abs, beside["shift_mm"])) <= 5
        original = read_volume(scans / "ct-b.mha")
        np.testing.assert_allclose(beside["centre_mm"], original.grid.centre)
        copy = read_volume(f"{stem}_moving.nii.gz")
        np.testing.assert_allclose(copy.grid.corners, original.grid.corners, atol=1e-4)
        again = resample(original, original.grid, ~Rigid(np.array(beside["copy_from_original"])))
        np.testing.assert_array_equal(copy.data, again.data)
        assert copy.data.dtype == np.int16
        header = nib.load(f"{stem}_moving.nii.gz").header
        assert header["descrip"].item().decode().startswith("synthetic: rigid copy")


def test_the_original_stands_beside_its_copies(result, scans):
    copied = read_volume(result[0] / "sub-0003" / "sub-0003_desc-original_fixed.nii.gz")
    original = read_volume(scans / "mr-c.nii.gz")
    np.testing.assert_array_equal(copied.data, original.data)
    assert copied.grid == original.grid


def test_a_replay_and_two_jobs_give_the_same_bytes(call, result, tmp_path):
    done = call("pairs.tsv", "--out", tmp_path, "--replay", result[0] / "augmentation.json", "--jobs", 2)
    assert done.returncode == DONE, done.stderr
    assert files(tmp_path) == files(result[0])


def test_more_copies_leave_the_others_as_they_are(call, result, tmp_path):
    done = call("pairs.tsv", "--out", tmp_path, "--count", 5, "--seed", 3)
    assert done.returncode == DONE, done.stderr
    few, many = files(result[0]), files(tmp_path)
    changed = {name for name in few if few[name] != many[name]}
    assert changed == {"augmentation.json", "split.tsv"}
    assert len(many) == len(few) + 3 * 6
    assert [row for row in rows(tmp_path) if row["copy"] != "5"] == rows(result[0])


def test_single_scans(call, scans, tmp_path):
    done = call("ct-a.mha", "mr-b.nii.gz", "--out", tmp_path / "new" / "out", "--count", 2, "--angle", 90)
    assert done.returncode == DONE, done.stderr
    out = tmp_path / "new" / "out"
    assert list(rows(out)[0]) == ["original", "copy", "subset", "scan", "reference"]
    original = read_volume(scans / "ct-a.mha")
    for row in rows(out)[:3]:
        motion = read_transform(out / row["reference"])
        shown = read_volume(out / row["scan"])
        np.testing.assert_array_equal(shown.data, resample(original, original.grid, ~motion).data)
    assert motion.angle_deg > 15  # more than by default, since so much was asked for


def test_a_bar_where_somebody_is_looking(program, scans, tmp_path):
    """On a terminal of which the program sees one end."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    command = [program, "augment", "ct-a.mha", "--count", "1", "--out", tmp_path / "out"]
    with subprocess.Popen(command, cwd=scans, stdout=subprocess.PIPE, stderr=theirs) as running:
        os.close(theirs)
        said = b""
        while True:
            try:
                piece = os.read(ours, 9999)
            except OSError:  # the other end is closed
                break
            said += piece
            if not piece:
                break
        assert running.wait() == DONE
    os.close(ours)
    assert b"100%" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("pairs.tsv", "--count", "-1"), "impossible count"),
        (("pairs.tsv", "--count", "0"), "impossible count"),
        (("pairs.tsv", "--seed", "-1"), "impossible seed"),
        (("pairs.tsv", "--angle", "181"), "impossible angle"),
        (("pairs.tsv", "--angle", "nan"), "impossible angle"),
        (("pairs.tsv", "--shift", "-5"), "impossible shift"),
        (("pairs.tsv", "--jobs", "0"), "impossible --jobs"),
        (("missing.nii.gz",), "does not exist"),
        (("ct-a.mha", "missing.nii.gz"), "does not exist"),
        (("nan.nii",), "NaN"),
        (("ct-a.mha", "mr-a.nii.gz", "ct-a.mha"), "is the same scan as"),
        (("reference.tfm",), "unknown volume format"),
        (("none.tsv",), "cannot read none.tsv"),
        (("text.tsv",), "text.tfm"),
        (("missing.tsv",), "ct-z.mha does not exist"),
        (("one.tsv", "ct-b.mha"), "is a table of pairs"),
        (("pairs.tsv", "--replay", "none.json"), "cannot read none.json"),
        (("pairs.tsv", "--replay", "reference.tfm"), "is not JSON"),
        (("pairs.tsv", "--replay", "RECORD", "--count", "4"), "leave out --count"),
        (("one.tsv", "--replay", "RECORD"), "is the record of other scans"),
        (("ct-a.mha", "ct-b.mha", "ct-c.mha", "--replay", "RECORD"), "not what"),
    ],
)
def test_wrong_input_is_one_line_and_writes_nothing(call, result, tmp_path, scans, *, arguments, said):
    arguments = [str(result[0] / "augmentation.json") if word == "RECORD" else word for word in arguments]
    before = files(scans)
    refused(call(*arguments, "--out", tmp_path / "not" / "there"), said)
    assert list(tmp_path.iterdir()) == []
    assert files(scans) == before


def test_a_changed_reference_is_not_replayed(call, result, scans, tmp_path):
    write_transform(Rigid.identity(), scans / "other.tfm")
    (scans / "other.tsv").write_text((scans / "pairs.tsv").read_text().replace("reference.tfm", "other.tfm"))
    done = call("other.tsv", "--replay", result[0] / "augmentation.json", "--out", tmp_path / "out")
    refused(done, "the reference transform is not that of")


def test_wrong_usage_points_to_help(call):
    for arguments in ((), ("ct-a.mha",), ("ct-a.mha", "--out", "x", "--count", "many")):
        done = call(*arguments)
        assert done.returncode == WRONG
        assert "Usage: cephalign augment" in done.stderr


def test_a_folder_that_holds_data(call, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "sub-0001").mkdir()
    for options, said in (((), "--overwrite"), (("--overwrite",), "has not written")):
        refused(call("ct-a.mha", "--count", 1, "--out", tmp_path, *options), said)
        assert files(tmp_path) == {"notes.txt": b"mine"}
        assert (tmp_path / "sub-0001").is_dir()


def test_overwriting_leaves_nothing_of_the_earlier_copies(call, tmp_path):
    call("pairs.tsv", "--count", 2, "--out", tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    earlier = files(tmp_path)
    refused(call("ct-a.mha", "--count", 1, "--out", tmp_path), "already holds data")
    refused(call("ct-a.mha", "nan.nii", "--count", 1, "--out", tmp_path, "--overwrite"), "NaN")
    assert files(tmp_path) == earlier
    assert call("ct-a.mha", "--count", 1, "--out", tmp_path, "--overwrite").returncode == DONE
    names = [f"sub-0001/sub-0001_desc-{copy}_" for copy in ("original", "copy001")]
    endings = ("scan.nii.gz", "scan.json", "xfm.tfm", "xfm.json")
    wanted = {name + end for name in names for end in endings}
    assert set(files(tmp_path)) == wanted | {"augmentation.json", "split.tsv", "notes.txt"}


def test_a_file_in_the_way_of_the_folder(call, tmp_path):
    (tmp_path / "out").write_text("mine")
    refused(call("ct-a.mha", "--count", 1, "--out", tmp_path / "out"), "cannot write")
    assert files(tmp_path) == {"out": b"mine"}


# No file may be larger than so many bytes: a disk that is full for all that is.
LIMITED = """
import resource, sys
limit = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
from cephalign.cli import main
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files as POSIX does")
@pytest.mark.parametrize("limit_bytes", [200, 9000])
def test_a_full_disk_leaves_nothing(scans, tmp_path, limit_bytes):
    command = [sys.executable, "-c", LIMITED, str(limit_bytes), "augment", "one.tsv", "--count", "2"]
    done = subprocess.run(
        [*command, "--out", tmp_path / "new" / "out"], cwd=scans, capture_output=True, text=True, check=False
    )
    assert done.returncode == WRONG
    assert "File too large" in done.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts as POSIX does")
def test_an_interruption_leaves_nothing(program, scans, tmp_path, interruptible):
    command = [program, "augment", "ct-a.mha", "--count", "9999", "--out", tmp_path / "new" / "out"]
    options = {"cwd": scans, "stderr": subprocess.PIPE, "text": True, **interruptible}
    with subprocess.Popen(command, **options) as running:
        while "copying" not in running.stderr.readline():
            assert running.poll() is None
        running.send_signal(signal.SIGINT)
        said = running.stderr.read()
        assert running.wait(timeout=10) == 130
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []
