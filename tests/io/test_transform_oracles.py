"""Our files as other people's programs read them."""

import warnings

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from scipy.ndimage import center_of_mass

from cephalign.geometry import Grid, Rigid
from cephalign.io import fsl, lta, record
from cephalign.io.transforms import read_transform, write_transform

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    ants = pytest.importorskip("ants", reason="antspyx is not installed", exc_type=ImportError)
    nitransforms = pytest.importorskip("nitransforms", exc_type=ImportError)

LPS = (-1, -1, 1)


def image_of(grid: Grid, data=None):
    image = nib.Nifti1Image(np.zeros(grid.shape, np.uint8) if data is None else data, grid.world_from_voxel)
    image.header.set_xyzt_units("mm")
    return image


def head_points(grid: Grid):
    return grid.centre + np.random.default_rng(5).uniform(-90, 90, (20, 3))


@pytest.mark.parametrize("name", ["t.tfm", "t.txt", "t.mat", "t.h5"])
def test_simpleitk_maps_points_as_we_do(tmp_path, fixed, moving_from_fixed, name):
    write_transform(moving_from_fixed, tmp_path / name, style="itk")
    transform = sitk.ReadTransform(str(tmp_path / name))
    points = head_points(fixed)
    theirs = np.array([transform.TransformPoint(p) for p in (points * LPS).tolist()]) * LPS
    np.testing.assert_allclose(theirs, moving_from_fixed.map(points), rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["t.tfm", "t.txt", "t.mat"])
def test_ants_maps_points_as_we_do(tmp_path, fixed, moving_from_fixed, name):
    write_transform(moving_from_fixed, tmp_path / name, style="itk")
    transform = ants.read_transform(str(tmp_path / name))
    points = head_points(fixed)
    theirs = np.array(
        [ants.apply_ants_transform_to_point(transform, tuple(p)) for p in (points * LPS).tolist()]
    )
    # ANTs' Python interface hands points over in single precision.
    np.testing.assert_allclose(theirs * LPS, moving_from_fixed.map(points), rtol=0, atol=2e-3)


def blob(grid: Grid, at, width_mm: float = 9.0):
    """A soft ball at a world point: its centre of mass shows where an image was moved to."""
    indices = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape), indexing="ij"), axis=-1)
    world = indices @ grid.world_from_voxel[:3, :3].T + grid.world_from_voxel[:3, 3]
    return np.exp(-((world - at) ** 2).sum(axis=-1) / (2 * width_mm**2)).astype(np.float32)


def centre_of(data, grid: Grid):
    return grid.world_from_voxel[:3, :3] @ np.array(center_of_mass(data)) + grid.world_from_voxel[:3, 3]


@pytest.mark.parametrize("name", ["t.mat", "t.tfm"])
def test_ants_apply_transforms_moves_the_image_where_we_say(tmp_path, fixed, moving, moving_from_fixed, name):
    write_transform(moving_from_fixed, tmp_path / name, style="itk")
    at_fixed = fixed.centre + np.array([9, -13, 6])
    nib.save(image_of(fixed, np.zeros(fixed.shape, np.float32)), tmp_path / "f.nii")
    nib.save(image_of(moving, blob(moving, moving_from_fixed.map(at_fixed))), tmp_path / "m.nii")
    moved = ants.apply_transforms(
        ants.image_read(str(tmp_path / "f.nii")),
        ants.image_read(str(tmp_path / "m.nii")),
        [str(tmp_path / name)],
    )
    np.testing.assert_allclose(centre_of(moved.numpy(), fixed), at_fixed, rtol=0, atol=0.1)


@pytest.mark.parametrize("file", [("t.txt", "itk"), ("t.mat", "fsl"), ("t.lta", "fs")])
def test_nitransforms_reads_ours(tmp_path, fixed, moving, moving_from_fixed, file):
    name, fmt = file
    style = "fsl" if fmt == "fsl" else None
    write_transform(moving_from_fixed, tmp_path / name, fixed=fixed, moving=moving, style=style)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = nitransforms.linear.Affine.from_filename(
            tmp_path / name, fmt=fmt, reference=image_of(fixed), moving=image_of(moving)
        )
    points = head_points(fixed)
    # It computes in single precision.
    np.testing.assert_allclose(theirs.map(points), moving_from_fixed.map(points), rtol=0, atol=1e-3)


@pytest.mark.parametrize("file", [("t.tfm", "itk", 1e-2), ("t.mat", "fsl", 1e-4), ("t.lta", "fs", 1e-3)])
def test_we_read_what_nitransforms_writes(tmp_path, fixed, moving, moving_from_fixed, file):
    name, fmt, tolerance = file  # it writes ITK text with six digits
    path = tmp_path / name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = nitransforms.linear.Affine(moving_from_fixed.matrix, reference=image_of(fixed))
        theirs.to_filename(path, fmt=fmt, moving=image_of(moving))
    # It names the reference an LTA's source, the reverse of FreeSurfer's programs; the matrix is the same.
    grids = {} if fmt == "fs" else {"fixed": fixed, "moving": moving}
    back = read_transform(path, **grids)
    assert back.distance(moving_from_fixed, head_points(fixed)).max() < tolerance


def test_flirt_matrix_is_the_product_of_nibabel_affines(tmp_path, fixed, moving, moving_from_fixed):
    """FLIRT's convention once more, in voxels: flip the first axis of right-handed images, scale, apply."""
    path = tmp_path / "t.mat"
    fsl.write(moving_from_fixed, path, fixed, moving)
    fixed_from_moving_fsl = np.loadtxt(path)
    index = np.array([3.0, 5.0, 7.0])

    def to_fsl(image, ijk):
        flip = np.linalg.det(image.affine[:3, :3]) > 0
        ijk = np.array([image.shape[0] - 1 - ijk[0], *ijk[1:]]) if flip else ijk
        return ijk * nib.affines.voxel_sizes(image.affine)

    image_f, image_m = image_of(fixed), image_of(moving)
    at_moving = nib.affines.apply_affine(image_m.affine, index)
    at_fixed = moving_from_fixed.inverse().map(at_moving)
    index_f = nib.affines.apply_affine(np.linalg.inv(image_f.affine), at_fixed)
    expected = to_fsl(image_f, index_f)
    got = nib.affines.apply_affine(fixed_from_moving_fsl, to_fsl(image_m, index))
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-9)


def test_lta_geometry_is_that_of_an_mgh_image(tmp_path, fixed, moving, moving_from_fixed):
    """FreeSurfer's own header fields for the same grid, as nibabel computes them."""
    lta.write(moving_from_fixed, tmp_path / "t.lta", fixed, moving)
    block = (tmp_path / "t.lta").read_text().partition("dst volume info")[2]
    fields = dict(line.split("=") for line in block.splitlines() if "=" in line)
    values = {key.strip(): value.split() for key, value in fields.items()}
    header = nib.MGHImage(np.zeros(fixed.shape, np.uint8), fixed.world_from_voxel).header
    np.testing.assert_allclose(np.array(values["cras"], float), header["Pxyz_c"], rtol=0, atol=1e-4)
    for key, row in zip(("xras", "yras", "zras"), header["Mdc"], strict=True):
        np.testing.assert_allclose(np.array(values[key], float), row, rtol=0, atol=1e-6)


def test_record_says_what_it_holds(tmp_path):
    record.write(Rigid.identity(), tmp_path / "t.json")
    text = (tmp_path / "t.json").read_text()
    assert '"direction": "moving_from_fixed"' in text
    assert '"frame": "RAS+ mm"' in text
