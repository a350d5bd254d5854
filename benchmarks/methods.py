"""All methods, ours first."""

from benchmarks.method import Method, version_of
from benchmarks.peers import ants, cmtk, dipy, elastix, greedy, niftyreg, ours, plastimatch, simpleitk

MODULES = (ours, plastimatch, cmtk, elastix, greedy, ants, simpleitk, dipy)
MODULES = (*MODULES, niftyreg)
METHODS: list[Method] = [method for module in MODULES for method in module.METHODS]


def found_methods() -> list[Method]:
    """Return the methods that are here."""
    return [method for method in METHODS if version_of(tuple(method.version_command)) is not None]
