"""DICOM folders: the same volume as SimpleITK's, and every reason for which a folder is no volume."""

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813

from cephalign.errors import GeometryError, InputError
from cephalign.geometry import Modality
from cephalign.geometry.grid import apply_affine
from cephalign.io.volumes import ReadOptions, read_volume

FLIP = np.array([-1, -1, 1])


@pytest.fixture
def series(tmp_path, oblique_scan, dicom_series):
    """Write the oblique scan as a series; keywords are those of the writer."""
    return lambda **how: dicom_series(tmp_path / "series", oblique_scan.grid, **how)


def refused(folder, match, kind=InputError, **options):
    with pytest.raises(kind, match=match) as caught:
        read_volume(folder, ReadOptions(**options))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_reads_every_grid(tmp_path, grid, shown, dicom_series):
    volume = read_volume(dicom_series(tmp_path / "d", grid))
    assert volume.modality is Modality.CT
    assert volume.data.dtype == np.int16
    assert not volume.grid.is_left_handed  # slices go along their normal, whatever the order of the files
    assert np.array_equal(volume.data, np.round(shown(volume.grid)))
    ours, theirs = (
        np.array(sorted(corners.round(4).tolist())) for corners in (volume.grid.corners, grid.corners)
    )
    assert np.abs(ours - theirs).max() < 2e-4


def test_as_simpleitk(tmp_path, grid, dicom_series):
    folder = dicom_series(tmp_path / "d", grid)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    image, volume = reader.Execute(), read_volume(folder)
    points = np.random.default_rng(0).uniform(0, np.array(grid.shape) - 1, (20, 3))
    theirs = [image.TransformContinuousIndexToPhysicalPoint(p) for p in points.tolist()]
    assert np.abs(apply_affine(volume.grid.world_from_voxel, points) - np.array(theirs) * FLIP).max() < 1e-4
    assert np.array_equal(sitk.GetArrayFromImage(image), volume.data.T)


def test_one_multi_frame_file(tmp_path, oblique_scan, dicom_enhanced):
    file = dicom_enhanced(tmp_path / "enhanced.dcm", oblique_scan.grid)
    for path in (tmp_path, file):
        volume = read_volume(path)
        assert np.array_equal(volume.data, oblique_scan.data)
        assert np.abs(volume.grid.corners - oblique_scan.grid.corners).max() < 1e-6


def test_rescaling(series, oblique_scan):
    mr = read_volume(series(modality="MR", intercept=None))
    assert mr.modality is Modality.MR
    assert mr.data.dtype == np.int16
    assert np.array_equal(mr.data, oblique_scan.data)


def test_slopes_differ_from_slice_to_slice(tmp_path, oblique_scan, shown, dicom_series):
    def by_slice(dataset, k):
        stored = np.round(np.frombuffer(dataset.PixelData, np.uint16) / (1 + 0.1 * k)).astype(np.uint16)
        dataset.RescaleSlope, dataset.PixelData = f"{1 + 0.1 * k:.1f}", stored.tobytes()

    folder = dicom_series(tmp_path / "pet", oblique_scan.grid, modality="PT", change=by_slice)
    volume = read_volume(folder)
    assert volume.modality is Modality.PET
    assert volume.data.dtype == np.float32
    assert np.abs(volume.data - shown(oblique_scan.grid)).max() < 1.5


@pytest.mark.parametrize(
    "syntax", ["RLELossless", "DeflatedExplicitVRLittleEndian", "ImplicitVRLittleEndian"]
)
def test_transfer_syntaxes(series, oblique_scan, syntax):
    uid = getattr(pydicom.uid, syntax)
    folder = series()
    for file in list(folder.iterdir()):
        dataset = pydicom.dcmread(file)
        if uid.is_encapsulated:
            dataset.compress(uid, generate_instance_uid=False)
        dataset.file_meta.TransferSyntaxUID = uid
        dataset.save_as(file, implicit_vr="Implicit" in syntax, little_endian=True)
    assert np.array_equal(read_volume(folder).data, oblique_scan.data)


def test_packed_beyond_us(series):
    def claim(dataset, k):
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.JPEGLSLossless
        dataset.PixelData = pydicom.encaps.encapsulate([b"\0\0"])

    message = refused(series(change=claim), "JPEG-LS")
    assert "gdcmconv" in message


def test_other_files_are_skipped(series, oblique_scan):
    folder = series()
    (folder / "README.txt").write_text("not DICOM")
    (folder / "DICOMDIR").write_bytes(bytes(128) + b"DICM")
    (folder / "below").mkdir()
    report = pydicom.dcmread(next(folder.glob("IM*")))
    for name in ("Rows", "Columns", "PixelData"):
        delattr(report, name)
    report.SeriesInstanceUID, report.Modality = "1.2.3.4", "SR"
    report.save_as(folder / "report")
    assert np.array_equal(read_volume(folder).data, oblique_scan.data)


def test_without_preamble(series, oblique_scan):
    folder = series()
    for file in folder.iterdir():
        dataset = pydicom.dcmread(file)
        bare = pydicom.Dataset(dataset)
        bare.save_as(file, implicit_vr=True, little_endian=True)
    assert np.array_equal(read_volume(folder).data, oblique_scan.data)


def test_two_series(series, tmp_path, oblique_scan):
    series()
    folder = series(series="1.2.826.0.1.3680043.10.7.25", number=4, description="second", intercept=0)
    message = refused(folder, "holds 2 series")
    assert "--series" in message
    assert "3 ('Head 4 mm', 9 images, UID 1.2.826.0.1.3680043.10.7.1" in message
    for choice in (
        "3",
        "1.2.826.0.1.3680043.10.7.1",
        "1.2.826.0.1.3680043.10.7.25",
        "1.2.826.0.1.3680043.10.7.2",
    ):
        assert read_volume(folder, ReadOptions(series=choice)).data.shape == oblique_scan.data.shape
    refused(folder, "holds 2 series", series="1.2.826")
    refused(folder, "no series 9", series="9")


def test_empty(tmp_path):
    refused(tmp_path, "holds no DICOM images; give the folder that does")
    (tmp_path / "below").mkdir()
    refused(tmp_path, "give one of the folders in it")


def test_one_image(series):
    refused(series(keep=[2]), "one image is no volume")
    (file,) = series(keep=[2]).iterdir()
    refused(file, "one image is no volume")


def _set(**values):
    def change(dataset, k):
        for name, value in values.items():
            if k in {4, 5}:
                setattr(dataset, name, value)

    return change


def _remove(name):
    return lambda dataset, k: delattr(dataset, name) if k == 4 else None


@pytest.mark.parametrize(
    ("change", "kind", "match"),
    [
        (_set(ImagePositionPatient=["1", "2", "3"], EchoTime="80"), InputError, "at one place"),
        (_set(ImagePositionPatient=["1", "2", "3"], SOPInstanceUID="1.2"), InputError, "same image"),
        (
            _set(ImageOrientationPatient=["1", "0", "0", "0", "0", "-1"]),
            GeometryError,
            "2 of 9 images lie in other",
        ),
        (_set(PixelSpacing=["0.3", "0.3"]), InputError, "differ in size or spacing"),
        (_set(Rows=6), InputError, "differ in size or spacing"),
        (_set(ImagePositionPatient=["1e9", "2", "3"]), InputError, "cannot be read"),
        (_set(PhotometricInterpretation="RGB", SamplesPerPixel=3), InputError, "colour"),
        (_set(NumberOfFrames=4), InputError, "multi-frame"),
        (_set(PixelData=b"\0" * 20), InputError, "pixels"),
        (_remove("ImagePositionPatient"), GeometryError, "expected ImagePositionPatient"),
        (_remove("ImageOrientationPatient"), GeometryError, "expected ImageOrientationPatient"),
        (_remove("PixelSpacing"), GeometryError, "expected PixelSpacing"),
        (_remove("PixelData"), InputError, "pixels"),
    ],
)
def test_what_makes_no_volume(series, change, kind, match):
    refused(series(change=change), match, kind)


def test_echoes_are_named(series):
    def two_echoes(dataset, k):
        dataset.EchoTime = 20 + 60 * (k % 2)
        dataset.ImagePositionPatient = [0, 0, k // 2]

    assert "differ in EchoTime" in refused(series(change=two_echoes), "at one place")


def test_copies(series):
    folder = series()
    file = next(folder.iterdir())
    (folder / "copy").write_bytes(file.read_bytes())
    refused(folder, "are the same image; remove the copies")
