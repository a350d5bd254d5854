"""What any page with scans in it needs: the 3D viewer's program, and a policy that forbids the network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cephalign.report.embedded import packed

VENDOR = Path(__file__).with_name("vendor")


@dataclass(frozen=True)
class Viewer:
    """NiiVue, a viewer of volumes in WebGL 2, which a page unpacks and starts when someone asks for it.

    Parameters
    ----------
    packed : str
        The program, gzip in base64.
    hash : str
        By which the page's policy lets it run.
    licences : str
        Texts that go with every copy.
    """

    packed: str
    hash: str
    licences: str


def viewer() -> Viewer:
    """Read NiiVue from the package."""
    program = (VENDOR / "niivue.umd.js").read_bytes()
    licences = (VENDOR / "LICENCES.txt").read_text(encoding="utf-8")
    return Viewer(packed(program), source_hash(program), licences)


def source_hash(source: bytes) -> str:
    """Return how a Content-Security-Policy names an inline script or style of exactly these bytes."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(source).digest()).decode('ascii')}'"


def policy(scripts: Sequence[str], styles: Sequence[str]) -> str:
    """Return a policy under which only these scripts and styles run, and nothing is fetched from anywhere.

    Parameters
    ----------
    scripts, styles : sequences of str
        From `source_hash`. A name from outside that became markup after all could not run anything.
    """
    return (
        f"default-src 'none'; script-src {' '.join(scripts)}; style-src {' '.join(styles)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
