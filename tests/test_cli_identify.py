"""`cephalign identify`, with a tiny network in the place of what ships."""

import hashlib
import json

import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner

from cephalign.cli_identify import add_identify_verb
from cephalign.errors import CephalignError, InputError
from cephalign.geometry import Grid, Modality, Volume
from cephalign.io.volumes import write_volume
from cephalign.models import weights
from cephalign.models.card import Card
from cephalign.models.modality import CLASSES, ModalityConfig, identify, shipped_identifier
from cephalign.models.weights import save_weights

TINY = ModalityConfig(side=8, spacing_mm=32.0, filters=(4, 8))
GRID = Grid((40, 44, 20), np.diag([-5.0, -5.0, 9.0, 1.0]))


def invoked(*arguments):
    """Run the verb as the program mounts it."""
    app = typer.Typer()
    add_identify_verb(app)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def run(*arguments):
    """Run the verb; an error comes out as the exception it is."""
    result = invoked(*arguments)
    if isinstance(result.exception, CephalignError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def ships(tmp_path, monkeypatch):
    """Return a function that makes the program ship a network that always says the same logits, or none."""
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    monkeypatch.setattr(weights, "SHIPPED", shipped)

    def ships(*logits):
        shipped_identifier.cache_clear()
        (shipped / "hashes.txt").write_text("")
        if logits:
            network = TINY.network(torch.Generator().manual_seed(0))
            network.last.weight.data.zero_()
            network.last.bias.data = torch.tensor(logits, dtype=torch.float32)
            file = shipped / "modality.safetensors"
            save_weights(file, network, Card("modality", "modality", config=vars(TINY)))
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            (shipped / "hashes.txt").write_text(f"{digest}  modality.safetensors\n")
        return shipped

    yield ships
    shipped_identifier.cache_clear()


@pytest.fixture
def scans(tmp_path):
    """Write a ball, and a scan of nothing; return their folder."""
    places = (np.indices(GRID.shape).T - (np.array(GRID.shape) - 1) / 2).T * GRID.spacing[:, None, None, None]
    ball = (500 * (np.linalg.norm(places, axis=0) < 75)).astype(np.int16)
    write_volume(Volume(ball, GRID), tmp_path / "ball.nii.gz")
    write_volume(Volume(ball * 0, GRID), tmp_path / "blank.nii.gz")
    return tmp_path


def test_a_line_for_each_file(ships, scans):
    ships(0, 5, 0, 0, 0, 0)
    ball, blank = scans / "ball.nii.gz", scans / "blank.nii.gz"
    first, second = run(ball, blank).splitlines()
    assert first == f"{ball}: MR-T1, 0.97"
    assert second.startswith(f"{blank}: not sure; scan holds no image; expected intensities that differ")


def test_json_says_all_of_it(ships, scans):
    ships(0, 0, 1, 1, 0, 0)
    (told,) = json.loads(run(scans / "ball.nii.gz", "--json"))
    assert list(told) == ["file", "modality", "probabilities", "reason", "header"]
    assert (told["modality"], told["header"]) == ("unknown", "unknown")
    assert list(told["probabilities"]) == [one.value for one in CLASSES]
    assert sum(told["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert "is the likeliest, but only with 0.29" in told["reason"]


@pytest.mark.parametrize(
    ("header", "beside"),
    [
        (Modality.UNKNOWN, ""),
        (Modality.T1, ""),
        (Modality.MR, ""),
        (Modality.T2, "; the header says MR-T2"),
        (Modality.CT, "; the header says CT"),
    ],
)
def test_the_header_is_told_where_it_differs(ships, monkeypatch, header, beside):
    ships(0, 5, 0, 0, 0, 0)
    scan = Volume((np.indices(GRID.shape).std(axis=0) < 9).astype(np.float32), GRID, header)
    monkeypatch.setattr("cephalign.cli_identify.volume_of", lambda path, flags: scan)
    assert run("scan") == f"scan: MR-T1, 0.97{beside}\n"


def test_a_header_stands_beside_not_sure(ships, monkeypatch):
    ships(0, 0, 0, 0, 0, 0)
    blank = Volume(np.zeros(GRID.shape), GRID, Modality.CT)
    monkeypatch.setattr("cephalign.cli_identify.volume_of", lambda path, flags: blank)
    assert run("scan").endswith("; the header says CT\n")


def test_reading_options_are_those_of_other_verbs(ships, monkeypatch):
    ships(0, 5, 0, 0, 0, 0)
    seen = []
    blank = Volume(np.zeros(GRID.shape), GRID)
    monkeypatch.setattr("cephalign.cli_identify.volume_of", lambda path, flags: seen.append(flags) or blank)
    run("scan", "--series", "2", "--allow-tilt", "--allow-gaps", "--allow-unoriented")
    assert seen == [{"series": "2", "allow_tilt": True, "allow_gaps": True, "allow_unoriented": True}]


def test_files_that_cannot_be_read_are_refused(ships, scans):
    ships(0, 5, 0, 0, 0, 0)
    done = invoked(scans / "missing.nii", scans / "ball.nii.gz")
    assert done.exit_code == 2
    assert "missing.nii does not exist" in done.stderr
    assert "ball.nii.gz: " in done.stdout  # the others are told


def test_without_weights_it_says_so(ships, scans):
    ships()
    with pytest.raises(InputError, match=r"no such weights ship.*expected none ship yet; got modality"):
        run(scans / "ball.nii.gz")


def test_damaged_weights_are_refused(ships, scans):
    file = ships(0, 5, 0, 0, 0, 0) / "modality.safetensors"
    held = bytearray(file.read_bytes())
    held[-1] ^= 1
    file.write_bytes(held)
    with pytest.raises(InputError, match=r"not those that were shipped.*install cephalign again"):
        run(scans / "ball.nii.gz")


def test_from_python(ships):
    ships(9, 0, 0, 0, 0, 0)
    ball = (np.indices(GRID.shape).std(axis=0) < 9).astype(np.float32)
    assert identify(Volume(ball, GRID, Modality.T1)).modality is Modality.CT
