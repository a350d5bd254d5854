"""What a preset is, and what several of them share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cephalign.geometry import Modality
from cephalign.simulate.acquire.parts import Interval
from cephalign.simulate.acquire.protocol import Protocol, Sequence, Stored


@dataclass(frozen=True)
class Preset:
    """A study.

    Parameters
    ----------
    protocols : mapping of Modality to Protocol
        The first is the scan that the others are moved against.
    head_spacing_mm : float
        Of label maps that are detailed enough.
    oddities : mapping of str to float
        How often heads have what not every head has.
    """

    protocols: Mapping[Modality, Protocol]
    head_spacing_mm: float = 1.0
    oddities: Mapping[str, float] = field(default_factory=dict)


ORDER = (Modality.T1, Modality.CT, Modality.T2, Modality.PD, Modality.PET)

# How scans are stored.
HU = Stored("int16", None, 0, -1024, 3071, fill=-1024)
HU_PADDED = replace(HU, fill=-2000)
HU_OFFSET = Stored("uint16", None, 1024, 0, 4095)
SHORT = Stored("int16", (700, 1900), 0, 0, 32767)
TWELVE_BITS = Stored("int16", (1500, 3500), 0, 0, 4095)
LONG = Stored("int16", (3000, 20000), 0, 0, 32767)
BYTE = Stored("uint8", (150, 300), 0, 0, 255)
CT_STORES = (HU, HU, HU_PADDED, HU_OFFSET)


def exactly(value: float) -> Interval:
    """Return an interval of one value."""
    return (value, value)


def study(
    ct: Protocol, mr: Mapping[Modality, tuple[Sequence, ...]], like: Protocol, pet: Protocol
) -> dict[Modality, Protocol]:
    """Put scans in the usual order; MR scans are alike but for their sequences."""
    protocols = {kind: replace(like, modality=kind, sequences=sequences) for kind, sequences in mr.items()}
    protocols |= {Modality.CT: ct, Modality.PET: pet}
    return {modality: protocols[modality] for modality in ORDER}
