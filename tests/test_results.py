"""What a registration leaves behind: every file, or none."""

import json

import numpy as np
import pytest
from PIL import Image

from cephalign.align.stage import Stage
from cephalign.geometry import Grid, Modality, Rigid, Volume
from cephalign.io.hashes import sha256_of
from cephalign.io.transforms import TransformStyle, read_transform
from cephalign.io.volumes import read_volume, write_volume
from cephalign.prep.resample import resample
from cephalign.registration import Registration, Status
from cephalign.results import (
    IMAGES,
    OBJECT,
    PICTURE,
    RECORD,
    REPORT,
    RESAMPLED,
    TRANSFORM_NAMES,
    outdated_results,
    write_results,
)
from cephalign.trust.check import Check

POSE = Rigid.from_euler((8, -5, 14), (6, -9, 12))
START = Rigid.from_euler((5, -5, 10), (4, -9, 10))
KINDS = Modality.T1, Modality.CT
STYLES = ("itk", "fsl", "lta", "rire", "json")


def box(grid, modality, low, high):
    data = np.full(grid.shape, low, np.int16)
    data[3:-3, 2:-4, 2:-2] = high
    data[4:8, 5:9, 3:5] = (low + high) // 2
    return Volume(data, grid, modality)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A folder with all files, the registration they tell of, and the two scans with their paths."""
    folder = tmp_path_factory.mktemp("written")
    fixed = box(Grid((20, 22, 12), np.diag([-6.0, -6.5, 8, 1])), Modality.T1, 10, 800)
    matrix = POSE.matrix @ np.diag([-5.0, -5.5, 9.0, 1])
    moving = box(Grid((24, 25, 11), matrix), Modality.CT, -1000, 60)
    paths = folder / "fixed.nii.gz", folder / "moving.mha"
    for scan, path in zip((fixed, moving), paths, strict=True):
        write_volume(scan, path)
    stages = Stage("start", START, -np.inf, 0.25), Stage("mi-last", POSE, 0.71, 1.5)
    found = Registration(POSE, Check(Status.DOUBTFUL, "It is a box."), stages, (1.0, 2.0, 3.0), KINDS)
    out = folder / "out"
    out.mkdir()
    write_results(
        found, out, scans=(fixed, moving), paths=paths, parameters={"init": "symmetry"}, styles=STYLES
    )
    return out, found, (fixed, moving), paths


def test_every_file_is_there(written):
    names = {TRANSFORM_NAMES[style] for style in STYLES}
    assert {file.name for file in written[0].iterdir()} == {*names, RESAMPLED, RECORD, PICTURE, REPORT}


@pytest.mark.parametrize("style", STYLES)
def test_transforms_are_the_answer(written, style):
    out, found, (fixed, moving), _ = written
    path = out / TRANSFORM_NAMES[style]
    read = read_transform(path, fixed=fixed.grid, moving=moving.grid, style=TransformStyle(style))
    assert read.distance(found.moving_from_fixed, fixed.grid.corners).max() < 1e-3


def test_the_moving_scan_lies_on_the_fixed_grid(written):
    out, found, (fixed, moving), _ = written
    shown = read_volume(out / RESAMPLED)
    assert shown.grid.shape == fixed.grid.shape
    np.testing.assert_allclose(shown.grid.corners, fixed.grid.corners, atol=1e-3)
    expected = resample(moving, fixed.grid, found.moving_from_fixed).data
    np.testing.assert_array_equal(shown.data, expected)
    assert shown.data.dtype == moving.data.dtype
    assert shown.data.min() == -1000


def test_the_record_says_all(written):
    out, found, scans, paths = written
    record = json.loads((out / RECORD).read_text())
    assert record["moving_from_fixed"] == found.moving_from_fixed.matrix.tolist()
    assert (record["status"], record["reason"]) == ("doubtful", "It is a box.")
    assert (record["direction"], record["frame"]) == ("moving_from_fixed", "RAS+ mm")
    assert record["parameters"] == {"init": "symmetry"}
    for name, scan, path in zip(("fixed", "moving"), scans, paths, strict=True):
        assert record["inputs"][name] == {
            "path": str(path),
            "sha256": sha256_of(path),
            "shape": list(scan.grid.shape),
            "spacing_mm": scan.grid.spacing.tolist(),
            "modality": str(scan.modality),
        }
    assert record["modalities"] == {"fixed": "MR-T1", "moving": "CT"}
    start, last = record["stages"]
    assert (start["name"], start["similarity_nats"], start["seconds"]) == ("start", None, 0.25)
    assert (last["name"], last["similarity_nats"], last["seconds"]) == ("mi-last", 0.71, 1.5)
    assert start["moving_from_fixed"] == START.matrix.tolist()
    assert {"cephalign", "python", "numpy", "torch", "scipy"} <= set(record["versions"])


def test_the_record_is_a_transform_too(written):
    assert read_transform(written[0] / RECORD) == POSE


def test_the_picture(written):
    with Image.open(written[0] / PICTURE) as picture:
        assert picture.format == "PNG"
        assert min(picture.size) > 500
        assert len(picture.convert("L").getcolors()) > 50


def test_a_later_registration_may_outdate_transforms_and_dicom(tmp_path):
    (tmp_path / IMAGES).mkdir()
    names = ["fixed_from_moving.mat", "moving_from_fixed.tfm", OBJECT, f"{IMAGES}/1.dcm"]
    for name in [*names, "moving.mat", RESAMPLED]:
        (tmp_path / name).write_text("earlier")
    assert outdated_results(tmp_path, []) == []  # nothing says that they are of a registration
    (tmp_path / RECORD).write_text("{}")
    expected = {tmp_path / name for name in (*names[:3], IMAGES)}
    assert set(outdated_results(tmp_path, [])) == expected
    start = tmp_path / "fixed_from_moving.mat"
    assert set(outdated_results(tmp_path, [tmp_path / IMAGES / ".." / start.name])) == expected - {start}
    assert tmp_path / IMAGES not in outdated_results(tmp_path, [tmp_path / IMAGES / "1.dcm"])
    (tmp_path / IMAGES / "notes.txt").write_text("mine")
    assert tmp_path / IMAGES not in outdated_results(tmp_path, [])
