"""The figures as pictures."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cephalign.geometry import Rigid
from cephalign.io.atomic import whole_file
from cephalign.report.planes import PLANES, Field, checkerboard, cut, grey_levels
from cephalign.study import fig6, fig7, fig8, fig9
from cephalign.study.held_out import held_out_pairs
from cephalign.study.networks import DCNN
from cephalign.study.study import Study

DPI = 110
COLUMNS = 4
TITLE_CHARACTERS = 32


def draw_fig6(study: Study, path: Path) -> None:
    """Draw R^2 against the number of synthetic images of each original."""
    counts = [count for count in study.scale.sweep if study.cells.has(fig6.TABLE, count)]
    cells = [study.cells.read(fig6.TABLE, count) for count in counts]
    figure, (axes,) = _figure(1, 1, width=6.0, height=3.6)
    for name, label in (("R2 pooled", "pooled over the six"), ("R2 mean", "mean of the six")):
        axes.plot(counts, [cell[name] for cell in cells], marker="o", label=label)
    axes.set_xlabel("synthetic images of each original, n")
    axes.set_ylabel("R$^2$ of the DCNN on unseen originals")
    axes.legend()
    axes.grid(alpha=0.3)
    _save(figure, path)


def draw_fig7(study: Study, path: Path) -> None:
    """Draw where the paper's search ends, with and without symmetry, against the rotation at the start."""
    every = {angle: fig7.cells_of(study, str(angle)) for angle in study.scale.turns}
    there = {angle: cells for angle, cells in every.items() if cells}
    figure, (axes,) = _figure(1, 1, width=6.0, height=3.6)
    for way, shift in zip(fig7.WAYS, (-1.0, 1.0), strict=True):
        off = [[cell[way]["end"] for cell in cells] for cells in there.values()]
        (line,) = axes.plot(list(there), [np.median(values) for values in off], label=f"{way} symmetry")
        for angle, values in zip(there, off, strict=True):
            axes.plot([angle + shift] * len(values), values, ".", color=line.get_color(), alpha=0.5)
    axes.set_yscale("log")
    axes.set_xlabel("degrees between the scans at the start")
    axes.set_ylabel("mean TRE at the end, mm")
    axes.legend()
    axes.grid(alpha=0.3)
    _save(figure, path)


def draw_fig8(study: Study, path: Path) -> None:
    """Draw histograms of errors, of angles and of translations, for each regressor of the paper."""
    chosen = (DCNN, "SVM", "GPR", "ANN, Bayesian")
    figure, axes = _figure(2, len(chosen), width=3.0 * len(chosen), height=5.0)
    cells = [study.cells.read(fig8.TABLE, split) for split in range(study.scale.splits)]
    for column, name in enumerate(chosen):
        errors = np.concatenate([np.array(cell["rows"][name]["errors"]) for cell in cells])
        for row, (part, unit) in enumerate(((errors[:, :3], "degrees"), (errors[:, 3:], "mm"))):
            one = axes[row * len(chosen) + column]
            reach = 15.0
            one.hist(np.clip(part.ravel(), -reach, reach), bins=41, range=(-reach, reach))
            one.set_title(f"{name}: rms {np.sqrt((part**2).mean()):.1f} {unit}", fontsize="medium")
            one.set_xlabel(unit)
    _save(figure, path)


def draw_fig9(study: Study, path: Path) -> None:
    """Draw one axial cut for each method: tiles of the fixed scan, and of the moving one as it was put.

    It goes through the middle of the fixed grid, where a moved scan shows most of its slab.
    """
    pair = next(held_out_pairs(study, 0))
    poses = {"true motion": (pair.truth, 0.0)}
    for name in fig9.all_names(study):
        if study.cells.has(fig9.TABLE, name):
            cell: dict[str, Any] = study.cells.read(fig9.TABLE, name)
            poses[name] = Rigid(np.array(cell["moving_from_fixed"])), cell["TRE"]
    rows = -(-len(poses) // COLUMNS)
    figure, axes = _figure(rows, COLUMNS, width=3.2 * COLUMNS, height=3.4 * rows)
    field = Field(pair.fixed.grid.centre, extent_mm=210.0, pixels=320)
    scans = (pair.fixed, Rigid.identity()), *((pair.moving, pose) for pose, _ in poses.values())
    cuts = [cut(scan, pose, PLANES[0], field) for scan, pose in scans]
    (fixed,) = grey_levels(cuts[:1], pair.fixed.modality)
    shown = grey_levels(cuts[1:], pair.moving.modality)
    for one, (name, (_, off)), moving in zip(axes, poses.items(), shown, strict=False):
        one.imshow(checkerboard(fixed, moving))
        title = fill(name, TITLE_CHARACTERS)
        one.set_title(f"{title}\n{off:.1f} mm" if off else title, fontsize="medium")
    for one in axes:
        one.axis("off")
    _save(figure, path)


def _figure(rows: int, columns: int, width: float, height: float) -> tuple[Figure, list[Any]]:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(rows, columns, squeeze=False).flat)


def _save(figure: Figure, path: Path) -> None:
    with whole_file(path) as temporary:
        figure.savefig(temporary, dpi=DPI, metadata={"Software": None})
