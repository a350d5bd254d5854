"""The header of RIRE's own volumes, `Key := value`: what it says, and how it is written."""

from __future__ import annotations

import contextlib
from pathlib import Path

from cephalign.errors import InputError
from cephalign.geometry.volume import Modality, Volume
from cephalign.io.exchange import finite
from cephalign.io.voxels import read_part

MOST_BYTES = 1_000_000
ORIENTATION = "L : P : H"
MODALITIES = {"CT": Modality.CT, "MR": Modality.MR, "PET": Modality.PET}
WEIGHTINGS = {"T1": Modality.T1, "T2": Modality.T2, "PD": Modality.PD}


def keys_of(header: Path) -> dict[str, list[str]]:
    """Return each key (without spaces, case and a unit in brackets) with its values: some keys repeat.

    Raises
    ------
    InputError
        The file cannot be read, or no line of it is `Key := value`.
    """
    keys: dict[str, list[str]] = {}
    for line in read_part(header, 0, MOST_BYTES).decode(errors="replace").splitlines():
        key, separator, value = line.partition(":=")
        if separator:
            keys.setdefault("".join(key.partition("(")[0].lower().split()), []).append(value.strip())
    if not keys:
        raise InputError(f"{header} is not a RIRE header", expected="lines of the form Key := value")
    return keys


def numbers_of(keys: dict[str, list[str]], key: str, count: int, header: Path) -> list[float]:
    """Return the numbers of a key, which may have units behind them.

    Raises
    ------
    InputError
        The key is missing, or its value is not `count` finite numbers.
    """
    if key not in keys:
        raise InputError(f"{header} is not a RIRE header", expected=f"a line '{key} := ...'")
    words = [word for part in keys[key][-1].split(":") for word in part.split()[:1]]  # a unit may follow
    return [float(number) for number in finite(words, f"{header}: {key}", count)]


def count_of(keys: dict[str, list[str]], key: str, header: Path) -> int:
    """Return the whole number above 0 of a key.

    Raises
    ------
    InputError
    """
    (number,) = numbers_of(keys, key, 1, header)
    if not number.is_integer() or number < 1:
        raise InputError(f"{header}: {key} is no count", expected="a whole number above 0", got=str(number))
    return int(number)


def modality_of(keys: dict[str, list[str]]) -> Modality:
    """Return what the header says the scan is: the weighting of an MR stands in one of its comments."""
    with contextlib.suppress(KeyError):
        modality = MODALITIES[keys["modality"][-1].upper()]
        named = [WEIGHTINGS[text.upper()] for text in keys.get("comments", []) if text.upper() in WEIGHTINGS]
        return named[-1] if modality is Modality.MR and named else modality
    return Modality.UNKNOWN


def header_text(volume: Volume, description: str) -> str:
    """Return the header of a volume, with a few words on what it is as a comment."""
    weighting = next((name for name, modality in WEIGHTINGS.items() if modality == volume.modality), "")
    modality = (
        "MR" if weighting else next((n for n, m in MODALITIES.items() if m == volume.modality), "unknown")
    )
    i_mm, j_mm, k_mm = (float(mm) for mm in volume.grid.spacing)
    columns, rows, slices = volume.grid.shape
    lines = [f"Modality := {modality}"]
    lines += [f"Comments := {' '.join(description.split())}"] if description else []
    lines += ["", f"Slice thickness := {k_mm!r}"]
    lines += [f"Comments := {weighting}"] if weighting else []
    lines += ["", f"Patient Orientation := {ORIENTATION}", "", "Image dimensions := 3"]
    lines += [f"Rows := {rows}", f"Columns := {columns}", f"Slices := {slices}"]
    lines += [f"Pixel size := {j_mm!r} : {i_mm!r}", "Bits allocated := 16", "Bits stored := 16"]
    return "\n".join([*lines, "High bit := 15", "Pixel representation := 1"]) + "\n"
