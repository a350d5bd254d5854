"""`cephalign reference` as a user meets it: its files, its exit codes, and one line for what is wrong."""

import json

import numpy as np
import pytest

from cephalign.align.reference.answer import Member, Reference, Spreads
from cephalign.geometry import Grid, Rigid, Volume
from cephalign.io.transforms import read_transform
from cephalign.io.volumes import read_volume, write_volume
from cephalign.results import TRANSFORM_NAMES
from cephalign.simulate.pair import simulated_pair

DONE, WRONG, REFUSED = 0, 2, 3
COARSE = {"matrix": (36, 36), "spacing_mm": (8.0, 8.0), "slices": (14, 14), "distance_mm": (8.0, 8.0)}
ANSWER = Rigid.from_euler((3, -2, 5), (4, -6, 2), (10, -20, 30))


@pytest.fixture(scope="module")
def scans(preset, tmp_path_factory):
    """A folder with an MR and a CT of one head, and a scan that shows nothing."""
    folder = tmp_path_factory.mktemp("scans")
    coarse = preset(t1=COARSE, ct={**COARSE, "hardware": {}})
    pair = simulated_pair(np.random.default_rng(82), coarse, angle_deg=5, shift_mm=5)
    write_volume(pair.fixed, folder / "mr.nii.gz")
    write_volume(pair.moving, folder / "ct.mha")
    empty = Volume(np.zeros((20, 21, 22), np.int16), Grid((20, 21, 22), np.diag([-6.0, -6, 9, 1])))
    write_volume(empty, folder / "empty.nii")
    return folder


@pytest.fixture
def call(call_in, scans):
    """Run the program beside the scans."""
    return lambda *arguments: call_in(scans, "reference", *arguments)


@pytest.fixture
def answered(monkeypatch):
    """Let the consensus answer at once; collect what it was asked."""
    asked = []

    def answer(*, agreed):
        runs = [Member("symmetry", ANSWER, 0.6, 1.5, agrees=True)]
        runs.append(Member("exchanged header", Rigid.identity(), -np.inf, np.inf, agrees=False))
        spreads = Spreads(0.01, 0.1) if agreed else None
        stated, reason = (0.25, "All agree.") if agreed else (np.inf, "They do not agree.")

        def consensus(fixed, moving, rng, *, progress):
            asked.append((fixed, moving, rng.integers(1 << 60)))
            progress("looking")
            return Reference(ANSWER, stated, agreed, reason, tuple(runs), (10.0, -20.0, 30.0), spreads)

        monkeypatch.setattr("cephalign.align.reference.consensus.consensus", consensus)
        return asked

    return answer


def names(folder):
    return sorted(path.name for path in folder.rglob("*"))


def test_the_consensus_is_written_in_every_format(call, answered, scans, tmp_path):
    asked = answered(agreed=True)
    done = call(
        "mr.nii.gz", "ct.mha", "-o", tmp_path / "out", "--format", "itk,fsl,lta,rire,json", "--seed", 4
    )
    assert done.returncode == DONE, done.stderr
    assert done.stdout.splitlines() == ["done: All agree.", "uncertainty: 0.25 mm", str(tmp_path / "out")]
    assert "cephalign: looking" in done.stderr
    ((fixed, moving, drawn),) = asked
    assert drawn == np.random.default_rng(4).integers(1 << 60)
    grids = {"fixed": fixed.grid, "moving": moving.grid}
    assert fixed.grid.shape == read_volume(scans / "mr.nii.gz").grid.shape
    for name in TRANSFORM_NAMES.values():
        found = read_transform(tmp_path / "out" / name, **grids)
        assert found.distance(ANSWER, fixed.grid.corners).max() < 0.01
    assert read_transform(tmp_path / "out" / "reference.json") == ANSWER


def test_the_record_holds_uncertainty_members_and_inputs(call, answered, tmp_path):
    answered(agreed=True)
    call("mr.nii.gz", "ct.mha", "--out", tmp_path)
    record = json.loads((tmp_path / "reference.json").read_text())
    assert record["agreed"] is True
    assert record["uncertainty_mm"] == 0.25
    assert record["spreads_mm"] == {"runs": 0.01, "halves": 0.1}
    first, second = record["members"]
    assert first["name"] == "symmetry"
    assert first["agrees"] is True
    assert first["distance_mm"] == 0
    assert second["similarity_nats"] is None
    assert second["surface_gap_mm"] is None
    assert second["agrees"] is False
    assert second["distance_mm"] > 5
    assert record["parameters"]["method"] == "consensus"
    assert record["parameters"]["seed"] == 1
    assert len(record["inputs"]["moving"]["sha256"]) == 64


def test_a_later_one_takes_an_earlier_ones_transforms_away(call, answered, tmp_path):
    answered(agreed=True)
    call("mr.nii.gz", "ct.mha", "--out", tmp_path, "--format", "itk,lta")
    call("mr.nii.gz", "ct.mha", "--out", tmp_path, "--format", "itk")
    assert names(tmp_path) == ["moving_from_fixed.tfm", "reference.json"]


def test_a_registrations_folder_is_refused(call, answered, tmp_path):
    answered(agreed=True)
    (tmp_path / "registration.json").write_text("{}")
    done = call("mr.nii.gz", "ct.mha", "--out", tmp_path)
    assert done.returncode == WRONG
    assert "holds other results, with a registration.json; choose another --out" in done.stderr
    assert names(tmp_path) == ["registration.json"]


def test_a_refusal_is_said_and_written(call, answered, tmp_path):
    answered(agreed=False)
    done = call("mr.nii.gz", "ct.mha", "--out", tmp_path)
    assert done.returncode == REFUSED
    assert done.stdout.startswith("refused: They do not agree.")
    record = json.loads((tmp_path / "reference.json").read_text())
    assert record["agreed"] is False
    assert record["uncertainty_mm"] is None
    assert record["spreads_mm"] is None


def test_the_papers_method(call, tmp_path):
    """The whole way, for it is quick on coarse scans."""
    for out in ("one", "two"):
        done = call("mr.nii.gz", "ct.mha", "--out", tmp_path / out, "--method", "paper", "--seed", 7)
        assert done.returncode == DONE, done.stderr
        assert names(tmp_path / out) == ["moving_from_fixed.tfm", "reference.json"]
    one, two = ((tmp_path / out / "reference.json").read_bytes() for out in ("one", "two"))
    assert one == two
    record = json.loads(one)
    assert record["uncertainty_mm"] is None
    assert record["members"][0]["name"] == "start"
    assert "uncertainty:" not in done.stdout


@pytest.mark.parametrize("method", ["consensus", "paper"])
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("missing.nii", "ct.mha"), "missing.nii does not exist"),
        (("empty.nii", "ct.mha"), "fixed scan holds no image"),
        (("mr.nii.gz", "empty.nii"), "moving scan holds no image"),
        (("mr.nii.gz", "ct.mha", "--format", "minc"), "unknown transform format in --format"),
    ],
)
def test_what_is_wrong_is_one_line(call, tmp_path, method, arguments, said):
    done = call(*arguments, "--out", tmp_path / "not" / "there", "--method", method)
    assert done.returncode == WRONG
    assert done.stdout == ""
    *progress, error = done.stderr.splitlines()
    assert said in error
    assert all(line.startswith("cephalign: ") for line in (*progress, error))
    assert names(tmp_path) == []


@pytest.mark.parametrize("options", [(), ("-o", "out", "--method", "guess"), ("-o", "out", "--seed", "0")])
def test_wrong_usage_points_to_help(call, options):
    done = call("mr.nii.gz", "ct.mha", *options)
    assert done.returncode == WRONG
    assert "Usage: cephalign reference" in done.stderr


def test_a_file_in_the_way_of_the_folder(call, answered, tmp_path):
    answered(agreed=True)
    (tmp_path / "out").write_text("mine")
    done = call("mr.nii.gz", "ct.mha", "--out", tmp_path / "out")
    assert done.returncode == WRONG
    assert "cannot write" in done.stderr.splitlines()[-1]
    assert (tmp_path / "out").read_text() == "mine"
