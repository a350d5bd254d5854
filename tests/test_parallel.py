"""Two scans side by side."""

import threading

import pytest
import torch

from cephalign.parallel import both, each, undivided_operations


def test_both_are_done_at_once_and_in_order():
    meet = threading.Barrier(2, timeout=20)

    def work(number):
        meet.wait()  # would time out if one waited for the other to end
        return 10 * number

    assert both(work, 3, 4) == (30, 40)


@pytest.mark.parametrize("bad", [1, 2])
def test_what_goes_wrong_in_either_is_said(bad):
    def work(number):
        if number == bad:
            raise ValueError(f"number {number}")
        return number

    with pytest.raises(ValueError, match=f"number {bad}"):
        both(work, 1, 2)


def test_threads_are_put_back(with_threads):
    def inside():
        with undivided_operations():
            assert torch.get_num_threads() == 1
            assert both(lambda _: torch.get_num_threads(), 0, 0) == (1, 1)
        return torch.get_num_threads()

    assert with_threads(2, inside) == 2


def test_threads_are_put_back_after_a_failure(with_threads):
    def inside():
        with pytest.raises(ValueError, match="no"), undivided_operations():
            raise ValueError("no")
        return torch.get_num_threads()

    assert with_threads(2, inside) == 2


def test_each_in_order_and_no_threads_inside_whoever_ends_first(with_threads):
    first = threading.Event()

    def work(number):
        with undivided_operations():
            if number == 1:
                assert first.wait(20)
        if number == 0:
            first.set()
        return number, torch.get_num_threads()

    assert with_threads(2, lambda: list(each(work, range(5)))) == [(number, 1) for number in range(5)]
    assert with_threads(2, lambda: (list(each(work, range(2))), torch.get_num_threads())[1]) == 2
