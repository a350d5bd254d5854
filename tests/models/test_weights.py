"""Weights in a file: what is read is what was written, and nothing else is taken for it."""

import hashlib
import json
import time

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from cephalign.errors import InputError, OutputError
from cephalign.models import weights
from cephalign.models.card import KEY, Card
from cephalign.models.weights import load_shipped, load_weights, save_weights

CARD = Card(
    name="small",
    architecture="line",
    config={"width": 3, "places": [1, 2]},
    data="lines | drawn",
    seed=4,
    steps=100,
    commit="0123456789ab",
    device="CPU",
    hours=1.25,
    figures={"off": 0.125},
)


def network(width=3):
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(2, width), nn.BatchNorm1d(width), nn.Linear(width, 1))


@pytest.fixture
def path(tmp_path):
    save_weights(tmp_path / "small.safetensors", network(), CARD)
    return tmp_path / "small.safetensors"


def test_what_is_read_is_what_was_written(path):
    read = load_weights(path)
    assert read.card == CARD
    written = network().state_dict()
    assert read.tensors.keys() == written.keys()
    assert all(torch.equal(read.tensors[name], written[name]) for name in written)
    other = network()
    nn.init.zeros_(other[0].weight)
    read.of("line").put_into(other)
    assert torch.equal(other[0].weight, written["0.weight"])


def test_the_same_weights_are_the_same_bytes(path, tmp_path):
    again = tmp_path / "again.safetensors"
    save_weights(again, network().state_dict(), CARD)
    assert again.read_bytes() == path.read_bytes()


def test_tensors_may_share_memory(tmp_path):
    shared = torch.arange(6.0).reshape(2, 3)
    save_weights(tmp_path / "a.safetensors", {"whole": shared, "turned": shared.T, "row": shared[1]}, CARD)
    read = load_weights(tmp_path / "a.safetensors").tensors
    assert torch.equal(read["whole"], shared) and torch.equal(read["turned"], shared.T)


def test_the_card_beside_it_is_for_people(path):
    text = path.with_suffix(".md").read_text()
    assert hashlib.sha256(path.read_bytes()).hexdigest() in text
    for told in ("# Weights: small", "| commit | 0123456789ab |", "| off | 0.125 |", '"width": 3', "1.25"):
        assert told in text


def test_a_file_cut_short_anywhere_is_refused(path):
    whole = path.read_bytes()
    for length in (0, 1, 7, 8, 9, 60, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match="damaged or not a safetensors file"):
            load_weights(path)


@pytest.mark.parametrize(
    "held",
    [b"\xff" * 64, b"PK\x03\x04" * 40, b"\x02" + b"\x00" * 7 + b"[]", b"\x10" + b"\x00" * 7 + b"[" * 16],
)
def test_other_files_are_refused(path, held):
    path.write_bytes(held)
    with pytest.raises(InputError, match="damaged or not a safetensors file"):
        load_weights(path)


@pytest.mark.parametrize(
    "metadata",
    [None, {"other": "x"}, {KEY: "no JSON"}, {KEY: "[1]"}, {KEY: '{"name": "a"}'}],
)
def test_weights_without_a_card_are_refused(path, metadata):
    save_file(network().state_dict(), path, metadata)
    with pytest.raises(InputError, match="has no card"):
        load_weights(path)


@pytest.mark.parametrize("name", ["missing.safetensors", "."])
def test_a_file_that_is_not_there_is_named(tmp_path, name):
    with pytest.raises(InputError, match="cannot read the weights"):
        load_weights(tmp_path / name)


def test_weights_of_another_architecture_are_refused(path):
    with pytest.raises(InputError, match=r"another network; expected the architecture pose; got line"):
        load_weights(path).of("pose")


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (network(4), r"expected 0.bias \(4,\); got \(3,\)"),
        (network()[:2], r"\(2 of 7 tensors\); expected 2.bias absent"),
        (nn.Sequential(*network(), nn.Linear(1, 1)), r"expected 3.bias \(1,\); got none"),
    ],
)
def test_weights_of_other_shapes_are_refused(path, other, message):
    before = {name: tensor.clone() for name, tensor in other.state_dict().items()}
    with pytest.raises(InputError, match=message):
        load_weights(path).put_into(other)
    assert all(torch.equal(before[name], tensor) for name, tensor in other.state_dict().items())


def test_a_write_that_fails_leaves_what_was_there(path, monkeypatch):
    before = path.read_bytes()
    with pytest.raises(OutputError, match="no folder"):
        save_weights(path.parent / "none" / "a.safetensors", network(), CARD)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OutputError, match="No space left"):
        save_weights(path, network(5), CARD)
    assert path.read_bytes() == before
    assert sorted(file.name for file in path.parent.iterdir()) == ["small.md", "small.safetensors"]


@pytest.fixture
def shipped(path, monkeypatch):
    """Ship the file in a folder of our own."""
    monkeypatch.setattr(weights, "SHIPPED", path.parent)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    (path.parent / "hashes.txt").write_text(f"{digest}  small.safetensors\n")
    return path


def test_what_ships_is_read_by_its_name(shipped):
    assert load_shipped("small").card == CARD
    with pytest.raises(InputError, match=r"no such weights ship.*expected small; got large"):
        load_shipped("large")


def test_one_changed_bit_of_what_ships_is_found(shipped):
    held = bytearray(shipped.read_bytes())
    held[-3] ^= 1
    shipped.write_bytes(held)
    with pytest.raises(InputError, match=r"not those that were shipped; expected SHA-256 .*; got"):
        load_shipped("small")


def test_a_broken_installation_is_named(shipped):
    shipped.unlink()
    with pytest.raises(InputError, match="cannot read the weights"):
        load_shipped("small")
    (shipped.parent / "hashes.txt").unlink()
    with pytest.raises(InputError, match=r"cannot read .*hashes.txt.*install cephalign again"):
        load_shipped("small")


def test_all_that_ships_is_listed_and_sound():
    """And nothing is listed that does not ship; each has its card, and all are a few MB."""
    listed = [line.split()[1] for line in (weights.SHIPPED / "hashes.txt").read_text().splitlines()]
    files = sorted(weights.SHIPPED.glob("*.safetensors"))
    assert sorted(listed) == [file.name for file in files]
    for file in files:
        card = load_shipped(file.stem).card
        assert card.name == file.stem and card.commit and card.data and card.figures
        assert json.dumps(card.config)
        assert hashlib.sha256(file.read_bytes()).hexdigest() in file.with_suffix(".md").read_text()
    assert sum(file.stat().st_size for file in files) < 16e6


def test_a_few_mb_are_read_within_50_ms(tmp_path):
    large = {f"layer {n}": torch.rand(100, 100, 10) for n in range(10)}  # 4 MB
    save_weights(tmp_path / "large.safetensors", large, CARD)
    digest = hashlib.sha256((tmp_path / "large.safetensors").read_bytes()).hexdigest()
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        load_weights(tmp_path / "large.safetensors", digest)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.05
