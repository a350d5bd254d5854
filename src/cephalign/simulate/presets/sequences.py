"""Sequences as they are used on heads."""

from __future__ import annotations

from cephalign.geometry import Modality
from cephalign.simulate.acquire.any_contrast import AnyContrast
from cephalign.simulate.acquire.contrast import Hounsfield, Uptake
from cephalign.simulate.acquire.parts import Interval
from cephalign.simulate.acquire.protocol import Sequence
from cephalign.simulate.acquire.signal import GradientEcho, InversionGradientEcho, SpinEcho

OLD_TESLA: Interval = (1.4, 1.6)
NEW_TESLA: Interval = (1.5, 3.0)


def _spin_echo(tesla: Interval, tr_ms: Interval, te_ms: Interval, train_ms: Interval = (0, 0)) -> Sequence:
    ranges = {"tesla": tesla, "tr_ms": tr_ms, "te_ms": te_ms, "train_ms": train_ms, "flow": (0.05, 0.6)}
    return Sequence(SpinEcho, ranges)


# Spin echoes of the nineties, as in the RIRE study (West et al., J Comput Assist Tomogr 21:554, 1997).
OLD_T1 = _spin_echo(OLD_TESLA, (450, 700), (15, 25))
OLD_PD = _spin_echo(OLD_TESLA, (2000, 3200), (15, 30))
OLD_T2 = _spin_echo(OLD_TESLA, (2000, 3200), (80, 110))
OLD_T1_T2_PD = {Modality.T1: (OLD_T1,), Modality.T2: (OLD_T2,), Modality.PD: (OLD_PD,)}

# Slices of today, most of them with trains of echoes.
SLICED_T1 = _spin_echo(NEW_TESLA, (400, 650), (8, 15))
TRAIN_T1 = _spin_echo(NEW_TESLA, (450, 750), (8, 15), (20, 40))
TRAIN_T2 = _spin_echo(NEW_TESLA, (3000, 5500), (85, 115), (100, 200))
TRAIN_PD = _spin_echo(NEW_TESLA, (2200, 4000), (12, 35), (60, 120))

# Volumes: MPRAGE, SPGR, SPACE.
VOLUME_T2 = _spin_echo(NEW_TESLA, (2500, 3500), (90, 250), (300, 700))
VOLUME_T1 = Sequence(
    InversionGradientEcho,
    {
        "tesla": NEW_TESLA,
        "tr_ms": (1900, 2500),
        "ti_ms": (880, 1100),
        "te_ms": (2.2, 4.5),
        "flip_deg": (7, 12),
        "flow": (0.6, 1.6),
    },
)
SPOILED_T1 = Sequence(
    GradientEcho,
    {"tesla": NEW_TESLA, "tr_ms": (7, 25), "te_ms": (2.5, 6), "flip_deg": (12, 30), "flow": (0.8, 2.0)},
)

X_RAYS = Sequence(Hounsfield, {"hardness": (0.92, 1.1)})
FDG = Sequence(Uptake, {"scalp": (0.6, 1.6)})
# A quarter of what a network sees and more: contrasts that it cannot know by heart.
WHATEVER = Sequence(AnyContrast)
