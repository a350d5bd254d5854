"""Presets: the grids of the scanners they are named after, and scans that look like scans."""

import numpy as np
import pytest

from cephalign.geometry import Modality, Rigid
from cephalign.parallel import undivided_operations
from cephalign.simulate.acquire import acquire, draw_acquisition
from cephalign.simulate.oddities import KINDS
from cephalign.simulate.presets import PRESETS

MODALITIES = [Modality.T1, Modality.CT, Modality.T2, Modality.PD, Modality.PET]
MR = (Modality.T1, Modality.T2, Modality.PD)
POSE = Rigid.from_euler((4, -6, 8), (5, -7, 9))


def draws(head, preset, modality, count=6):
    protocol = PRESETS[preset].protocols[modality]
    return [draw_acquisition(np.random.default_rng(seed), protocol, head, POSE) for seed in range(count)]


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_whole(name):
    preset = PRESETS[name]
    assert list(preset.protocols) == MODALITIES
    assert all(protocol.modality == modality for modality, protocol in preset.protocols.items())
    assert set(preset.oddities) <= set(KINDS)
    assert 0.5 <= preset.head_spacing_mm <= 3


@pytest.mark.parametrize(
    ("preset", "modality", "matrix", "slices", "spacing"),
    [
        ("rire", Modality.CT, 512, (27, 34), (0.65, 0.65, 4)),
        ("rire", Modality.T1, 256, (20, 26), (1.25, 1.25, 4)),
        ("rire", Modality.T2, 256, (20, 26), (1.25, 1.25, 4)),
        ("rire", Modality.PD, 256, (20, 26), (1.25, 1.25, 4)),
        ("rire", Modality.PET, 128, (15, 15), (2.59, 2.59, 8)),
        ("small", Modality.CT, 128, (29, 29), (2.6, 2.6, 4)),
        ("small", Modality.T1, 96, (26, 26), (3, 3, 4)),
    ],
)
def test_grids_are_those_of_the_data_set(head, preset, modality, *, matrix, slices, spacing):
    for scan in draws(head, preset, modality):
        assert scan.grid.shape[:2] == (matrix, matrix)
        assert slices[0] <= scan.grid.shape[2] <= slices[1]
        np.testing.assert_allclose(scan.grid.spacing, spacing, rtol=0.08)
        assert scan.grid.directions[2, 2] > 0.98  # axial


def test_modern_mr_is_isotropic_and_at_most_a_millimetre(head):
    for modality in MR:
        for scan in draws(head, "modern", modality):
            np.testing.assert_allclose(scan.grid.spacing, scan.grid.spacing[0])
            assert 0.5 <= scan.grid.spacing[0] <= 1.0
            assert scan.grid.extent.min() > 165


def test_clinical_mr_has_gaps_in_any_plane_and_its_ct_is_tilted_half_of_the_time(head):
    scans = [scan for modality in MR for scan in draws(head, "clinical", modality, 12)]
    assert {int(np.abs(scan.grid.directions[:, 2]).argmax()) for scan in scans} == {0, 1, 2}
    for scan in scans:
        assert 0.48 <= scan.grid.spacing[0] <= 0.95
        assert 5.5 <= scan.grid.spacing[2] <= 7
        assert scan.resolution.thickness_mm < scan.grid.spacing[2]
    tilted = [scan.reach.drift_mm != 0 for scan in draws(head, "clinical", Modality.CT, 20)]
    assert 4 <= sum(tilted) <= 16


def test_hard_scans_show_a_part_of_the_head(head):
    for scan in draws(head, "hard", Modality.T1):
        assert scan.grid.extent[2] < 170
        assert scan.noise > 0
        assert scan.distortion is not None


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("preset", ["small", "training"])
def test_scans_show_a_head(head, preset, modality):
    for acquisition in draws(head, preset, modality, 3):
        with undivided_operations():
            scan = acquire(head, acquisition)
        assert scan.grid == acquisition.grid
        assert scan.modality == modality
        assert scan.data.dtype in (np.int16, np.uint16, np.uint8)
        data = scan.data.astype(float)
        assert data.std() > 1
        # Half of what is bright is not clipped.
        assert np.median(data[data > np.percentile(data, 90)]) < acquisition.storage.highest
