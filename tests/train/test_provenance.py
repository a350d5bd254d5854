"""Which code trained, as the card says it."""

import re

import cephalign
from cephalign.train.provenance import commit


def test_a_clone_says_its_commit_and_anything_else_the_version(monkeypatch, tmp_path):
    version = f"none, version {cephalign.__version__}"
    assert re.fullmatch(r"[0-9a-f]{12,}(-dirty)?", commit()) or commit() == version
    (tmp_path / "__init__.py").touch()
    monkeypatch.setattr(cephalign, "__file__", str(tmp_path / "__init__.py"))
    assert commit() == version
    monkeypatch.setenv("PATH", "")
    assert commit() == version
