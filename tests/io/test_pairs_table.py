"""Tables of pairs: what their lines mean, and what is no such table."""

import pytest

from cephalign.errors import InputError
from cephalign.io.pairs_table import PairOfPaths, read_pairs


@pytest.fixture
def table(tmp_path):
    """Return a writer of a table; its bytes are given."""

    def write(content):
        path = tmp_path / "pairs.tsv"
        path.write_bytes(content)
        return path

    return write


def test_paths_start_from_the_table(table, tmp_path):
    path = table(b"fixed\tmoving\treference\nmr.nii.gz\tsub/ct.mha\tx.tfm\n/far/mr\t../ct\t/far/x.mat\n")
    assert read_pairs(path) == [
        PairOfPaths(tmp_path / "mr.nii.gz", tmp_path / "sub/ct.mha", tmp_path / "x.tfm"),
        PairOfPaths(*(tmp_path / there for there in ("/far/mr", "../ct", "/far/x.mat"))),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"fixed\tmoving\treference\na\tb\t\n",
        b"fixed\tmoving\treference\na\tb\n",
        b"fixed\tmoving\treference\na\tb\tn/a\n",
        b"\xef\xbb\xbffixed\tmoving\treference\r\na\tb\r\n",
        b"person\tmoving\tage\tfixed\treference\n1\tb\t70\ta\tn/a\n",
        b"fixed\tmoving\treference\n\n a \tb\n\n",
    ],
)
def test_without_reference(table, tmp_path, content):
    assert read_pairs(table(content)) == [PairOfPaths(tmp_path / "a", tmp_path / "b", None)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no table of pairs"),
        (b"a\tb\nc\td\n", "is no table of pairs"),
        (b"fixed,moving\na,b\n", "is no table of pairs"),
        (b"fixed\tmoving\na\tb\n", "fixed, moving and reference"),  # or aligned is meant by oversight
        (b"fixed\tmoving\tReference\na\tb\tx.tfm\n", "fixed, moving and reference"),
        (b"fixed\tmoving\treference\n", "holds no pair"),
        (b"fixed\tmoving\treference\n\n\t\n", "holds no pair"),
        (b"fixed\tmoving\treference\na\tb\nc\n", "line 3: no moving scan"),
        (b"fixed\tmoving\treference\n\tb\n", "line 2: no fixed scan"),
        (b"fixed\tmoving\treference\na\tn/a\n", "line 2: no moving scan"),
        (b"\xff\xfe\x00\x01", "it is not text"),
    ],
)
def test_what_is_no_table(table, content, said):
    with pytest.raises(InputError, match=said):
        read_pairs(table(content))


def test_a_missing_table(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_pairs(tmp_path / "none.tsv")
