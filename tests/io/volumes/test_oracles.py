"""The same voxel lies at the same place for nibabel and SimpleITK as for us, whoever wrote the file."""

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from cephalign.geometry import Grid, Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.io.volumes import read_volume, write_volume

ITK_FILES = ["s.mha", "s.mhd", "s.nrrd", "s.nhdr", "s.nii.gz"]
FLIP = np.array([-1, -1, 1])


def indices(shape):
    return np.random.default_rng(3).uniform(0, np.array(shape) - 1, size=(20, 3))


def itk_world(image, points):
    return np.array([image.TransformContinuousIndexToPhysicalPoint(p) for p in points.tolist()]) * FLIP


def agrees(volume, image, tolerance_mm):
    points = indices(volume.grid.shape)
    ours = apply_affine(volume.grid.world_from_voxel, points)
    assert np.abs(itk_world(image, points) - ours).max() < tolerance_mm
    assert image.GetSize() == volume.grid.shape
    voxel = (3, 1, 2)
    assert image.GetPixel(*voxel) == volume.data[voxel]
    assert np.array_equal(sitk.GetArrayFromImage(image), volume.data.T)


def as_itk(volume):
    image = sitk.GetImageFromArray(np.ascontiguousarray(volume.data.T))
    image.SetSpacing(volume.grid.spacing.tolist())
    image.SetDirection((volume.grid.directions * FLIP[:, None]).ravel().tolist())
    image.SetOrigin((volume.grid.world_from_voxel[:3, 3] * FLIP).tolist())
    return image


@pytest.mark.parametrize("name", ["s.mha", "s.nrrd", "s.nii.gz", "s.nii"])
def test_simpleitk_reads_ours(tmp_path, scan, name):
    write_volume(scan, tmp_path / name)
    agrees(scan, sitk.ReadImage(str(tmp_path / name)), 1e-4 if "nii" in name else 1e-9)


@pytest.mark.parametrize("name", ITK_FILES)
@pytest.mark.parametrize("packed", [True, False])
def test_we_read_simpleitk(tmp_path, scan, name, packed):
    image = as_itk(scan)
    sitk.WriteImage(image, str(tmp_path / name), useCompression=packed)
    agrees(read_volume(tmp_path / name), image, 1e-4 if "nii" in name else 1e-9)


def test_nibabel_reads_ours(tmp_path, scan):
    write_volume(scan, tmp_path / "s.nii.gz")
    image = nib.load(tmp_path / "s.nii.gz")
    points = indices(scan.grid.shape)
    ours = apply_affine(scan.grid.world_from_voxel, points)
    assert np.abs(nib.affines.apply_affine(image.affine, points) - ours).max() < 1e-4
    qform, code = image.get_qform(coded=True)
    if code:
        assert np.abs(nib.affines.apply_affine(qform, points) - ours).max() < 1e-2
    assert np.array_equal(np.asanyarray(image.dataobj), scan.data)
    assert image.get_data_dtype() == scan.data.dtype
    assert int(image.header["sform_code"]) == 1
    assert image.header.get_xyzt_units()[0] == "mm"


def test_qform_only_where_it_is_true(tmp_path):
    """Axes 0.02 degrees off LPS: the float32 quaternion would put the head's corners 0.1 mm off."""
    for turn_deg, code in ((0.0, 1), (0.02, 0), (25.0, 1)):
        matrix = np.diag([-0.5, -0.5, 5.0, 1.0])
        matrix[:3, :3] = Rigid.from_axis_angle((1, 2, 3), turn_deg).rotation @ matrix[:3, :3]
        grid = Grid((512, 512, 29), matrix)
        write_volume(Volume(np.zeros(grid.shape, np.uint8), grid), tmp_path / "s.nii.gz")
        header = nib.load(tmp_path / "s.nii.gz").header
        assert (int(header["sform_code"]), int(header["qform_code"])) == (1, code)


@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("codes", [(1, 0), (0, 1), (2, 1), (4, 0)])
@pytest.mark.parametrize("endianness", "<>")
def test_we_read_nibabel(tmp_path, scan, kind, codes, endianness):
    header = kind.header_class(endianness=endianness)
    header.set_data_dtype(np.int16)
    image = kind(scan.data, None, header)
    image.set_sform(scan.grid.world_from_voxel if codes[0] else None, codes[0])
    image.set_qform(scan.grid.world_from_voxel, codes[1])
    nib.save(image, tmp_path / "s.nii.gz")
    ours = read_volume(tmp_path / "s.nii.gz")
    assert np.array_equal(ours.data, scan.data)
    assert np.abs(ours.grid.corners - scan.grid.corners).max() < (1e-4 if codes[0] else 1e-3)


def test_nifti_scaling_as_nibabel(tmp_path, scan):
    image = nib.Nifti1Image(scan.data, scan.grid.world_from_voxel)
    image.header.set_slope_inter(0.037, -12.5)
    nib.save(image, tmp_path / "s.nii")
    ours = read_volume(tmp_path / "s.nii").data
    assert ours.dtype == np.float32
    assert np.allclose(ours, nib.load(tmp_path / "s.nii").get_fdata(), rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize(("unit", "mm"), [("meter", 1e3), ("micron", 1e-3), ("unknown", 1.0)])
def test_nifti_units(tmp_path, oblique_scan, unit, mm):
    affine = oblique_scan.grid.world_from_voxel.copy()
    affine[:3] /= mm
    image = nib.Nifti1Image(oblique_scan.data, affine)
    image.header.set_xyzt_units(unit)
    nib.save(image, tmp_path / "s.nii")
    assert np.abs(read_volume(tmp_path / "s.nii").grid.corners - oblique_scan.grid.corners).max() < 1e-3


def test_nrrd_in_ras_and_las(tmp_path, oblique_scan):
    """The same image with its vectors in another space is the same image."""
    sitk.WriteImage(as_itk(oblique_scan), str(tmp_path / "lps.nrrd"))
    head, _, data = (tmp_path / "lps.nrrd").read_bytes().partition(b"\n\n")
    matrix = oblique_scan.grid.world_from_voxel
    for space, signs in (("right-anterior-superior", (1, 1, 1)), ("LAS", (-1, 1, 1))):
        rows = [f"({','.join(repr(float(x)) for x in column * signs)})" for column in matrix[:3].T]
        lines = [line for line in head.decode().splitlines() if not line.startswith("space")]
        lines += [f"space: {space}", f"space directions: {' '.join(rows[:3])}", f"space origin: {rows[3]}"]
        (tmp_path / "other.nrrd").write_bytes("\n".join(lines).encode() + b"\n\n" + data)
        again = read_volume(tmp_path / "other.nrrd")
        assert np.abs(again.grid.corners - oblique_scan.grid.corners).max() < 1e-9
        assert np.array_equal(again.data, oblique_scan.data)


def test_rire_is_its_metaimage(tmp_path):
    """RIRE's own files and its MetaImage copies, whose matrix is the identity, give the same volume."""
    data = np.round(np.random.default_rng(1).normal(0, 50, (6, 8, 4)).cumsum(axis=0)).astype(np.int16)
    image = sitk.GetImageFromArray(np.ascontiguousarray(data.T))
    image.SetSpacing((1.25, 1.25, 4.0))
    sitk.WriteImage(image, str(tmp_path / "s.mha"))
    copy = read_volume(tmp_path / "s.mha")
    write_volume(Volume(copy.data, copy.grid), tmp_path / "header.ascii")
    native = read_volume(tmp_path)
    assert native.grid == copy.grid
    assert np.array_equal(native.data, data)


def test_real_scan(data_dir):
    ours = read_volume(data_dir / "rire" / "training_001_mr_T1.mha")
    agrees(ours, sitk.ReadImage(str(data_dir / "rire" / "training_001_mr_T1.mha")), 1e-9)
