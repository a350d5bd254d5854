"""How the learning rate goes."""

from itertools import pairwise

import pytest

from cephalign.train.schedule import ScheduleConfig, part_of_rate


def test_up_in_a_line_and_down_along_a_cosine():
    schedule = ScheduleConfig(warmup_steps=10)
    parts = [part_of_rate(schedule, step, 110) for step in range(111)]
    assert parts[:10] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    assert parts[10] == 1.0
    assert parts[35] == pytest.approx((1 + 2**-0.5) / 2)
    assert parts[60] == pytest.approx(0.5)
    assert parts[110] == pytest.approx(0.0)
    assert all(after < before for before, after in pairwise(parts[10:]))


def test_without_warming_up_it_starts_at_the_top():
    assert part_of_rate(ScheduleConfig(), 0, 50) == 1.0


def test_the_papers_steps():
    """1e-3, and 1e-4 after 20 of 30 epochs."""
    schedule = ScheduleConfig("drops", drops=(20, 25))
    parts = [part_of_rate(schedule, step, 30) for step in (0, 19, 20, 24, 25, 29)]
    assert parts == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])
