"""Run one command; note how long it took and how much memory it had at most.

    python -I -S measure.py REPORT LIMIT_S LOG COMMAND...

A small process of its own: a child's peak starts with the memory of the process it splits off from.
"""

import json
import os
import signal
import sys
import time

MIB_PER_MAXRSS = 1 / 1024  # Linux counts in KiB


def main() -> None:
    report, limit, log, *command = sys.argv[1:]
    with open(log, "wb") as output:  # noqa: PTH123 - pathlib would double this process
        redirected = [(os.POSIX_SPAWN_DUP2, output.fileno(), target) for target in (1, 2)]
        began = time.perf_counter()
        child = os.posix_spawnp(command[0], command, os.environ, file_actions=redirected, setpgroup=0)
    timed_out = False

    def end(number: int, _: object) -> None:
        nonlocal timed_out
        timed_out = number == signal.SIGALRM
        os.killpg(child, signal.SIGKILL)

    for number in (signal.SIGALRM, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    signal.setitimer(signal.ITIMER_REAL, float(limit))
    _, status, usage = os.wait4(child, 0)
    taken = {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mib": usage.ru_maxrss * MIB_PER_MAXRSS,
        "exit_code": os.waitstatus_to_exitcode(status),
        "timed_out": timed_out,
    }
    with open(report, "w") as file:  # noqa: PTH123
        json.dump(taken, file)


if __name__ == "__main__":
    main()
