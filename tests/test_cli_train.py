"""The verb `train`, as a user calls it: a leg ends by a signal, one by the clock, and the last is done."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cephalign.cli_train import train
from cephalign.errors import InputError
from cephalign.models.weights import load_weights
from cephalign.train.log import read_log
from tests.train import tiny  # makes its task known to this process

ROOT = Path(__file__).resolve().parent.parent
CONFIG = """
name = "tiny"
task = "tiny"
steps = 40
heads_per_batch = 2
validation_heads = 3
validate_every = 15
log_every = 4
checkpoint_seconds = 0.2
[optimiser]
rate = 0.01
[options]
seconds_a_head = 0.01
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / "tiny.toml").write_text(CONFIG)
    return tmp_path / "tiny.toml"


def command(*words):
    """Return the program, with the tests' own task in it."""
    return [sys.executable, "-m", tiny.__name__, "train", *map(str, words)]


def losses(out):
    """Return what the logs say, but for how long it took."""
    rows = [*read_log(out / "training.csv"), *read_log(out / "validation.csv")]
    return [{name: row[name] for name in row if name not in ("seconds", "samples_per_s")} for row in rows]


def test_legs_give_the_same_losses_to_the_bit(config, tmp_path, capsys):
    """SIGTERM with two workers, then the clock and the end with none."""
    whole, out = tmp_path / "whole", tmp_path / "out"
    with subprocess.Popen(
        command(config, "--out", out, "--workers", 2),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as program:
        lines = []
        for line in program.stderr:
            lines.append(line)
            if "step 12," in line:
                break
        program.send_signal(signal.SIGTERM)
        told, complaints = program.communicate(timeout=60)
    assert program.returncode == 128 + signal.SIGTERM, "".join(lines) + complaints
    steps = int(told.split()[0])
    assert 12 <= steps < 40
    assert told == f"{steps} of 40 steps; the same command goes on\n{out / 'tiny.safetensors'}\n"
    assert "Traceback" not in complaints
    assert load_weights(out / "tiny.safetensors").card.steps == steps
    assert (out / "curves.png").read_bytes().startswith(b"\x89PNG")

    leg = command(config, "--out", out, "--workers", 0, "--seconds", 0.1)
    done = subprocess.run(leg, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.startswith(f"{steps + 1} of 40 steps; the same command goes on\n")

    for folder in (out, whole):
        train(config, out=folder, workers=0)
        assert capsys.readouterr().out == f"40 of 40 steps\n{folder / 'tiny.safetensors'}\n"
    assert losses(out) == losses(whole)
    assert [row["step"] for row in losses(out)] == [*range(4, 41, 4), 15, 30, 40]


def test_an_unknown_key_is_one_line(config, tmp_path):
    config.write_text(CONFIG.replace("rate", "rat"))
    done = subprocess.run(
        command(config, "--out", tmp_path / "out"), capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 2 and done.stdout == ""
    message = r"cephalign: \S*tiny.toml: optimiser: unknown key; expected one of kind, rate, .*; got rat\n"
    assert re.fullmatch(message, done.stderr)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seconds": 0.0}, "impossible --seconds; expected above 0; got 0"),
        ({"seconds": float("nan")}, "impossible --seconds"),
        ({"anatomy": Path("none")}, "none is given, but no head is to be drawn from it"),
    ],
)
def test_options_that_cannot_be(config, tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        train(config, out=tmp_path / "out", workers=0, **options)
    assert not (tmp_path / "out").exists()
