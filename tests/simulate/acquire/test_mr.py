"""MR and PET: what the coil, motion and few counts make of a signal."""

import numpy as np
import pytest

from cephalign.geometry import Modality
from cephalign.simulate.acquire import acquire
from cephalign.simulate.acquire.contrast import Uptake
from cephalign.simulate.acquire.parts import Coil, Resolution, Storage
from cephalign.simulate.acquire.signal import SpinEcho
from cephalign.simulate.artefacts import Ghosting
from cephalign.simulate.tissues import Tissue

T1 = SpinEcho(1.5, 600, 20)
WHITE = 0.72 * (1 - np.exp(-600 / 640)) * np.exp(-20 / 74)
STORAGE = Storage("int16", 1000 / WHITE, 0.0, 0, 32767)


@pytest.fixture(scope="module")
def scan(grid_over, plain_scan, head):
    grid = grid_over((80, 90, 6), (2.6, 2.6, 4.0), (2, -3, 5), (1, -16, 14))

    def make(**changes):
        given = {"modality": Modality.T1, "contrast": T1, "storage": STORAGE} | changes
        return acquire(head, plain_scan(grid, **given)).data.astype(float)

    return make


def test_signal_is_stored_in_proportion(scan):
    image = scan()
    assert image[14:22, 45, 3].max() == pytest.approx(1000, abs=1)  # white matter, aside of the ventricle
    assert (image[0, 0] == 0).all()


def test_noise_is_rician(scan):
    sigma = 0.04 * WHITE
    noisy, plain = scan(noise=sigma), scan()
    air = noisy[:8]
    # A Rayleigh distribution where there is no signal, and nearly a normal one where there is much.
    assert air.mean() == pytest.approx(40 * np.sqrt(np.pi / 2), rel=0.03)
    assert air.std() == pytest.approx(40 * np.sqrt(2 - np.pi / 2), rel=0.03)
    white = np.abs(plain - 1000) < 1
    assert white.sum() > 1000
    assert noisy[white].std() == pytest.approx(40, rel=0.06)
    assert noisy[white].mean() == pytest.approx(np.sqrt(1000**2 + 40**2), abs=4)


def test_noise_keeps_its_strength_through_a_kernel(scan):
    air = scan(noise=0.04 * WHITE, resolution=Resolution(4.0, kernel=-0.6))[:8]
    assert air.mean() == pytest.approx(40 * np.sqrt(np.pi / 2), rel=0.04)


def test_the_coil_shades_smoothly(scan):
    terms = np.zeros((3, 3, 3))
    terms[0, 0, 1], terms[1, 0, 0] = 0.4, -0.2  # along i, along k
    shaded, plain = scan(bias=tuple(terms.ravel())), scan()
    white = np.abs(plain - 1000) < 1
    i, _, k = np.indices(plain.shape)
    expected = np.exp(0.4 * (2 * i / 79 - 1) - 0.2 * (2 * k / 5 - 1))
    np.testing.assert_allclose((shaded / np.maximum(plain, 1))[white], expected[white], atol=2e-3)


def test_a_coil_sees_less_far_away(head, grid_over, plain_scan):
    grid = grid_over((50, 50, 60), (4.0, 4.0, 4.0), (0, 0, 0), (1, -16, -20))
    coil = Coil(middle_mm=20.0, half_mm=60.0, fall_mm=6.0)
    given = {"modality": Modality.T1, "contrast": T1, "storage": STORAGE}
    with_coil, plain = (acquire(head, plain_scan(grid, coil=one, **given)).data for one in (coil, None))
    ratio = with_coil.sum(axis=(0, 1)) / np.maximum(plain.sum(axis=(0, 1)), 1)
    z = grid.world_from_voxel[2, 3] + 4.0 * np.arange(60)
    expected = 1 / (1 + np.exp((np.abs(z - 20) - 60) / 6))
    seen = plain.sum(axis=(0, 1)) > 1000
    np.testing.assert_allclose(ratio[seen], expected[seen], atol=0.02)


def test_ghosts_keep_energy_and_place(scan):
    plain = scan()
    ghosted = scan(ghosting=Ghosting(axis=1, nod_vox=0.6, cycles=17.0, phase=0.3))
    assert np.square(ghosted).sum() == pytest.approx(np.square(plain).sum(), rel=2e-3)
    assert ghosted[20:60, :4].mean() > plain[20:60, :4].mean() + 2
    middle = [(np.arange(90) * one.sum(axis=(0, 2))).sum() / one.sum() for one in (plain, ghosted)]
    assert middle[0] == pytest.approx(middle[1], abs=0.5)


def test_flow_makes_no_difference_without_blood(scan):
    np.testing.assert_array_equal(scan(), scan(contrast=SpinEcho(1.5, 600, 20, flow=0.9)))


def test_counts_are_noisier_where_there_are_more(head, grid_over, plain_scan):
    grid = grid_over((90, 96, 5), (2.6, 2.6, 8.0), (2, -3, 5), (1, -16, 14))
    given = {
        "modality": Modality.PET,
        "contrast": Uptake(),
        "resolution": Resolution(8.0, blur_mm=7.0),
        "storage": Storage("int16", 5000.0, 8000.0, 0, 32767),
    }
    plain = acquire(head, plain_scan(grid, **given)).data.astype(float)
    noise = acquire(head, plain_scan(grid, noise=0.1, **given)).data - plain
    uptake = (plain - 8000) / 5000
    high, none = uptake > 0.6, np.abs(uptake) < 1e-3
    assert high.sum() > 1000
    level = 500 * np.sqrt(uptake[high].mean() + 0.08)
    assert noise[high].std() == pytest.approx(level, rel=0.15)
    assert noise[none].std() < 0.5 * noise[high].std()
    neighbours = np.corrcoef(noise[:-1].ravel(), noise[1:].ravel())[0, 1]
    assert neighbours > 0.5


def test_pet_is_as_coarse_as_its_resolution(head_of, grid_over, plain_scan):
    index = np.indices((60, 60, 60)).transpose(1, 2, 3, 0)
    ball = head_of(
        np.where(np.linalg.norm(index - 30, axis=-1) < 1.5, Tissue.GREY, Tissue.AIR), 1.0, (-28, -31, -30)
    )
    grid = grid_over((60, 60, 60), (1.0, 1.0, 1.0), (0, 0, 0), (2, -1, 0))
    scan = plain_scan(
        grid,
        modality=Modality.PET,
        contrast=Uptake(),
        resolution=Resolution(1.0, blur_mm=8.0),
        storage=Storage("int16", 1e6, 0.0, 0, 32767),
    )
    image = acquire(ball, scan).data.astype(float)
    profile = image.sum(axis=(1, 2))
    places = np.arange(60)
    middle = (profile * places).sum() / profile.sum()
    sigma = np.sqrt((profile * (places - middle) ** 2).sum() / profile.sum())
    assert sigma * np.sqrt(8 * np.log(2)) == pytest.approx(8.0, rel=0.15)
