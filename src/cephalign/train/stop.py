"""When a leg of a training ends before the training does."""

from __future__ import annotations

import math
import signal
import time
from types import FrameType, TracebackType
from typing import Any, Self


class Stop:
    """Notes signals and the time; a context, for the main thread.

    SIGTERM and SIGINT end a leg after the step that is being done. A second one ends the process at once.

    Parameters
    ----------
    seconds : float
        How long a leg may last; `inf` for as long as it takes.
    began : float
        When the leg began, as `time.monotonic()` tells.
    """

    def __init__(self, seconds: float = math.inf, began: float | None = None) -> None:
        self.end = (time.monotonic() if began is None else began) + seconds
        self.signal = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._before = {
            number: signal.signal(number, self._note) for number in (signal.SIGTERM, signal.SIGINT)
        }
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def due(self) -> bool:
        """Whether the leg is to end now."""
        return bool(self.signal) or time.monotonic() >= self.end

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        for each, handler in self._before.items():
            signal.signal(each, handler)
