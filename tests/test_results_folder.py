"""A folder of results: all or nothing."""

from pathlib import Path

import pytest

from cephalign.errors import OutputError
from cephalign.results_folder import output_folder, refuse_other


def leftovers(folder: Path):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_files_come_into_the_folder_at_the_end(tmp_path):
    out = tmp_path / "a" / "b"
    with output_folder(out) as folder:
        (folder / "one").write_text("1")
        assert not (out / "one").exists()
    assert leftovers(tmp_path) == ["a", "a/b", "a/b/one"]


def test_a_failure_leaves_nothing(tmp_path):
    def fail():
        with output_folder(tmp_path / "a" / "b") as folder:
            (folder / "one").write_text("1")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert leftovers(tmp_path) == []


def test_a_failure_leaves_an_earlier_result(tmp_path):
    (tmp_path / "one").write_text("earlier")

    def fail():
        with output_folder(tmp_path) as folder:
            (folder / "one").write_text("half of")
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match=r"No space left on device.*another folder"):
        fail()
    assert leftovers(tmp_path) == ["one"]
    assert (tmp_path / "one").read_text() == "earlier"


def test_results_replace_earlier_ones_and_leave_other_files(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).write_text("earlier")
    with output_folder(tmp_path) as folder:
        (folder / "one").write_text("later")
    assert leftovers(tmp_path) == ["one", "other"]
    assert (tmp_path / "one").read_text() == "later"
    assert (tmp_path / "other").read_text() == "earlier"


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_file_in_the_way(tmp_path, below):
    (tmp_path / "out").write_text("a file")

    def enter():
        with output_folder(tmp_path / "out" / below):
            raise AssertionError("not to be reached")

    with pytest.raises(OutputError, match="cannot write"):
        enter()
    assert leftovers(tmp_path) == ["out"]


def test_a_folder_in_the_way_of_a_file(tmp_path):
    """All or nothing: the file that could be put in place is not either."""
    (tmp_path / "two").mkdir()

    def write():
        with output_folder(tmp_path) as folder:
            (folder / "one").write_text("1")
            (folder / "two").write_text("2")

    with pytest.raises(OutputError, match="a folder is in the way"):
        write()
    assert leftovers(tmp_path) == ["two"]


def test_what_is_outdated_goes_unless_it_is_replaced(tmp_path):
    (tmp_path / "series").mkdir()
    for name in ("one", "two", "three", "series/1.dcm"):
        (tmp_path / name).write_text("earlier")
    with output_folder(
        tmp_path, outdated=[tmp_path / "one", tmp_path / "two", tmp_path / "series"]
    ) as folder:
        (folder / "one").write_text("later")
    assert leftovers(tmp_path) == ["one", "three"]
    assert (tmp_path / "one").read_text() == "later"


def test_what_is_outdated_stays_after_a_failure(tmp_path):
    (tmp_path / "one").write_text("earlier")

    def fail():
        with output_folder(tmp_path, outdated=[tmp_path / "one"]):
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert leftovers(tmp_path) == ["one"]


@pytest.mark.parametrize("mine", ["one", "series/1.dcm"])
def test_an_input_is_not_written_over(tmp_path, mine):
    (tmp_path / "series").mkdir()
    for name in ("one", "series/1.dcm"):
        (tmp_path / name).write_text("input")

    def write():
        with output_folder(tmp_path, inputs=[tmp_path / "series" / ".." / mine]) as folder:
            (folder / "one").write_text("result")
            (folder / "series").mkdir()
            (folder / "two").write_text("result")

    with pytest.raises(OutputError, match="it is an input; choose another --out"):
        write()
    assert leftovers(tmp_path) == ["one", "series", "series/1.dcm"]
    assert (tmp_path / mine).read_text() == "input"


def test_other_results_are_refused(tmp_path):
    refuse_other(tmp_path, "record.json")
    (tmp_path / "record.json").write_text("{}")
    with pytest.raises(OutputError, match=r"other results, with a record\.json"):
        refuse_other(tmp_path, "record.json")
