"""What we write we read back, on every kind of grid and in every type of number."""

import gzip

import numpy as np
import pytest

from cephalign.errors import GeometryError, InputError, OutputError
from cephalign.geometry import Grid, Modality, Volume
from cephalign.io.volumes import read_volume, write_volume

ONE_FILE = ["s.nii", "s.nii.gz", "s.mha", "s.nrrd"]
TYPES = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4"]


def corners_apart_mm(one, other):
    return np.abs(one.corners - other.corners).max()


@pytest.mark.parametrize("name", ONE_FILE)
def test_round_trip(tmp_path, scan, name):
    write_volume(scan, tmp_path / name)
    again = read_volume(tmp_path / name)
    assert again.data.dtype == np.int16
    assert np.array_equal(again.data, scan.data)
    assert again.grid.shape == scan.grid.shape
    # NIfTI's float32 affine is the only one that rounds.
    assert corners_apart_mm(again.grid, scan.grid) < (1e-4 if "nii" in name else 1e-9)
    assert again.grid.is_left_handed == scan.grid.is_left_handed
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_nifti_rounding_of_a_large_scan(tmp_path, scan):
    matrix = scan.grid.world_from_voxel.copy()
    matrix[:3, :3] *= 250 / (np.array([512, 512, 60]) * scan.grid.spacing)
    matrix[:3, 3] += 200
    grid = Grid((512, 512, 60), matrix)
    write_volume(Volume(np.zeros(grid.shape, np.uint8), grid), tmp_path / "s.nii.gz")
    assert corners_apart_mm(read_volume(tmp_path / "s.nii.gz").grid, grid) < 2e-4


@pytest.mark.parametrize("name", ONE_FILE)
@pytest.mark.parametrize("dtype", TYPES)
def test_types(tmp_path, oblique_scan, name, dtype):
    low = 0 if dtype[0] == "u" else -100
    values = np.linspace(low, 100, oblique_scan.data.size).reshape(oblique_scan.data.shape).astype(dtype)
    write_volume(Volume(values, oblique_scan.grid), tmp_path / name)
    again = read_volume(tmp_path / name).data
    assert again.dtype == np.dtype(dtype)
    assert np.array_equal(again, values)


@pytest.mark.parametrize("name", ONE_FILE)
@pytest.mark.parametrize(
    ("given", "read"), [("f8", "f4"), ("f2", "f4"), ("?", "u1"), (">i2", "i2"), (">f4", "f4")]
)
def test_other_types(tmp_path, oblique_scan, name, given, read):
    values = (oblique_scan.data % 2).astype(given)
    write_volume(Volume(values, oblique_scan.grid), tmp_path / name)
    again = read_volume(tmp_path / name).data
    assert again.dtype == np.dtype(read)
    assert again.dtype.isnative
    assert np.array_equal(again, values.astype(read))


@pytest.mark.parametrize("name", ONE_FILE)
def test_any_memory_order(tmp_path, oblique_scan, name):
    for number, data in enumerate([np.asfortranarray(oblique_scan.data), oblique_scan.data[::-1, :, ::2]]):
        grid = Grid(data.shape, oblique_scan.grid.world_from_voxel)
        write_volume(Volume(data, grid), tmp_path / f"{number}{name}")
        assert np.array_equal(read_volume(tmp_path / f"{number}{name}").data, data)


@pytest.mark.parametrize("name", ONE_FILE)
def test_same_volume_same_bytes(tmp_path, oblique_scan, name):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_volume(oblique_scan, tmp_path / folder / name)
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize("name", ONE_FILE)
def test_description_stands_in_the_header(tmp_path, oblique_scan, name):
    write_volume(oblique_scan, tmp_path / name, description="simulated by hand")
    packed = (tmp_path / name).read_bytes()
    assert b"simulated by hand" in (gzip.decompress(packed) if name.endswith(".gz") else packed)


def test_description_that_is_too_long(tmp_path, oblique_scan):
    with pytest.raises(InputError, match="79 ASCII"):
        write_volume(oblique_scan, tmp_path / "s.nii", description="simulated " * 9)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ONE_FILE)
def test_complex_is_refused(tmp_path, oblique_scan, name):
    with pytest.raises(InputError, match="complex"):
        write_volume(Volume(oblique_scan.data + 1j, oblique_scan.grid), tmp_path / name)


def test_rire_round_trip(tmp_path):
    data = np.arange(-300, 540, dtype=np.int16).reshape(7, 12, 10)
    grid = Grid(data.shape, np.diag([-0.653595, -0.7, 4.1, 1]))
    for modality in (Modality.CT, Modality.MR, Modality.T2, Modality.PET, Modality.UNKNOWN):
        write_volume(Volume(data, grid, modality), tmp_path / "header.ascii")
        for path in (tmp_path, tmp_path / "header.ascii"):
            again = read_volume(path)
            assert np.array_equal(again.data, data)
            assert again.grid == grid
            assert again.modality == modality
    assert (tmp_path / "image.bin").read_bytes() == data.astype(">i2").tobytes(order="F")


def test_rire_refuses_what_it_cannot_hold(tmp_path, oblique_scan):
    grid = Grid((3, 4, 5), np.diag([-1.5, -1.5, 4.0, 1]))
    with pytest.raises(GeometryError, match="neither an origin nor directions"):
        write_volume(oblique_scan, tmp_path / "header.ascii")
    for value in (0.5, 40000.0, np.nan):
        with pytest.raises(InputError, match="whole numbers"):
            write_volume(Volume(np.full(grid.shape, value), grid), tmp_path / "header.ascii")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["out", "s.mhd", "s.nhdr", "s.dcm", "s.png", "s.gz"])
def test_formats_that_are_not_written(tmp_path, oblique_scan, name):
    with pytest.raises(InputError, match=r"expected NIfTI \(\.nii, \.nii\.gz\), MetaImage"):
        write_volume(oblique_scan, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_no_folder(tmp_path, oblique_scan):
    with pytest.raises(OutputError, match="no folder"):
        write_volume(oblique_scan, tmp_path / "nowhere" / "s.nii")


def test_nifti_axis_too_long(tmp_path):
    grid = Grid((40000, 2, 2), np.diag([0.01, 1.5, 1.5, 1]))
    with pytest.raises(OutputError, match="32767"):
        write_volume(Volume(np.zeros(grid.shape, np.uint8), grid), tmp_path / "s.nii.gz")
