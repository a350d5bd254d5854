"""What a registration takes its scans for: what they show, or what their headers say; and which is moved."""

import numpy as np
import pytest

from cephalign.geometry import Grid, Modality, Volume
from cephalign.models.modality import Identification
from cephalign.registration_modality import in_wrong_order, recognised

GRID = Grid((4, 5, 6), np.diag([2.0, 3.0, 4.0, 1.0]))


def scan(header, number=0):
    return Volume(np.full(GRID.shape, number, np.int16), GRID, header)


@pytest.fixture
def seen(monkeypatch):
    """Return a list of what the images of scans number 0, 1... show."""
    answers = []
    monkeypatch.setattr(
        "cephalign.models.modality.identify",
        lambda volume: Identification(answers[int(volume.data[0, 0, 0])], {}),
    )
    return answers


@pytest.mark.parametrize("header", [Modality.UNKNOWN, Modality.CT, Modality.T2])
def test_the_image_is_the_judge(seen, header):
    seen.append(Modality.T2)
    one = scan(header)
    found = recognised(one)
    assert found.modality is Modality.T2
    assert found.data is not None and np.shares_memory(found.data, one.data) and found.grid is one.grid


def test_the_header_counts_where_the_image_is_not_clear(seen):
    seen.append(Modality.UNKNOWN)
    assert recognised(scan(Modality.PD)).modality is Modality.PD
    assert recognised(scan(Modality.UNKNOWN)).modality is Modality.UNKNOWN


@pytest.mark.parametrize(
    ("fixed", "moving", "wrong"),
    [
        (Modality.CT, Modality.T1, True),
        (Modality.PET, Modality.PD, True),
        (Modality.T1, Modality.CT, False),
        (Modality.T2, Modality.T1, False),
        (Modality.CT, Modality.PET, False),
        (Modality.UNKNOWN, Modality.T1, False),
        (Modality.CT, Modality.UNKNOWN, False),
    ],
)
def test_the_mr_stays_where_it_is(seen, fixed, moving, wrong):
    seen += [fixed, moving]
    assert in_wrong_order(scan(Modality.UNKNOWN, 0), scan(Modality.UNKNOWN, 1)) is wrong
