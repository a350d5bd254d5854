"""Beam hardening and streaks of metal."""

import numpy as np
import pytest
import torch

from cephalign.errors import InputError
from cephalign.parallel import undivided_operations
from cephalign.simulate.artefacts import hardened
from cephalign.simulate.artefacts.projections import Scanner

SPACING_MM = 0.9
ROWS, COLUMNS = 220, 240


def discs(*given):
    """Return one (1, rows, columns) slice of discs in air: (x, y, radius) in mm from its middle, and HU."""
    y = (torch.arange(ROWS)[:, None] - (ROWS - 1) / 2) * SPACING_MM
    x = (torch.arange(COLUMNS) - (COLUMNS - 1) / 2) * SPACING_MM
    hu = torch.full((ROWS, COLUMNS), -1000.0)
    for a, b, radius, value in given:
        hu[(x - a) ** 2 + (y - b) ** 2 < radius**2] = value
    return hu[None]


WATER = (0, 0, 85, 0)
BONES = ((-45, 0, 12, 1500), (45, 0, 12, 1500))
FILLINGS = ((-30, 20, 4, 9000), (25, 20, 4, 9000))


def patch(image, x, y, half=3):
    """Return the mean around a point in mm from the middle of the only slice."""
    j, i = round(y / SPACING_MM + (ROWS - 1) / 2), round(x / SPACING_MM + (COLUMNS - 1) / 2)
    return float(image[0, j - half : j + half + 1, i - half : i + half + 1].mean())


def test_nothing_dense_or_no_amount_changes_nothing():
    water, head = discs(WATER), discs(WATER, *BONES, *FILLINGS)
    assert torch.equal(hardened(water, SPACING_MM, 1.0), water)
    assert torch.equal(hardened(head, SPACING_MM, 0.0), head)


def test_it_is_dark_between_two_dense_objects_and_nowhere_else():
    hu = discs(WATER, *BONES)
    error = hardened(hu, SPACING_MM, 1.0) - hu
    between, beside = patch(error, 0, 0), patch(error, 0, 45)
    assert -60 < between < -8
    assert abs(beside) < 0.4 * abs(between)
    # Bones keep about what they are.
    assert abs(patch(error, 45, 0)) < 60


def test_the_error_grows_with_the_amount_and_comes_in_pairs_only():
    both, one = discs(WATER, *BONES), discs(WATER, BONES[0])
    full = hardened(both, SPACING_MM, 1.0) - both
    half = hardened(both, SPACING_MM, 0.5) - both
    assert torch.allclose(half, full / 2, atol=1e-3)
    alone = hardened(one, SPACING_MM, 1.0) - one
    assert abs(patch(alone, 0, 0)) < 0.3 * abs(patch(full, 0, 0))


def test_metal_streaks_beyond_itself():
    hu, dull = discs(WATER, *FILLINGS), discs(WATER, *((x, y, r, 200) for x, y, r, _ in FILLINGS))
    error = hardened(hu, SPACING_MM, 1.0) - hu
    assert patch(error, -2, 20, half=1) < -80  # between the fillings
    far = error[0, 150:170, 60:180]  # below both
    assert float(far.std()) > 2
    assert torch.equal(hardened(dull, SPACING_MM, 1.0), dull)


def test_only_slices_with_metal_get_streaks():
    hu = torch.cat((discs(WATER), discs(WATER, *FILLINGS), discs(WATER)))
    error = hardened(hu, SPACING_MM, 1.0) - hu
    assert error[0].abs().max() == 0
    assert error[2].abs().max() == 0
    assert error[1].abs().max() > 100


def test_the_same_on_one_thread_and_two(with_threads):
    hu = torch.cat((discs(WATER, *BONES), discs(WATER, *BONES, *FILLINGS)))

    def job():
        with undivided_operations():
            return hardened(hu, SPACING_MM, 0.7)

    assert torch.equal(*(with_threads(n, job) for n in (1, 2)))


def test_projections_of_a_disc_and_back():
    scanner = Scanner(64, 80, 2.0)
    x = (torch.arange(64) - 31.5) * 2.0
    disc = ((x - 10) ** 2 + (x[:, None] + 14) ** 2 < 30**2).float().reshape(-1, 1)
    views = scanner.projections(disc)
    assert float(views.max()) == pytest.approx(60, abs=2.5)
    # Every view holds the whole disc.
    assert torch.allclose(
        views.sum(dim=(1, 2)) * 2, torch.tensor(np.pi * 900, dtype=torch.float32), rtol=0.03
    )
    again = scanner.squares(scanner.filtered(views)).reshape(64, 64)
    assert float(again[18:31, 30:43].mean()) == pytest.approx(1, abs=0.05)
    assert abs(float(again[50:60, 10:50].mean())) < 0.05


@pytest.mark.parametrize(
    ("spacing", "amount"), [(0.0, 1.0), (-1.0, 1.0), (np.nan, 1.0), (1.0, -0.1), (1.0, np.nan)]
)
def test_impossible_parameters(spacing, amount):
    with pytest.raises(InputError, match="expected"):
        hardened(discs(WATER), spacing, amount)
