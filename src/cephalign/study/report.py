"""One page of all tables and figures, as Markdown and as HTML, from the cells there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jinja2 import Environment

from cephalign.errors import InputError
from cephalign.io.atomic import whole_file
from cephalign.study import pictures
from cephalign.study.methods import RANSAC_SEED
from cephalign.study.sections import SECTIONS
from cephalign.study.study import Study
from cephalign.study.table import Table

MARKDOWN, HTML = "report.md", "report.html"
PICTURES: dict[str, Callable[[Study, Path], None]] = {
    "fig6": pictures.draw_fig6,
    "fig7": pictures.draw_fig7,
    "fig8": pictures.draw_fig8,
    "fig9": pictures.draw_fig9,
}


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Parameters
    ----------
    title, text : str
    table : Table, optional
    picture : str
        A file beside the page, or nothing.
    """

    title: str
    text: str
    table: Table | None
    picture: str


def write_report(study: Study) -> None:
    """Write the page and its pictures into the study's folder.

    Raises
    ------
    InputError
        Nothing was measured yet.
    """
    sections = list(_sections(study))
    if not any(section.table for section in sections):
        raise InputError("nothing to report", do="run a table or figure of the study first")
    title = f"Cephalign study, scale {study.scale.name}"
    facts = _facts(study)
    _write(study.folder / MARKDOWN, _markdown(title, facts, sections))
    _write(study.folder / HTML, _html(title, facts, sections))


def _facts(study: Study) -> str:
    """Say what was measured, when, on what and by which code, as the cells have it."""
    scale, cells = study.scale, study.cells.every()
    dates, devices, commits = (
        sorted({cell[fact] for cell in cells}) for fact in ("date", "device", "commit")
    )
    days = " to ".join(dict.fromkeys((dates[0], dates[-1])))
    return (
        f"{scale.originals} originals ({study.source.name}), {scale.splits} random splits. Seed {study.seed} "
        f"decides heads, copies, splits and first weights; RANSAC always begins with {RANSAC_SEED}. Measured "
        f"{days} on {'; '.join(devices)} by commit {', '.join(commits)}, PyTorch {torch.__version__}."
    )


def _sections(study: Study) -> Sequence[Section]:
    sections = []
    for name, (title, text, make) in SECTIONS.items():
        table, picture = make(study), ""
        missing = f" Not measured yet: {', '.join(table.missing)}." if table.missing else ""
        if name in PICTURES and table.rows:
            picture = f"{name}.png"
            PICTURES[name](study, study.folder / picture)
        sections.append(Section(title, text + missing, table if table.rows else None, picture))
    return sections


def _markdown(title: str, facts: str, sections: Sequence[Section]) -> str:
    lines = [f"# {title}", "", facts, ""]
    for section in sections:
        lines += [f"## {section.title}", "", section.text, ""]
        if section.table:
            lines += [_row(section.table.columns), "|---" * len(section.table.columns) + "|"]
            lines += [_row(row) for row in section.table.rows]
            lines.append("")
        if section.picture:
            lines += [f"![{section.title}]({section.picture})", ""]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _html(title: str, facts: str, sections: Sequence[Section]) -> str:
    template = Path(__file__).with_name("report.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(template).render(title=title, facts=facts, sections=sections)


def _write(path: Path, text: str) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
