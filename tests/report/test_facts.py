"""The words of a page."""

import shlex
from math import inf

import pytest

from cephalign.report import facts

FILES = {"fixed": {"path": "a b/it's.nii"}, "moving": {"path": "$(rm -r x).mha"}}


@pytest.mark.parametrize(
    ("expected_mm", "interval_mm", "sentence"),
    [
        (0.834, (0.41, 1.62), "Expected error 0.83 mm, with 90 % between 0.41 and 1.6 mm."),
        (12.34, (4.04, 31.4), "Expected error 12 mm, with 90 % between 4.0 and 31 mm."),
        (2.5, (0.9, inf), "Expected error 2.5 mm, with 95 % above 0.90 mm and no upper bound."),
        (2.5, (inf, inf), "Expected error 2.5 mm."),
        (inf, (inf, inf), "No expected error can be stated."),
    ],
)
def test_the_expected_error(expected_mm, interval_mm, sentence):
    assert facts.expectation(expected_mm, interval_mm) == sentence


def test_the_command_survives_a_shell():
    chosen = {
        "method": "auto",
        "init": "my start.tfm",
        "auto_order": True,
        "allow_gaps": False,
        "series": None,
    }
    words = shlex.split(facts.command({"inputs": FILES, "parameters": chosen}))
    assert words[:4] == ["cephalign", "register", "a b/it's.nii", "$(rm -r x).mha"]
    assert words[4:] == ["--out", "result", "--method", "auto", "--init", "my start.tfm", "--auto-order"]


def test_numbers_have_names_with_their_unit():
    assert facts.number_rows({"drift_mm": 0.41574, "volume_share": 1}) == [
        ("drift, mm", "0.4157"),
        ("volume share", "1"),
    ]
