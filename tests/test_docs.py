"""The pages in docs/ are run: Python and shell sessions in order, each page in an empty folder.

A `text` block right after a `python` block is what it prints. A `console` block is a session: what stands
after `$` is run and prints the lines below it. Blocks of other kinds are not run.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).resolve().parent.parent / "docs").glob("*.md"))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {}
    blocks = [*BLOCK.findall(page.read_text(encoding="utf-8")), ("end", "")]
    for number, (kind, content) in enumerate(blocks[:-1]):
        if kind == "python":
            exec(compile(content, f"{page.name}, block {number + 1}", "exec"), names)
            following, expected = blocks[number + 1]
            assert capsys.readouterr().out == (expected if following == "text" else "")
        elif kind == "console":
            assert session(content) == content


def session(content):
    """Run the commands of a shell session and return it as it went."""
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    went = ""
    for command in re.findall(r"^\$ (.*)$", content, re.MULTILINE):
        done = subprocess.run(
            command,
            shell=True,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PATH": programs},
        )
        went += f"$ {command}\n{done.stdout}{done.stderr}"
    return went


def test_conventions_are_a_page():
    assert "conventions" in [page.stem for page in PAGES]
