"""What names a person is given to those who ask, as plain text; every keyword we use is one of DICOM's."""

import pydicom
import pytest

from cephalign.errors import InputError
from cephalign.io import dicom_identity, dicom_images, dicom_kinds, dicom_objects
from cephalign.io.dicom_identity import identifiers_of
from cephalign.io.volumes import ReadOptions, write_volume


@pytest.fixture
def series(tmp_path, oblique_scan, dicom_series, clinical_header):
    def write(frame="1.2", number=3, **said):
        how = {"number": number, "series": f"1.2.826.0.1.3680043.10.7.{number}"}
        return dicom_series(
            tmp_path / "series", oblique_scan.grid, change=clinical_header("CT", frame, **said), **how
        )

    return write


def test_everything_a_header_names(series):
    found = identifiers_of(series())
    assert found["PatientName"] == "Ödön^Zsófia"
    assert found["PatientID"] == "ID-4711"
    assert found["PatientBirthDate"] == "19510203"
    assert found["StudyDescription"] == "Routine head"
    assert (found["AccessionNumber"], found["SeriesDescription"]) == ("ACC-8", "Head 4 mm")
    assert found["SeriesInstanceUID"] == "1.2.826.0.1.3680043.10.7.3"
    assert "InstitutionName" not in found  # the header has none
    assert all(isinstance(text, str) for text in found.values())


@pytest.mark.filterwarnings("ignore:The value length")
def test_text_is_plain_and_bounded(series):
    hostile = "<script>\x1b[31m\r\n\t" + "x" * 300
    found = identifiers_of(series(StudyDescription=hostile, PatientID="  "))
    assert found["StudyDescription"].startswith("<script> [31m x")
    assert len(found["StudyDescription"]) == dicom_identity.LONGEST
    assert found["StudyDescription"].isprintable()
    assert "PatientID" not in found


def test_one_of_several_series(series):
    series(PatientID="one")
    folder = series(number=4, PatientID="other")
    with pytest.raises(InputError, match="holds 2 series"):
        identifiers_of(folder)
    assert identifiers_of(folder, ReadOptions(series="4"))["PatientID"] == "other"


def test_other_formats_name_nobody(tmp_path, oblique_scan):
    write_volume(oblique_scan, tmp_path / "s.nii.gz", description="Zsofia")
    assert identifiers_of(tmp_path / "s.nii.gz") == {}
    assert identifiers_of(tmp_path / "missing") == {}


def test_every_keyword_is_dicoms():
    lists = [
        value for module in (dicom_identity, dicom_images, dicom_objects) for value in vars(module).values()
    ]
    keywords = {
        word for value in lists if isinstance(value, tuple) for word in value if isinstance(word, str)
    }
    for kind in dicom_kinds.KINDS.values():
        keywords |= {*dicom_kinds.ALWAYS_KEPT, *kind.kept, *kind.or_empty, *kind.needed, *kind.lying}
    assert len(keywords) > 100
    assert not [keyword for keyword in keywords if pydicom.datadict.tag_for_keyword(keyword) is None]
