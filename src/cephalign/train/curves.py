"""The logs of a training as a picture."""

from __future__ import annotations

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cephalign.io.atomic import whole_file
from cephalign.train.log import read_log

COLUMNS = 3
NOT_DRAWN = ("step", "seconds")


def draw_curves(logs: dict[str, Path], path: Path) -> None:
    """Draw each column against the step, those of the same name together.

    Parameters
    ----------
    logs : dict of str to Path
        What each log is called, and its file.
    path : Path
        A PNG.

    Raises
    ------
    InputError
        A log cannot be read.
    OutputError
        The picture cannot be written.
    """
    tables = {name: rows for name, log in logs.items() if (rows := read_log(log))}
    columns = list(dict.fromkeys(name for rows in tables.values() for name in rows[0]))
    drawn = [name for name in columns if name not in NOT_DRAWN]
    if not drawn:
        return
    lines = -(-len(drawn) // COLUMNS)
    figure = Figure(figsize=(4.5 * COLUMNS, 2.8 * lines))
    figure.subplots_adjust(0.05, 0.2 / lines, 0.98, 1 - 0.15 / lines, wspace=0.2, hspace=0.35)
    FigureCanvasAgg(figure)
    for axes, column in zip(figure.subplots(lines, COLUMNS, squeeze=False).flat, drawn, strict=False):
        drawn_from = {log: rows for log, rows in tables.items() if column in rows[0]}
        for log, rows in drawn_from.items():
            axes.plot([row["step"] for row in rows], [row[column] for row in rows], label=log)
        axes.set_title(column.replace("_", " "), fontsize="medium")
        axes.grid(alpha=0.3)
        if len(drawn_from) > 1:
            axes.legend(fontsize="small")
        if column == "loss" and all(row[column] > 0 for rows in drawn_from.values() for row in rows):
            axes.set_yscale("log")
    for axes in figure.axes[len(drawn) :]:
        axes.remove()
    with whole_file(path) as temporary:
        figure.savefig(temporary, dpi=100)
