"""A training's file: what is read is what is written, and what is not known is named."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from cephalign.errors import InputError
from cephalign.train.config import ScheduleConfig, config_of, read_config
from cephalign.train.heads import HeadsConfig
from cephalign.train.tables import flat, to_text
from tests.train.tiny import Network, TinyTask

ROOT = Path(__file__).resolve().parent.parent.parent
LEAST = {"name": "tiny", "task": "tiny", "steps": 9}


def test_what_is_written_is_read(tiny, tmp_path):
    config = tiny(
        {"noise": 1e-7, "network": Network(width=7)},
        bfloat16=True,
        schedule=ScheduleConfig("drops", drops=(3, 5)),
        heads=HeadsConfig(0.25, ('a "quoted".nii', "Größe\\b.nii")),
        optimiser=replace(tiny().optimiser, clip=float("inf"), rate=1e-05),
    )
    (tmp_path / "config.toml").write_text(to_text(config), encoding="utf-8")
    assert read_config(tmp_path / "config.toml") == config


def test_what_is_left_out_is_as_ever():
    config = config_of(LEAST, "x.toml")
    assert config.options == TinyTask.Options() and config.seed == 0 and config.schedule.kind == "cosine"
    keys = set(flat(tomllib.loads(to_text(config))))
    assert {"steps", "optimiser.clip", "heads.held_out", "options.network.width"} <= keys


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"step": 9}, r"x.toml: unknown key; expected one of name, task, steps, .*; got step"),
        (
            {"optimiser": {"rat": 1}},
            r"x.toml: optimiser: unknown key; expected one of kind, rate, .*; got rat",
        ),
        (
            {"options": {"sides": 1}},
            r"options of tiny: unknown key; expected one of side, noise, .*network; got sides",
        ),
        (
            {"options": {"network": {"depth": 1}}},
            r"network: unknown key; expected one of width, dropout; got depth",
        ),
        ({"steps": 9.5}, r"x.toml: steps cannot be read; expected a whole number; got 9.5"),
        ({"steps": True}, r"steps cannot be read; expected a whole number; got True"),
        ({"average": "much"}, r"average cannot be read; expected a number; got 'much'"),
        ({"optimiser": 3}, r"optimiser cannot be read; expected a table; got 3"),
        ({"optimiser": {"kind": "adam"}}, r"kind cannot be read; expected adamw or sgd; got 'adam'"),
        ({"schedule": {"drops": [1, 2.5]}}, r"drops cannot be read; expected a whole number; got 2.5"),
        ({"heads": {"held_out": "a"}}, r"held_out cannot be read; expected a list, each a text; got 'a'"),
        ({"task": "tinny"}, r"no such task; expected one of .*tiny; got 'tinny'"),
    ],
)
def test_a_key_that_is_wrong_is_named(table, message):
    with pytest.raises(InputError, match=message):
        config_of(LEAST | table, "x.toml")


def test_a_key_that_is_missing_is_named():
    with pytest.raises(InputError, match=r"x.toml: no task; expected at least name, task, steps"):
        config_of({"name": "tiny", "steps": 9}, "x.toml")


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"name": "../x"}, "name"),
        ({"name": ""}, "name"),
        ({"seed": -1}, "seed"),
        ({"steps": 0}, "steps"),
        ({"heads_per_batch": 0}, "heads_per_batch"),
        ({"average": 1.0}, "average"),
        ({"average": float("nan")}, "average"),
        ({"checkpoint_seconds": 0.0}, "checkpoint_seconds"),
        ({"optimiser": {"rate": 0.0}}, "optimiser.rate"),
        ({"optimiser": {"clip": 0.0}}, "optimiser.clip"),
        ({"schedule": {"warmup_steps": 9}}, "schedule.warmup_steps"),
        ({"schedule": {"drops": [3, 3]}}, "schedule.drops"),
        ({"heads": {"procedural": 1.5}}, "heads.procedural"),
    ],
)
def test_what_cannot_be_is_refused(table, key):
    with pytest.raises(InputError, match=f"x.toml: impossible {key}; expected .*; got"):
        config_of(LEAST | table, "x.toml")


@pytest.mark.parametrize(
    ("held", "message"),
    [(b"steps = ", "is not TOML"), (b"\xff\xfe", "not text"), (None, "cannot read .*No such file")],
)
def test_a_file_that_is_no_configuration(tmp_path, held, message):
    if held is not None:
        (tmp_path / "c.toml").write_bytes(held)
    with pytest.raises(InputError, match=message):
        read_config(tmp_path / "c.toml")


def test_the_page_names_every_key():
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    (table,) = (tomllib.loads(block) for block in re.findall(r"^```toml\n(.*?)^```$", page, re.M | re.S))
    config = config_of(table, "docs/training.md")
    known = {key for key in flat(tomllib.loads(to_text(config))) if not key.startswith("options.")}
    assert known == flat(table).keys()


@pytest.mark.parametrize("path", sorted((ROOT / "training").glob("*.toml")), ids=lambda path: path.stem)
def test_what_ships_can_be_trained_again(path):
    assert read_config(path).name == path.stem
