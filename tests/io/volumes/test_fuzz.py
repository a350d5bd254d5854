"""Whatever is in a file: a volume or one of our errors, and never more memory than the file is worth."""

import gzip
import resource

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cephalign.errors import CephalignError
from cephalign.geometry import Grid, Volume
from cephalign.io.volumes import ReadOptions, read_volume, write_volume

GRID = Grid((6, 7, 5), np.array([[-1.5, 0, 0, 9], [0, -1.4, 0, 8], [0, 0, 4.2, -7], [0, 0, 0, 1.0]]))
RIRE_GRID = Grid((6, 7, 5), np.diag([-1.5, -1.4, 4.2, 1.0]))
LENIENT = ReadOptions(allow_tilt=True, allow_gaps=True, allow_unoriented=True)
WORDS = [
    b"nan",
    b"inf",
    b"-1e308",
    b"1e-320",
    b"0",
    b"-1",
    b"x",
    b"=",
    b":",
    b":=",
    b"\n",
    b"\n\n",
    b"#",
    b"(",
    b")",
    b"\0",
]
WORDS += [
    b"9" * 30,
    b"4000000000",
    b"\xff\xff",
    b"\x7f\xff\xff\xff",
    b"True",
    b"LOCAL",
    b"LIST",
    b"%d",
    b"none",
    b"gzip",
]
KEYS = [
    b"NDims = 3\n",
    b"DimSize = 6 7 5\n",
    b"HeaderSize = -1\n",
    b"CompressedData = False\n",
    b"BinaryData = False\n",
]
KEYS += [
    b"ElementNumberOfChannels = 3\n",
    b"ElementType = MET_DOUBLE\n",
    b"sizes: 60 70 50\n",
    b"byte skip: -1\n",
]

edit = st.tuples(
    st.floats(0, 1, exclude_max=True),  # where, as a part of the header
    st.integers(0, 8),  # how many bytes go
    st.one_of(st.sampled_from(WORDS + KEYS), st.binary(max_size=4)),
)
edits = st.lists(edit, min_size=1, max_size=5)
kept = st.one_of(st.just(1.0), st.floats(0.3, 1))
FEW = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def mangled(content: bytes, changes, keep, header_bytes) -> bytes:
    """Edit the header of a file, whose length stays much as it was, and cut its end off."""
    for where, gone, new in changes:
        at = int(where * min(header_bytes, len(content)))
        content = content[:at] + new + content[at + (gone or len(new)) :]
    return content[: int(len(content) * keep)]


def reads_or_refuses(path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        assert isinstance(read_volume(path, LENIENT), Volume)
    except CephalignError as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 2000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


@pytest.fixture
def content(tmp_path):
    def written(name):
        grid = RIRE_GRID if name == "header.ascii" else GRID
        data = np.arange(210, dtype=np.int16).reshape(6, 7, 5)
        write_volume(Volume(data, grid), tmp_path / name)
        return (tmp_path / name).read_bytes()

    return written


HEADER_BYTES = {
    "s.nii": 360,
    "s.mha": 300,
    "s.nrrd": 330,
    "header.ascii": 300,
    "s.nii.gz": 10**6,
    "s.mhd": 300,
}


@pytest.mark.filterwarnings("ignore::cephalign.errors.ScanWarning")
@pytest.mark.parametrize("name", HEADER_BYTES)
@FEW
@given(changes=edits, keep=kept)
def test_mangled_files(tmp_path, content, name, changes, keep):
    original = content("s.mha" if name == "s.mhd" else name)
    (tmp_path / name).write_bytes(mangled(original, changes, keep, HEADER_BYTES[name]))
    reads_or_refuses(tmp_path / name)


@pytest.mark.filterwarnings("ignore::cephalign.errors.ScanWarning")
@FEW
@given(changes=edits)
def test_mangled_inside_gzip(tmp_path, content, changes):
    original = gzip.decompress(content("s.nii.gz"))
    (tmp_path / "s.nii.gz").write_bytes(gzip.compress(mangled(original, changes, 1.0, 360)))
    reads_or_refuses(tmp_path / "s.nii.gz")


@FEW
@given(changes=edits, keep=kept, header_bytes=st.sampled_from([900, 10**6]))
def test_mangled_dicom(tmp_path, dicom_series, changes, keep, header_bytes):
    folder = tmp_path / "d"
    if not folder.exists():
        dicom_series(folder, Grid((6, 7, 4), GRID.world_from_voxel))
    file = sorted(folder.iterdir())[1]
    original = file.read_bytes()
    file.write_bytes(mangled(original, changes, keep, header_bytes))
    try:
        reads_or_refuses(folder)
    finally:
        file.write_bytes(original)


@FEW
@given(changes=edits, keep=kept)
def test_mangled_multi_frame(tmp_path, dicom_enhanced, changes, keep):
    file = dicom_enhanced(tmp_path / "e.dcm", GRID)
    file.write_bytes(mangled(file.read_bytes(), changes, keep, 4000))
    reads_or_refuses(file)


@pytest.mark.parametrize(
    "name", ["s.nii", "s.nii.gz", "s.mha", "s.mhd", "s.nrrd", "s.nhdr", "header.ascii", "s.dcm"]
)
@FEW
@given(noise=st.one_of(st.binary(max_size=700), st.text(max_size=300).map(str.encode)))
def test_any_bytes(tmp_path, name, noise):
    (tmp_path / name).write_bytes(noise)
    with pytest.raises(CephalignError):
        read_volume(tmp_path / name, LENIENT)
