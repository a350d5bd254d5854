"""Which of RIRE's folders and files are taken for what."""

import pytest

from cephalign.errors import InputError
from cephalign.rire.layout import (
    TO_NAMES,
    Pair,
    Patient,
    Place,
    find_patients,
    pairs_of,
    place_of,
    standard_name,
)


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def found(root):
    return {
        patient.name: {name: str(path.relative_to(root)) for name, path in patient.volumes.items()}
        for patient in find_patients(root)
    }


def stems(root):
    patients = find_patients(root)
    return [pair.stem for patient in patients for pair in pairs_of(patient, place_of(root, patients))]


def test_archives_as_they_unpack(tmp_path):
    """Each volume's folder holds the native files and a MetaImage header for the same voxels."""
    touch(
        tmp_path,
        "patient_109/ct/header.ascii",
        "patient_109/ct/image.bin",
        "patient_109/ct/patient_109_ct.mhd",
        "patient_109/mr_MP-RAGE/header.ascii",
        "patient_008/pet/header.ascii",
        "patient_008/mr_T2/header.ascii",
        "notes.txt",
        "elsewhere/ct/header.ascii",
    )
    assert found(tmp_path) == {
        "patient_008": {"pet": "patient_008/pet", "mr_T2": "patient_008/mr_T2"},
        "patient_109": {"ct": "patient_109/ct", "mr_MP-RAGE": "patient_109/mr_MP-RAGE"},
    }
    assert stems(tmp_path) == ["patient_008_pet_to_mr_T2", "patient_109_ct_to_mr_MP-RAGE"]


@pytest.mark.parametrize(
    ("file", "taken"),
    [
        ("training_001/ct/training_001_ct.mhd", "training_001/ct/training_001_ct.mhd"),
        ("training_001/ct/ct.nii.gz", "training_001/ct/ct.nii.gz"),
        ("training_001/training_001_ct.mha", "training_001/training_001_ct.mha"),
        ("training_001/ct.nrrd", "training_001/ct.nrrd"),
        ("training_001_ct.mha", "training_001_ct.mha"),
        ("training_001/ct/IM0001", "training_001/ct"),  # perhaps DICOM, as the project's tools make it
    ],
)
def test_copies_in_other_formats(tmp_path, file, taken):
    assert found(touch(tmp_path, file)) == {"training_001": {"ct": taken}}


def test_a_patients_own_folder(tmp_path, monkeypatch):
    touch(tmp_path, "patient_001/ct/header.ascii", "patient_001/mr_T1/header.ascii")
    assert found(tmp_path / "patient_001") == {"patient_001": {"ct": "ct", "mr_T1": "mr_T1"}}
    monkeypatch.chdir(tmp_path / "patient_001")
    assert [patient.name for patient in find_patients(type(tmp_path)())] == ["patient_001"]


def test_every_pair_of_a_full_patient(tmp_path):
    touch(tmp_path, *(f"patient_001/{name}/header.ascii" for name in ("ct", "pet", *TO_NAMES)))
    assert len(stems(tmp_path)) == len(set(stems(tmp_path))) == 14


@pytest.mark.parametrize(
    ("volumes", "pair", "missing"),
    [
        (("mr_T2", "mr_PD"), "ct_to_mr_T2", ("ct",)),
        (("pet",), "pet_to_mr_T1", ("mr_T1",)),
    ],
)
def test_a_patient_without_a_pair_is_not_passed_over(tmp_path, volumes, pair, missing):
    touch(tmp_path, *(f"patient_004/{name}/header.ascii" for name in volumes))
    (patient,) = find_patients(tmp_path)
    first = pairs_of(patient, Place(tmp_path))[0]
    assert (first.stem, first.missing) == (f"patient_004_{pair}", missing)


def test_a_standard_asks_for_its_pair(tmp_path):
    names = ("ct/header.ascii", "mr_T1/header.ascii", "transformations/pet_T1_rectified.standard")
    touch(tmp_path, *(f"training_001/{name}" for name in names))
    assert stems(tmp_path) == ["training_001_ct_to_mr_T1", "training_001_pet_to_mr_T1_rectified"]


def test_names_of_standards():
    patient = Patient("training_001", {})
    assert standard_name(Pair(patient, "ct", "mr_T1")) == "ct_T1.standard"
    assert standard_name(Pair(patient, "pet", "mr_PD_rectified")) == "pet_PD_rectified.standard"
    assert patient.number == "001"


@pytest.mark.parametrize(
    "file",
    ["patient_001/x.standard", "patient_001/transformations/x.standard", "patient_001_x.standard"],
)
def test_a_file_with_its_patients_name(tmp_path, file):
    touch(tmp_path, file)
    assert Place(tmp_path).find("patient_001", "x.standard") == tmp_path / file
    assert Place(tmp_path).find("patient_002", "x.standard") is None


@pytest.mark.parametrize("file", ["x.standard", "transformations/x.standard"])
def test_a_file_without_a_name_needs_a_sole_patient(tmp_path, file):
    touch(tmp_path, file)
    assert Place(tmp_path, "patient_001").find("patient_001", "x.standard") == tmp_path / file
    assert Place(tmp_path).find("patient_001", "x.standard") is None


def test_nothing_is_there(tmp_path):
    (tmp_path / "patient_001" / "ct").mkdir(parents=True)
    (tmp_path / "patient_001" / "ct").rmdir()
    for root, said in ((tmp_path, "holds no RIRE patients"), (tmp_path / "x", "is no folder")):
        with pytest.raises(InputError, match=said):
            find_patients(root)
