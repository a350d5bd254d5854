"""Originals from a table of real pairs, and what of it is refused."""

import numpy as np
import pytest
from typer.testing import CliRunner

from cephalign import write_transform, write_volume
from cephalign.cli import app
from cephalign.errors import InputError
from cephalign.geometry import Modality
from cephalign.simulate.labelled import LabelledHeads
from cephalign.simulate.pair import simulated_pair
from cephalign.simulate.procedural import procedural_head
from cephalign.study.originals import Scanned, Simulated
from cephalign.study.scale import scale_of


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Write a pair, and a table that names it as often as wanted."""
    folder = tmp_path_factory.mktemp("pairs")
    pair = simulated_pair(np.random.default_rng(61), "small")
    write_volume(pair.fixed, folder / "mr.nii.gz")
    write_volume(pair.moving, folder / "ct.nii.gz")
    write_transform(pair.moving_from_fixed, folder / "x.tfm")

    def table(count):
        path = folder / f"{count}.tsv"
        lines = ["fixed\tmoving\treference", *["mr.nii.gz\tct.nii.gz\tx.tfm"] * count]
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    return pair, table


def test_a_real_pair_comes_with_its_reference_and_points_in_the_head(written):
    made, table = written
    source = Scanned(table(1))
    found = source.pair(scale_of("smoke"), 3, 0)
    assert found.moving_from_fixed.distance(made.moving_from_fixed, made.landmarks).max() < 1e-4
    assert found.landmarks.shape == (10, 3)
    assert np.linalg.norm(found.landmarks - found.fixed.centre, axis=1).max() < 150
    assert np.ptp(found.landmarks, axis=0).min() > 30
    assert list(source.kinds(scale_of("smoke"), 3, 0)) == [Modality.T1, Modality.CT]
    assert source.name.startswith("pairs of 1.tsv, SHA-256 ")
    assert source.name != Scanned(table(2)).name


@pytest.mark.parametrize(
    ("count", "more", "said"),
    [(2, [], "too few pairs; expected 3 at least; got 2"), (3, ["--anatomy", "."], "exclude each other")],
)
def test_refuses(written, tmp_path, count, more, said):
    _, table = written
    words = ["study", "table1", "--scale", "smoke", "--data", str(table(count)), "--out", str(tmp_path / "x")]
    ran = CliRunner().invoke(app, [*words, *more])
    assert said in str(ran.exception)
    assert not (tmp_path / "x").exists()


def test_no_person_is_in_two_originals(tmp_path, monkeypatch):
    asked = set()

    def draw(_, rng, *, spacing_mm, device="cpu", which=None):
        asked.add(which)
        return procedural_head(rng, spacing_mm=spacing_mm, device=device)

    monkeypatch.setattr(LabelledHeads, "draw", draw)
    scale = scale_of("smoke")
    for number in range(scale.originals):
        with pytest.raises(InputError, match="too few label maps" if number else "holds no label map"):
            Simulated(LabelledHeads(tmp_path)).pair(scale, 3, 0)
        (tmp_path / f"{number}.nii").write_bytes(b"")
    source = Simulated(LabelledHeads(tmp_path))
    source.pair(scale, 3, 1)
    source.kinds(scale, 3, 4)
    assert asked == {("1.nii",), ("4.nii",)}
