"""What a DICOM image of each modality must say of how it was acquired, and what still holds once it is moved.

A moved image is in other planes and at other places: the gantry's tilt, the table's height, the diameter of
reconstruction and what else belongs to the scanner's own slices are not taken over.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, MRImageStorage, PositronEmissionTomographyImageStorage
from pydicom.valuerep import format_number_as_ds

from cephalign.errors import InputError
from cephalign.io.dicom_objects import add_copies
from cephalign.io.dicom_source import Series


@dataclass(frozen=True)
class Kind:
    """One modality's images.

    Parameters
    ----------
    sop_class : str
    kept : tuple of str
        What is taken over where all images say it alike.
    or_empty : tuple of str
        The same, and left empty where they do not.
    needed : tuple of str
        What must have a value: that of the first image, where they differ.
    lying : tuple of str
        How the patient lay: in the frame of the fixed series, and so as that one says.
    """

    sop_class: str
    kept: tuple[str, ...]
    or_empty: tuple[str, ...]
    needed: tuple[str, ...] = ()
    lying: tuple[str, ...] = ("PatientPosition",)


ALWAYS_KEPT = (
    *("AcquisitionDate", "AcquisitionTime", "AcquisitionDateTime", "ProtocolName"),
    *("BurnedInAnnotation", "RecognizableVisualFeatures", "ContrastBolusAgent", "ContrastBolusRoute"),
    *("WindowCenter", "WindowWidth"),
    *("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod"),
)
KINDS = {
    "CT": Kind(
        CTImageStorage,
        kept=(
            *("ScanOptions", "FilterType", "ConvolutionKernel", "FocalSpots", "XRayTubeCurrent", "Exposure"),
            *("ExposureTime", "GeneratorPower", "RevolutionTime", "SpiralPitchFactor", "CTDIvol"),
        ),
        or_empty=("KVP", "AcquisitionNumber"),
    ),
    "MR": Kind(
        MRImageStorage,
        kept=(
            *("ScanningSequence", "SequenceVariant", "SequenceName", "InversionTime", "AngioFlag"),
            *("NumberOfAverages", "ImagingFrequency", "ImagedNucleus", "EchoNumbers", "FlipAngle"),
            *("MagneticFieldStrength", "ReceiveCoilName", "TransmitCoilName"),
        ),
        or_empty=("ScanOptions", "MRAcquisitionType", "RepetitionTime", "EchoTime", "EchoTrainLength"),
    ),
    "PT": Kind(
        PositronEmissionTomographyImageStorage,
        kept=(
            *("RandomsCorrectionMethod", "AttenuationCorrectionMethod", "ScatterCorrectionMethod"),
            *("ReconstructionMethod", "ConvolutionKernel", "TypeOfDetectorMotion", "SUVType"),
            "DoseCalibrationFactor",
        ),
        or_empty=(
            *("CorrectedImage", "CollimatorType", "RadiopharmaceuticalInformationSequence"),
            *("AcquisitionDate", "AcquisitionTime", "ActualFrameDuration"),
        ),
        lying=("PatientOrientationCodeSequence", "PatientGantryRelationshipCodeSequence"),
        needed=(
            *("SeriesDate", "SeriesTime", "Units", "CountsSource", "SeriesType", "DecayCorrection"),
            *("FrameReferenceTime",),
        ),
    ),
}


def kind_of(moving: Series) -> Kind:
    """Return what images of a series become.

    Raises
    ------
    InputError
        Neither CT, MR nor PET, or without a value that such images must have.
    """
    modality = moving.images[0].modality
    if modality not in KINDS:
        raise InputError(
            f"{moving.path}: its images cannot be written as DICOM",
            expected="modality CT, MR or PT",
            got=modality or "none",
            do="leave out --dicom",
        )
    kind = KINDS[modality]
    lacking = [keyword for keyword in kind.needed if moving.first(keyword) is None]
    if lacking:
        raise InputError(
            f"{moving.path}: its headers lack what images of modality {modality} must say",
            expected=", ".join(lacking),
            do="leave out --dicom, or add it",
        )
    return kind


def add_acquisition(made: Dataset, moving: Series, kind: Kind) -> None:
    """Say how the moving series was acquired."""
    add_copies(made, moving, (*ALWAYS_KEPT, *kind.kept), or_empty=kind.or_empty)
    for keyword in kind.needed:
        made.add(moving.first(keyword))
    if made.Modality == "PT" and made.DecayCorrection != "NONE" and (factor := moving.first("DecayFactor")):
        made.add(factor)
    if made.Modality == "MR":
        _translate_enhanced(made, moving)


def _translate_enhanced(made: Dataset, moving: Series) -> None:
    """Say in the words of a single MR image what an enhanced file says in its own."""
    for keyword, enhanced in (("EchoTime", "EffectiveEchoTime"), ("InversionTime", "InversionTimes")):
        element = moving.agreed(enhanced)
        if not made.get(keyword) and element is not None and isinstance(element.value, float):
            setattr(made, keyword, format_number_as_ds(element.value))
    pulses = {"SPIN": ["SE"], "GRADIENT": ["GR"], "BOTH": ["SE", "GR"]}.get(
        moving.text("EchoPulseSequence"), []
    )
    pulses += ["IR"] if moving.text("InversionRecovery") == "YES" else []
    pulses += ["EP"] if moving.text("EchoPlanarPulseSequence") == "YES" else []
    variants = [
        code
        for keyword, none, code in (
            ("SegmentedKSpaceTraversal", "SINGLE", "SK"),
            ("MagnetizationTransfer", "NONE", "MTC"),
            ("SteadyStatePulseSequence", "NONE", "SS"),
            ("Spoiling", "NONE", "SP"),
        )
        if moving.text(keyword) not in {"", none}
    ]
    # A header that says nothing is of a sequence of nobody's kind.
    if "ScanningSequence" not in made:
        made.ScanningSequence = pulses or "RM"
    if "SequenceVariant" not in made:
        made.SequenceVariant = variants or "NONE"
    if "IR" in made.ScanningSequence and "InversionTime" not in made:
        made.InversionTime = None
