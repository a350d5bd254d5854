"""RIRE's header as its project describes it, and as it should not be."""

import numpy as np
import pytest

from cephalign.errors import GeometryError, InputError
from cephalign.geometry import Modality
from cephalign.io.volumes import read_volume

# The keys of the project's data format page, with its groups and repeated keys.
HEADER = """Group length := 120
Modality := MR
Manufacturer := Siemens
Comments := not to be used outside this project

Other Patient ID := 7
Comments := unrelated to the actual patient ID

Scanning sequence := SE
Slice thickness := 4.000000
Comments := PD

Patient Orientation := L : P : H

Image dimensions := 3
Rows := 10
Columns := 12
Slices := 5
Pixel size := 1.300000 : 1.250000
Bits allocated := 16
Bits stored := 16
High bit := 15
Pixel representation := 1
Smallest pixel value := -65,536
"""
DATA = np.round(np.random.default_rng(1).normal(0, 40, (12, 10, 5)).cumsum(axis=0) + 600).astype(np.int16)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "header.ascii").write_text(HEADER)
    (tmp_path / "image.bin").write_bytes(DATA.astype(">i2").tobytes(order="F"))
    return tmp_path


def rewritten(folder, old, new):
    assert old in HEADER
    (folder / "header.ascii").write_text(HEADER.replace(old, new))
    return folder


def refused(folder, match, kind=InputError):
    with pytest.raises(kind, match=match) as caught:
        read_volume(folder)
    assert "\n" not in str(caught.value)


def test_reads_as_described(folder):
    """Columns run fastest and to the left, rows to the back, slices up; the origin is the first voxel."""
    volume = read_volume(folder)
    assert np.array_equal(volume.data, DATA)
    assert np.array_equal(volume.grid.world_from_voxel, np.diag([-1.25, -1.3, 4.0, 1.0]))
    assert volume.modality is Modality.PD
    assert volume.data.dtype == np.dtype("i2")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Slice thickness := 4.000000", "SLICE  thickness (mm):=4.0 mm"),
        ("Pixel size := 1.300000 : 1.250000", "pixelsize:=1.3:1.25"),
        ("Patient Orientation := L : P : H\n", ""),
        ("Bits allocated := 16\n", ""),
    ],
)
def test_spelling_of_keys(folder, old, new):
    assert np.allclose(read_volume(rewritten(folder, old, new)).grid.spacing, [1.25, 1.3, 4])


@pytest.mark.parametrize(
    ("old", "new", "modality"),
    [("MR", "CT", Modality.CT), ("MR", "PET", Modality.PET), ("MR", "US", Modality.UNKNOWN)],
)
def test_modality(folder, old, new, modality):
    assert read_volume(rewritten(folder, f"Modality := {old}", f"Modality := {new}")).modality is modality


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("Rows := 10", "Rows := 11", "has not the size its header says"),
        ("Rows := 10\n", "", "'rows := ...'"),
        ("Rows := 10", "Rows := ten", "numbers"),
        ("Rows := 10", "Rows := -10", "no count"),
        ("Slices := 5", "Slices := 500000", "has not the size"),
        ("Pixel size := 1.300000 : 1.250000", "Pixel size := 1.3", "2 numbers"),
        ("Slice thickness := 4.000000", "Slice thickness := nan", "finite"),
        ("Bits allocated := 16", "Bits allocated := 8", "16-bit"),
        ("Pixel representation := 1", "Pixel representation := 0", "two's complement"),
        (HEADER, "nothing of the kind", "not a RIRE header"),
    ],
)
def test_wrong_headers(folder, old, new, match):
    refused(rewritten(folder, old, new), match)


def test_wrong_geometry(folder):
    refused(rewritten(folder, "L : P : H", "R : P : H"), "patient orientation", GeometryError)
    refused(rewritten(folder, "thickness := 4.0", "thickness := 0.0"), "place the voxels", GeometryError)


def test_swapped_bytes(folder):
    (folder / "image.bin").write_bytes(DATA.astype("<i2").tobytes(order="F"))
    refused(folder, "bytes are swapped")


def test_noise_and_emptiness_are_not_swapped(folder):
    for data in (np.zeros(600, ">i2"), np.random.default_rng(0).integers(-32768, 32767, 600).astype(">i2")):
        (folder / "image.bin").write_bytes(data.tobytes())
        read_volume(folder)


def test_image_is_missing_or_packed(folder):
    (folder / "image.bin").rename(folder / "image.bin.Z")
    refused(folder, "uncompress image.bin.Z")
    (folder / "image.bin.Z").unlink()
    refused(folder, "cannot read")
