"""All that decides one scan of one head: drawn once, kept as JSON, and enough to repeat it to the byte."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from cephalign.errors import InputError
from cephalign.geometry import Grid, Modality, Rigid
from cephalign.geometry.grid import Float
from cephalign.simulate.acquire.contrast import CONTRASTS, Contrast
from cephalign.simulate.acquire.parts import Coil, Reach, Resolution, Storage, within
from cephalign.simulate.artefacts import Distortion, Ghosting, Hardware, restored
from cephalign.simulate.tissues import Tissue

# A bias field is a sum of products of so many polynomials along each axis.
BIAS_TERMS = 3
SCANNED = (Modality.CT, Modality.T1, Modality.T2, Modality.PD, Modality.PET)
PARTS: dict[str, type] = {
    "coil": Coil,
    "resolution": Resolution,
    "reach": Reach,
    "storage": Storage,
    "hardware": Hardware,
    "distortion": Distortion,
    "ghosting": Ghosting,
}


@dataclass(frozen=True, eq=False)
class Acquisition:
    """One scan.

    Parameters
    ----------
    modality : Modality
    grid : Grid
        In the scanner's world.
    world_from_head : Rigid
        How the head lies in the scanner.
    contrast : Contrast
        How bright each tissue is.
    deviations : (36,) tuple of float
        How far each tissue of this person lies from its mean, in units of its spread.
    texture : float
        Variation within a tissue, in units of its spread.
    resolution : Resolution
    noise : float
        Standard deviation, in units of the contrast: in the middle of the head for CT, of each of the two
        channels for MR, in grey matter for PET.
    bias : (27,) tuple of float
        Logarithm of the coil's sensitivity: coefficients of products of Legendre polynomials of order 0 to 2
        along k, j, i. Nothing where empty.
    reach : Reach
    storage : Storage
    seed : int
        Of noise and texture.
    coil : Coil, optional
        For MR.
    hardware : Hardware, optional
        What lies around the head, for CT.
    hardening : float
        How far the beam hardens, for CT; 0 for not at all.
    distortion : Distortion, optional
        How the scanner bends space, for MR.
    ghosting : Ghosting, optional
        How the head moved, for MR.
    """

    modality: Modality
    grid: Grid
    world_from_head: Rigid
    contrast: Contrast
    deviations: tuple[float, ...]
    texture: float
    resolution: Resolution
    noise: float
    bias: tuple[float, ...]
    reach: Reach
    storage: Storage
    seed: int
    coil: Coil | None = None
    hardware: Hardware | None = None
    hardening: float = 0.0
    distortion: Distortion | None = None
    ghosting: Ghosting | None = None

    def __post_init__(self) -> None:
        if self.modality not in {Modality.CT, Modality.T1, Modality.T2, Modality.PD, Modality.PET}:
            raise InputError("no scan of this kind", expected="CT, MR-T1, T2, PD or PET", got=self.modality)
        for name, wanted in (("deviations", {len(Tissue)}), ("bias", {0, BIAS_TERMS**3})):
            values = getattr(self, name)
            if len(values) not in wanted or not all(math.isfinite(v) for v in values):
                raise InputError(name, expected=f"{max(wanted)} finite numbers", got=f"{len(values)}")
        within("texture", self.texture, 0, 10)
        within("noise", self.noise, 0, 1e5)
        within("seed", self.seed, 0, 2**63 - 1)
        within("hardening", self.hardening, 0, 10)

    def brightness(self) -> tuple[Float, Float]:
        """Return this person's (36,) brightness by tissue number, and the (36,) variation within each."""
        mean, spread = self.contrast.brightness()
        person = mean + spread * np.array(self.deviations)
        if self.modality != Modality.CT:
            person = person.clip(min=0)
        return person, spread * self.texture

    def to_record(self) -> dict[str, Any]:
        """Return what `from_record` takes: numbers, strings, lists and dictionaries, for JSON."""
        record = {field.name: _as_json(getattr(self, field.name)) for field in fields(self)}
        record["contrast"] = {"kind": type(self.contrast).__name__, **record["contrast"]}
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Acquisition:
        """Take back what `to_record` gave, after JSON too.

        Raises
        ------
        InputError, GeometryError
            Names that are missing or unknown; values that are impossible.
        """
        names = {field.name for field in fields(cls)}
        if wrong := names ^ set(record):
            raise InputError(
                "not the record of an acquisition",
                expected=", ".join(sorted(names)),
                got=", ".join(sorted(record)),
                do=f"see to {', '.join(sorted(wrong))}",
            )
        given = {}
        for name, value in record.items():
            try:
                given[name] = _restored_part(name, value)
            except (LookupError, TypeError, ValueError) as error:
                raise InputError(
                    f"{name} of an acquisition's record", expected="what to_record gives", got=repr(error)
                ) from error
        return cls(**given)


def _as_json(value: Any) -> Any:
    """Turn a part into what JSON knows."""
    if isinstance(value, Grid):
        return {"shape": list(value.shape), "world_from_voxel": value.world_from_voxel.tolist()}
    if isinstance(value, Rigid):
        return value.matrix.tolist()
    if isinstance(value, Modality):
        return value.value
    if isinstance(value, tuple):
        return [_as_json(item) for item in value]
    if is_dataclass(value):
        return {field.name: _as_json(getattr(value, field.name)) for field in fields(value)}
    return value


def _restored_part(name: str, value: Any) -> Any:
    """Give one field back its type."""
    if name == "modality":
        return Modality(value)
    if name == "grid":
        return Grid(tuple(value["shape"]), value["world_from_voxel"])
    if name == "world_from_head":
        return Rigid(value)
    if name == "contrast":
        kind = CONTRASTS[value["kind"]]
        return restored(kind, {key: inner for key, inner in value.items() if key != "kind"})
    if name in PARTS and value is not None:
        return restored(PARTS[name], value)
    return tuple(value) if isinstance(value, list) else value


def polynomials(count: int) -> Float:
    """Return (3, count) Legendre polynomials of order 0, 1, 2 across a scan: what bias fields are made of."""
    x = np.linspace(-1, 1, count) if count > 1 else np.zeros(1)
    return np.stack([np.ones(count), x, 1.5 * x * x - 0.5])
