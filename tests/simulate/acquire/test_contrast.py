"""Signal equations against numbers made by hand, and by pulses followed one by one."""

import numpy as np
import pytest

from cephalign.errors import InputError
from cephalign.simulate.acquire.any_contrast import AnyContrast
from cephalign.simulate.acquire.contrast import CONTRASTS, Hounsfield, Uptake
from cephalign.simulate.acquire.signal import INVERTED, GradientEcho, InversionGradientEcho, SpinEcho
from cephalign.simulate.presets.sequences import (
    OLD_PD,
    OLD_T1,
    OLD_T2,
    SLICED_T1,
    SPOILED_T1,
    TRAIN_T1,
    TRAIN_T2,
    VOLUME_T1,
    VOLUME_T2,
)
from cephalign.simulate.properties import PROPERTIES, column, relaxation_ms
from cephalign.simulate.tissues import Tissue


def test_a_spin_echo_by_hand():
    signal, spread = SpinEcho(tesla=1.5, tr_ms=600, te_ms=20).brightness()
    # White matter: 0.72 (1 - exp(-600 / 640)) exp(-20 / 74) = 0.72 * 0.60839 * 0.76317
    assert signal[Tissue.WHITE] == pytest.approx(0.33430, abs=2e-5)
    # Fat: 1 (1 - exp(-600 / 343)) exp(-20 / 62) = 0.82608 * 0.72430
    assert signal[Tissue.FAT] == pytest.approx(0.59833, abs=2e-5)
    assert spread[Tissue.FAT] == pytest.approx(0.05 * signal[Tissue.FAT])
    assert signal[[Tissue.AIR, Tissue.CAVITY, Tissue.METAL]].max() == 0
    assert signal[Tissue.CORTICAL_BONE] < 1e-9


def test_a_train_of_echoes_recovers_less_and_keeps_fat_bright():
    single = SpinEcho(1.5, 2600, 100).brightness()[0]
    train = SpinEcho(1.5, 2600 + 150, 100, train_ms=150).brightness()[0]
    assert train[Tissue.GREY] == pytest.approx(single[Tissue.GREY])
    assert train[Tissue.FAT] > 1.5 * single[Tissue.FAT]


def test_flow_takes_away_the_signal_of_blood_only():
    still, moving = (SpinEcho(1.5, 600, 20, flow=flow).brightness()[0] for flow in (1.0, 0.25))
    ratio = moving[still > 0.01] / still[still > 0.01]
    assert set(np.round(ratio, 9)) == {0.25, 1.0}
    assert moving[Tissue.VEIN] == pytest.approx(0.25 * still[Tissue.VEIN])


def test_a_gradient_echo_by_hand():
    signal, _ = GradientEcho(tesla=3.0, tr_ms=20, te_ms=5, flip_deg=25).brightness()
    # E1 = exp(-20 / 860) = 0.977013; 1 / T2* = 1 / 68 + 2 / 300
    expected = 0.72 * 0.422618 * 0.022987 / (1 - 0.906308 * 0.977013) * 0.898648
    assert signal[Tissue.WHITE] == pytest.approx(expected, rel=2e-4)


def test_an_inversion_train_is_what_its_pulses_make_of_it():
    scan = InversionGradientEcho(tesla=3.0, tr_ms=2300, ti_ms=900, te_ms=3, flip_deg=9, echoes=160)
    t1, _ = relaxation_ms(3.0)
    cos, half = np.cos(np.radians(9)), 160 * 7 / 2

    def recovered(magnetisation, ms):
        return 1 + (magnetisation - 1) * np.exp(-ms / t1)

    m = np.ones_like(t1)
    for _ in range(30):  # until it is steady
        m = recovered(-INVERTED * m, 900 - half)
        for pulse in range(160):
            middle = m if pulse == 80 else None
            if middle is not None:
                seen = np.abs(middle)
            m = recovered(m * cos, 7)
        m = recovered(m, 2300 - 900 - half)
    signal = scan.brightness()[0]
    for tissue in (Tissue.WHITE, Tissue.GREY, Tissue.CSF, Tissue.FAT):
        t2 = relaxation_ms(3.0)[1][tissue]
        decay = np.exp(-3 * (1 / t2 + 2 / 300))
        expected = seen[tissue] * np.sin(np.radians(9)) * column("density")[tissue] * decay
        assert signal[tissue] == pytest.approx(expected, rel=1e-6)


BRAIN = [Tissue.WHITE, Tissue.GREY, Tissue.CSF]


@pytest.mark.parametrize("sequence", [OLD_T1, SLICED_T1, TRAIN_T1, VOLUME_T1, SPOILED_T1])
def test_t1_weighted_white_matter_is_brighter_than_grey_and_that_than_water(sequence):
    rng = np.random.default_rng(7)
    for _ in range(30):
        white, grey, water = sequence.draw(rng).brightness()[0][BRAIN]
        assert white > 1.05 * grey
        assert grey > 1.2 * water


@pytest.mark.parametrize("sequence", [OLD_T2, TRAIN_T2, VOLUME_T2])
def test_t2_weighted_the_order_is_reversed(sequence):
    rng = np.random.default_rng(8)
    for _ in range(30):
        white, grey, water = sequence.draw(rng).brightness()[0][BRAIN]
        assert water > 1.2 * grey
        assert grey > 1.1 * white


def test_density_weighted_grey_matter_is_a_little_brighter_than_white():
    rng = np.random.default_rng(9)
    for _ in range(30):
        white, grey, _ = OLD_PD.draw(rng).brightness()[0][BRAIN]
        assert 1.0 < grey / white < 1.35


def test_every_tissue_has_properties_within_what_is_known():
    assert set(PROPERTIES) == set(Tissue)
    for tissue, known in PROPERTIES.items():
        assert all(t2 < t1 for t1, t2 in zip(known.t1_ms, known.t2_ms, strict=True)), tissue
        assert 0 <= known.density <= 1
    hu = Hounsfield().brightness()[0]
    assert 25 <= hu[Tissue.WHITE] < hu[Tissue.GREY] <= 42
    assert 0 <= hu[Tissue.CSF] <= 15
    assert -110 <= hu[Tissue.FAT] <= -80
    assert hu[Tissue.CORTICAL_BONE] > 2 * hu[Tissue.DIPLOE]


def test_harder_rays_show_less_calcium_and_the_same_brain():
    soft, hard = (Hounsfield(hardness).brightness()[0] for hardness in (1.2, 0.93))
    assert hard[Tissue.CORTICAL_BONE] < 0.8 * soft[Tissue.CORTICAL_BONE]
    assert hard[Tissue.GREY] == soft[Tissue.GREY]


def test_grey_matter_takes_up_most():
    uptake = Uptake(scalp=1.5).brightness()[0]
    assert uptake[Tissue.GREY] == 1
    assert 2.5 < uptake[Tissue.GREY] / uptake[Tissue.WHITE] < 4.5
    assert uptake[Tissue.MUSCLE] == pytest.approx(1.5 * Uptake().brightness()[0][Tissue.MUSCLE])


def test_any_contrast_is_another_each_time():
    rng = np.random.default_rng(3)
    drawn = np.array([AnyContrast.draw(rng).values for _ in range(200)])
    assert drawn.min() >= 0
    assert drawn[:, Tissue.WHITE].std() > 0.2
    assert 0.7 < (drawn[:, Tissue.AIR] <= 0.04).mean() < 0.95
    assert np.corrcoef(drawn[:, Tissue.GREY], drawn[:, Tissue.DEEP_GREY])[0, 1] > 0.9
    assert abs(np.corrcoef(drawn[:, Tissue.GREY], drawn[:, Tissue.WHITE])[0, 1]) < 0.3


@pytest.mark.parametrize(
    ("kind", "parameters", "name"),
    [
        ("SpinEcho", {"tesla": 1.5, "tr_ms": 0, "te_ms": 20}, "tr_ms"),
        ("SpinEcho", {"tesla": 1.5, "tr_ms": 600, "te_ms": -1}, "te_ms"),
        ("SpinEcho", {"tesla": 1.5, "tr_ms": float("nan"), "te_ms": 20}, "tr_ms"),
        ("SpinEcho", {"tesla": 1.5, "tr_ms": 600, "te_ms": 700}, "te_ms and train_ms"),
        ("SpinEcho", {"tesla": 7.0, "tr_ms": 600, "te_ms": 20}, "tesla"),
        ("GradientEcho", {"tesla": 1.5, "tr_ms": 20, "te_ms": 4, "flip_deg": 0}, "flip_deg"),
        (
            "InversionGradientEcho",
            {"tesla": 3, "tr_ms": 2000, "ti_ms": 300, "te_ms": 3, "flip_deg": 9},
            "ti_ms",
        ),
        ("Hounsfield", {"hardness": 0}, "hardness"),
        ("Uptake", {"scalp": -0.1}, "scalp"),
        ("AnyContrast", {"values": (0.5,) * 7}, "36 numbers"),
    ],
)
def test_impossible_parameters_are_refused(kind, parameters, name):
    with pytest.raises(InputError, match=name) as refused:
        CONTRASTS[kind](**parameters)
    assert refused.value.expected
    assert refused.value.got
