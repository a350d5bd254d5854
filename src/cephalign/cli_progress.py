"""How far a verb is: a bar where somebody is looking, and lines."""

# ruff: noqa: PLC0415 - so that --help answers at once

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cephalign.cli_inputs import say

if TYPE_CHECKING:
    from rich.progress import Progress


@dataclass
class Bar:
    """What a verb tells on the way; where nobody is looking only lines are left of it.

    Parameters
    ----------
    shown : Progress, optional
        With the one task that is being done.
    """

    shown: Progress | None = None

    def say(self, line: str) -> None:
        """Print a line, above the bar."""
        if self.shown:
            self.shown.console.print(line, markup=False, highlight=False)
        else:
            say(line)

    def begin(self, what: str) -> None:
        """Begin something else: its name stands beside the bar, or is a line."""
        if self.shown:
            self.shown.remove_task(self.shown.task_ids[0])
            self.shown.add_task(what, total=None)
        else:
            say(what)

    def advance(self) -> None:
        """Say that one more is done."""
        if self.shown:
            self.shown.advance(self.shown.task_ids[0])

    def reach(self, done: int, total: int) -> None:
        """Say how many are done, and of how many."""
        if self.shown:
            self.shown.update(self.shown.task_ids[0], completed=done, total=total)


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Bar]:
    """Show a bar on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        yield Bar()
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (*Progress.get_default_columns()[:-1], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        bar.add_task(what, total=total)
        yield Bar(bar)
