"""The Spatial Registration object: what pydicom, dciodvfy and plastimatch make of it, and what is refused."""

import shutil
import subprocess
from contextlib import suppress

import numpy as np
import pydicom
import pytest

from cephalign.errors import CephalignError, GeometryError, InputError
from cephalign.geometry import Grid, Rigid
from cephalign.io import dicom_registration
from cephalign.io.dicom_objects import Move
from cephalign.io.dicom_source import read_series
from cephalign.io.transforms import TransformStyle, read_transform, write_transform
from cephalign.io.volumes import ReadOptions

POSE = Rigid.from_euler((9.1, -21.7, 33.3), (5.3, -7.9, 11.1))
FRAMES = {"fixed": "1.2.3.4.5.1", "moving": "1.2.3.4.5.2"}
UIDS = {"fixed": "1.2.826.0.1.3680043.10.7.2", "moving": "1.2.826.0.1.3680043.10.7.3"}
GRID = Grid((9, 8, 3), np.diag([-2.5, -2.4, 4.1, 1.0]))
IDENTITY = np.eye(4).ravel().tolist()
TURN = [0, -1, 0, 12.5, 1, 0, 0, -3, 0, 0, 1, 7, 0, 0, 0, 1]


@pytest.fixture
def series(tmp_path, dicom_series, clinical_header):
    """Return a writer of the series of a role; fields of its headers are given by their keywords."""

    def write(role, modality="CT", **said):
        header = clinical_header(modality, FRAMES[role], **said)
        return dicom_series(tmp_path / role, GRID, modality=modality, series=UIDS[role], change=header)

    return write


@pytest.fixture
def written(tmp_path):
    """Return a function that writes a registration of two series."""

    def write(fixed, moving, pose=POSE, name="registration.dcm", remark="aligned: so."):
        both = (read_series(path, ReadOptions()) for path in (fixed, moving))
        dicom_registration.write(Move(*both, pose, remark), tmp_path / name, by_images=True)
        return tmp_path / name

    return write


def item(matrix, frame="1.2.9", kind="RIGID", more=()):
    """Build an item of a registration by hand."""
    made, registration = pydicom.Dataset(), pydicom.Dataset()
    made.FrameOfReferenceUID = frame
    steps = []
    for numbers in (matrix, *more):
        step = pydicom.Dataset()
        step.FrameOfReferenceTransformationMatrixType = kind
        step.FrameOfReferenceTransformationMatrix = numbers
        steps.append(step)
    registration.MatrixSequence, registration.RegistrationTypeCodeSequence = steps, []
    made.MatrixRegistrationSequence = [registration]
    return made


@pytest.fixture
def foreign(tmp_path):
    """Return a writer of another program's object."""

    def write(*items, change=None, sop_class=pydicom.uid.SpatialRegistrationStorage):
        made = pydicom.Dataset()
        made.SOPClassUID, made.SOPInstanceUID, made.RegistrationSequence = sop_class, "1.2.5", list(items)
        made.file_meta = pydicom.dataset.FileMetaDataset()
        made.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        if change:
            change(made)
        made.save_as(tmp_path / "foreign.dcm", enforce_file_format=True)
        return tmp_path / "foreign.dcm"

    return write


def test_reads_back_far_from_the_origin(series, written):
    """A turn about a place a metre away has large shifts; text of 16 characters must carry them."""
    paths = series("fixed"), series("moving")
    points = np.array([[1000.0, -1000, 1000], [0, 0, 0], [-900, 1100, 40]])
    for centre in ((0, 0, 0), (1000, -1000, 1000)):
        pose = Rigid.from_euler((9.1, -21.7, 33.3), (5.3, -7.9, 11.1), centre)
        back = read_transform(written(*paths, pose))
        assert back.distance(pose, points).max() < 1e-8


def test_the_matrix_takes_moving_points_to_the_fixed_frame(series, written):
    dataset = pydicom.dcmread(written(series("fixed"), series("moving", "MR")))
    fixed, moving = dataset.RegistrationSequence
    assert [fixed.FrameOfReferenceUID, moving.FrameOfReferenceUID] == list(FRAMES.values())
    assert dataset.FrameOfReferenceUID == FRAMES["fixed"]
    kinds = [each.MatrixRegistrationSequence[0].RegistrationTypeCodeSequence[0] for each in (fixed, moving)]
    assert [kind.CodeValue for kind in kinds] == ["125021", "125024"]
    (stays,), (moves,) = (each.MatrixRegistrationSequence[0].MatrixSequence for each in (fixed, moving))
    assert list(stays.FrameOfReferenceTransformationMatrix) == IDENTITY
    assert moves.FrameOfReferenceTransformationMatrixType == "RIGID"
    matrix = np.array(moves.FrameOfReferenceTransformationMatrix, float).reshape(4, 4)
    point = np.array([31.0, -52, 77])
    there = matrix @ [*(POSE.map(point) * (-1, -1, 1)), 1]
    np.testing.assert_allclose(there[:3], point * (-1, -1, 1), atol=1e-8)


@pytest.mark.parametrize("said", [{}, {"StudyInstanceUID": "1.2.88"}], ids=["one study", "two studies"])
def test_every_image_is_named_with_its_series_and_study(series, written, validated, said):
    path = written(series("fixed", "MR", **said), series("moving"))
    dataset = pydicom.dcmread(path)
    assert dataset.StudyInstanceUID == "1.2.3"  # of the moving series
    inside = dataset.ReferencedSeriesSequence
    if said:
        (other,) = dataset.StudiesContainingOtherReferencedInstancesSequence
        assert other.StudyInstanceUID == "1.2.88"
        listed = [*other.ReferencedSeriesSequence, *inside]
    else:
        assert "StudiesContainingOtherReferencedInstancesSequence" not in dataset
        listed = list(inside)
    for role, at in (("fixed", 0), ("moving", 1)):
        names = [f"{UIDS[role]}.{k + 1}" for k in range(3)]
        assert listed[at].SeriesInstanceUID == UIDS[role]
        for images in (
            listed[at].ReferencedInstanceSequence,
            dataset.RegistrationSequence[at].ReferencedImageSequence,
        ):
            assert sorted(image.ReferencedSOPInstanceUID for image in images) == names
    assert validated(path) == []


def test_series_in_one_frame_are_told_apart_by_their_images(series, written, validated):
    path = written(series("fixed"), series("moving", FrameOfReferenceUID=FRAMES["fixed"]))
    items = pydicom.dcmread(path).RegistrationSequence
    assert not any("FrameOfReferenceUID" in each for each in items)
    assert items[1].ReferencedImageSequence[0].ReferencedSOPInstanceUID == f"{UIDS['moving']}.1"
    assert read_transform(path).distance(POSE, [100, 100, 100]) < 1e-8
    assert validated(path) == []


def test_a_moving_series_without_a_frame_is_named_by_its_images(series, written, validated):
    path = written(series("fixed"), series("moving", FrameOfReferenceUID=""))
    fixed, moving = pydicom.dcmread(path).RegistrationSequence
    assert fixed.FrameOfReferenceUID == FRAMES["fixed"]
    assert "FrameOfReferenceUID" not in moving
    assert read_transform(path).distance(POSE, [100, 100, 100]) < 1e-8
    assert validated(path) == []


def test_a_fixed_series_without_a_frame_is_refused(series, written, tmp_path):
    with pytest.raises(InputError, match="names no frame of reference"):
        written(series("fixed", FrameOfReferenceUID=""), series("moving"))
    assert not list(tmp_path.glob("*.dcm"))


def test_it_is_dated_by_the_later_scan(series, written):
    none = {"StudyDate": "", "StudyTime": ""}
    for fixed, moving, date, time in (
        ({}, {"StudyDate": "20061231"}, "20061231", "101500"),
        ({"ContentDate": "20070101", "ContentTime": "1234"}, {}, "20070101", "000000"),
        (none, none, "19000101", "000000"),
    ):
        dataset = pydicom.dcmread(written(series("fixed", **fixed), series("moving", **moving)))
        assert (dataset.ContentDate, dataset.ContentTime) == (date, time)


def test_the_same_input_gives_the_same_bytes(series, written):
    paths = series("fixed"), series("moving")
    once, again, other = (
        written(*paths, pose, name).read_bytes()
        for pose, name in ((POSE, "a.dcm"), (POSE, "b.dcm"), (~POSE, "c.dcm"))
    )
    assert once == again
    assert pydicom.dcmread(written(*paths)).SOPInstanceUID.encode() not in other


def test_long_remarks_and_descriptions_are_cut(series, written, validated):
    path = written(series("fixed"), series("moving", SeriesDescription="d" * 60), remark="r" * 200)
    assert validated(path) == []
    dataset = pydicom.dcmread(path)
    (registration,) = dataset.RegistrationSequence[1].MatrixRegistrationSequence
    assert dataset.ContentDescription == registration.FrameOfReferenceTransformationComment == "r" * 64


def test_plastimatch_writes_what_we_read(tmp_path, series):
    """An independent program, given our transform, writes the same motion; its numbers have six decimals."""
    program = shutil.which("plastimatch")
    if not program:
        pytest.skip("no plastimatch")
    write_transform(POSE, tmp_path / "x.tfm")
    rcs = ["--fixed-rcs", series("fixed"), "--moving-rcs", series("moving")]
    command = [program, "xf-convert", "--input", "x.tfm", "--output-dicom", "theirs", *rcs]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    (theirs,) = (tmp_path / "theirs").glob("sro*.dcm")
    assert read_transform(theirs).distance(POSE, [[100, -80, 90], [0, 0, 0]]).max() < 3e-4


@pytest.mark.parametrize("kind", ["RIGID", "RIGID_SCALE", "AFFINE"])
def test_a_rigid_matrix_is_one_whatever_it_is_called(foreign, kind):
    found = read_transform(foreign(item(TURN, "1.2.8", kind), item(IDENTITY)))
    np.testing.assert_allclose(found.inverse().map([10, 20, 30]), [-32.5, 13, 37], atol=1e-9)


def test_steps_that_move_nothing_do_not_count(foreign):
    one = read_transform(foreign(item(IDENTITY), item(IDENTITY, "1.2.8", more=[TURN])))
    assert one == read_transform(foreign(item(TURN, "1.2.8")))


def test_where_nothing_moves_it_is_the_identity(foreign):
    assert read_transform(foreign(item(IDENTITY), item(IDENTITY, "1.2.8"))) == Rigid.identity()


SCALED = [1.1, *IDENTITY[1:]]
MIRROR = [-1, *IDENTITY[1:]]


@pytest.mark.parametrize(
    ("items", "kind", "match"),
    [
        ([item(SCALED, kind="RIGID_SCALE")], GeometryError, "foreign.dcm: transform is not rigid"),
        ([item(SCALED, kind="AFFINE")], GeometryError, "not rigid"),
        ([item(MIRROR)], GeometryError, "reflection"),
        ([item(TURN, "1.2.8"), item(TURN, "1.2.7")], InputError, r"2 that are moved: 1\.2\.8, 1\.2\.7"),
        ([item(TURN, "1.2.8", more=[TURN])], InputError, "a motion in 2 steps"),
        ([item([*TURN[:12], 0, 0, 1, 1])], InputError, "last row 0 0 0 1"),
        ([item(TURN[:12])], InputError, "16 numbers"),
        ([item([1e9, *TURN[1:]])], InputError, "cannot be read"),
        ([], InputError, "which one moves"),
    ],
)
def test_what_is_no_rigid_motion_is_refused(foreign, items, kind, match):
    with pytest.raises(kind, match=match) as caught:
        read_transform(foreign(*items))
    assert "\n" not in str(caught.value)


def test_damage_is_refused(foreign, tmp_path):
    with pytest.raises(InputError, match="damaged DICOM file"):
        read_transform(foreign(change=lambda made: delattr(made, "RegistrationSequence")))
    bare = pydicom.Dataset()
    bare.FrameOfReferenceUID = "1.2"
    with pytest.raises(InputError, match="damaged DICOM file"):
        read_transform(foreign(bare))
    for content in (b"", b"rubbish", bytes(128) + b"DICM", bytes(128) + b"DICM" + b"\x70\0\x08\x03SQ"):
        (tmp_path / "x.dcm").write_bytes(content)
        with pytest.raises(InputError):
            read_transform(tmp_path / "x.dcm")


def test_mangled_objects(series, written, tmp_path):
    """Whatever is in a file: a rigid transform or one of our errors."""
    content = written(series("fixed"), series("moving")).read_bytes()
    rng = np.random.default_rng(8)
    for _ in range(150):
        changed = bytearray(content)
        for at in rng.integers(132, len(content), rng.integers(1, 4)):
            changed[at : at + rng.integers(0, 4)] = rng.bytes(rng.integers(0, 4))
        (tmp_path / "x.dcm").write_bytes(changed)
        with suppress(CephalignError):
            assert isinstance(read_transform(tmp_path / "x.dcm"), Rigid)


def test_other_objects_are_refused(foreign, series):
    deformable = pydicom.uid.DeformableSpatialRegistrationStorage
    with pytest.raises(InputError, match="got Deformable Spatial Registration Storage"):
        read_transform(foreign(sop_class=deformable))
    image = next(series("fixed").iterdir())
    with pytest.raises(InputError, match="got CT Image Storage"):
        read_transform(image, style=TransformStyle.DICOM)


def test_it_is_not_written_without_both_series(tmp_path):
    with pytest.raises(InputError, match=r"names the images of both series; .* --fixed and --moving"):
        write_transform(POSE, tmp_path / "x.dcm")
