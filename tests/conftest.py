"""Fixtures that all tests share."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real scans, which are not part of the project; without it a test is skipped."""
    folder = Path(os.environ.get("CEPHALIGN_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no real scans: set CEPHALIGN_DATA to the folder that holds rire/ and the others")
    return folder
