"""The page of one registration: one HTML file that shows and says all, without a network."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader

from cephalign import __version__
from cephalign.geometry import Volume
from cephalign.io.atomic import whole_file
from cephalign.report import facts
from cephalign.report.embedded import embedded, png_uri
from cephalign.report.panels import panel_words, program_facts, residual_words, view_of
from cephalign.report.residual import residual
from cephalign.report.viewer import policy, source_hash, viewer

if TYPE_CHECKING:
    from cephalign.registration import Registration  # it loads torch, which need not be there to write

ASSETS = Path(__file__).with_name("assets")
# One program; each file uses what stands in those before it.
PROGRAM = ("sampling.js", "edges.js", "mixing.js", "panel.js", "viewer.js", "page.js")


def write_report(
    found: Registration,
    path: Path,
    *,
    scans: tuple[Volume, Volume],
    paths: tuple[Path, Path],
    record: facts.Record,
    picture: bytes,
) -> None:
    """Write the page, whole or not at all; the same registration gives the same bytes.

    Parameters
    ----------
    found : Registration
    path : Path
    scans, paths : pair of Volume, pair of Path
        Fixed and moving, and where they were read from.
    record : dict
        As `results.registration_record` makes it.
    picture : bytes
        A PNG of both scans, for browsers that cannot do more.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    with ThreadPoolExecutor(2) as pool:
        program = pool.submit(viewer)
        fixed, moving = pool.map(embedded, scans, found.modalities)
        packing = [pool.submit(lambda scan: scan.packed_voxels, scan) for scan in (fixed, moving)]
        view = view_of(fixed, found.centre)
        spread = residual(found.moving_from_fixed, found.check.ends, found.check.expected_mm, fixed.body)
        words = {
            **_told(found, paths, record),
            **panel_words(view),
            **residual_words(spread, view, fixed),
            "facts": program_facts((fixed, moving), found.moving_from_fixed, view, spread),
            "picture": png_uri(picture),
            "packed": dict(zip(("fixed", "moving"), (job.result() for job in packing), strict=True)),
            "viewer": program.result(),
        }
    page = _rendered(words)
    with whole_file(path) as temporary:
        # A file name may hold bytes that are no letters.
        temporary.write_bytes(page.encode("utf-8", "replace"))


def _rendered(words: dict[str, Any]) -> str:
    early, program, style = (
        "".join((ASSETS / name).read_text(encoding="utf-8") for name in names)
        for names in (("early.js",), PROGRAM, ("page.css",))
    )
    hashes = [source_hash(script.encode()) for script in (early, program)]
    environment = Environment(
        loader=FileSystemLoader(ASSETS), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("page.html.j2").render(
        **words,
        early=early,
        program=program,
        style=style,
        policy=policy([*hashes, words["viewer"].hash], [source_hash(style.encode())]),
    )


def _told(found: Registration, paths: tuple[Path, Path], record: facts.Record) -> dict[str, object]:
    """Return what is said in words, rows and numbers."""
    check = found.check
    return {
        "status": found.status.value,
        "reason": found.reason,
        "expectation": facts.expectation(check.expected_mm, check.interval_mm),
        "names": dict(zip(("fixed", "moving"), map(facts.name_of, paths), strict=True)),
        "input_rows": facts.input_rows(record),
        "motion": facts.motion(found),
        "motion_rows": facts.motion_rows(found),
        "stage_rows": facts.stage_rows(found),
        "evidence_rows": facts.number_rows(asdict(check.evidence)) if check.evidence else [],
        "hash_rows": facts.hash_rows(record),
        "command": facts.command(record),
        "record": record,
        "version": __version__,
    }
