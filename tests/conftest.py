"""Fixtures that all tests share."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parent.parent

# The same examples in every run, however slow the machine: what fails here fails everywhere.
settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real scans, which are not part of the project.

    Without it a test is skipped, or fails where CEPHALIGN_REQUIRE_DATA is set, as it is in `.ci/run`.
    """
    folder = Path(os.environ.get("CEPHALIGN_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        unless = pytest.fail if os.environ.get("CEPHALIGN_REQUIRE_DATA") else pytest.skip
        unless("no real scans: set CEPHALIGN_DATA to the folder that holds rire/ and the others")
    return folder


@pytest.fixture(scope="session")
def program() -> str:
    """The installed program `cephalign` of this environment, to be run as a user runs it."""
    found = shutil.which("cephalign", path=str(Path(sys.executable).parent))
    assert found, "install the package first: make test"
    return found


@pytest.fixture(scope="session")
def preset():
    """Return a function that changes a preset of the simulator and returns the name of what comes of it.

    `t1` and `ct` change these scans' protocols, and the coverages and flaws in them, by the names of fields.
    """

    from cephalign.geometry import Modality
    from cephalign.simulate.presets import PRESETS

    def renewed(part, changes):
        names = {field.name for field in fields(part)}
        return replace(part, **{name: value for name, value in changes.items() if name in names})

    def scanned(protocol, changes):
        coverages = tuple(renewed(coverage, changes) for coverage in protocol.coverages)
        flaws = renewed(protocol.flaws, changes)
        return renewed(replace(protocol, coverages=coverages, flaws=flaws), changes)

    with pytest.MonkeyPatch.context() as patch:

        def preset(base="small", *, t1=None, ct=None, oddities=None):
            chosen = PRESETS[base]
            protocols = {
                modality: scanned(chosen.protocols[modality], changes or {})
                for modality, changes in ((Modality.T1, t1), (Modality.CT, ct))
            }
            name = f"{base} as in a test, {len(PRESETS)}"
            oddities = chosen.oddities if oddities is None else oddities
            patch.setitem(PRESETS, name, replace(chosen, protocols=protocols, oddities=oddities))
            return name

        yield preset


@pytest.fixture
def call_in(monkeypatch, capsys):
    """Return a function that runs the program in a folder, in this process, which spares loading it anew."""

    from cephalign.cli import main

    def call_in(folder, *arguments):
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["cephalign", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, ended.value.code or 0, said.out, said.err)

    return call_in


@pytest.fixture
def with_threads():
    """Return a function that calls another with so many of PyTorch's threads."""

    import torch

    def call(count, function):
        before = torch.get_num_threads()
        torch.set_num_threads(count)
        try:
            return function()
        finally:
            torch.set_num_threads(before)

    return call


@pytest.fixture
def interruptible():
    """Options of `subprocess` for a program that hears SIGINT; of a background job, none does."""
    return {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
