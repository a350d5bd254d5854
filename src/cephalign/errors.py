"""One family of errors: each says what was wrong, what was expected, what was found and what to do."""

from os import PathLike
from typing import Self


class CephalignError(Exception):
    """Base of every error a user can cause; the command line prints it in one line and exits with 2.

    Parameters
    ----------
    what : str
        What is wrong, naming the file or argument.
    expected, got : str, optional
        What would have been right, and what was there.
    do : str, optional
        The step that resolves it, naming the option where there is one.
    """

    def __init__(self, what: str, *, expected: str = "", got: str = "", do: str = "") -> None:
        self.what, self.expected, self.got, self.do = what, expected, got, do
        parts = [what]
        if expected:
            parts.append(f"expected {expected}")
        if got:
            parts.append(f"got {got}")
        if do:
            parts.append(do)
        # One line whatever a header or a file name holds.
        super().__init__(" ".join("; ".join(parts).split()))


class ScanWarning(UserWarning):
    """A header that can be read in more than one way; the message says which was taken."""


class InputError(CephalignError):
    """A file or argument that cannot be read or is not what the operation needs."""


class GeometryError(CephalignError):
    """A geometry that is ambiguous, impossible or not rigid."""


class OutputError(CephalignError):
    """A result that cannot be written; nothing half-written is left behind."""

    @classmethod
    def at(cls, path: PathLike[str], error: OSError) -> Self:
        """Return what to raise where the system refuses to write a file or a folder."""
        reason = error.strerror or str(error)
        return cls(f"cannot write {path}: {reason}", do="free space or choose another folder")
