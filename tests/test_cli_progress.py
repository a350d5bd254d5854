"""What a verb tells on the way, on a terminal and elsewhere."""

import io
import sys

import pytest

from cephalign.cli_progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal(monkeypatch):
    for name, value in {"TERM": "xterm", "COLUMNS": "100"}.items():
        monkeypatch.setenv(name, value)
    # Rich asks these before it asks the stream.
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "stderr", Terminal())
    return sys.stderr


def test_without_a_terminal_there_are_lines_and_no_bar(capsys):
    with progress("heads", 3) as bar:
        bar.say("one [of] them")
        bar.advance()
        bar.begin("the next")
        bar.reach(2, 5)
    assert capsys.readouterr().err == "cephalign: one [of] them\ncephalign: the next\n"


def test_on_a_terminal_the_bar_counts_and_lines_stand_above_it(monkeypatch):
    screen = terminal(monkeypatch)
    with progress("heads", 3) as bar:
        bar.advance()
        bar.say("one [of] them")
        bar.advance()
    shown = screen.getvalue()
    assert "one [of] them" in shown
    assert shown.index("one [of] them") < shown.rindex("heads")
    assert "2/3" in shown


def test_on_a_terminal_what_comes_next_is_counted_for_itself(monkeypatch):
    screen = terminal(monkeypatch)
    with progress("heads", 3) as bar:
        bar.advance()
        bar.begin("the next")
        bar.reach(4, 5)
    last = screen.getvalue()[screen.getvalue().rindex("the next") :]
    assert "4/5" in last
    assert "80%" in last


def test_the_cursor_comes_back_after_an_error(monkeypatch):
    screen = terminal(monkeypatch)
    with pytest.raises(ValueError, match="of no use"), progress("heads", 3):
        raise ValueError("of no use")
    assert screen.getvalue().rindex("\x1b[?25h") > screen.getvalue().rindex("\x1b[?25l")
