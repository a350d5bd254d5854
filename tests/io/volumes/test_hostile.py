"""Headers that claim 100 GB and small files that unpack to many: one line, and no memory taken for them."""

import gzip
import json
import os
import struct
import subprocess
import sys
import zlib
from functools import cache

import h5py
import nibabel as nib
import numpy as np
import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless

from cephalign.geometry import Grid, Volume
from cephalign.io.volumes import write_volume
from tests.io.volumes.conftest import write_enhanced, write_series
from tests.io.volumes.test_lzw import Packer

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory as Linux does")
GRID = Grid((6, 5, 4), np.diag([-1.5, -1.5, 2, 1]))
HUGE = Grid((40_000, 25_000, 50), GRID.world_from_voxel)  # 100 GB of int16
LARGE = Grid((2_000, 2_000, 1_100), GRID.world_from_voxel)  # 8.8 GB
SCAN = Volume(np.zeros(GRID.shape, np.int16), GRID)
MOST_MB = 150
READ = """
import json, resource, sys
from pathlib import Path
from cephalign.errors import CephalignError
from cephalign.io import dicom, itk, itk_image, nifti, rire
from cephalign.io.transforms import read_transform
from cephalign.io.volumes import read_volume
resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
said = {}
for path in map(Path, json.load(sys.stdin)):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        (read_transform if path.suffix == ".h5" else read_volume)(path)
        error = "read"
    except CephalignError as refusal:
        error = f"{type(refusal).__name__}: {refusal}"
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    said[str(path)] = error, grown // 1024
print(json.dumps(said))
"""


@cache
def zeros(gigabytes):
    """Pack so many gigabytes of zeros with gzip, a part at a time."""
    return gzip.compress(bytes(1 << 26)) * (16 * gigabytes)


def nifti(grid):
    header = nib.Nifti2Header(endianness="<")
    header.set_data_dtype(np.int16)
    header.set_data_shape(grid.shape)
    header.set_sform(grid.world_from_voxel, code=1)
    header["magic"], header["vox_offset"] = b"n+2\0\r\n\x1a\n", 544
    return header.binaryblock + bytes(4)


def rire(folder, grid, name, content):
    folder.mkdir()
    columns, rows, slices = grid.shape
    lines = [f"Columns := {columns}", f"Rows := {rows}", f"Slices := {slices}"]
    (folder / "header.ascii").write_text(
        "\n".join([*lines, "Pixel size := 1.5 : 1.5", "Slice thickness := 2"]) + "\n"
    )
    (folder / name).write_bytes(content)


def itk_file(path, grid, content=None):
    """Write a MetaImage or NRRD file whose header speaks of another size, and whose data are others."""
    write_volume(SCAN, path)
    text = path.read_bytes().replace(b" 6 5 4\n", b" %d %d %d\n" % grid.shape)
    start = text.index(b"\n\n") + 2 if path.suffix == ".nrrd" else text.index(b"LOCAL\n") + 6
    path.write_bytes(text[:start] + (text[start:] if content is None else content))


def lzw_zeros():
    """Pack 2 GB of zeros in 130 kB as `compress` would: each code stands for one zero more than the last."""
    packer = Packer(16, True)
    for code in [0, *range(257, 1 << 16)]:
        packer.put(code)
        packer.free += 1
        if packer.free > 1 << packer.width and packer.width < 16:
            packer.pad()
            packer.width += 1
    packer.pad()
    return bytes(packer.out)


def deflated(file):
    """Let a DICOM file be deflated, with 4 GB of zeros for pixels."""
    dataset = pydicom.dcmread(file)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    del dataset.PixelData
    dataset.save_as(file)
    content = file.read_bytes()
    start = 144 + pydicom.filereader.read_file_meta_info(file).FileMetaInformationGroupLength
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    pixels = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, 0xFFFFFFF0)
    head = packer.compress(zlib.decompress(content[start:], -zlib.MAX_WBITS) + pixels)
    head += packer.flush(zlib.Z_FULL_FLUSH)
    part = packer.compress(bytes(1 << 26)) + packer.flush(zlib.Z_FULL_FLUSH)
    file.write_bytes(content[:start] + head + part * 64 + packer.flush())


def sized(rows, columns, *, rle=False):
    """Return a `change` of headers whose images claim another size."""

    def change(dataset, k):
        if rle:
            dataset.compress(RLELossless, generate_instance_uid=False)
        dataset.Rows, dataset.Columns = rows, columns

    return change


def long_pixels(file):
    """Claim 4 GB of pixels, and leave a few."""
    content = file.read_bytes()
    at = content.index(struct.pack("<HH2s", 0x7FE0, 0x0010, b"OW")) + 8
    file.write_bytes(content[:at] + struct.pack("<I", 0xFFFFFFF0) + content[at + 4 : -20])


def many_parameters(path):
    with h5py.File(path, "w") as file:
        item = file.create_group("TransformGroup/0")
        item["TransformType"] = [b"AffineTransform_double_3_3"]
        item.create_dataset("TransformParameters", (10**10,), "<f8", chunks=(10**6,))


def make_all(folder):
    """Write every file; return what must be said of each."""
    (folder / "claims.nii").write_bytes(nifti(HUGE) + bytes(99))
    (folder / "claims.nii.gz").write_bytes(gzip.compress(nifti(HUGE) + bytes(99)))
    (folder / "bomb.nii.gz").write_bytes(gzip.compress(nifti(LARGE)) + zeros(9))
    (folder / "longer.nii.gz").write_bytes(gzip.compress(nifti(GRID)) + zeros(9))
    (folder / "sparse.nii").write_bytes(nifti(GRID))
    os.truncate(folder / "sparse.nii", 10**11)
    for suffix in ("mha", "nrrd"):
        itk_file(folder / f"claims.{suffix}", HUGE)
        itk_file(folder / f"bomb.{suffix}", LARGE, zeros(9))
        itk_file(folder / f"longer.{suffix}", GRID, zeros(9))
    rire(folder / "rire-claims", HUGE, "image.bin", bytes(99))
    rire(folder / "rire-bomb", LARGE, "image.bin.gz", zeros(9))
    rire(folder / "rire-longer", GRID, "image.bin.gz", zeros(9))
    rire(folder / "rire-lzw", GRID, "image.bin.Z", lzw_zeros())
    for file in write_series(folder / "deflated", GRID).iterdir():
        deflated(file)
    write_series(folder / "claims", GRID, change=sized(60_000, 60_000))
    write_series(folder / "native", GRID, change=sized(20_000, 20_000))
    write_series(folder / "rle-claims", GRID, change=sized(20_000, 20_000, rle=True))
    for file in write_series(folder / "long-pixels", GRID).iterdir():
        long_pixels(file)
    write_enhanced(
        folder / "frames.dcm", GRID, change=lambda dataset: setattr(dataset, "NumberOfFrames", 10**6)
    )
    many_parameters(folder / "many.h5")
    return {
        "claims.nii": "cut short",
        "claims.nii.gz": "cut short",
        "bomb.nii.gz": "larger than any scan of a head",
        "longer.nii.gz": "does not hold the voxels of its header",
        "sparse.nii": "does not hold the voxels of its header",
        "claims.mha": "cut short",
        "bomb.mha": "larger than any scan of a head",
        "longer.mha": "does not hold the voxels of its header",
        "claims.nrrd": "cut short",
        "bomb.nrrd": "larger than any scan of a head",
        "longer.nrrd": "does not hold the voxels of its header",
        "rire-claims": "larger than any scan of a head",
        "rire-bomb": "larger than any scan of a head",
        "rire-longer": "has not the size its header says",
        "rire-lzw": "has not the size its header says",
        "deflated": "unpacks to more than any scan has",
        "claims": "larger than any scan of a head",
        "native": "damaged or missing pixels",
        "rle-claims": "cut short",
        "long-pixels": "damaged",
        "frames.dcm": "without a position for each frame",
        "many.h5": "is not an ITK .h5 transform",
    }


def test_nothing_is_taken_for_what_is_not_there(tmp_path):
    """One process reads all, since loading the libraries takes longest; it may take 6 GB, and does not."""
    expected = make_all(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", READ],
        input=json.dumps([str(tmp_path / name) for name in expected]),
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    for name, (error, grown_mb) in zip(expected, json.loads(done.stdout).values(), strict=True):
        assert error.startswith("InputError: "), f"{name}: {error}"
        assert expected[name] in error
        assert "\n" not in error
        assert grown_mb < MOST_MB, f"{name} took {grown_mb} MB"
