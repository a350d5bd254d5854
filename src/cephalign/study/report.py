"""One page of all tables and figures, as Markdown and as HTML, from the cells there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import torch
from jinja2 import Environment

from cephalign import __version__
from cephalign.errors import InputError
from cephalign.io.atomic import whole_file
from cephalign.study import pictures
from cephalign.study.study import Study
from cephalign.study.tables import SECTIONS, Table
from cephalign.train.provenance import commit, device_name

MARKDOWN, HTML = "report.md", "report.html"
PICTURES: dict[str, Callable[[Study, Path], None]] = {
    "fig6": pictures.draw_fig6,
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
    if not any(section.table or section.picture for section in sections):
        raise InputError("nothing to report", do="run a table or figure of the study first")
    title = f"Cephalign study, scale {study.scale.name}"
    facts = (
        f"{study.scale.originals} originals ({study.source.name}), seed {study.seed}; "
        f"{study.scale.splits} random splits; {date.today().isoformat()}, commit {commit()}, version "
        f"{__version__}, PyTorch {torch.__version__}, {device_name(study.device)}."
    )
    _write(study.folder / MARKDOWN, _markdown(title, facts, sections))
    _write(study.folder / HTML, _html(title, facts, sections))


def _sections(study: Study) -> Sequence[Section]:
    sections = []
    for name, (title, text, make) in SECTIONS.items():
        try:
            table = make(study)
        except FileNotFoundError:  # not measured to the end
            sections.append(Section(title, f"{text} Not measured to the end yet.", None, ""))
            continue
        picture = ""
        if name in PICTURES:
            picture = f"{name}.png"
            PICTURES[name](study, study.folder / picture)
        sections.append(Section(title, text, table, picture))
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
