"""Originals: each scan once, whole, and with the reference transform that its pair has."""

import numpy as np
import pytest

from cephalign.augmentation.originals import inspect_originals, read_scans
from cephalign.errors import GeometryError, InputError
from cephalign.geometry import Modality, Rigid, Volume
from cephalign.io.pairs_table import PairOfPaths
from cephalign.io.transforms import write_transform
from cephalign.io.volumes import ReadOptions, read_volume, write_volume

REFERENCE = Rigid.from_euler((3, -5, 80), (10, -20, 30))
OPTIONS = ReadOptions()


@pytest.fixture
def scans(grid, tmp_path):
    """Three scans of noise."""
    rng = np.random.default_rng(9)
    for name, shape in (("a.nii.gz", (9, 8, 5)), ("b.mha", (7, 9, 6)), ("c.nii", (8, 8, 8))):
        write_volume(Volume(rng.integers(0, 99, shape).astype(np.int16), grid(shape)), tmp_path / name)
    return tmp_path


def test_single_scans_are_numbered_in_their_order(scans):
    told = []
    found = inspect_originals([scans / "b.mha", scans / "a.nii.gz"], OPTIONS, told.append)
    assert [(original.name, list(original.scans)) for original in found] == [
        ("sub-0001", ["scan"]),
        ("sub-0002", ["scan"]),
    ]
    assert found[0].scans["scan"].path == scans / "b.mha"
    assert found[0].scans["scan"].grid.shape == (7, 9, 6)
    assert found[0].moving_from_fixed == Rigid.identity()
    assert told == [str(scans / "b.mha"), str(scans / "a.nii.gz")]
    assert read_scans(found[1], OPTIONS)["scan"].data.shape == (9, 8, 5)


@pytest.mark.parametrize("suffix", ["tfm", "json", "mat", "lta", "standard"])
def test_references_of_every_format(scans, suffix):
    pair = PairOfPaths(scans / "a.nii.gz", scans / "b.mha", scans / f"x.{suffix}")
    grids = [one.scans["scan"].grid for one in inspect_originals([pair.fixed, pair.moving], OPTIONS)]
    style = "fsl" if suffix == "mat" else None
    write_transform(REFERENCE, pair.reference, fixed=grids[0], moving=grids[1], style=style)
    (found,) = inspect_originals([pair], OPTIONS)
    assert list(found.scans) == ["fixed", "moving"]
    corners = grids[0].corners
    assert found.moving_from_fixed.distance(REFERENCE, corners).max() < 1e-3


def test_no_reference_means_aligned(scans):
    (found,) = inspect_originals([PairOfPaths(scans / "a.nii.gz", scans / "b.mha", None)], OPTIONS)
    assert found.moving_from_fixed == Rigid.identity()


def test_a_scan_of_two_originals_is_refused(scans):
    write_volume(read_volume(scans / "a.nii.gz"), scans / "again.nii")
    with pytest.raises(InputError, match=r"again.nii is the same scan as .*a.nii.gz"):
        inspect_originals([scans / "a.nii.gz", scans / "c.nii", scans / "again.nii"], OPTIONS)
    pairs = [
        PairOfPaths(scans / "a.nii.gz", scans / "b.mha", None),
        PairOfPaths(scans / "c.nii", scans / "b.mha", None),
    ]
    with pytest.raises(InputError, match=r"b.mha is the same scan as .*b.mha"):
        inspect_originals(pairs, OPTIONS)


def test_a_pair_of_a_scan_with_itself(scans):
    (found,) = inspect_originals([PairOfPaths(scans / "c.nii", scans / "c.nii", None)], OPTIONS)
    assert found.scans["fixed"].sha256 == found.scans["moving"].sha256


def test_the_hash_is_that_of_what_was_read(scans, grid):
    def hashed(volume):
        write_volume(volume, scans / "other.nii")
        return inspect_originals([scans / "other.nii"], OPTIONS)[0].scans["scan"].sha256

    data = np.random.default_rng(1).integers(0, 99, (9, 8, 5)).astype(np.int16)
    changed = data.copy()
    changed[4, 4, 4] += 1
    volumes = [
        Volume(data, grid((9, 8, 5))),
        Volume(changed, grid((9, 8, 5))),
        Volume(data, grid((9, 8, 5), centre=(0, 1, 2))),
        Volume(data.astype(np.int32), grid((9, 8, 5))),
        Volume(data.reshape(8, 9, 5), grid((8, 9, 5))),
    ]
    assert len({hashed(volume) for volume in volumes}) == 5
    assert hashed(volumes[0]) == hashed(Volume(np.asfortranarray(data), volumes[0].grid))


def test_what_is_wrong_is_found_first(scans, grid):
    nan = Volume(np.full((9, 8, 5), np.nan, np.float32), grid((9, 8, 5)), Modality.PET)
    write_volume(nan, scans / "nan.nii")
    (scans / "scaled.tfm").write_text(
        "#Insight Transform File V1.0\n#Transform 0\nTransform: AffineTransform_double_3_3\n"
        "Parameters: 1.2 0 0 0 1 0 0 0 1 0 0 0\nFixedParameters: 0 0 0\n"
    )
    for wrong, error, said in (
        (scans / "none.nii", InputError, "does not exist"),
        (scans / "nan.nii", InputError, "NaN"),
        (PairOfPaths(scans / "a.nii.gz", scans / "c.nii", scans / "none.tfm"), InputError, "none.tfm"),
        (PairOfPaths(scans / "a.nii.gz", scans / "c.nii", scans / "scaled.tfm"), GeometryError, "not rigid"),
    ):
        with pytest.raises(error, match=said):
            inspect_originals([scans / "b.mha", wrong], OPTIONS)
