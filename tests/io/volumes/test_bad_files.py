"""Whatever is wrong with a file is said in one line, before memory is taken."""

import gzip

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from cephalign.errors import GeometryError, InputError
from cephalign.geometry import Grid, Volume
from cephalign.io.volumes import ReadOptions, read_volume, write_volume

ALL = ["s.nii", "s.nii.gz", "s.mha", "s.nrrd"]
UNORIENTED = ReadOptions(allow_unoriented=True)


def refused(path, match, kind=InputError, options=None):
    with pytest.raises(kind, match=match) as caught:
        read_volume(path, options)
    assert "\n" not in str(caught.value)
    assert path.name in str(caught.value)
    return str(caught.value)


@pytest.fixture
def nifti(tmp_path, oblique_scan):
    """Write a NIfTI-1 file with some bytes of its header replaced."""

    def write(offset=0, new=b"", data=None):
        image = nib.Nifti1Image(
            oblique_scan.data if data is None else data, oblique_scan.grid.world_from_voxel
        )
        content = bytearray(image.to_bytes())
        content[offset : offset + len(new)] = new
        (tmp_path / "s.nii").write_bytes(content)
        return tmp_path / "s.nii"

    return write


@pytest.mark.parametrize("name", [*ALL, "s.mhd", "s.nhdr", "folder", "header.ascii"])
def test_missing(tmp_path, name):
    refused(tmp_path / name, "does not exist")


def test_unknown_suffix(tmp_path):
    for name in ("s.xyz", "s", "s.gz", "s.img"):
        (tmp_path / name).write_bytes(b"something else")
        message = refused(tmp_path / name, "unknown volume format")
        assert ".nii.gz" in message
        assert "DICOM" in message


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("part", [0.0, 0.02, 0.5, 0.99])
def test_truncated(tmp_path, oblique_scan, name, part):
    path = tmp_path / name
    write_volume(oblique_scan, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(InputError) as caught:
        read_volume(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["s.nii.gz", "s.mha", "s.nrrd"])
def test_damaged_compression(tmp_path, oblique_scan, name):
    """ITK reads such a MetaImage without a word and hands out noise."""
    path = tmp_path / name
    write_volume(oblique_scan, path)
    content = bytearray(path.read_bytes())
    content[-200] ^= 0xFF
    path.write_bytes(content)
    refused(path, "damaged|does not hold")


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 4, 3)])
def test_not_3d(tmp_path, name, shape):
    path = tmp_path / name
    if "nii" in name:
        nib.save(nib.Nifti1Image(np.zeros(shape, np.int16), np.diag([1.5, 1.5, 2, 1])), path)
    else:
        sitk.WriteImage(sitk.GetImageFromArray(np.zeros(shape[::-1], np.int16), isVector=False), str(path))
    refused(path, "is not one 3D volume")


def test_trailing_axes_of_one(tmp_path, oblique_scan):
    image = nib.Nifti1Image(oblique_scan.data[..., None, None], oblique_scan.grid.world_from_voxel)
    nib.save(image, tmp_path / "s.nii")
    assert np.array_equal(read_volume(tmp_path / "s.nii").data, oblique_scan.data)


@pytest.mark.parametrize("name", ["s.mha", "s.nrrd"])
def test_vectors_and_colours(tmp_path, name):
    sitk.WriteImage(
        sitk.GetImageFromArray(np.zeros((4, 5, 6, 3), np.uint8), isVector=True), str(tmp_path / name)
    )
    refused(tmp_path / name, "not one 3D volume of single numbers")


@pytest.mark.parametrize("dtype", ["c8", [("R", "u1"), ("G", "u1"), ("B", "u1")]])
def test_nifti_complex_and_colours(nifti, dtype):
    refused(nifti(data=np.zeros((4, 5, 6), dtype)), "no real numbers")


def test_nifti_without_orientation(nifti, oblique_scan):
    path = nifti(252, bytes(4))
    assert "--allow-unoriented" in refused(path, "does not say where it lies", GeometryError)
    volume = read_volume(path, UNORIENTED)
    assert np.allclose(volume.grid.spacing, oblique_scan.grid.spacing)
    assert np.allclose(volume.grid.directions, np.eye(3))
    assert np.allclose(volume.grid.centre, 0)
    assert np.array_equal(volume.data, oblique_scan.data)


def test_nrrd_without_orientation(tmp_path, oblique_scan):
    path = tmp_path / "s.nrrd"
    write_volume(oblique_scan, path)
    head, _, data = path.read_bytes().partition(b"\n\n")
    lines = [line for line in head.splitlines() if not line.startswith(b"space")]
    path.write_bytes(b"\n".join([*lines, b"spacings: 1.1 1.2 2.9"]) + b"\n\n" + data)
    assert "--allow-unoriented" in refused(path, "does not say where it lies", GeometryError)
    volume = read_volume(path, UNORIENTED)
    assert np.allclose(volume.grid.world_from_voxel[:3, :3], np.diag([1.1, 1.2, 2.9]))
    assert np.allclose(volume.grid.centre, 0)
    assert np.array_equal(volume.data, oblique_scan.data)
    path.write_bytes(b"\n".join(lines) + b"\n\n" + data)
    refused(path, "voxel size", GeometryError, UNORIENTED)
    path.write_bytes(head.replace(b"left-posterior-superior", b"scanner-xyz") + b"\n\n" + data)
    refused(path, "unknown space", GeometryError)


def test_sheared_sform(nifti):
    path = nifti(280, np.array([-1.1, 0.5, 0.1, 19], "<f4").tobytes())
    assert "sform_code to 0" in refused(path, "not orthogonal", GeometryError)


@pytest.mark.parametrize("number", [np.nan, np.inf, 0.0, 1e30])
@pytest.mark.parametrize("row", range(3))
def test_impossible_sform(nifti, number, row):
    path = nifti(280 + 16 * row, np.full(4, number, "<f4").tobytes())
    refused(path, "place|orthogonal", GeometryError)


@pytest.mark.parametrize(
    ("offset", "new", "match"),
    [
        (344, b"ni1\0", "not a NIfTI"),
        (0, b"\0\0\0\0", "not a NIfTI"),
        (40, b"\xff\xff", "not one 3D"),
        (42, b"\0\0", "not one 3D"),
        (70, b"\x63\0", "no real numbers"),
        (108, np.float32(np.nan).tobytes(), "vox_offset"),
        (108, np.float32(16).tobytes(), "vox_offset"),
        (108, np.float32(1e8).tobytes(), "cut short"),
        (123, b"\7", "unit of length"),
        (112, np.array([2, np.inf], "<f4").tobytes(), "scl_inter"),
    ],
)
def test_damaged_nifti_headers(nifti, offset, new, match):
    refused(nifti(offset, new), match)


@pytest.mark.parametrize("name", ALL)
def test_more_than_the_file_can_hold(tmp_path, name):
    """100 GB in a header on a few bytes."""
    grid = Grid((6, 5, 4), np.diag([1.5, 1.5, 2, 1]))
    path = tmp_path / name
    if "nii" in name:
        image = nib.Nifti1Image(np.zeros(grid.shape, np.int16), grid.world_from_voxel)
        content = bytearray(image.to_bytes())
        content[42:48] = np.array([30000, 30000, 60], "<i2").tobytes()
        path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    else:
        write_volume(Volume(np.zeros(grid.shape, np.int16), grid), path)
        path.write_bytes(path.read_bytes().replace(b" 6 5 4\n", b" 30000 30000 60\n"))
    refused(path, "cut short or its header is wrong")


@pytest.mark.parametrize("name", ["s.nii", "s.mha", "s.nrrd"])
def test_smaller_than_its_data(tmp_path, oblique_scan, name):
    """A header with too few slices would cut the head off."""
    path = tmp_path / name
    write_volume(oblique_scan, path)
    content = path.read_bytes()
    smaller = content.replace(b"12 13 9\n", b"12 13 7\n")
    if name == "s.nii":
        smaller = content[:46] + b"\7\0" + content[48:]
    assert smaller != content
    path.write_bytes(smaller)
    refused(path, "does not hold the voxels of its header")


def test_detached_data_file_is_missing(tmp_path, oblique_scan):
    sitk.WriteImage(sitk.GetImageFromArray(oblique_scan.data), str(tmp_path / "s.mhd"))
    (tmp_path / "s.raw").unlink()
    refused(tmp_path / "s.mhd", "data file is missing")
