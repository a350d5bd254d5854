"""The program as a user meets it: exit codes, one-line errors, nothing written where something was wrong."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK

from cephalign import __version__
from cephalign.geometry import Grid, Rigid, Volume
from cephalign.io.transforms import write_transform
from cephalign.io.volumes import write_volume

GRID = Grid((11, 12, 7), np.array([[-2, 0, 0, 31], [0, -2.5, 0, 40], [0, 0, 5, -60], [0, 0, 0, 1.0]]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One good scan and one good transform, and a file for each way to be wrong."""
    folder = tmp_path_factory.mktemp("files")
    data = np.random.default_rng(5).integers(0, 900, GRID.shape).astype(np.int16)
    write_volume(Volume(data, GRID), folder / "scan.nii")
    content = (folder / "scan.nii").read_bytes()
    (folder / "short.nii").write_bytes(content[:-100])
    (folder / "no-header.nii").write_bytes(content[:200])
    (folder / "text.nii").write_text("not a scan\n")
    for name, array in (("2d.nii", data[..., 0]), ("4d.nii", np.stack([data, data], axis=-1))):
        nib.save(nib.Nifti1Image(array, GRID.world_from_voxel), folder / name)
    unoriented = nib.Nifti1Image(data, None)
    unoriented.header.set_zooms((2, 2.5, 5))
    nib.save(unoriented, folder / "unoriented.nii")
    write_transform(Rigid.from_euler((3, -5, 8), (1, 2, 3)), folder / "good.tfm")
    scaled = SimpleITK.AffineTransform(3)
    scaled.Scale((1.1, 1.0, 0.9))
    SimpleITK.WriteTransform(scaled, str(folder / "scaled.tfm"))
    np.savetxt(folder / "flirt.mat", np.eye(4))
    return folder


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("info", "missing.nii.gz"), "does not exist"),
        (("info", "short.nii"), "cut short"),
        (("info", "no-header.nii"), "cut short"),
        (("info", "text.nii"), "is not a NIfTI file"),
        (("info", "2d.nii"), "got shape 11 x 12"),
        (("info", "4d.nii"), "extract one volume"),
        (("info", "unoriented.nii"), "--allow-unoriented"),
        (("convert", "flirt.mat", "out.tfm"), "give --fixed and --moving"),
        (("convert", "good.tfm", "out.lta"), "give --fixed and --moving"),
        (("convert", "scaled.tfm", "out.tfm"), "transform is not rigid"),
        (("invert", "scaled.tfm", "out.tfm"), "transform is not rigid"),
        (("convert", "good.tfm", "out.mat"), "--style itk or --style fsl"),
        (("convert", "scan.nii", "out.xyz"), "unknown or unsupported volume format"),
        (("convert", "scan.nii", "no-folder/out.nii.gz"), "an existing folder"),
        (("convert", "good.tfm", "scan.nii/out.tfm"), "an existing folder"),
        (("apply", "scan.nii", "-t", "scaled.tfm", "--like", "scan.nii", "-o", "out.nii"), "not rigid"),
        (("apply", "4d.nii", "-t", "good.tfm", "--like", "scan.nii", "-o", "out.nii"), "one 3D volume"),
    ],
)
def test_wrong_input_is_one_line(program, folder, arguments, said):
    before = sorted(path.name for path in folder.iterdir())
    done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("cephalign: ") and done.stderr.count("\n") == 1
    assert said in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == before


def test_what_is_wrong_with_one_file_hides_no_other(program, folder):
    command = [program, "info", "missing.tfm", "good.tfm", "4d.nii", "scan.nii"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert [line for line in done.stdout.splitlines() if line[:1].strip()] == ["good.tfm", "scan.nii"]
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["cephalign", "cephalign"]


def test_a_header_that_says_two_things_is_told(program, folder, tmp_path):
    image = nib.load(folder / "scan.nii")
    elsewhere = image.affine.copy()
    elsewhere[:3, 3] += (0, 20, 0)
    image.set_qform(elsewhere, code=1)
    nib.save(image, tmp_path / "two.nii")
    done = subprocess.run(
        [program, "info", "two.nii"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stderr == (
        "cephalign: two.nii: its sform and its qform lie up to 20.0 mm apart; the sform is taken\n"
    )


@pytest.mark.skipif(not hasattr(signal, "SIGTERM"), reason="needs a signal to end it")
def test_a_signal_leaves_nothing_behind(program, folder, tmp_path):
    command = [program, "register", "scan.nii", "scan.nii", "--out", tmp_path / "out"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline() == "cephalign: reading\n"
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs a folder where even root cannot write"
)
@pytest.mark.parametrize("source", ["good.tfm", "scan.nii"])
def test_a_folder_where_nobody_may_write(program, folder, source):
    target = f"/proc/out{source[-4:]}"
    done = subprocess.run(
        [program, "convert", source, target], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"cephalign: cannot write {target}") and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [(), ("info",), ("--nonsense",), ("inform",), ("convert", "a", "b", "c")]
)
def test_wrong_usage_points_to_help(program, arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Usage: cephalign" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_right_input_prints_to_standard_output(program, folder):
    done = subprocess.run(
        [program, "info", "scan.nii"], cwd=folder, capture_output=True, text=True, check=True
    )
    assert "LPS" in done.stdout
    assert done.stderr == ""


def test_the_module_is_the_program():
    done = subprocess.run([sys.executable, "-m", "cephalign", "--version"], capture_output=True, check=True)
    assert done.stdout.decode().strip() == f"cephalign {__version__}"


def test_interrupted(program, tmp_path, interruptible):
    endless = tmp_path / "endless.tfm"
    os.mkfifo(endless)
    with subprocess.Popen([program, "info", endless], stderr=subprocess.PIPE, **interruptible) as running:
        try:
            writer = opened_once_read(endless)
            # Between Python's last look for signals and the call that waits, one is not seen until it ends.
            time.sleep(0.5)
            running.send_signal(signal.SIGINT)
            _, said = running.communicate(timeout=20)
            os.close(writer)
        finally:
            running.kill()  # or a failure would wait for it forever
    assert running.returncode == 130
    assert said == b""


def opened_once_read(fifo):
    """Open a pipe for writing as soon as somebody reads it, and never write."""
    for _ in range(400):
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("nobody reads")


def test_nobody_reads_the_output(program):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([program, "--help"], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /dev/full")
def test_standard_output_on_a_full_disk(program, folder):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [program, "info", "good.tfm"], cwd=folder, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 2
    assert done.stderr == b"cephalign: cannot write standard output: No space left on device\n"
