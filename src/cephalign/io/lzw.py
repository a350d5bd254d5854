"""Unpacking what the Unix program `compress` packed (.Z), as RIRE's archives are.

Welch's variant of Lempel and Ziv's method (Welch, IEEE Computer 17(6):8, 1984): a code stands for a string of
bytes met before, and each code but the first adds the string before it with one byte more.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cephalign.errors import InputError

SIGNATURE = b"\x1f\x9d"
FIRST_WIDTH = 9
# Programs disagree on files whose codes never grow beyond the first width.
WIDEST = range(10, 17)
CLEAR = 256
BYTES = tuple(bytes([value]) for value in range(256))
# Codes are written eight at a time: what is left of eight when their width changes is padding.
GROUP = 8
# At the last width, where a code may stand for up to 64 KiB, so many are unpacked before size is looked at.
RUN = 1 << 13


def unpack(stored: bytes, most: int, path: Path) -> bytes:
    """Unpack at most about `most` bytes; a stream that ends early gives fewer.

    Parameters
    ----------
    stored : bytes
        A whole .Z file.
    most : int
        Unpacking stops after the run of codes that reaches it.
    path : Path
        For the error.

    Raises
    ------
    InputError
        Not such a file, or damaged.
    """
    widest, can_clear = (stored[2] & 31, bool(stored[2] & 128)) if len(stored) > 2 else (0, False)
    if not stored.startswith(SIGNATURE) or widest not in WIDEST:
        raise InputError(f"{path} is not packed by compress", expected="a .Z file of 10 to 16 bits")
    table, before = _new_table(can_clear), b""
    unpacked, size, width, start = [], 0, FIRST_WIDTH, len(SIGNATURE) + 1
    while start < len(stored) and size < most:
        # The width changes when the table is full for it, or is cleared.
        room = (1 << width) - len(table) + (not before) if width < widest else RUN
        codes = _codes(stored, start, width, room)
        cleared = np.flatnonzero(codes == CLEAR)[:1] if can_clear else np.empty(0, np.intp)
        run = codes[: cleared[0]] if cleared.size else codes
        strings, before = _strings(run.tolist(), table, before, 1 << widest, path)
        unpacked.append(strings)
        size += len(strings)
        start += -(-(len(run) + cleared.size) // GROUP) * width
        if cleared.size:
            table, before, width = _new_table(can_clear), b"", FIRST_WIDTH
        elif len(run) < room:
            break
        else:
            width = min(width + 1, widest)
    return b"".join(unpacked)


def _new_table(can_clear: bool) -> list[bytes]:
    return [*BYTES, b""] if can_clear else [*BYTES]


def _codes(stored: bytes, start: int, width: int, count: int) -> NDArray[np.int32]:
    """Return at most `count` numbers of `width` bits, the lowest bit first, from byte `start` on."""
    count = max(min(count, (len(stored) - start) * 8 // width), 0)
    padded = np.zeros(-(-count * width // 8) + 3, np.uint8)
    part = np.frombuffer(stored, np.uint8, min(len(padded), len(stored) - start), start)
    padded[: len(part)] = part
    at = np.arange(count) * width
    byte = at >> 3
    three = padded[byte] | padded[byte + 1].astype(np.int32) << 8 | padded[byte + 2].astype(np.int32) << 16
    return np.asarray((three >> (at & 7)) & ((1 << width) - 1), np.int32)


def _strings(
    codes: list[int], table: list[bytes], before: bytes, most_entries: int, path: Path
) -> tuple[bytes, bytes]:
    """Look codes up, adding to the table; return their strings in one, and the last of them."""
    strings: list[bytes] = []
    add, look = table.append, table.__getitem__
    try:
        for number, code in enumerate(codes):
            if len(table) == most_entries:  # nothing is added any more
                strings.extend(map(look, codes[number:]))
                return b"".join(strings), strings[-1]
            if before:
                # A code may name the very string that it adds.
                add(before + (look(code) if code < len(table) else before)[:1])
            before = look(code)
            strings.append(before)
    except IndexError as error:
        raise InputError(f"{path}: its packed data are damaged", do="download it again") from error
    return b"".join(strings), before
