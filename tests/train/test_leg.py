"""A training in legs is the training in one go."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from cephalign.errors import CephalignError, InputError, OutputError
from cephalign.models.weights import load_weights
from cephalign.train.config import OptimiserConfig, read_config
from cephalign.train.curves import draw_curves
from cephalign.train.feed import Recipe, make_samples, together
from cephalign.train.folder import Folder
from cephalign.train.leg import device_of
from cephalign.train.log import Log, read_log
from tests.train.tiny import Network


@pytest.fixture
def whole(tiny, leg, tmp_path):
    """A training in one leg."""
    leg(tiny(), tmp_path / "whole")
    return tmp_path / "whole"


@pytest.mark.parametrize(
    ("kind", "half", "ends"), [("adamw", False, (1, 2, 4)), ("adamw", True, (6,)), ("sgd", False, (5, 5))]
)
def test_legs_give_the_same_losses_to_the_bit(tiny, leg, told, tmp_path, *, kind, half, ends):
    """Wherever they end: between rows of the log and on one, before a validation and after."""
    config = tiny(optimiser=OptimiserConfig(kind, rate=0.01), bfloat16=half)
    one = leg(config, tmp_path / "one")
    for steps in ends:
        leg(config, tmp_path / "legs", steps)
    last = leg(config, tmp_path / "legs")
    assert [entry["steps"] for entry in last.legs] == [*ends, 12 - sum(ends)]
    assert told(tmp_path / "one") == told(tmp_path / "legs")
    for mine, other in zip(last.network.parameters(), one.network.parameters(), strict=True):
        assert torch.equal(mine, other)
    for mine, other in zip(last.average.parameters(), one.average.parameters(), strict=True):
        assert torch.equal(mine, other)


def test_a_crash_costs_what_came_after_the_checkpoint(tiny, leg, told, whole, tmp_path):
    """The rows of those steps are written again, and one that was cut short is not taken for whole."""
    out = tmp_path / "crashed"
    leg(tiny(), out, 7)
    checkpoint = (out / "checkpoint.pt").read_bytes()
    leg(tiny(), out, 4)
    (out / "checkpoint.pt").write_bytes(checkpoint)
    with (out / "training.csv").open("a") as file:
        file.write("12,0.1,0.")
    leg(tiny(), out)
    assert told(out) == told(whole)


def test_it_learns(tiny, leg, tmp_path):
    run = leg(tiny(steps=150, heads_per_batch=8, average=0.9), tmp_path)
    assert run.validation["off"] < 0.15  # of slopes within 1, whose mean is 0.5 off zero


def test_what_is_in_the_folder(whole, tiny):
    names = {"checkpoint.pt", "config.toml", "training.csv", "validation.csv"}
    assert {path.name for path in whole.iterdir()} == names | {"tiny.safetensors", "tiny.md"}
    assert read_config(whole / "config.toml") == tiny()
    rows = read_log(whole / "training.csv")
    columns = ["step", "loss", "root", "gradient", "rate", "seconds", "samples_per_s"]
    assert [row["step"] for row in rows] == [3, 6, 9, 12] and list(rows[0]) == columns
    assert [row["step"] for row in read_log(whole / "validation.csv")] == [5, 10, 12]


def test_curves_are_drawn_of_what_there_is(whole, tmp_path):
    logs = {name: whole / f"{name}.csv" for name in ("training", "validation")}
    draw_curves(logs, tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as picture:  # six columns, three a line
        assert picture.size == (1350, 560)
        assert len(picture.convert("RGB").getcolors(10**6)) > 20
    Log(tmp_path / "empty.csv", 0)
    draw_curves({"training": tmp_path / "empty.csv"}, tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()


def test_rows_are_means_over_their_steps(tiny, leg, whole, tmp_path):
    leg(tiny(log_every=1), tmp_path / "fine")
    fine, rows = (read_log(out / "training.csv") for out in (tmp_path / "fine", whole))
    for number, row in enumerate(rows):
        three = [one["loss"] for one in fine[3 * number : 3 * number + 3]]
        assert row["loss"] == pytest.approx(math.fsum(three) / 3)


def test_validation_measures_the_average_over_all_samples(tiny, leg, tmp_path):
    """Three heads, two in the first batch; no dropout, and what normalises is as it was learnt."""
    run = leg(tiny(), tmp_path)
    recipe = Recipe.of(tiny(), None)
    batch = together([make_samples(recipe, "validation", number) for number in range(3)])
    load_weights(tmp_path / "tiny.safetensors").put_into(run.average)  # rounded to half
    with torch.no_grad():
        off = (run.average.eval()(batch["cube"]) - batch["slopes"]).abs().mean().item()
    assert run.validation["off"] == pytest.approx(off, rel=1e-5)


def test_the_weights_are_the_average_with_its_card(tiny, leg, tmp_path):
    leg(tiny(), tmp_path, 5)
    run = leg(tiny(), tmp_path)
    weights = load_weights(tmp_path / "tiny.safetensors")
    average = run.average.state_dict()
    assert {tensor.dtype for tensor in weights.tensors.values()} > {torch.half, torch.float}
    for name, tensor in average.items():
        kept = weights.tensors[name]
        assert torch.equal(kept, tensor.half() if tensor.ndim > 1 else tensor)
    card = weights.card
    assert (card.name, card.architecture, card.seed, card.steps) == ("tiny", "tiny", 3, 12)
    assert card.data == "noisy cubes; procedural heads"
    assert {"step": 12, **card.figures} == read_log(tmp_path / "validation.csv")[-1]
    assert card.commit and "CPU" in card.device and card.hours >= 0


def test_a_training_begins_with_other_weights(tiny, leg, whole, tmp_path):
    """It goes on from what they know, in legs as in one, and the card says whose they were."""
    start = load_weights(whole / "tiny.safetensors")
    config = tiny(seed=4, optimiser=OptimiserConfig(rate=1e-9))
    run = leg(config, tmp_path / "next", start=start)
    for name, tensor in run.network.named_parameters():
        torch.testing.assert_close(tensor.detach(), start.tensors[name].float(), rtol=0, atol=1e-6)
    card = load_weights(tmp_path / "next" / "tiny.safetensors").card
    assert (
        f"begun with weights of 12 steps, {start.card.hours:.2f} h, SHA-256 {start.sha256[:12]}" in card.data
    )
    assert (card.steps, card.seed) == (12, 4)
    with pytest.raises(InputError, match=r"made with another start\.sha256"):
        leg(config, tmp_path / "next")
    other = replace(start, card=replace(start.card, architecture="large"))
    with pytest.raises(InputError, match="weights of another network; expected the architecture tiny"):
        leg(config, tmp_path / "other", start=other)


def test_a_training_that_is_done_is_left_as_it_is(tiny, leg, told, whole):
    before = told(whole), load_weights(whole / "tiny.safetensors").card
    run = leg(tiny(), whole)
    assert run.step == 12
    assert (told(whole), load_weights(whole / "tiny.safetensors").card) == before


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"seed": 4}, "made with another seed; expected 3; got 4; set it back"),
        ({"optimiser": OptimiserConfig(rate=0.02)}, "another optimiser.rate; expected 0.01; got 0.02"),
        ({"options": {"network": Network(width=5)}}, "another options.network.width; expected 4; got 5"),
    ],
)
def test_a_changed_configuration_is_refused(tiny, leg, told, whole, *, changed, message):
    before = told(whole)
    with pytest.raises(InputError, match=message):
        leg(tiny(**changed), whole)
    assert told(whole) == before and read_config(whole / "config.toml") == tiny()


def test_other_code_for_the_same_configuration_is_refused(tiny, leg, whole, monkeypatch):
    monkeypatch.setattr("tests.train.tiny.TinyTask.network", lambda *_: torch.nn.Linear(3, 3))
    with pytest.raises(InputError, match="another network than the one that the configuration makes now"):
        leg(tiny(), whole)


def test_a_damaged_checkpoint_is_refused(tiny, leg, whole):
    path = whole / "checkpoint.pt"
    held = path.read_bytes()
    for damage in (b"", held[:100], held[: len(held) // 2], b"no checkpoint", b"\x80\x02N."):
        path.write_bytes(damage)
        with pytest.raises(InputError, match="damaged or no checkpoint"):
            leg(tiny(), whole)
    torch.save({"network": {}}, path)
    with pytest.raises(InputError, match="damaged or no checkpoint"):
        leg(tiny(), whole)


def test_a_checkpoint_cannot_run_code(tiny, leg, whole):
    class Harm:
        def __reduce__(self):
            return Path.touch, (whole / "harm",)

    torch.save({"format": Harm()}, whole / "checkpoint.pt")
    with pytest.raises(InputError, match="damaged or no checkpoint"):
        leg(tiny(), whole)
    assert not (whole / "harm").exists()


def test_a_loss_that_is_no_number_ends_it_and_spoils_nothing(tiny, leg, tmp_path):
    """Head 10 is in the sixth batch."""
    config = tiny({"diverges_at": 10})
    leg(config, tmp_path, 4)
    before = (tmp_path / "checkpoint.pt").read_bytes()
    with pytest.raises(CephalignError, match=r"diverged at step 5; expected a finite loss.*got (nan|inf)"):
        leg(config, tmp_path)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_checkpoints_are_written_on_the_way(tiny, leg, tmp_path):
    seen = []
    config = tiny(checkpoint_seconds=1e-9)
    leg(config, tmp_path, show=lambda step, _: seen.append((step, (tmp_path / "checkpoint.pt").exists())))
    assert (1, False) in seen and (2, True) in seen


def test_a_folder_of_something_else_is_refused(tiny, leg, tmp_path):
    (tmp_path / "scan.nii").write_text("precious")
    with pytest.raises(OutputError, match="holds data that are no training; choose another --out"):
        leg(tiny(), tmp_path)
    (tmp_path / "config.toml").write_text("someone = 'else'")
    with pytest.raises(OutputError, match="no training"):
        leg(tiny(), tmp_path)
    with pytest.raises(OutputError, match="cannot write"):
        leg(tiny(), tmp_path / "scan.nii")
    assert (tmp_path / "scan.nii").read_text() == "precious"


def test_other_label_maps_are_refused(tiny, tmp_path):
    """Whether they change is seen by their bytes."""
    maps = tmp_path / "maps"
    maps.mkdir()
    (maps / "a.nii").write_text("one")
    config = tiny()
    terms = [Folder(tmp_path / "out", config, anatomy)._terms for anatomy in (None, maps)]
    (maps / "a.nii").write_text("two")
    terms.append(Folder(tmp_path / "out", config, maps)._terms)
    assert len(set(terms)) == 3


def test_a_log_keeps_its_columns(tmp_path):
    log = Log(tmp_path / "log.csv", 0)
    log.add({"step": 1, "loss": 0.1})
    with pytest.raises(InputError, match="has other columns; expected step, loss; got step, off"):
        log.add({"step": 2, "off": 0.1})
    log.add({"step": 2, "loss": 1 / 3})
    assert read_log(tmp_path / "log.csv")[1] == {"step": 2, "loss": 1 / 3}
    assert [row["step"] for row in read_log(Log(tmp_path / "log.csv", 1).path)] == [1]
    (tmp_path / "log.csv").write_text("other,table\n1,2\n")
    with pytest.raises(InputError, match="no log of a training"):
        read_log(tmp_path / "log.csv")


def test_devices(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device_of("auto").type == device_of("cpu").type == "cpu"
    with pytest.raises(InputError, match="finds no GPU"):
        device_of("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert (device_of("auto").type, device_of("cpu").type) == ("cuda", "cpu")
