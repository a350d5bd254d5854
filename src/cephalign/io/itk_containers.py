"""The three containers of ITK transforms: each holds kinds, parameters and fixed parameters.

We parse them ourselves: SimpleITK 2.5 does not check the number of parameters of several kinds and
reads beyond their end, so that one damaged file ends the whole process.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cephalign.errors import InputError
from cephalign.geometry.grid import Float
from cephalign.io.exchange import exact
from cephalign.io.itk_models import Stored

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
# The longest list of a rigid transform is an affine one's twelve.
MOST_NUMBERS = 1000
MATLAB_HEADER = struct.Struct("<5i")


def parse(content: bytes, path: Path) -> list[Stored]:
    """Return the transforms of a file in their order; the container is told from the content.

    Raises
    ------
    InputError
        None of the three containers, or damaged.
    """
    if content.startswith(HDF5_SIGNATURE):
        return _parse_hdf5(content, path)
    if b"\0" in content[: MATLAB_HEADER.size]:
        return _parse_matlab(content, path)
    return _parse_text(content.decode("utf-8", errors="replace"), path)


def _parse_text(text: str, path: Path) -> list[Stored]:
    if not text.lstrip().startswith("#Insight Transform File"):
        raise InputError(
            f"{path} is not an ITK transform",
            expected="a first line '#Insight Transform File V1.0'",
            got=repr(text[:40]),
            do="if it is another format, name it with --from-style",
        )
    stored: list[Stored] = []
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if line.lstrip().startswith("#") or not line.strip():
            continue
        if key == "Transform":
            stored.append(Stored(value.strip(), (), ()))
        elif stored and key == "Parameters":
            stored[-1] = Stored(stored[-1].kind, value.split(), stored[-1].fixed)
        elif stored and key == "FixedParameters":
            stored[-1] = Stored(stored[-1].kind, stored[-1].parameters, value.split())
        else:
            raise InputError(
                f"{path} is not an ITK transform",
                expected="lines 'Transform:', 'Parameters:', 'FixedParameters:'",
                got=repr(line[:40]),
            )
    return stored


def _text(stored: Stored) -> bytes:
    lines = [
        "#Insight Transform File V1.0",
        "#Transform 0",
        f"Transform: {stored.kind}",
        f"Parameters: {exact(stored.parameters)}",
        f"FixedParameters: {exact(stored.fixed)}",
    ]
    return ("\n".join(lines) + "\n").encode()


def _parse_matlab(content: bytes, path: Path) -> list[Stored]:
    """Read pairs of MATLAB level 4 arrays: one named by the kind, one of fixed parameters."""
    arrays: list[tuple[str, Float]] = []
    offset = 0
    while offset < len(content):
        try:
            code, rows, columns, imaginary, name_length = MATLAB_HEADER.unpack_from(content, offset)
            offset += MATLAB_HEADER.size
            dtype = np.dtype({0: "<f8", 10: "<f4"}[code % 100])  # hundreds: VNL's mark for row order
            if imaginary or code < 0 or min(rows, columns, name_length) < 0:
                raise ValueError("not a real matrix")
            name = content[offset : offset + name_length].rstrip(b"\0").decode("ascii")
            offset += name_length
            values = np.frombuffer(content, dtype, rows * columns, offset)
        except (struct.error, KeyError, ValueError, OverflowError) as error:
            raise InputError(
                f"{path} is not an ITK .mat transform", expected="MATLAB level 4 real vectors"
            ) from error
        offset += values.nbytes
        arrays.append((name, values.astype(np.float64)))
    if len(arrays) % 2:
        raise InputError(
            f"{path} is not an ITK .mat transform", expected="parameters and fixed parameters in pairs"
        )
    return [
        Stored(kind, list(p), list(fixed))
        for (kind, p), (_, fixed) in zip(arrays[::2], arrays[1::2], strict=True)
    ]


def _matlab(stored: Stored) -> bytes:
    content = b""
    for name, numbers in ((stored.kind, stored.parameters), ("fixed", stored.fixed)):
        label = name.encode() + b"\0"
        values = np.array(numbers, dtype="<f8")
        content += MATLAB_HEADER.pack(0, values.size, 1, 0, len(label)) + label + values.tobytes()
    return content


def _parse_hdf5(content: bytes, path: Path) -> list[Stored]:
    import h5py  # noqa: PLC0415 - 0.1 s that only this container needs

    def numbers(item: Any, name: str) -> list[float]:
        # ITK before 4.8 wrote the names with a letter missing.
        found = [item[stem + name] for stem in ("Transform", "Tranform") if stem + name in item]
        if found and found[0].size > MOST_NUMBERS:  # a small file may promise as many as it likes
            raise ValueError(f"{found[0].size} {name.lower()}")
        return [float(value) for value in found[0][()].ravel()] if found else []

    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            group = file["TransformGroup"]
            items = [group[key] for key in sorted(group, key=int)]
            return [
                Stored(
                    item["TransformType"][0].decode("ascii"),
                    numbers(item, "Parameters"),
                    numbers(item, "FixedParameters"),
                )
                for item in items
            ]
    except Exception as error:  # the library's complaints come under a dozen types
        raise InputError(
            f"{path} is not an ITK .h5 transform", expected="HDF5 with a TransformGroup", got=str(error)[:80]
        ) from error


def _hdf5(stored: Stored) -> bytes:
    import h5py  # noqa: PLC0415

    text = h5py.string_dtype("ascii")
    memory = io.BytesIO()
    with h5py.File(memory, "w") as file:
        # ITK's own files start with these two.
        file.create_dataset("ITKVersion", data=[b"5.4"], dtype=text)
        file.create_dataset("HDFVersion", data=[b"1.10"], dtype=text)
        item = file.create_group("TransformGroup").create_group("0")
        item.create_dataset("TransformType", data=[stored.kind.encode()], dtype=text)
        item.create_dataset("TransformParameters", data=np.array(stored.parameters, dtype="<f8"))
        item.create_dataset("TransformFixedParameters", data=np.array(stored.fixed, dtype="<f8"))
    return memory.getvalue()


# By suffix: how ITK knows a container when it reads.
CONTAINERS: dict[str, Callable[[Stored], bytes]] = {
    ".tfm": _text,
    ".txt": _text,
    ".mat": _matlab,
    ".h5": _hdf5,
}
