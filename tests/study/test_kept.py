"""What networks look at is made once where there is room, and comes in the order that was asked for."""

from collections import Counter

import numpy as np
import pytest

from cephalign.study import kept
from cephalign.study.kept import Kept, memory_bytes

BYTES = 80


@pytest.mark.parametrize(("room", "times"), [(10 * BYTES, [1, 1, 1]), (2 * BYTES, [1, 1, 3]), (0, [3, 3, 3])])
def test_what_fits_is_made_once(room, times):
    made = Counter()

    def make(number):
        made[number] += 1
        return {"values": np.full(BYTES // 8, float(number))}

    samples = Kept(make, room)
    for asked in ([0, 1, 2], [2, 0, 2, 1], [1, 2, 0]):
        assert [sample["values"][0] for sample in samples.at(asked)] == asked
    assert [made[number] for number in range(3)] == times


@pytest.mark.parametrize(("bound", "expected"), [("123456\n", 123456), ("max\n", None)])
def test_a_container_has_less_than_its_machine(tmp_path, monkeypatch, bound, expected):
    monkeypatch.setattr(kept, "CONTAINER", tmp_path / "none")
    machine = memory_bytes()
    assert machine > 2**28
    (tmp_path / "memory.max").write_text(bound)
    monkeypatch.setattr(kept, "CONTAINER", tmp_path / "memory.max")
    assert memory_bytes() == (expected or machine)
