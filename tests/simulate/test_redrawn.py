"""Drawing anew ends: with the first that is found, or by saying that none is."""

from __future__ import annotations

import numpy as np
import pytest

from cephalign.errors import InputError
from cephalign.simulate.redrawn import TRIES, until_found


def test_returns_the_first_that_is_found_and_draws_on():
    rng = np.random.default_rng(3)
    expected = np.random.default_rng(3).uniform(size=50)

    def find(value: float) -> float:
        if value < 0.7:
            raise InputError("no head")
        return value

    assert until_found(rng.uniform, find) == expected[expected >= 0.7][0]


def test_gives_up_and_says_why():
    drawn = []

    def find(_: None) -> None:
        raise InputError("the scan is empty")

    with pytest.raises(InputError, match=r"no head found.*the scan is empty.*label maps"):
        until_found(lambda: drawn.append(None), find)
    assert len(drawn) == TRIES


def test_what_cannot_be_drawn_is_not_taken_for_no_head():
    drawn = []

    def draw() -> None:
        drawn.append(None)
        raise InputError("the label map is torn")

    with pytest.raises(InputError, match=r"^the label map is torn$"):
        until_found(draw, lambda drawn: drawn)
    assert len(drawn) == 1
