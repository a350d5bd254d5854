"""`cephalign register` as a user meets it: its files, its exit codes, and one line for what is wrong."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
import SimpleITK
from PIL import Image

from cephalign.geometry import Grid, Modality, Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.io.transforms import read_transform, write_transform
from cephalign.io.volumes import read_volume, write_volume
from cephalign.results import TRANSFORM_NAMES
from cephalign.simulate.pair import simulated_pair
from cephalign.simulate.presets.preset import HU

DONE, WRONG, FAILED = 0, 2, 3
FILES = {"moving_from_fixed.tfm", "moving_on_fixed.nii.gz", "registration.json", "registration.png"}
FILES |= {"report.html"}


@pytest.fixture(scope="module")
def pair(preset):
    rng = np.random.default_rng(80)
    return simulated_pair(rng, preset(ct={"storages": (HU,)}), shift_mm=25, least_angle_deg=5)


@pytest.fixture(scope="module")
def scans(pair, tmp_path_factory):
    """A folder with an MR, a CT, and starts: one near the truth, one where nothing overlaps."""
    folder = tmp_path_factory.mktemp("scans")
    write_volume(pair.fixed, folder / "mr.nii.gz")
    write_volume(pair.moving, folder / "ct.mha")
    near = pair.moving_from_fixed @ Rigid.from_euler((1, -1, 2), (1, 2, -1))
    write_transform(near, folder / "near.tfm")
    write_transform(near, folder / "near.mat", fixed=pair.fixed.grid, moving=pair.moving.grid, style="fsl")
    write_transform(Rigid.from_euler((0, 0, 0), (900, 0, 0)), folder / "beyond.tfm")
    return folder


@pytest.fixture
def run(program, scans):
    """Run the installed program beside the scans."""

    def run(*arguments, limit_bytes=None):
        command = [program, *map(str, arguments)]
        if limit_bytes:
            command = [sys.executable, "-c", LIMITED, str(limit_bytes), *command[1:]]
        return subprocess.run(
            command,
            cwd=scans,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


# No file may be larger than so many bytes: a disk that is full for all that is.
LIMITED = """
import resource, sys
limit = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
from cephalign.cli import main
main()
"""


@pytest.fixture
def call(call_in, scans):
    """Run the program beside the scans."""
    return lambda *arguments: call_in(scans, *arguments)


@pytest.fixture(scope="module")
def result(program, scans, tmp_path_factory):
    """What the plainest call leaves, but for all formats of the transform."""
    out = tmp_path_factory.mktemp("result") / "out"
    command = [program, "register", "mr.nii.gz", "ct.mha", "--out", out, "--format", "itk,fsl,lta,rire,json"]
    two_threads = {**os.environ, "OMP_NUM_THREADS": "2"}
    done = subprocess.run(command, cwd=scans, env=two_threads, capture_output=True, text=True, check=False)
    assert done.returncode == DONE, done.stderr
    return out, done


def head_points(volume):
    """World points within 80 mm of the middle of a scan, where its head is."""
    offsets = np.random.default_rng(1).uniform(-80, 80, (500, 3))
    return volume.grid.centre + offsets[np.linalg.norm(offsets, axis=1) < 80]


def names(folder: Path):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def refused(done, said, out=None):
    """Check exit code, the one line, and that nothing was written."""
    assert done.returncode == WRONG, done.stderr
    assert done.stdout == ""
    *progress, error = done.stderr.splitlines()
    assert said in error
    assert all(line.startswith("cephalign: ") for line in (*progress, error))
    assert all(len(line) < 50 for line in progress)
    if out:
        assert not out.exists()


def test_all_files_are_written(result):
    out, done = result
    assert set(names(out)) == FILES | set(TRANSFORM_NAMES.values())
    assert done.stdout.startswith("aligned: ")
    assert done.stdout.splitlines()[1] == str(out)
    assert "refining" in done.stderr


def test_every_format_holds_the_truth(result, pair):
    out, _ = result
    grids = {"fixed": pair.fixed.grid, "moving": pair.moving.grid}
    points = head_points(pair.fixed)
    for name in TRANSFORM_NAMES.values():
        found = read_transform(out / name, **grids)
        assert found.distance(pair.moving_from_fixed, points).mean() < 0.8
    assert read_transform(out / "registration.json") == read_transform(out / "moving_from_fixed.json")


def test_the_record_names_the_inputs(result, scans):
    record = json.loads((result[0] / "registration.json").read_text())
    assert record["status"] == "aligned"
    assert [record["inputs"][name]["path"] for name in ("fixed", "moving")] == ["mr.nii.gz", "ct.mha"]
    assert record["parameters"]["method"] == "auto" and record["parameters"]["init"] is None
    assert record["parameters"]["refine"] == "mi"
    fixed, moving = (record["modalities"][name] for name in ("fixed", "moving"))  # which no header says
    assert fixed.startswith("MR") and moving == "CT"
    assert len(record["stages"]) > 1


def test_pictures_and_the_moving_scan(result, pair):
    out, _ = result
    with Image.open(out / "registration.png") as page:
        assert page.format == "PNG"
    shown = read_volume(out / "moving_on_fixed.nii.gz")
    assert shown.grid.shape == pair.fixed.grid.shape
    np.testing.assert_allclose(shown.grid.corners, pair.fixed.grid.corners, atol=1e-3)
    # The CT's bone lies where the truth puts it.
    bone = apply_affine(shown.grid.world_from_voxel, np.argwhere(shown.data > 500))
    there = apply_affine(pair.moving.grid.voxel_from_world, pair.moving_from_fixed.map(bone))
    inside = np.rint(there).astype(int)
    inside = inside[((inside >= 0) & (inside < pair.moving.grid.shape)).all(axis=1)]
    assert np.mean(pair.moving.data[tuple(inside.T)] > 150) > 0.9


def test_two_runs_and_one_or_two_threads_give_the_same_bytes(run, result, tmp_path):
    """The other run, that of `result`, had two."""
    done = run("register", "mr.nii.gz", "ct.mha", "--out", tmp_path, "--format", "itk,fsl,lta,rire,json")
    assert done.returncode == DONE, done.stderr
    assert names(tmp_path) == names(result[0])
    for name in names(tmp_path):
        if not name.startswith(("registration", "report")):  # these tell the seconds
            assert (tmp_path / name).read_bytes() == (result[0] / name).read_bytes()


@pytest.mark.parametrize("init", ["near.tfm", "near.mat"])
def test_a_start_from_a_file(call, tmp_path, pair, init):
    done = call("register", "mr.nii.gz", "ct.mha", "--out", tmp_path, "--init", init)
    assert done.returncode == DONE
    found = read_transform(tmp_path / "registration.json")
    assert found.distance(pair.moving_from_fixed, head_points(pair.fixed)).mean() < 0.8


def test_a_start_alone_is_left_as_it_is(call, scans, tmp_path):
    call("register", "mr.nii.gz", "ct.mha", "-o", tmp_path, "--init", "near.tfm", "--refine", "none")
    found, start = read_transform(tmp_path / "moving_from_fixed.tfm"), read_transform(scans / "near.tfm")
    np.testing.assert_allclose(found.matrix, start.matrix, atol=1e-12)


def test_a_start_in_a_file_whose_name_does_not_say_its_format(call, scans, tmp_path):
    shutil.copy(scans / "near.tfm", tmp_path / "near.xfm")
    arguments = ("register", "mr.nii.gz", "ct.mha", "-o", tmp_path / "out", "--refine", "none")
    start = ("--init", tmp_path / "near.xfm")
    refused(call(*arguments, *start), "--from-style", tmp_path / "out")
    assert call(*arguments, *start, "--from-style", "itk").returncode == DONE
    found = read_transform(tmp_path / "out" / "moving_from_fixed.tfm")
    np.testing.assert_allclose(found.matrix, read_transform(scans / "near.tfm").matrix, atol=1e-12)


def test_a_result_is_not_written_over_its_input(call, scans, tmp_path):
    shutil.copy(scans / "ct.mha", tmp_path / "ct.mha")
    write_volume(read_volume(scans / "mr.nii.gz"), tmp_path / "moving_on_fixed.nii.gz")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    arguments = ("register", tmp_path / "moving_on_fixed.nii.gz", "ct.mha", "--out", tmp_path)
    refused(
        call(*arguments, "--init", "near.tfm", "--refine", "none"), "it is an input; choose another --out"
    )
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_references_folder_is_refused(call, tmp_path):
    (tmp_path / "reference.json").write_text("{}")
    refused(
        call("register", "mr.nii.gz", "ct.mha", "--out", tmp_path),
        "holds other results, with a reference.json",
    )
    assert names(tmp_path) == ["reference.json"]


@pytest.mark.parametrize("arguments", [("mr.nii.gz", "ct.mha"), ("ct.mha", "mr.nii.gz")])
def test_the_mr_is_fixed_whichever_comes_first(call, scans, tmp_path, arguments):
    done = call("register", *arguments, "--out", tmp_path, "--auto-order", "--refine", "none")
    record = json.loads((tmp_path / "registration.json").read_text())
    assert [record["inputs"][name]["path"] for name in ("fixed", "moving")] == ["mr.nii.gz", "ct.mha"]
    shown, mr = (read_volume(path) for path in (tmp_path / "moving_on_fixed.nii.gz", scans / "mr.nii.gz"))
    assert shown.grid.shape == mr.grid.shape
    exchanged = "mr.nii.gz is the MR: ct.mha is moved onto it" in done.stderr
    assert exchanged is (arguments[0] == "ct.mha")


def test_failure_is_said_and_written(call, tmp_path):
    done = call("register", "mr.nii.gz", "ct.mha", "--out", tmp_path / "out", "--init", "beyond.tfm")
    assert done.returncode == FAILED
    assert done.stdout.startswith("failed: ")
    assert set(names(tmp_path / "out")) == FILES
    assert json.loads((tmp_path / "out" / "registration.json").read_text())["status"] == "failed"


def test_a_folder_of_dicom_files(call, dicom, scans, pair, tmp_path):
    """The CT as a scanner exports it is the CT."""
    dicom(scans / "ct-dicom", pair.moving)
    done = call("register", "mr.nii.gz", "ct-dicom", "--out", tmp_path / "out")
    assert done.returncode == DONE, done.stderr
    found = read_transform(tmp_path / "out" / "registration.json")
    assert found.distance(pair.moving_from_fixed, head_points(pair.fixed)).mean() < 0.8


@pytest.fixture
def dicom():
    """Return a writer of one CT slice a file into a folder."""

    def write(folder, volume, *, uid="1.2.826.0.1.3680043.10.7.1", number=1, skip=(), tilt_mm=0.0):
        folder.mkdir(exist_ok=True)
        grid = volume.grid
        lps = np.diag([-1, -1, 1])
        for k in set(range(grid.shape[2])) - set(skip):
            meta = pydicom.dataset.FileMetaDataset()
            meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
            meta.MediaStorageSOPInstanceUID = f"{uid}.{k + 1}"
            meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
            file = pydicom.dataset.FileDataset(None, {}, file_meta=meta, preamble=bytes(128))
            file.SOPClassUID, file.SOPInstanceUID = meta.MediaStorageSOPClassUID, f"{uid}.{k + 1}"
            file.SeriesInstanceUID, file.SeriesNumber, file.Modality = uid, number, "CT"
            file.ImageOrientationPatient = (lps @ grid.directions[:, :2]).T.ravel().tolist()
            position = lps @ (grid.world_from_voxel[:3] @ [0, 0, k, 1] + k * tilt_mm * grid.directions[:, 1])
            file.ImagePositionPatient = [f"{mm:.10g}" for mm in position]
            file.PixelSpacing = grid.spacing[[1, 0]].tolist()
            stored = np.ascontiguousarray(volume.data[..., k].T) + 1024
            file.Rows, file.Columns = stored.shape
            file.SamplesPerPixel, file.PhotometricInterpretation = 1, "MONOCHROME2"
            file.BitsAllocated, file.BitsStored, file.HighBit, file.PixelRepresentation = 16, 16, 15, 0
            file.RescaleIntercept, file.RescaleSlope = "-1024", "1"
            file.PixelData = stored.astype("<u2").tobytes()
            file.save_as(folder / f"{number}-{k:03d}", enforce_file_format=True)

    return write


BAD_GRID = Grid((40, 42, 12), np.diag([-5.0, -5.0, 9.0, 1.0]))


@pytest.fixture
def bad(tmp_path, dicom):
    """Return a maker of bad scans: of a name, its path."""
    axes = np.ogrid[-1:1:40j, -1:1:42j, -1:1:12j]
    data = np.where(sum(axis**2 for axis in axes) < 0.7, 900, 20).astype(np.int16)
    ball = Volume(data, BAD_GRID, Modality.CT)

    def nifti(name, array, affine=BAD_GRID.world_from_voxel):
        image = nib.Nifti1Image(array, affine)
        if affine is None:
            image.header.set_zooms((5, 5, 9))
        nib.save(image, tmp_path / name)

    def truncated(name):
        nifti(name, np.random.default_rng(2).integers(0, 900, BAD_GRID.shape, dtype=np.int16))
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-5000])

    def two_series(name):
        dicom(tmp_path / name, ball)
        dicom(tmp_path / name, ball, uid="1.2.826.0.1.3680043.10.7.2", number=2)

    def swapped(name):
        (tmp_path / name).mkdir()
        write_volume(ball, tmp_path / name / "header.ascii")
        image = tmp_path / name / "image.bin"
        image.write_bytes(np.frombuffer(image.read_bytes(), ">i2").astype("<i2").tobytes())

    makers = {
        "missing.nii.gz": lambda _: None,
        "truncated.nii.gz": truncated,
        "truncated.nii": truncated,
        "2d.nii": lambda name: nifti(name, data[..., 5]),
        "4d.nii": lambda name: nifti(name, np.stack([data, data], axis=-1)),
        "zero.nii.gz": lambda name: nifti(name, np.zeros_like(data)),
        "constant.nii": lambda name: nifti(name, np.full_like(data, 1047)),
        "nan.nii": lambda name: nifti(name, np.where(data > 20, data, np.nan).astype(np.float32)),
        "nowhere.nii": lambda name: nifti(name, data, None),
        "two-series": two_series,
        "gap": lambda name: dicom(tmp_path / name, ball, skip=(5,)),
        "tilt": lambda name: dicom(tmp_path / name, ball, tilt_mm=1.5),
        "swapped": swapped,
    }

    def make(name):
        makers[name](name)
        return tmp_path / name

    return make


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing.nii.gz", "does not exist"),
        ("truncated.nii.gz", "does not hold the voxels of its header"),
        ("truncated.nii", "cut short"),
        ("2d.nii", "is not one 3D volume"),
        ("4d.nii", "extract one volume"),
        ("zero.nii.gz", "holds no image"),
        ("constant.nii", "1047 everywhere"),
        ("nan.nii", "NaN"),
        ("nowhere.nii", "--allow-unoriented"),
        ("two-series", "--series"),
        ("gap", "--allow-gaps"),
        ("tilt", "--allow-tilt"),
        ("swapped", "its bytes are swapped"),
    ],
)
@pytest.mark.parametrize("role", ["fixed", "moving"])
def test_a_bad_scan_is_one_line(call, bad, tmp_path, *, name, said, role):
    path, out = bad(name), tmp_path / "not" / "there"
    pair = (path, "ct.mha") if role == "fixed" else ("mr.nii.gz", path)
    before = names(tmp_path)
    done = call("register", *pair, "--out", out)
    refused(done, said, out)
    assert names(tmp_path) == before
    error = done.stderr.splitlines()[-1]
    assert path.name in error or f"{role} scan" in error


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("gap", ["--allow-gaps"]),
        ("two-series", ["--fixed-series", "1", "--moving-series", "2"]),
        ("tilt", ["--allow-tilt"]),
    ],
)
def test_what_the_line_says_resolves_it(call, bad, tmp_path, name, options):
    path = bad(name)
    done = call("register", path, path, "--out", tmp_path / "out", "--refine", "none", *options)
    assert done.returncode == DONE, done.stderr


def test_a_bad_scan_through_the_installed_program(run, bad, tmp_path):
    refused(run("register", bad("nan.nii"), "ct.mha", "--out", tmp_path / "out"), "NaN", tmp_path / "out")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--format", "minc"], "unknown transform format in --format"),
        (["--format", "itk,minc"], "unknown transform format in --format"),
        (["--format", ""], "unknown transform format in --format"),
        (["--init", "missing.tfm"], "no start --init missing.tfm; expected the file of a transform"),
        (["--init", "scaled.tfm"], "transform is not rigid"),
        (["--init", "text.tfm"], "text.tfm"),
        (["--init", "mr.nii.gz"], "mr.nii.gz"),
        (["--init", "near.tfm", "--auto-order"], "--init and --auto-order; expected one of them"),
        (["--init", "near.tfm", "--method", "pose"], "--init and --method; expected one of them"),
    ],
)
def test_bad_options_are_one_line(call, scans, tmp_path, options, said):
    scaled = SimpleITK.AffineTransform(3)
    scaled.Scale((1.1, 1.0, 0.9))
    SimpleITK.WriteTransform(scaled, str(scans / "scaled.tfm"))
    (scans / "text.tfm").write_text("no transform\n")
    out = tmp_path / "out"
    refused(call("register", "mr.nii.gz", "ct.mha", "--out", out, *options), said, out)


@pytest.mark.parametrize(
    "arguments", [("mr.nii.gz",), ("mr.nii.gz", "ct.mha"), ("a", "b", "-o", "c", "--refine", "x")]
)
def test_wrong_usage_points_to_help(call, tmp_path, arguments):
    done = call("register", *arguments)
    assert done.returncode == WRONG
    assert "Usage: cephalign register" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_in_the_way_of_the_folder(call, tmp_path):
    (tmp_path / "out").write_text("mine")
    for out in (tmp_path / "out", tmp_path / "out" / "deeper"):
        refused(call("register", "mr.nii.gz", "ct.mha", "--out", out), "cannot write")
    assert names(tmp_path) == ["out"]
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs a folder where even root cannot write"
)
def test_a_folder_where_nobody_may_write(call):
    refused(call("register", "mr.nii.gz", "ct.mha", "--out", "/proc/here"), "cannot write /proc/here")


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files as POSIX does")
@pytest.mark.parametrize(("limit_bytes", "out"), [(200, "new"), (40_000, "old"), (300_000, "new")])
def test_a_full_disk_leaves_what_was_there(run, tmp_path, limit_bytes, out):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "registration.json").write_text("an earlier result")
    start = ("--init", "near.tfm", "--refine", "none")
    done = run("register", "mr.nii.gz", "ct.mha", "-o", tmp_path / out, *start, limit_bytes=limit_bytes)
    refused(done, "File too large")
    assert names(tmp_path) == ["old", "old/registration.json"]
    assert (tmp_path / "old" / "registration.json").read_text() == "an earlier result"
