"""Files of the Unix program `compress`: what an independent packer packs and gzip unpacks, we unpack too."""

import shutil
import subprocess

import numpy as np
import pytest

from cephalign.errors import InputError
from cephalign.io.lzw import unpack
from cephalign.io.volumes import read_volume

HEADER = """Modality := CT
Slice thickness := 4.0
Rows := 40
Columns := 60
Slices := 30
Pixel size := 0.7 : 0.7
"""


def ramble(count):
    """Big-endian numbers that wander, as those of neighbouring voxels do."""
    steps = np.random.default_rng(5).normal(0, 3, count)
    return np.round(np.cumsum(steps).clip(-2000, 2000)).astype(">i2").tobytes()


class Packer:
    """Welch's method step by step, with the padding that `compress` writes."""

    def __init__(self, widest, can_clear):
        self.widest, self.first = widest, 257 if can_clear else 256
        self.out = bytearray([0x1F, 0x9D, widest | 128 * can_clear])
        self.bits = self.filled = 0
        self.clear()

    def clear(self):
        self.table = {bytes([value]): value for value in range(256)}
        self.free, self.width, self.group = self.first, 9, 0

    def put(self, code):
        self.bits |= code << self.filled
        self.filled += self.width
        self.group += 1
        while self.filled >= 8:
            self.out.append(self.bits & 255)
            self.bits >>= 8
            self.filled -= 8

    def pad(self):
        while self.group % 8:
            self.put(0)
        self.group = 0

    def add(self, string):
        if self.free < 1 << self.widest:
            self.table[string] = self.free
            self.free += 1
            if self.free > 1 << self.width and self.width < self.widest:
                self.pad()
                self.width += 1

    def pack(self, data, clear_every):
        string = b""
        for number, byte in enumerate(data, start=1):
            longer = string + bytes([byte])
            if longer in self.table:
                string = longer
                continue
            self.put(self.table[string])
            string = bytes([byte])
            self.add(longer)
            if clear_every and number % clear_every == 0:
                self.put(self.table[string])
                self.add(b"")
                self.put(256)
                self.pad()
                self.clear()
                string = b""
        if string:
            self.put(self.table[string])
        return bytes(self.out) + bytes([self.bits] if self.filled else [])


def packed(data, widest=16, can_clear=True, clear_every=0):
    return Packer(widest, can_clear).pack(data, clear_every)


CONTENTS = {
    "nothing": b"",
    "one byte": b"a",
    "one code names what it adds": b"ab" * 3000,
    "air": bytes(70_000),
    "voxels": ramble(100_000),
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize(
    ("widest", "can_clear", "clear_every"), [(16, True, 0), (16, True, 1501), (12, True, 977), (10, False, 0)]
)
def test_against_gzip(tmp_path, content, widest, can_clear, clear_every):
    file = tmp_path / "x.Z"
    file.write_bytes(packed(content, widest, can_clear, clear_every))
    if shutil.which("gzip"):
        theirs = subprocess.run(["gzip", "-dc", file], capture_output=True, check=True).stdout
        assert theirs == content
    assert unpack(file.read_bytes(), len(content) + 1, file) == content


def test_packed_volume(tmp_path):
    data = ramble(60 * 40 * 30)
    (tmp_path / "header.ascii").write_text(HEADER)
    (tmp_path / "image.bin.Z").write_bytes(packed(data))
    assert read_volume(tmp_path).data.astype(">i2").tobytes(order="F") == data
    (tmp_path / "image.bin.Z").write_bytes(packed(data)[:-500])
    with pytest.raises(InputError, match="has not the size its header says"):
        read_volume(tmp_path)


def test_more_than_wanted_is_left(tmp_path):
    """A small file may hold much: unpacking ends soon after what the header promises."""
    assert len(unpack(packed(bytes(1_000_000)), 1000, tmp_path)) < 200_000


@pytest.mark.parametrize(
    "stored", [b"", b"\x1f\x9d", b"\x1f\x8b\x90abc", b"\x1f\x9d\x89abc", b"\x1f\x9d\x91abc"]
)
def test_other_files(tmp_path, stored):
    with pytest.raises(InputError, match="not packed by compress"):
        unpack(stored, 100, tmp_path / "image.bin.Z")


def test_damage_is_an_error_or_other_bytes(tmp_path):
    whole = packed(ramble(20_000), clear_every=5003)
    rng = np.random.default_rng(6)
    refused = 0
    for _ in range(100):
        damaged = bytearray(whole)
        for place in rng.integers(3, len(whole), 4):
            damaged[place] ^= int(rng.integers(1, 256))
        try:
            unpack(bytes(damaged), 50_000, tmp_path / "image.bin.Z")
        except InputError as error:
            assert "image.bin.Z" in str(error)
            refused += 1
    assert refused > 50
