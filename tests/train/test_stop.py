"""When a leg ends."""

import os
import signal
import time

import pytest

from cephalign.train.stop import Stop


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_is_noted_and_a_second_ends_all(number):
    heard = []
    before = signal.signal(number, lambda *_: heard.append("as ever"))
    try:
        with Stop() as stop:
            assert not stop.due
            os.kill(os.getpid(), number)
            assert stop.due and stop.signal == number and not heard
            os.kill(os.getpid(), number)
            assert heard == ["as ever"]
        os.kill(os.getpid(), number)
        assert heard == ["as ever"] * 2
    finally:
        signal.signal(number, before)


def test_the_clock_runs_from_where_it_is_told():
    assert not Stop(60).due
    assert not Stop(60, time.monotonic() - 59).due
    assert Stop(60, time.monotonic() - 61).due
