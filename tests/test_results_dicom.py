"""`cephalign register --dicom`, and what a DICOM scan's headers leave elsewhere: nothing."""

import json
import zlib
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest

from cephalign.geometry import Grid, Rigid
from cephalign.io.transforms import read_transform, write_transform
from cephalign.io.volumes import read_volume
from cephalign.prep.resample import resample
from cephalign.registration import Status
from cephalign.results import IMAGES, OBJECT
from tests.io.volumes.conftest import PERSON, SCANNER, STUDY, clinical, write_series

DONE, WRONG, FAILED = 0, 2, 3
POSE = Rigid.from_euler((3, -2, 5), (4, -3, 6))
GRID = Grid((40, 42, 12), np.diag([-5.0, -5.0, 9.0, 1.0]))
NAMED = {"PatientName": "Zsofia^Odon", "PatientID": "ID-4711", "SeriesDescription": "Secret-7"}
UIDS = {"mr": "1.2.826.0.1.3680043.10.7.2", "ct": "1.2.826.0.1.3680043.10.7.3"}
FRAMES = {"mr": "1.2.3.4.1", "ct": "1.2.3.4.2"}


def ball(modality, frame, **said):
    """Return a `change` of headers that also lets the images show a ball."""
    axes = np.ogrid[-1:1:40j, -1:1:42j, -1:1:12j]
    inside = sum(axis**2 for axis in axes) < 0.7
    stored = np.where(inside, 1900, 24 if modality == "CT" else 0).astype(np.uint16)
    header = clinical(modality, frame, **(NAMED | said))

    def change(dataset, k):
        header(dataset, k)
        dataset.PixelData = stored[:, :, k].T.tobytes()

    return change


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """A folder with an MR and a CT of a ball as DICOM series, a copy of the CT as NIfTI, and a start."""
    folder = tmp_path_factory.mktemp("scans")
    for name, modality in (("mr", "MR"), ("ct", "CT")):
        how = {"series": UIDS[name], "modality": modality, "change": ball(modality, FRAMES[name])}
        write_series(folder / name, GRID, **how)
    write_series(
        folder / "other", GRID, series=f"{UIDS['ct']}.9", change=ball("CT", FRAMES["ct"], PatientID="ID-1")
    )
    write_transform(POSE, folder / "start.tfm")
    return folder


@pytest.fixture
def call(call_in, scans):
    """Run the program beside the scans."""
    return lambda *arguments: call_in(scans, *arguments)


@pytest.fixture
def registered(monkeypatch):
    """Let the answer be known, and leave out the files that are not DICOM."""

    def answer(status):
        found = SimpleNamespace(moving_from_fixed=POSE, status=status, reason="So it is.")
        monkeypatch.setattr("cephalign.registration.register", lambda *_, **__: found)
        monkeypatch.setattr(
            "cephalign.results.write_results",
            lambda *_, scans, **__: resample(scans[1], scans[0].grid, POSE),
        )

    return answer


@pytest.mark.parametrize("status", [Status.ALIGNED, Status.DOUBTFUL])
def test_a_series_and_a_registration_are_left(call, registered, scans, tmp_path, status):
    registered(status)
    done = call("register", "mr", "ct", "--out", tmp_path, "--dicom")
    assert done.returncode == DONE, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {IMAGES, OBJECT}
    found = read_transform(tmp_path / OBJECT)
    assert found.distance(POSE, GRID.corners).max() < 1e-6
    shown, fixed = read_volume(tmp_path / IMAGES), read_volume(scans / "mr")
    assert np.abs(shown.grid.corners - fixed.grid.corners).max() < 1e-4
    first = pydicom.dcmread(tmp_path / IMAGES / "0001.dcm")
    assert (first.FrameOfReferenceUID, first.PatientID) == (FRAMES["mr"], "ID-4711")
    assert f"{status.value}: So it is." in first.DerivationDescription


def test_the_fixed_scan_is_the_mr_whichever_comes_first(call, registered, tmp_path):
    registered(Status.ALIGNED)
    done = call("register", "ct", "mr", "--out", tmp_path, "--dicom", "--auto-order")
    assert done.returncode == DONE, done.stderr
    assert pydicom.dcmread(tmp_path / OBJECT).FrameOfReferenceUID == FRAMES["mr"]


def test_a_failed_registration_is_not_written_as_dicom(call, registered, tmp_path):
    registered(Status.FAILED)
    done = call("register", "mr", "ct", "--out", tmp_path, "--dicom")
    assert done.returncode == FAILED
    assert "a failed registration is not written as DICOM" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_two_patients_are_noticed(call, registered, tmp_path):
    registered(Status.ALIGNED)
    done = call("register", "mr", "other", "--out", tmp_path, "--dicom")
    assert "different PatientIDs; the DICOM results keep that of MOVING" in done.stderr
    assert "ID-" not in done.stderr
    assert pydicom.dcmread(tmp_path / OBJECT).PatientID == "ID-1"


@pytest.mark.parametrize("pair", [("mr", "ct.nii.gz"), ("ct.nii.gz", "ct")])
def test_other_formats_are_refused_before_anything_is_registered(call, scans, tmp_path, pair):
    if not (scans / "ct.nii.gz").exists():
        call("convert", "ct", "ct.nii.gz")
    done = call("register", *pair, "--out", tmp_path / "out", "--dicom")
    assert done.returncode == WRONG
    *progress, error = done.stderr.splitlines()
    assert error.startswith("cephalign: ct.nii.gz is no DICOM series; expected")
    assert progress == ["cephalign: reading"]
    assert not (tmp_path / "out").exists()


def test_an_earlier_series_is_replaced_and_nothing_else(call, registered, tmp_path):
    registered(Status.ALIGNED)
    (tmp_path / IMAGES).mkdir()
    (tmp_path / IMAGES / "0099.dcm").write_text("of an earlier run")
    assert call("register", "mr", "ct", "--out", tmp_path, "--dicom").returncode == DONE
    assert len(list((tmp_path / IMAGES).iterdir())) == 12
    assert not (tmp_path / IMAGES / "0099.dcm").exists()
    (tmp_path / IMAGES / "notes.txt").write_text("mine")
    done = call("register", "mr", "ct", "--out", tmp_path, "--dicom")
    assert done.returncode == WRONG
    assert "a folder is in the way" in done.stderr
    assert (tmp_path / IMAGES / "notes.txt").read_text() == "mine"


def test_a_transform_becomes_a_registration_of_two_series(call, tmp_path):
    there, back = tmp_path / "x.dcm", tmp_path / "x.tfm"
    done = call("convert", "start.tfm", there)
    assert done.returncode == WRONG
    assert "--fixed and --moving" in done.stderr
    assert call("convert", "start.tfm", there, "--fixed", "mr", "--moving", "ct").returncode == DONE
    assert call("convert", there, back).returncode == DONE
    assert read_transform(back).distance(POSE, GRID.corners).max() < 1e-6
    described = json.loads(call("info", there, "--json").stdout)
    assert described[0]["kind"] == "transform"
    image = pydicom.dcmread(there)
    assert image.RegistrationSequence[1].MatrixRegistrationSequence[0].RegistrationTypeCodeSequence == []
    done = call("convert", "start.tfm", there, "--fixed", "mr", "--moving", "start.tfm")
    assert done.returncode == WRONG


def test_the_opposite_of_a_registration_is_one_of_the_exchanged_series(call, tmp_path):
    there, back = tmp_path / "x.dcm", tmp_path / "back.dcm"
    series = ("--fixed", "mr", "--moving", "ct")
    call("convert", "start.tfm", there, *series)
    assert "--fixed and --moving" in call("invert", there, back).stderr
    assert not back.exists()
    assert call("invert", there, back, *series).returncode == DONE
    assert read_transform(back).distance(POSE.inverse(), GRID.corners).max() < 1e-6
    assert pydicom.dcmread(there).FrameOfReferenceUID == FRAMES["mr"]
    assert pydicom.dcmread(back).FrameOfReferenceUID == FRAMES["ct"]


def test_a_registration_moves_a_scan(call, tmp_path):
    call("convert", "start.tfm", tmp_path / "x.dcm", "--fixed", "mr", "--moving", "ct")
    for name, transform in (("a.nii.gz", "start.tfm"), ("b.nii.gz", tmp_path / "x.dcm")):
        done = call("apply", "ct", "-t", transform, "--like", "mr", "-o", tmp_path / name)
        assert done.returncode == DONE, done.stderr
    one, other = (read_volume(tmp_path / name).data for name in ("a.nii.gz", "b.nii.gz"))
    assert np.abs(one.astype(int) - other).max() <= 1


def test_a_registration_is_known_by_its_content(call, scans, tmp_path):
    """A file that ends in .dcm may be a scan as well."""
    (tmp_path / "scan.dcm").write_bytes(next((scans / "ct").iterdir()).read_bytes())
    assert "one image is no volume" in call("info", tmp_path / "scan.dcm").stderr
    call("convert", "start.tfm", tmp_path / "x.dcm", "--fixed", "mr", "--moving", "ct")
    (tmp_path / "x.dcm").rename(tmp_path / "IM0001")
    assert "direction" in call("info", tmp_path / "IM0001", "--from-style", "dicom").stdout


def test_format_does_not_take_dicom(call, tmp_path):
    done = call("register", "mr", "ct", "--out", tmp_path / "out", "--format", "dicom")
    assert "unknown transform format in --format" in done.stderr


def test_headers_name_nobody_elsewhere(call, tmp_path):
    """Of who was scanned nothing comes into any file but the DICOM ones, packed or not."""
    done = call("register", "mr", "ct", "-o", tmp_path, "--init", "start.tfm", "--refine", "none")
    assert done.returncode in {DONE, FAILED}, done.stderr
    values = (*NAMED.values(), *UIDS.values(), *STUDY.values(), *SCANNER.values(), PERSON["PatientBirthDate"])
    values = [value for value in values if len(value) > 4]  # shorter ones are in every picture's bytes
    for path in tmp_path.rglob("*"):
        content = path.read_bytes()
        if path.suffix == ".gz":
            content += zlib.decompress(content, zlib.MAX_WBITS + 32)
        assert not [value for value in values if value.encode() in content], path.name
    assert not [value for value in values if value in done.stdout + done.stderr]


def test_identifiers_are_kept_for_those_who_ask_and_stay_text(call, scans, tmp_path):
    """In record and page; what looks like markup in a header shows as it is and does nothing."""
    name, series = "Odon^<script>alert(1)</script>", "</td><img src=x onerror=alert(2)>"
    folder = tmp_path / "named"
    write_series(
        folder,
        GRID,
        series=f"{UIDS['ct']}.8",
        change=ball("CT", FRAMES["ct"], PatientName=name, SeriesDescription=series),
    )
    options = ("--init", "start.tfm", "--refine", "none", "--keep-identifiers")
    done = call("register", "mr", folder, "-o", tmp_path / "out", *options)
    assert done.returncode in {DONE, FAILED}, done.stderr
    record = json.loads((tmp_path / "out" / "registration.json").read_text())
    kept = record["inputs"]["moving"]["identifiers"]
    assert (kept["PatientName"], kept["SeriesDescription"]) == (name, series)
    assert record["inputs"]["fixed"]["identifiers"]["PatientName"] == NAMED["PatientName"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Odon^&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert name not in page and series not in page and "<img src=x" not in page
    assert NAMED["PatientName"] in page


@pytest.mark.parametrize(("threshold", "code"), [(None, DONE), ("failed", DONE), ("doubtful", FAILED)])
def test_the_exit_code_is_what_was_asked_for(call, registered, tmp_path, threshold, code):
    registered(Status.DOUBTFUL)
    asked = ("--fail-on", threshold) if threshold else ()
    done = call("register", "mr", "ct", "--out", tmp_path, *asked)
    assert done.returncode == code, done.stderr
