"""The whole study at its smallest, once; that it goes on where it ended; what it refuses."""

import json
import re
import shutil
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import torch
from scipy import ndimage
from typer.testing import CliRunner

from cephalign.cli import app
from cephalign.errors import InputError, OutputError
from cephalign.geometry import Rigid
from cephalign.models.features import FeaturesConfig, grid_about, motion_of
from cephalign.study import fig6, table1, table2, table3
from cephalign.study.cells import Cells
from cephalign.study.copies import Copies
from cephalign.study.held_out import measured
from cephalign.study.networks import network_of
from cephalign.study.originals import Simulated
from cephalign.study.predictions import described
from cephalign.study.report import write_report
from cephalign.study.scale import SCALES, scale_of
from cephalign.study.study import Study
from cephalign.study.tables import of_table3, of_table3_of_two

SMOKE = scale_of("smoke")


def study_in(folder, told=None):
    said = [] if told is None else told
    return Study(SMOKE, 5, folder, Simulated(), torch.device("cpu"), said.append, lambda *_: None)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Run all parts as a user would."""
    folder = tmp_path_factory.mktemp("study")
    ran = CliRunner().invoke(app, ["study", "all", "--scale", "smoke", "--seed", "5", "--out", str(folder)])
    assert ran.exit_code == 0, ran.output
    return folder


def test_every_row_and_figure_is_on_the_page(done):
    pages = [(done / name).read_text(encoding="utf-8") for name in ("report.md", "report.html")]
    rows = (*table1.names(), *table2.names(study_in(done)), *table3.names())
    for page in pages:
        assert all(row in page.replace("&amp;", "&") for row in rows)
        assert "Not measured" not in page
        for picture in re.findall(r"fig\d\.png", page):
            assert (done / picture).read_bytes().startswith(b"\x89PNG")
    assert len(rows) == 1 + 9 + 2 + 3 + 7 + 6
    facts = pages[0].splitlines()[2]
    assert f"Measured {date.today().isoformat()} on CPU, " in facts
    assert "1 thread by commit" in facts  # what measured, and not what wrote the page
    assert "<script" not in pages[1]


def test_ours_is_right_and_what_no_network_saw_is_scored_alike(done):
    cells = study_in(done).cells
    ours = cells.read(table1.TABLE, next(iter(table1.OURS)), 0)["rows"]
    still = cells.read(table1.TABLE, table1.STILL[0], 0)["rows"]
    assert len(ours) == len(still) == 2
    for found, left in zip(ours, still, strict=True):
        assert found["TRE"] < 2.0 < left["TRE"]
        assert found["DSC"] > left["DSC"]
        assert found["SSIM"] > left["SSIM"]
        assert found["CMS"] == found["DSC"]
        assert found["JSC"] == pytest.approx(found["DSC"] / (2 - found["DSC"]))


def test_what_is_missing_is_named_and_the_rest_is_shown(tmp_path, done):
    folder = tmp_path / "study"
    shutil.copytree(done, folder)
    study = study_in(folder)
    study.cells.path(table1.TABLE, "Miao et al.", 0).unlink()
    study.cells.path(fig6.TABLE, 1).unlink()
    for path in (folder / "cells").glob("table2_*"):
        path.unlink()
    write_report(study)
    page = (folder / "report.md").read_text(encoding="utf-8")
    parts = dict(part.split("\n", 1) for part in page.split("\n## ")[1:])
    by_name = {title.partition(":")[0]: text for title, text in parts.items()}
    assert "Not measured yet: Miao et al.." in by_name["Table 1"]
    assert "| DCNN |" in by_name["Table 1"] and "| Miao et al. |" not in by_name["Table 1"]
    assert "Not measured yet: 1." in by_name["Fig. 6"] and "| 2 |" in by_name["Fig. 6"]
    assert "| DCNN |" not in by_name["Table 2"]
    assert "Not measured" not in by_name["Table 3"]


def test_what_the_paper_proposes_is_the_same_in_both_tables(done):
    cells = study_in(done).cells
    one, other = (
        cells.read(*place, 0)["rows"] for place in ((table1.TABLE, table1.PROPOSED), (table2.TABLE, "DCNN"))
    )
    assert [{**row, "seconds": 0} for row in one] == [{**row, "seconds": 0} for row in other]


def test_a_method_without_an_answer_leaves_the_headers_as_they_are(done):
    study = study_in(done)
    (kept,) = {row["failed"] for row in study.cells.read(table1.TABLE, table1.STILL[0], 0)["rows"]}
    assert kept == 0

    def method(fixed, moving):
        raise InputError("no head")

    rows = measured(study, 0, method)
    still = measured(study, 0, lambda fixed, moving: Rigid.identity())
    assert [row["failed"] for row in rows] == [1.0, 1.0]
    for row, other in zip(rows, still, strict=True):
        assert {**row, "seconds": 0, "failed": 0} == {**other, "seconds": 0}


def test_a_rate_at_which_learning_diverges_is_not_taken(tmp_path):
    scale = replace(SMOKE, rates=(1e-3, 1e-2, 1e-1))
    study = Study(scale, 5, tmp_path, Simulated(), torch.device("cpu"), print, lambda *_: None)
    losses = {1e-3: 2.0, 1e-2: 1.0, 1e-1: float("nan")}
    found = study.best_try("rate", "x", lambda rate: {"loss": losses[rate], "more": 1})
    assert (found["rate"], found["more"]) == (1e-2, 1)
    assert study.best_try("rate", "x", pytest.fail) == found  # tried once
    assert study.best_try("rate", "y", lambda _: {"loss": float("inf")})["rate"] in losses


@pytest.mark.parametrize(
    ("best", "tried"),
    [(1e-3, [3e-4, 1e-3, 3e-3]), (1e-2, [3e-4, 1e-3, 3e-3, 1e-2]), (3e-5, [3e-4, 1e-3, 3e-3, 1e-4, 3e-5])],
)
def test_rates_are_tried_until_the_best_has_neighbours(tmp_path, best, tried):
    study = Study(scale_of("small"), 5, tmp_path, Simulated(), torch.device("cpu"), print, lambda *_: None)
    asked = []

    def loss(rate):
        asked.append(rate)
        return {"loss": abs(np.log(rate / best))}

    assert study.best_try("rate", "x", loss)["rate"] == best
    assert asked == tried


def test_few_copies_are_learnt_from_in_as_many_steps(tmp_path):
    study = study_in(tmp_path)
    assert [fig6.lesson_of(study, count).steps for count in (1, 2, SMOKE.copies)] == [4, 4, 4]
    assert [fig6.lesson_of(study, count).epochs for count in (1, 2, SMOKE.copies)] == [4, 4, 2]


def test_a_network_that_has_diverged_says_no_motion(tmp_path):
    study = study_in(tmp_path)
    network = network_of("Miao et al.", SMOKE, 0)
    with torch.no_grad():
        network.last.bias.fill_(torch.nan)
    found = described(study, network.eval(), study.copies.places([0], 2))
    assert (found["said"] == 0).all()
    assert found["features"].any()


def test_copies_show_nothing_beyond_their_own_grid(tmp_path):
    study = study_in(tmp_path)
    pair, config = study.copies.pairs[0], FeaturesConfig((40, 40, 40), (7.0, 7.0, 7.0))
    beyond = ~pair.fixed.known(grid_about(pair.fixed.centre, config))
    assert 0.1 < beyond.mean() < 0.9
    place = study.copies.places([0], 3)[2]
    uncut = pair.copy(study.copies.motions(place), config)["fixed"][0]
    shown = Copies(replace(SMOKE, images=config), 5, study.copies.pairs).sample(place)["fixed"][0]
    assert uncut[beyond].max() > 0.2
    assert not shown[beyond].any()
    np.testing.assert_array_equal(shown[~beyond], uncut[~beyond])


def test_other_sizes_are_another_study(tmp_path):
    _ = study_in(tmp_path).cells
    longer = replace(SMOKE, epochs=SMOKE.epochs + 1)
    with pytest.raises(InputError, match="of another study"):
        _ = Study(longer, 5, tmp_path, Simulated(), torch.device("cpu"), print, lambda *_: None).cells


def test_a_kind_that_is_never_named_counts_as_nought(tmp_path):
    study = study_in(tmp_path)
    kinds = ["CT", "MR-T1"]
    cell = {"kinds": kinds, "true": ["CT", "MR-T1"], "said": ["CT", "CT"], "rate": 1, "seconds to learn": 1}
    study.cells.made(lambda: cell, table3.TABLE, "DCNN", 0)
    for made in (of_table3(study), of_table3_of_two(study)):
        (row,) = made.rows
        assert row[:5] == ("DCNN", "0.5000", "0.5000", "0.5000", "0.2500")
        assert "AlexNet" in made.missing


def test_what_was_measured_is_not_measured_again(done):
    before = {path.name: path.stat().st_mtime_ns for path in (done / "cells").iterdir()}
    study = study_in(done)
    lost = study.cells.path(table1.TABLE, "Miao et al.", 0)
    cell = json.loads(lost.read_text())
    lost.unlink()
    told = []
    table1.make(study_in(done, told))
    assert [one for one in told if not one.startswith("original")] == ["Table 1: Miao et al., split 1 of 1"]
    after = {path.name: path.stat().st_mtime_ns for path in (done / "cells").iterdir()}
    assert {name for name in before if before[name] != after[name]} == {lost.name}
    again = json.loads(lost.read_text())
    for row, other in zip(cell["rows"], again["rows"], strict=True):
        assert {**row, "seconds": 0} == {**other, "seconds": 0}


def test_another_study_is_refused(done):
    ran = CliRunner().invoke(app, ["study", "report", "--scale", "smoke", "--seed", "6", "--out", str(done)])
    assert ran.exit_code != 0
    assert isinstance(ran.exception, InputError)
    assert "of another study" in str(ran.exception)


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(OutputError, match="data that are no study"):
        _ = study_in(tmp_path).cells


def test_a_damaged_cell_says_what_to_do(tmp_path):
    cells = Cells(tmp_path, {"seed": 1})
    cells.open()
    cells.path("table1", "x", 0).write_text("{")
    with pytest.raises(InputError, match="delete it"):
        cells.read("table1", "x", 0)


def test_missing_extras_are_said_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr("cephalign.cli_study.find_spec", lambda name: None if name == "monai" else name)
    ran = CliRunner().invoke(app, ["study", "all", "--scale", "smoke", "--out", str(tmp_path / "out")])
    assert "without MONAI; pip install 'cephalign[study]'" in str(ran.exception)
    assert not (tmp_path / "out").exists()


def test_rows_of_other_programs_stand_with_the_others(done):
    study = study_in(done)
    rows = study.cells.read(table1.TABLE, table1.STILL[0], 0)["rows"]
    study.cells.made(lambda: {"method": "ANTs", "rows": rows}, table1.TABLE, "ANTs", 0)
    assert table1.all_names(study) == (*table1.names(), "ANTs")


def test_a_damaged_network_says_what_to_do(tmp_path):
    study = study_in(tmp_path)
    study.cells.path("learnt", "DCNN", 0, 1e-3).with_suffix(".pt").write_bytes(b"no network")
    with pytest.raises(InputError, match="delete it, to have it trained again"):
        study.trained("DCNN", 0)


def test_nothing_measured_is_nothing_to_report(tmp_path):
    out = tmp_path / "none"
    ran = CliRunner().invoke(app, ["study", "report", "--scale", "smoke", "--out", str(out)])
    assert "nothing to report" in str(ran.exception)
    assert not out.exists()
    _ = study_in(tmp_path).cells
    with pytest.raises(InputError, match="nothing to report"):
        write_report(study_in(tmp_path))


@pytest.mark.parametrize("name", SCALES)
def test_copies_of_an_original_are_in_one_subset(tmp_path, name):
    scale = scale_of(name)
    study = Study(scale, 3, tmp_path, Simulated(), torch.device("cpu"), print, lambda *_: None)
    splits = [study.split(number) for number in range(4)]
    assert len(set(splits)) == 4
    for split in splits:
        parts = split.train, split.validation, split.test
        assert sorted(sum(parts, ())) == list(range(scale.originals))
        assert len(split.test) == scale.originals - round(0.6 * scale.originals)


def test_an_unknown_scale_is_refused():
    with pytest.raises(InputError, match="smoke, small, paper"):
        scale_of("large")


def test_a_mono_image_lies_as_the_moving_copy(tmp_path):
    """Brought back by the true motion, it is the fixed copy again; by none, it is not."""
    copies = study_in(tmp_path).copies
    (place,) = copies.places([0], 1)
    found, motions = copies.pairs[0], copies.motions(place)
    config = FeaturesConfig((40, 40, 30), (7.0, 7.0, 8.0))
    shown, mono = found.copy(motions, config), found.mono(motions, config)
    middle = (np.array(config.shape) - 1) / 2
    places = (np.indices(config.shape).reshape(3, -1).T - middle) * config.spacing_mm

    def likeness(responses):
        moved = motion_of(responses, np.zeros(3), np.zeros(3)).map(places)
        back = ndimage.map_coordinates(mono[0], (moved / config.spacing_mm + middle).T, order=1)
        return np.corrcoef(back, shown["fixed"].ravel())[0, 1]

    assert likeness(shown["responses"]) > 0.97
    assert likeness(np.zeros(6)) < 0.9
