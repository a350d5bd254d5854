"""RIRE's header as its project describes it, and as it should not be."""

import gzip

import numpy as np
import pytest

from cephalign.errors import GeometryError, InputError
from cephalign.geometry import Grid, Modality, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.io.rire import in_rire_frame
from cephalign.io.volumes import read_volume, write_volume

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


def test_image_is_missing(folder):
    (folder / "image.bin").unlink()
    refused(folder, "cannot read")


def test_image_is_packed(folder):
    packed = folder / "image.bin.gz"
    packed.write_bytes(gzip.compress((folder / "image.bin").read_bytes()))
    (folder / "image.bin").unlink()
    assert np.array_equal(read_volume(folder).data, DATA)
    packed.write_bytes(gzip.compress(DATA.tobytes() + b"more"))
    refused(folder, "has not the size its header says")
    packed.write_bytes(b"nothing of the kind")
    refused(folder, "damaged")


def test_laid_into_the_projects_frame(tmp_path, oblique_scan):
    """The voxels stay, and the motion takes a point to the same voxel."""
    laid, rire_from_world = in_rire_frame(oblique_scan)
    write_volume(laid, tmp_path / "header.ascii", description="simulated\nby hand")
    read = read_volume(tmp_path)
    assert np.array_equal(read.data, oblique_scan.data)
    assert read.modality is Modality.CT
    assert np.allclose(read.grid.world_from_voxel, np.diag([-1.1, -1.2, 2.9, 1.0]), atol=1e-12)
    voxel = [3, 5, 7]
    point = apply_affine(oblique_scan.grid.world_from_voxel, voxel)
    assert np.allclose(apply_affine(read.grid.voxel_from_world, rire_from_world.map(point)), voxel)
    assert "Comments := simulated by hand\n" in (tmp_path / "header.ascii").read_text()


def test_left_handed_scan_cannot_be_laid():
    with pytest.raises(GeometryError, match="reflection"):
        in_rire_frame(Volume(DATA, Grid(DATA.shape, np.diag([1.2, -1.3, 4.0, 1.0]))))
