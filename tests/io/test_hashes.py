"""Hashes of inputs: those everybody knows, the same wherever a folder lies, and refused where unreadable."""

import hashlib
import os
import shutil
import subprocess
import sys
import tracemalloc

import pytest

from cephalign.errors import InputError
from cephalign.io.hashes import sha256_of

SLICES = {"IM3": b"third\x00slice", "IM10": b"tenth", "a slice.dcm": b"", "Ünï.dcm": b"x" * 70000}


@pytest.fixture
def series(tmp_path):
    folder = tmp_path / "series"
    folder.mkdir()
    for name, content in SLICES.items():
        (folder / name).write_bytes(content)
    return folder


def test_a_file_has_the_hash_everybody_knows(tmp_path):
    file = tmp_path / "scan.nii"
    file.write_bytes(b"abc")  # the example of FIPS 180-2
    assert sha256_of(file) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    file.write_bytes(b"")
    assert sha256_of(file) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_large_file_is_not_held_in_memory(tmp_path):
    file = tmp_path / "scan.nii"
    with file.open("wb") as made:
        made.truncate(60_000_000)
    tracemalloc.start()
    digest = sha256_of(file)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert digest == hashlib.sha256(bytes(60_000_000)).hexdigest()
    assert peak < 5_000_000


def test_a_folder_has_the_hash_of_its_list(series):
    lines = [
        f"{hashlib.sha256(SLICES[name]).hexdigest()}  {name}\n"
        for name in ("IM10", "IM3", "a slice.dcm", "Ünï.dcm")
    ]
    assert sha256_of(series) == hashlib.sha256("".join(lines).encode()).hexdigest()


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum here")
def test_a_folder_against_sha256sum(series):
    listed = subprocess.run(
        ["sha256sum", *sorted(SLICES)], cwd=series, capture_output=True, check=True
    ).stdout
    assert sha256_of(series) == hashlib.sha256(listed).hexdigest()


def test_a_folder_is_the_same_elsewhere_and_in_another_order(series, tmp_path):
    other = tmp_path / "elsewhere" / "copy"
    other.mkdir(parents=True)
    for name in reversed(SLICES):
        (other / name).write_bytes(SLICES[name])
    (other / "out").mkdir()
    (other / "out" / "registration.json").write_text("{}")
    assert sha256_of(other) == sha256_of(series)


@pytest.mark.parametrize("change", ["content", "name", "one more", "one less", "contents exchanged"])
def test_every_change_of_a_folder_shows(series, change):
    before = sha256_of(series)
    match change:
        case "content":
            (series / "IM3").write_bytes(b"third\x00slicf")
        case "name":
            (series / "IM3").rename(series / "IM4")
        case "one more":
            (series / "IM11").write_bytes(b"")
        case "one less":
            (series / "a slice.dcm").unlink()
        case "contents exchanged":
            (series / "IM3").write_bytes(SLICES["IM10"])
            (series / "IM10").write_bytes(SLICES["IM3"])
    assert sha256_of(series) != before


@pytest.mark.parametrize("name", ["missing.nii", "two\nlines.nii", "nul\0.nii"])
def test_what_is_missing_is_refused_in_one_line(tmp_path, name):
    with pytest.raises(InputError, match="cannot read") as caught:
        sha256_of(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_file_that_vanished_from_its_folder_is_refused(series):
    (series / "IM12").symlink_to(series / "gone")
    with pytest.raises(InputError, match="IM12"):
        sha256_of(series)


@pytest.mark.skipif(
    sys.platform == "win32" or (hasattr(os, "geteuid") and os.geteuid() == 0),
    reason="needs a user whom file permissions stop",
)
@pytest.mark.parametrize("which", ["a file", "a file in a folder", "a folder", "a folder above"])
def test_what_is_locked_is_refused(series, which):
    locked = series if which.startswith("a folder") else series / "IM3"
    locked.chmod(0)
    try:
        with pytest.raises(InputError, match="ermission"):
            sha256_of(series / "IM3" if which in {"a file", "a folder above"} else series)
    finally:
        locked.chmod(0o700)
