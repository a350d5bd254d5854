"""Which tissue a number of a label map stands for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cephalign.errors import InputError
from cephalign.simulate.tissues import Tissue

TABLE = "tissues.tsv"
COLUMNS = ("number", "tissue")
LARGEST_NUMBER = 65535

# FreeSurfer's numbers for the brain; from 500 on, what SynthSeg's label maps have outside it (Billot et al.,
# Med Image Anal 86:102789, 2023). Those were told by looking: 502 lies where the carotid and vertebral
# arteries run, 530 from the chiasm to the globes. Air within the head has no number: it is 0 like the air
# outside.
FREESURFER: Mapping[int, Tissue] = {
    0: Tissue.AIR,
    **dict.fromkeys((2, 41), Tissue.WHITE),
    **dict.fromkeys((3, 42, 17, 53, 18, 54), Tissue.GREY),  # with hippocampus and amygdala
    **dict.fromkeys((4, 43, 5, 44, 14, 15, 72), Tissue.VENTRICLE),
    **dict.fromkeys((7, 46), Tissue.CEREBELLUM_WHITE),
    **dict.fromkeys((8, 47), Tissue.CEREBELLUM_GREY),
    **dict.fromkeys((10, 49, 11, 50, 12, 51, 13, 52, 26, 58), Tissue.DEEP_GREY),
    **dict.fromkeys((16, 28, 60), Tissue.BRAIN_STEM),  # with the ventral diencephalon
    **dict.fromkeys((24, 30, 62), Tissue.CSF),  # with the wide spaces around small vessels
    **dict.fromkeys((25, 57, 77), Tissue.OEDEMA),  # lesions of the white matter look like it in every scan
    **dict.fromkeys((31, 63, 136, 137, 163, 164), Tissue.DEEP_GREY),  # choroid plexus, about as bright
    85: Tissue.OPTIC_NERVE,
    502: Tissue.ARTERY,
    506: Tissue.EYE,
    507: Tissue.SOFT,
    508: Tissue.MUSCLE,
    509: Tissue.MUCOSA,
    511: Tissue.SKIN,
    512: Tissue.SPINAL_CORD,
    514: Tissue.VEIN,
    515: Tissue.CORTICAL_BONE,
    516: Tissue.DIPLOE,
    530: Tissue.OPTIC_NERVE,
}


def read_table(folder: Path) -> Mapping[int, Tissue]:
    """Return the tissues of a folder's numbers: its `tissues.tsv`, or else `FREESURFER`.

    Parameters
    ----------
    folder : Path
        Its `tissues.tsv` has the columns `number` and `tissue`, tab-separated, with a name of `Tissue` in any
        case. Number 0 is air if it does not say otherwise.

    Returns
    -------
    mapping of int to Tissue

    Raises
    ------
    InputError
        The table cannot be read, or a line of it is not a number and a tissue.
    """
    path = folder / TABLE
    if not path.exists():
        return FREESURFER
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    rows = [(at, line.split("\t")) for at, line in enumerate(lines, start=1) if line.strip()]
    if not rows or tuple(cell.strip().lower() for cell in rows[0][1][:2]) != COLUMNS:
        raise InputError(
            f"{path} has no header",
            expected="a first line with the columns number and tissue, separated by a tab",
            got=repr(lines[0][:60]) if lines else "an empty file",
        )
    table = {0: Tissue.AIR}
    for at, row in rows[1:]:
        number, tissue = _row(path, at, [cell.strip() for cell in row])
        table[number] = tissue
    return table


def _row(path: Path, at: int, cells: list[str]) -> tuple[int, Tissue]:
    if len(cells) < 2 or not cells[0].isascii() or not cells[0].isdigit() or int(cells[0]) > LARGEST_NUMBER:
        raise InputError(
            f"{path}, line {at}: no number and tissue",
            expected=f"a whole number up to {LARGEST_NUMBER}, a tab, and a tissue",
            got=repr("\t".join(cells)[:60]),
        )
    try:
        return int(cells[0]), Tissue[cells[1].upper()]
    except KeyError:
        raise InputError(
            f"{path}, line {at}: unknown tissue",
            expected=", ".join(tissue.name.lower() for tissue in Tissue),
            got=repr(cells[1][:60]),
        ) from None
