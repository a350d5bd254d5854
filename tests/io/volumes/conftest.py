"""Grids, a smooth pattern in space, and a writer of DICOM series."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset

from cephalign.geometry import Grid, Modality, Rigid, Volume
from cephalign.geometry.grid import apply_affine

R, A, S = np.eye(3)
LPS_FLIP = np.array([-1, -1, 1])
SOP_CLASSES = {
    "CT": pydicom.uid.CTImageStorage,
    "MR": pydicom.uid.MRImageStorage,
    "PT": pydicom.uid.PositronEmissionTomographyImageStorage,
}


def _grid(shape, axes, spacing, origin, turn_deg=(0, 0, 0)):
    matrix = np.eye(4)
    matrix[:3, :3] = Rigid.from_euler(turn_deg).rotation @ np.array(axes).T * spacing
    matrix[:3, 3] = origin
    return Grid(shape, matrix)


GRIDS = {
    "RAS": _grid((11, 13, 7), (R, A, S), (1.7, 1.6, 4.2), (-12, -17, -19)),
    "LAS": _grid((12, 10, 9), (-R, A, S), (1.3, 1.4, 2.1), (21, -17, -9)),
    "LPS": _grid((14, 12, 8), (-R, -A, S), (0.9, 0.9, 4.5), (31, 42, -20)),
    "PIR": _grid((9, 12, 10), (-A, -S, R), (2.1, 1.9, 2.3), (10, 20, -15)),
    "oblique": _grid((12, 13, 9), (-R, -A, S), (1.1, 1.2, 2.9), (19, 27, -12), (11, -17, 23)),
    "nearly LPS": _grid(
        (12, 13, 9), (-R, -A, S), (0.488281, 0.488281, 5.0), (124.7, 131.3, -12), (0.1, 0.2, -0.3)
    ),
    "anisotropic": _grid((31, 29, 5), (-R, -A, S), (0.45, 0.45, 6.5), (7, 6, -15), (14, 0, 0)),
    "off-centre": _grid((8, 11, 10), (R, A, S), (2.5, 2.6, 2.7), (151.3, -423.7, 911.9)),
    "left-handed": _grid((10, 12, 9), (R, -A, S), (1.9, 1.8, 3.3), (-9, 14, 44), (-21, 8, 5)),
}


def pattern(xyz):
    """A smooth intensity of a world point, which tells each direction and sign from every other."""
    x, y, z = np.moveaxis(np.asarray(xyz), -1, 0)
    return 400 * np.sin(x / 19 + 0.3) + 300 * np.cos(y / 23 - 0.2) + 7 * z + 0.9 * x - 1.7 * y


def world_points(grid):
    return apply_affine(grid.world_from_voxel, np.moveaxis(np.indices(grid.shape), 0, -1))


@pytest.fixture(params=GRIDS)
def grid(request):
    return GRIDS[request.param]


@pytest.fixture
def scan(grid):
    return Volume(np.round(pattern(world_points(grid))).astype(np.int16), grid, Modality.CT)


@pytest.fixture
def oblique_scan():
    grid = GRIDS["oblique"]
    return Volume(np.round(pattern(world_points(grid))).astype(np.int16), grid, Modality.CT)


@pytest.fixture
def shown():
    """Return the pattern at the voxels of a grid."""
    return lambda grid: pattern(world_points(grid))


@pytest.fixture
def pattern_at():
    return pattern


def _header(uid, series, number, description, modality):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SOP_CLASSES.get(modality, SOP_CLASSES["CT"])
    meta.MediaStorageSOPInstanceUID = uid
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    file = FileDataset(None, {}, file_meta=meta, preamble=bytes(128))
    file.SOPClassUID, file.SOPInstanceUID = meta.MediaStorageSOPClassUID, uid
    file.SeriesInstanceUID, file.SeriesNumber, file.SeriesDescription = series, number, description
    file.Modality, file.StudyInstanceUID, file.PatientName = modality, "1.2.3", "Nobody"
    return file


def _add_pixels(file, stored, intercept, slope):
    file.Rows, file.Columns = stored.shape[-2:]
    file.SamplesPerPixel, file.PhotometricInterpretation = 1, "MONOCHROME2"
    file.BitsAllocated, file.BitsStored, file.HighBit = 16, 16, 15
    file.PixelRepresentation = int(stored.dtype.kind == "i")
    if intercept is not None:
        file.RescaleIntercept, file.RescaleSlope = str(intercept), str(slope)
    file.PixelData = stored.tobytes()


def write_series(
    folder: Path,
    grid: Grid,
    *,
    series="1.2.826.0.1.3680043.10.7.1",
    number=3,
    description="Head 4 mm",
    modality="CT",
    tilt_deg=0.0,
    keep=None,
    intercept=-1024,
    slope=1.0,
    change=None,
):
    """Write one slice a file, in shuffled order of names; its values are the pattern where it lies.

    `tilt_deg` lets the slices march along j; `keep` chooses slices; `change(dataset, k)` edits each header.
    """
    folder.mkdir(exist_ok=True)
    march = grid.directions[:, 1] * grid.spacing[2] * np.tan(np.deg2rad(tilt_deg))
    names, points = np.random.default_rng(5).permutation(1000), world_points(grid)
    for k in range(grid.shape[2]) if keep is None else keep:
        file = _header(f"{series}.{k + 1}", series, number, description, modality)
        file.ImageOrientationPatient = (grid.directions[:, :2] * LPS_FLIP[:, None]).T.ravel().tolist()
        position = grid.world_from_voxel[:3] @ [0, 0, k, 1] + k * march
        file.ImagePositionPatient = [f"{x:.10g}" for x in position * LPS_FLIP]
        file.PixelSpacing = grid.spacing[[1, 0]].tolist()
        file.SliceThickness, file.InstanceNumber = 9.9, int(names[k])  # neither is to be believed
        values = pattern(points[:, :, k] + k * march)
        stored = np.round((values - (intercept or 0)) / slope)
        _add_pixels(file, stored.T.astype(np.int16 if intercept is None else np.uint16), intercept, slope)
        if change:
            change(file, k)
        file.save_as(folder / f"IM{number}-{names[k]}", enforce_file_format=True)
    return folder


SCANNER = {"Manufacturer": "ACME", "ManufacturerModelName": "Ring 3", "DeviceSerialNumber": "77"}
PERSON = {
    "PatientName": "Ödön^Zsófia",
    "PatientID": "ID-4711",
    "PatientBirthDate": "19510203",
    "PatientSex": "F",
    "SpecificCharacterSet": "ISO_IR 100",
}
STUDY = {
    "StudyDate": "20040119",
    "StudyTime": "101500",
    "StudyID": "S9",
    "AccessionNumber": "ACC-8",
    "ReferringPhysicianName": "Good^Doctor",
    "StudyDescription": "Routine head",
}
ACQUIRED = {
    "CT": {"KVP": "120", "AcquisitionNumber": "1", "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"]},
    "MR": {
        "ScanningSequence": "GR",
        "SequenceVariant": ["SP", "MP"],
        "ScanOptions": "PFP",
        "MRAcquisitionType": "3D",
        "RepetitionTime": "1900",
        "EchoTime": "2.5",
        "EchoTrainLength": "1",
        "ImageType": ["ORIGINAL", "PRIMARY", "OTHER"],
    },
    "PT": {
        "SeriesDate": "20040119",
        "SeriesTime": "112233",
        "Units": "BQML",
        "CountsSource": "EMISSION",
        "SeriesType": ["STATIC", "IMAGE"],
        "CorrectedImage": ["DECY", "ATTN"],
        "DecayCorrection": "START",
        "DecayFactor": "1.02",
        "FrameReferenceTime": "150000",
        "ImageType": ["ORIGINAL", "PRIMARY"],
    },
}


def clinical(modality, frame, **fields):
    """Return a `change` that gives a series what a scanner's headers hold; `fields` comes last."""
    said = PERSON | STUDY | SCANNER | ACQUIRED[modality] | {"PatientPosition": "HFS"}
    said |= {"FrameOfReferenceUID": frame, "PositionReferenceIndicator": "", "PatientOrientation": ""}

    def change(dataset, k):
        for keyword, value in (said | fields).items():
            if value is None:
                delattr(dataset, keyword)
            else:
                setattr(dataset, keyword, value)

    return change


def write_enhanced(path: Path, grid: Grid, change=None):
    """Write a multi-frame file with its frames out of order; `change(dataset)` edits its header."""
    file = _header("1.2.9.1", "1.2.9", 8, "enhanced", "CT")
    file.NumberOfFrames = grid.shape[2]
    order = np.random.default_rng(2).permutation(grid.shape[2])
    shared, measures, plane, rescale = Dataset(), Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = grid.spacing[[1, 0]].tolist()
    plane.ImageOrientationPatient = (grid.directions[:, :2] * LPS_FLIP[:, None]).T.ravel().tolist()
    rescale.RescaleIntercept, rescale.RescaleSlope = "-1024", "1"
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [plane]
    shared.PixelValueTransformationSequence = [rescale]
    file.SharedFunctionalGroupsSequence = [shared]
    frames = []
    for k in order:
        frame, place = Dataset(), Dataset()
        position = grid.world_from_voxel[:3] @ [0, 0, k, 1] * LPS_FLIP
        place.ImagePositionPatient = [f"{x:.10g}" for x in position]
        frame.PlanePositionSequence = [place]
        frames.append(frame)
    file.PerFrameFunctionalGroupsSequence = frames
    stored = np.round(pattern(world_points(grid)) + 1024).astype(np.uint16)
    _add_pixels(file, np.ascontiguousarray(stored.T[order]), None, None)
    if change:
        change(file)
    file.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def dicom_series():
    return write_series


@pytest.fixture
def dicom_enhanced():
    return write_enhanced


@pytest.fixture
def clinical_header():
    return clinical


@pytest.fixture
def validated():
    """Return a function that has `dciodvfy` look at a file: it gives warnings, and fails on errors."""
    program = shutil.which("dciodvfy")
    if not program:
        pytest.skip("no dciodvfy: install dicom3tools")

    def remarks(path):
        done = subprocess.run([program, path], capture_output=True, text=True, check=False)
        lines = done.stderr.splitlines()
        assert not [line for line in lines if line.startswith("Error")], "\n".join(lines)
        return [line for line in lines if line.startswith("Warning")]

    return remarks
