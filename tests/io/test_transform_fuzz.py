"""Whatever is in a file: a rigid transform or one of our errors."""

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cephalign.errors import CephalignError
from cephalign.geometry import Grid, Rigid
from cephalign.io.transforms import read_transform, write_transform

GRID = Grid((20, 21, 22), np.diag([3.0, -3.1, 3.2, 1.0]))
MOTION = Rigid.from_euler((10, -20, 30), (1.5, -2.5, 3.5))
FORMATS = [
    ("t.tfm", "itk"),
    ("t.mat", "itk"),
    ("t.h5", "itk"),
    ("f.mat", "fsl"),
    ("t.lta", "lta"),
    ("t.standard", "rire"),
    ("t.json", "json"),
]
WORDS = [
    b"nan",
    b"inf",
    b"-1e308",
    b"1e-320",
    b"0",
    b"x",
    b"=",
    b":",
    b"\n",
    b"#",
    b"[",
    b"]",
    b"\0",
    b"9" * 400,
]
WORDS += [b"_3_3", b"\xff", b"CompositeTransform_double_3_3", b"type = 0", b"valid = 0", b" 1", b"-"]

edit = st.tuples(
    st.floats(0, 1, exclude_max=True),  # where, as a part of the length
    st.integers(0, 12),  # how many bytes go
    st.one_of(st.sampled_from(WORDS), st.binary(max_size=6)),
)


def mangled(content: bytes, edits) -> bytes:
    for where, gone, new in edits:
        at = int(where * len(content))
        content = content[:at] + new + content[at + gone :]
    return content


@pytest.mark.parametrize(("name", "style"), FORMATS)
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edits=st.lists(edit, min_size=1, max_size=6), keep=st.floats(0, 1))
@example(edits=[(0.0, 12, b"")], keep=1.0)
def test_mangled_files(tmp_path, name, style, edits, keep):
    path = tmp_path / name
    write_transform(MOTION, path, fixed=GRID, moving=GRID, style=style)
    content = mangled(path.read_bytes(), edits)
    path.write_bytes(content[: int(len(content) * max(keep, 0.3))])
    try:
        assert isinstance(read_transform(path, fixed=GRID, moving=GRID), Rigid)
    except CephalignError as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 1000


@pytest.mark.parametrize(("name", "style"), FORMATS)
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(content=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode())))
def test_any_bytes(tmp_path, name, style, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CephalignError):
        read_transform(path, fixed=GRID, moving=GRID, style=style)
