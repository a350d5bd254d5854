"""Cephalign: rigid registration of two 3D scans of one head.

The public names are loaded on first use, so that `import cephalign` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cephalign.errors import CephalignError, ScanWarning
    from cephalign.geometry import Grid, Modality, Rigid, Volume
    from cephalign.io.transforms import read_transform, write_transform
    from cephalign.io.volumes import ReadOptions, read_volume, write_volume
    from cephalign.models.modality import Identification, identify
    from cephalign.prep.resample import resample
    from cephalign.registration import Registration, Status, register

__version__ = "0.1.0"
__all__ = [
    "CephalignError",
    "Grid",
    "Identification",
    "Modality",
    "ReadOptions",
    "Registration",
    "Rigid",
    "ScanWarning",
    "Status",
    "Volume",
    "identify",
    "read_transform",
    "read_volume",
    "register",
    "resample",
    "write_transform",
    "write_volume",
]

_HOME = {
    "CephalignError": "errors",
    "Grid": "geometry",
    "Identification": "models.modality",
    "Modality": "geometry",
    "ReadOptions": "io.volumes",
    "Registration": "registration",
    "Rigid": "geometry",
    "ScanWarning": "errors",
    "Status": "trust.verdict",
    "Volume": "geometry",
    "identify": "models.modality",
    "read_transform": "io.transforms",
    "read_volume": "io.volumes",
    "register": "registration",
    "resample": "prep.resample",
    "write_transform": "io.transforms",
    "write_volume": "io.volumes",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'cephalign' has no attribute '{name}'")
    found = getattr(import_module(f"cephalign.{_HOME[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
