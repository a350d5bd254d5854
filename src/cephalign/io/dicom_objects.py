"""What all DICOM objects that we write share: whose they are, what made them, and their UIDs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pydicom.valuerep import format_number_as_ds

from cephalign import __version__
from cephalign.errors import InputError, OutputError
from cephalign.geometry.grid import Float
from cephalign.geometry.rigid import Rigid
from cephalign.io.atomic import whole_file
from cephalign.io.dicom_file import quiet_pydicom
from cephalign.io.dicom_source import Series
from cephalign.io.frames import flip_xy

MAKER = "Cephalign"
LONGEST_NAME = 64
# What must be there, empty if nothing is known.
PATIENT_OR_EMPTY = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")
PATIENT = (
    *("SpecificCharacterSet", "IssuerOfPatientID", "TypeOfPatientID", "PatientBirthTime", "OtherPatientIDs"),
    *("OtherPatientNames", "OtherPatientIDsSequence", "EthnicGroup", "PatientComments"),
    *("PatientSpeciesDescription", "PatientSpeciesCodeSequence", "PatientBreedDescription"),
    *("PatientBreedCodeSequence", "BreedRegistrationSequence", "ResponsiblePerson"),
    *("ResponsiblePersonRole", "ResponsibleOrganization", "QualityControlSubject"),
    *("PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence"),
)
STUDY_OR_EMPTY = ("StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber")
STUDY = (
    *("StudyInstanceUID", "StudyDescription", "IssuerOfAccessionNumberSequence", "ProcedureCodeSequence"),
    *("PatientAge", "PatientSize", "PatientWeight", "TimezoneOffsetFromUTC", "BodyPartExamined"),
)


@dataclass(frozen=True)
class Move:
    """What was registered to what, and how.

    Parameters
    ----------
    fixed, moving : Series
    moving_from_fixed : Rigid
        RAS+ mm.
    remark : str
        What there is to say of it.
    """

    fixed: Series
    moving: Series
    moving_from_fixed: Rigid
    remark: str

    @property
    def fixed_from_moving_lps(self) -> Float:
        """(4, 4) map of the moving series' points to the fixed one's, in DICOM's frames."""
        return flip_xy(self.moving_from_fixed.inverse().matrix)

    def uid(self, *what: str) -> str:
        """Return a UID for something made of this move: the same for the same, from any machine."""
        of = (__version__, self.fixed.uid, self.moving.uid, self.moving_from_fixed.matrix.tobytes().hex())
        return str(generate_uid(entropy_srcs=["\n".join((*of, self.remark, *what))]))


def fixed_frame(fixed: Series) -> str:
    """Return the UID of the frame of reference in which everything is written.

    Raises
    ------
    InputError
        There is none: with one of our own no program would lay the result over the fixed series.
    """
    if not fixed.frame_uid:
        raise InputError(
            f"{fixed.path} names no frame of reference",
            expected="FrameOfReferenceUID, by which results are laid over it",
            do="add one to all its images, or leave out --dicom",
        )
    return fixed.frame_uid


def new_object(
    move: Move, sop_class: str, modality: str, *, series_uid: str, number: int, description: str
) -> Dataset:
    """Return an object of a new series of the moving series' patient and study, in the fixed one's frame.

    Parameters
    ----------
    move : Move
    sop_class, modality, series_uid : str
    number : int
        How far from the number of the moving series that of the new one is.
    description : str
        Of the new series; what is too long is cut off.
    """
    made = Dataset()
    made.SOPClassUID, made.Modality = sop_class, modality
    add_copies(made, move.moving, (*PATIENT, *STUDY), or_empty=(*PATIENT_OR_EMPTY, *STUDY_OR_EMPTY))
    if "BodyPartExamined" not in made:
        made.BodyPartExamined = "HEAD"  # it is what this program takes
    made.SeriesInstanceUID = series_uid
    earlier = move.moving.images[0].series_number
    made.SeriesNumber = number + (int(earlier) if earlier.isdecimal() else 0)
    made.SeriesDescription = description[:LONGEST_NAME]
    made.FrameOfReferenceUID = fixed_frame(move.fixed)
    add_copies(made, move.fixed, or_empty=("PositionReferenceIndicator",))
    # The scanner did not make this; images name it among what contributed.
    made.Manufacturer, made.ManufacturerModelName, made.SoftwareVersions = MAKER, MAKER, __version__
    return made


def add_copies(
    made: Dataset, source: Series, keywords: Sequence[str] = (), *, or_empty: Sequence[str] = ()
) -> None:
    """Take over what all images of a series say alike; of `or_empty`, what they do not is left empty."""
    for keyword in (*keywords, *or_empty):
        element = source.agreed(keyword)
        if element is not None:
            made.add(element)
        elif keyword in or_empty:
            setattr(made, keyword, None)


def coded(code: Code) -> list[Dataset]:
    """Return the one item of a code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator = code.value, code.scheme_designator
    item.CodeMeaning = code.meaning
    return [item]


def decimals(numbers: Iterable[float]) -> list[str]:
    """Write numbers as exactly as the 16 characters of a decimal string allow, without a negative zero."""
    return [format_number_as_ds(float(number) + 0.0) for number in numbers]


def save(made: Dataset, path: Path, uid: str) -> None:
    """Write an object under a UID of its own, whole or not at all.

    Raises
    ------
    OutputError
        The file cannot be written, or what was taken over from the source cannot.
    """
    made.SOPInstanceUID = uid
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    with whole_file(path) as temporary, quiet_pydicom():
        try:
            made.save_as(temporary, enforce_file_format=True)
        except (ValueError, TypeError, AttributeError, LookupError, OverflowError) as error:
            raise OutputError(
                f"cannot write {path}: {error}", do="repair the headers of the series that it is made of"
            ) from error
