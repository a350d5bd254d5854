"""Weights of networks in one file: safetensors, with their card in its metadata and beside it.

What ships with the program lies in `shipped/`, and `hashes.txt` there, as `sha256sum` writes it, says which
bytes are the right ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from cephalign.errors import InputError
from cephalign.io.atomic import whole_file
from cephalign.models.card import Card, card_of, markdown, metadata

SHIPPED = Path(__file__).parent / "shipped"
HASHES = "hashes.txt"
SUFFIX = ".safetensors"


@dataclass(frozen=True, eq=False)
class Weights:
    """What a file of weights holds.

    Parameters
    ----------
    tensors : dict of str to Tensor
        A network's `state_dict`.
    card : Card
    source : str
        The file, for errors.
    sha256 : str
        Of the file, as hexadecimal digits.
    """

    tensors: dict[str, Tensor]
    card: Card
    source: str
    sha256: str

    def of(self, architecture: str) -> Weights:
        """Return these weights if they are of this architecture.

        Raises
        ------
        InputError
        """
        if self.card.architecture != architecture:
            raise InputError(
                f"{self.source} holds weights of another network",
                expected=f"the architecture {architecture}",
                got=self.card.architecture,
            )
        return self

    def put_into(self, network: nn.Module) -> None:
        """Give a network these weights.

        Raises
        ------
        InputError
            Its tensors have other names or shapes.
        """
        wanted = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
        held = {name: tuple(tensor.shape) for name, tensor in self.tensors.items()}
        odd = sorted(name for name in wanted.keys() | held.keys() if wanted.get(name) != held.get(name))
        if odd:
            first = odd[0]
            raise InputError(
                f"{self.source} does not fit the network ({len(odd)} of {len(wanted)} tensors)",
                expected=f"{first} {wanted.get(first, 'absent')}",
                got=f"{held.get(first, 'none')}",
                do="take the weights and the network's configuration from one training",
            )
        network.load_state_dict(self.tensors)


def save_weights(path: Path, weights: nn.Module | Mapping[str, Tensor], card: Card) -> None:
    """Write weights and, beside them, their card as Markdown; the same bytes for the same weights and card.

    Parameters
    ----------
    path : Path
        Ends in `.safetensors`.
    weights : nn.Module or mapping of str to Tensor
        A network, or its `state_dict`.
    card : Card

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    path = Path(path)
    tensors = weights.state_dict() if isinstance(weights, nn.Module) else weights
    # Cloned, since safetensors refuses tensors that share memory.
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    held = save(plain, metadata(card))
    with whole_file(path) as temporary:
        temporary.write_bytes(held)
    with whole_file(path.with_suffix(".md")) as temporary:
        temporary.write_text(markdown(card, hashlib.sha256(held).hexdigest()), encoding="utf-8")


def halved(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return kernels and matrices in half precision, the rest as it is: what multiplies needs no more.

    Parameters
    ----------
    tensors : mapping of str to Tensor
        A network's `state_dict`, which will take them back.
    """
    return {
        name: tensor.half() if tensor.is_floating_point() and tensor.ndim > 1 else tensor
        for name, tensor in tensors.items()
    }


def load_weights(path: Path, sha256: str = "") -> Weights:
    """Read weights, on the CPU.

    Parameters
    ----------
    path : Path
    sha256 : str
        Of the bytes that the file must have, as hexadecimal digits; not checked if empty.

    Raises
    ------
    InputError
        Missing, damaged, not weights of ours, or other bytes than expected.
    """
    path = Path(path)
    try:
        held = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the weights {path}: {error.strerror or error}") from error
    found = hashlib.sha256(held).hexdigest()
    if sha256 and found != sha256:
        raise InputError(
            f"the weights {path} are not those that were shipped",
            expected=f"SHA-256 {sha256[:12]}...",
            got=f"{found[:12]}...",
            do="install cephalign again",
        )
    try:
        tensors = load(held)
    except (SafetensorError, ValueError, KeyError, OverflowError) as error:
        raise InputError(f"{path} is damaged or not a safetensors file: {error}") from error
    return Weights(tensors, card_of(held, path), str(path), found)


def load_shipped(name: str) -> Weights:
    """Read weights that ship with the program, whose bytes are checked.

    Parameters
    ----------
    name : str
        Such as `pose`.

    Raises
    ------
    InputError
        None ship under this name, or the file is not as it was shipped.
    """
    hashes = _hashes(SHIPPED / HASHES)
    if name + SUFFIX not in hashes:
        raise InputError(
            "no such weights ship with cephalign",
            expected=", ".join(file.removesuffix(SUFFIX) for file in hashes) or "none ship yet",
            got=name,
        )
    return load_weights(SHIPPED / (name + SUFFIX), hashes[name + SUFFIX])


def _hashes(path: Path) -> dict[str, str]:
    """Return the SHA-256 of each file that is listed."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}", do="install cephalign again") from error
    pairs = (line.split(maxsplit=1) for line in lines if line)
    return {name[-1].removeprefix("*"): digest for digest, *name in pairs if name}
