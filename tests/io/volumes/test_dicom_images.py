"""The moving scan as a new DICOM series: what SimpleITK and dciodvfy make of it, and what its headers say."""

import shutil
import subprocess
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813

from cephalign.errors import CephalignError, InputError
from cephalign.geometry import Grid, Rigid
from cephalign.geometry.grid import apply_affine
from cephalign.io.dicom_images import refuse_unwritable, write_images
from cephalign.io.dicom_objects import Move
from cephalign.io.dicom_source import read_series
from cephalign.io.volumes import ReadOptions, read_volume
from cephalign.prep.resample import background, resample

FLIP = np.array([-1, -1, 1])
LENIENT = ReadOptions(allow_tilt=True, allow_gaps=True)
POSE = Rigid.from_euler((4, -6, 9), (5, -3, 7))
FIXED_FRAME, MOVING_FRAME = "1.2.3.4.5.1", "1.2.3.4.5.2"
FIXED_UID, MOVING_UID = "1.2.826.0.1.3680043.10.7.2", "1.2.826.0.1.3680043.10.7.3"


def grid_of(shape, spacing, origin, turn_deg=(0, 0, 0)):
    matrix = np.eye(4)
    matrix[:3, :3] = Rigid.from_euler(turn_deg).rotation @ np.diag([-1.0, -1, 1]) * spacing
    matrix[:3, 3] = origin
    return Grid(shape, matrix)


FIXED = grid_of((22, 20, 9), (2.1, 2.3, 4.7), (31.3, 27.9, -18.2))
OBLIQUE = grid_of((22, 20, 9), (2.1, 2.3, 4.7), (31.3, 27.9, -18.2), (11, -17, 23))
MOVING = grid_of((46, 44, 22), (1.9, 2.2, 3.3), (47.1, 42.3, -31.7), (-6, 3, 5))


@pytest.fixture
def series(tmp_path, dicom_series, clinical_header):
    """Return a writer of a series in a role; `said` are fields of its headers."""

    def write(role, grid, modality="CT", *, said=(), **how):
        frame, uid = {"fixed": (FIXED_FRAME, FIXED_UID), "moving": (MOVING_FRAME, MOVING_UID)}[role]
        how.setdefault("intercept", -1024 if modality == "CT" else None)
        header = clinical_header(modality, frame, **dict(said))
        return dicom_series(tmp_path / role, grid, modality=modality, series=uid, change=header, **how)

    return write


@pytest.fixture
def written(tmp_path):
    """Return a function that moves one scan onto another and writes what comes of it."""

    def write(fixed, moving, pose=POSE, name="out"):
        volume, grid = read_volume(moving, LENIENT), read_volume(fixed, LENIENT).grid
        move = Move(*(read_series(path, LENIENT) for path in (fixed, moving)), pose, "aligned: so.")
        shown = resample(volume, grid, pose)
        write_images(shown, tmp_path / name, move, padding=background(volume))
        return shown, tmp_path / name

    return write


def headers(folder):
    return [pydicom.dcmread(file) for file in sorted(folder.iterdir())]


def as_itk_reads(folder):
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return reader.Execute()


def agrees(image, shown, tolerance):
    """Hold ITK's image against the volume: places and values."""
    points = np.random.default_rng(0).uniform(0, np.array(shown.grid.shape) - 1, (20, 3))
    theirs = [image.TransformContinuousIndexToPhysicalPoint(p) for p in points.tolist()]
    ours = apply_affine(shown.grid.world_from_voxel, points) * FLIP
    assert np.abs(ours - theirs).max() < 1e-4
    assert np.abs(sitk.GetArrayFromImage(image).T - shown.data).max() <= tolerance


def off_truth(shown, pattern_at):
    """How far values are from the pattern where the pose puts their voxels, within the moving scan."""
    indices = np.moveaxis(np.indices(shown.grid.shape), 0, -1)
    places = POSE.map(apply_affine(shown.grid.world_from_voxel, indices))
    there = apply_affine(MOVING.voxel_from_world, places)
    inside = ((there >= 0) & (there <= np.array(MOVING.shape) - 1)).all(axis=-1)
    assert inside.mean() > 0.5
    return np.abs(shown.data - pattern_at(places))[inside].max()


@pytest.mark.parametrize("grid", [FIXED, OBLIQUE], ids=["upright", "oblique"])
@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_as_simpleitk_and_as_the_truth(series, written, pattern_at, grid, modality):
    shown, folder = written(series("fixed", grid, "MR"), series("moving", MOVING, modality))
    agrees(as_itk_reads(folder), shown, 0)
    assert np.abs(read_volume(folder).grid.corners - grid.corners).max() < 1e-4
    assert np.array_equal(read_volume(folder).data, shown.data)
    if modality == "CT":
        assert off_truth(shown, pattern_at) < 6  # linear between voxels 3.3 mm apart


@pytest.mark.parametrize("role", ["fixed", "moving"])
@pytest.mark.parametrize("how", [{"tilt_deg": 12.0}, {"keep": [0, 1, 2, 4, 5, 6, 7, 8]}], ids=["tilt", "gap"])
def test_tilts_and_gaps(series, written, pattern_at, role, how):
    if "keep" in how and role == "moving":
        how = {"keep": [k for k in range(22) if k != 9]}
    grids = {"fixed": OBLIQUE, "moving": MOVING}
    paths = [series(each, grids[each], **(how if each == role else {})) for each in grids]
    shown, folder = written(*paths)
    agrees(as_itk_reads(folder), shown, 0.5)  # resampled CT is not in whole HU, and is written so
    inner = shown.data[2:-2, 2:-2]
    assert inner.shape[0] > 10
    if "keep" in how:
        assert off_truth(shown, pattern_at) < 12


def test_a_multi_frame_source(tmp_path, series, written, dicom_enhanced, clinical_header):
    header = clinical_header("CT", MOVING_FRAME, NumberOfFrames=22)
    moving = dicom_enhanced(tmp_path / "moving.dcm", MOVING, change=lambda dataset: header(dataset, 0))
    shown, folder = written(series("fixed", FIXED, "MR"), moving)
    agrees(as_itk_reads(folder), shown, 0)
    first = headers(folder)[0]
    assert first.SOPClassUID.name == "CT Image Storage"
    assert "NumberOfFrames" not in first and "SharedFunctionalGroupsSequence" not in first
    (source,) = first.SourceImageSequence
    assert source.ReferencedSOPInstanceUID == "1.2.9.1"
    assert 1 < len(source.ReferencedFrameNumber) < 22


@pytest.fixture
def enhanced_mr(tmp_path, dicom_enhanced, clinical_header):
    """Return a multi-frame MR, with the words of such a file."""

    def change(dataset):
        clinical_header("CT", MOVING_FRAME, NumberOfFrames=22)(dataset, 0)
        del dataset.KVP
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = pydicom.uid.EnhancedMRImageStorage
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
        dataset.Modality, dataset.EchoPulseSequence, dataset.EchoPlanarPulseSequence = "MR", "SPIN", "YES"
        dataset.SteadyStatePulseSequence, dataset.Spoiling = "NONE", "RF"
        echo = pydicom.Dataset()
        echo.EffectiveEchoTime = 11.25
        dataset.SharedFunctionalGroupsSequence[0].MREchoSequence = [echo]

    return dicom_enhanced(tmp_path / "moving.dcm", MOVING, change=change)


def test_an_enhanced_mr_says_it_in_other_words(series, written, enhanced_mr, validated):
    folder = written(series("fixed", FIXED, "MR"), enhanced_mr)[1]
    first = headers(folder)[0]
    assert validated(folder / "0001.dcm") == []
    assert (first.SOPClassUID.name, first.EchoTime) == ("MR Image Storage", 11.25)
    assert (list(first.ScanningSequence), first.SequenceVariant) == (["SE", "EP"], "SP")


@pytest.mark.parametrize("modality", ["CT", "MR", "PT"])
def test_a_validator_finds_no_error(series, written, validated, modality):
    _, folder = written(series("fixed", OBLIQUE, "MR"), series("moving", MOVING, modality, slope=1.0))
    for file in sorted(folder.iterdir())[::4]:
        assert validated(file) == []


@pytest.mark.parametrize("modality", ["CT", "MR", "PT"])
def test_a_validator_finds_no_error_where_headers_are_bare(
    tmp_path, dicom_series, written, validated, modality
):
    """The least that can be written from: no patient, no dates, nothing of the scanner."""
    needed = ("SeriesDate", "SeriesTime", "Units", "CountsSource", "SeriesType", "DecayCorrection")

    def bare(dataset, k):
        dataset.FrameOfReferenceUID, dataset.PatientName = FIXED_FRAME, None
        if modality == "PT":
            for keyword, value in zip(
                needed, ("20040119", "112233", "BQML", "EMISSION", ["STATIC", "IMAGE"], "NONE"), strict=True
            ):
                setattr(dataset, keyword, value)
            dataset.FrameReferenceTime = "0"

    paths = [
        dicom_series(tmp_path / role, grid, modality=modality, series=uid, change=bare)
        for role, grid, uid in (("fixed", FIXED, FIXED_UID), ("moving", MOVING, MOVING_UID))
    ]
    _, folder = written(*paths)
    for remark in validated(folder / "0003.dcm"):
        assert "needed to build DICOMDIR" in remark


def test_as_plastimatch_reads_it(tmp_path, series, written):
    program = shutil.which("plastimatch")
    if not program:
        pytest.skip("no plastimatch")
    _, folder = written(series("fixed", OBLIQUE), series("moving", MOVING))
    command = [program, "convert", "--input", folder, "--output-img", tmp_path / "theirs.mha"]
    subprocess.run(command, capture_output=True, check=True)
    theirs, ours = read_volume(tmp_path / "theirs.mha"), read_volume(folder)
    assert np.abs(theirs.grid.corners - ours.grid.corners).max() < 1e-4
    assert np.array_equal(theirs.data, ours.data)


def test_the_same_input_gives_the_same_bytes(series, written):
    paths = series("fixed", FIXED), series("moving", MOVING)
    once, again = (written(*paths, name=name)[1] for name in ("once", "again"))
    assert [file.name for file in sorted(once.iterdir())] == [f"{k + 1:04d}.dcm" for k in range(9)]
    for file in once.iterdir():
        assert file.read_bytes() == (again / file.name).read_bytes()


def test_other_input_gives_other_uids(series, written):
    paths = series("fixed", FIXED), series("moving", MOVING)
    folders = [
        written(*paths)[1],
        written(*paths, pose=Rigid.from_euler((4, -6, 9), (5, -3, 7.001)), name="moved")[1],
        written(*paths[::-1], name="exchanged")[1],
        paths[1],
    ]
    uids = {header.SOPInstanceUID for folder in folders for header in headers(folder)}
    assert len(uids) == sum(len(list(folder.iterdir())) for folder in folders)
    assert len({headers(folder)[0].SeriesInstanceUID for folder in folders}) == len(folders)


def test_whose_it_is_and_where_it_lies(series, written):
    fixed = series("fixed", OBLIQUE, "MR", said={"PatientID": "other", "PatientPosition": "HFP"})
    moving = series("moving", MOVING, said={"StudyInstanceUID": "1.2.77"}, description="Bone", number=6)
    first = headers(written(fixed, moving)[1])[0]
    assert (str(first.PatientName), first.PatientID) == ("Ödön^Zsófia", "ID-4711")
    assert (first.StudyInstanceUID, first.StudyDate, first.AccessionNumber) == ("1.2.77", "20040119", "ACC-8")
    assert (first.SeriesDescription, first.SeriesNumber) == ("Bone, registered", 1006)
    assert (first.FrameOfReferenceUID, first.PatientPosition) == (FIXED_FRAME, "HFP")
    assert first.ImageType == ["DERIVED", "SECONDARY", "AXIAL"]
    assert first.DerivationCodeSequence[0].CodeValue == "113085"
    assert FIXED_UID in first.DerivationDescription and "aligned: so." in first.DerivationDescription
    assert first.Manufacturer == first.ManufacturerModelName == "Cephalign"
    (scanner,) = first.ContributingEquipmentSequence
    assert (scanner.Manufacturer, scanner.DeviceSerialNumber) == ("ACME", "77")
    assert scanner.PurposeOfReferenceCodeSequence[0].CodeMeaning == "Acquisition Equipment"
    assert (first.KVP, first.RescaleType) == (120, "HU")


def test_what_no_longer_holds_is_dropped(series, written):
    said = {"GantryDetectorTilt": "7", "TableHeight": "120", "ReconstructionDiameter": "250"}
    said |= {"ContentDate": "20040119", "InstanceCreationDate": "20040119", "SmallestImagePixelValue": 3}
    first = headers(written(series("fixed", FIXED), series("moving", MOVING, said=said))[1])[0]
    assert not [keyword for keyword in said if keyword in first]


def test_what_differs_from_slice_to_slice_is_left_out(
    series, tmp_path, written, clinical_header, dicom_series
):
    def change(dataset, k):
        clinical_header("CT", MOVING_FRAME, AcquisitionTime=f"1015{k:02d}", KVP=str(100 + k))(dataset, k)

    moving = dicom_series(tmp_path / "moving", MOVING, change=change)
    first = headers(written(series("fixed", FIXED), moving)[1])[0]
    assert "AcquisitionTime" not in first
    assert first.KVP is None


def test_sources_are_those_a_slice_goes_through(series, written):
    pose = Rigid.from_euler((0, 0, 0), (0, 0, 3))
    moving = series("moving", grid_of((46, 44, 22), (1.9, 2.2, 3.3), (47.1, 42.3, -31.7)))
    _, folder = written(series("fixed", FIXED), moving, pose)
    for k, header in enumerate(headers(folder)):
        place = (-18.2 + 4.7 * k + 3 + 31.7) / 3.3
        sources = {
            int(item.ReferencedSOPInstanceUID.split(".")[-1]) - 1 for item in header.SourceImageSequence
        }
        assert {int(np.floor(place)), int(np.ceil(place))} <= sources
        assert len(sources) <= 3


def test_a_slice_beyond_the_moving_scan_has_no_source(series, written):
    shown, folder = written(
        series("fixed", FIXED), series("moving", MOVING), Rigid.from_euler((0, 0, 0), (0, 0, 60))
    )
    last = headers(folder)[-1]
    assert (shown.data[..., -1] == -1000).all()
    assert "SourceImageSequence" not in last
    assert last.PixelPaddingValue == -1000


def test_pet_keeps_its_units(series, written):
    moving = series("moving", MOVING, "PT", intercept=0, slope=0.37)
    shown, folder = written(series("fixed", FIXED), moving)
    first = headers(folder)[0]
    assert shown.data.dtype == np.float32
    assert (first.Units, first.RescaleIntercept, first.NumberOfSlices) == ("BQML", 0, 9)
    assert (first.SeriesTime, first.DecayFactor) == ("112233", 1.02)
    agrees(as_itk_reads(folder), shown, 0.51 * float(first.RescaleSlope))


def test_mr_with_a_slope_keeps_its_values(series, written, validated):
    moving = series("moving", MOVING, "MR", intercept=-1024, slope=1.7)
    shown, folder = written(series("fixed", FIXED), moving)
    first = headers(folder)[0]
    assert first.RescaleSlope < 0.05
    agrees(as_itk_reads(folder), shown, 0.51 * float(first.RescaleSlope))
    # The standard gives an MR no slope, and no other place that programs look at.
    words = ("Modality LUT", "Rescale", "Standard Extended SOP Class")
    assert all(any(word in remark for word in words) for remark in validated(folder / "0003.dcm"))


def test_values_beyond_int16(tmp_path, series, written, dicom_series, clinical_header):
    def bright(dataset, k):
        clinical_header("MR", MOVING_FRAME)(dataset, k)
        values = np.frombuffer(dataset.PixelData, np.int16).astype(np.int32) + 50_000
        dataset.PixelRepresentation, dataset.PixelData = 0, values.astype(np.uint16).tobytes()

    moving = dicom_series(tmp_path / "moving", MOVING, modality="MR", intercept=None, change=bright)
    shown, folder = written(series("fixed", FIXED), moving)
    assert shown.data.max() > 40_000
    agrees(as_itk_reads(folder), shown, 0)
    assert headers(folder)[0].PixelRepresentation == 0


def test_windows(series, written):
    fixed = series("fixed", FIXED)
    moving = series("moving", MOVING, said={"WindowCenter": "35", "WindowWidth": "90"})
    first = headers(written(fixed, moving)[1])[0]
    assert (first.WindowCenter, first.WindowWidth) == (35, 90)
    first = headers(written(moving, fixed, name="other")[1])[0]
    assert (first.WindowCenter, first.WindowWidth) == (40, 400)


def series_of(path, **changes):
    found = read_series(path, LENIENT)
    return replace(found, **changes) if changes else found


def test_what_cannot_be_written_is_refused(series):
    fixed, moving = series_of(series("fixed", FIXED)), series_of(series("moving", MOVING))
    refuse_unwritable(fixed, moving)
    others = [replace(image, modality="XA") for image in moving.images]
    with pytest.raises(InputError, match="CT, MR or PT; got XA; leave out --dicom"):
        refuse_unwritable(fixed, replace(moving, images=others))
    pet = [replace(image, modality="PT") for image in moving.images]
    with pytest.raises(InputError, match=r"lack .* SeriesDate, SeriesTime, Units"):
        refuse_unwritable(fixed, replace(moving, images=pet))


def test_a_fixed_series_without_its_frame_is_refused(series):
    moving = series_of(series("moving", MOVING))
    fixed = series_of(series("fixed", FIXED, said={"FrameOfReferenceUID": ""}))
    with pytest.raises(InputError, match="names no frame of reference"):
        refuse_unwritable(fixed, moving)
    refuse_unwritable(moving, fixed)


def test_several_frames_in_one_series_are_refused(tmp_path, dicom_series, clinical_header):
    folder = dicom_series(
        tmp_path / "d", FIXED, change=lambda dataset, k: clinical_header("CT", f"1.2.{k // 5}")(dataset, k)
    )
    with pytest.raises(InputError, match="different frames of reference"):
        refuse_unwritable(series_of(folder), series_of(folder))


@pytest.mark.parametrize("keyword", ["SOPInstanceUID", "StudyInstanceUID"])
def test_images_without_uids_are_refused(series, keyword):
    with pytest.raises(InputError, match=f"expected {keyword}"):
        read_series(series("fixed", FIXED, said={keyword: None}), LENIENT)


def test_mangled_headers(series, written):
    """Whatever is in the headers: a series that can be read, or one of our errors."""
    fixed, moving = (
        series(role, grid_of((8, 7, count), (8, 9, 14), (28, 27, -21)))
        for role, count in (("fixed", 3), ("moving", 4))
    )
    contents = {file: file.read_bytes() for file in moving.iterdir()}
    rng = np.random.default_rng(6)
    for number in range(40):
        places, noise = rng.integers(132, 1400, 2), rng.bytes(2)
        for file, content in contents.items():
            changed = bytearray(content)
            for at in places:
                changed[at : at + 1 + number % 2] = noise[: 1 + number % 2]
            file.write_bytes(changed)
        with suppress(CephalignError):
            shown, folder = written(fixed, moving)
            assert read_volume(folder).data.shape == shown.data.shape


def test_other_formats_are_refused(tmp_path):
    (tmp_path / "scan.nii.gz").write_bytes(b"")
    with pytest.raises(InputError, match=r"no DICOM series; expected a folder .* give their folders"):
        read_series(tmp_path / "scan.nii.gz", LENIENT)
    with pytest.raises(InputError, match="does not exist"):
        read_series(tmp_path / "none", LENIENT)
