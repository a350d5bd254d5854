"""Everything that hurts, and most of it at once."""

from __future__ import annotations

from dataclasses import replace

from cephalign.geometry import Modality
from cephalign.simulate.acquire.coverage import Coverage
from cephalign.simulate.acquire.flaws import Flaws
from cephalign.simulate.acquire.parts import Interval
from cephalign.simulate.acquire.protocol import Protocol
from cephalign.simulate.presets.clinical import SLICED, SLICED_T1_T2_PD, THICK_CT
from cephalign.simulate.presets.preset import BYTE, CT_STORES, LONG, SHORT, Preset, study
from cephalign.simulate.presets.rire import RIRE_CT, RIRE_MR, RIRE_PET
from cephalign.simulate.presets.sequences import FDG, X_RAYS

HARD_CT = Flaws(
    noise=(15, 40),
    kernel=(-0.9, 1.5),
    circle_chance=0.7,
    hardware={"table": 0.8, "holder": 0.8, "frame": 0.5},
    hardening=(0.8, 1.6),
)
HARD_MR = Flaws(
    noise=(0.06, 0.16),
    kernel=(-0.5, 0.5),
    bias=(0.3, 0.8),
    coil_chance=0.7,
    distortion_chance=1.0,
    rectified_chance=0.1,
    ghosting_chance=0.8,
    ghosting_vox=(0.2, 0.9),
)


def _part(coverage: Coverage, slices: Interval) -> Coverage:
    """Cut off a part of the head."""
    return replace(
        coverage, slices=slices, above_vertex_mm=(-60.0, 5.0), off_centre_mm=25.0, oblique_deg=20.0
    )


CUT_CT = (_part(RIRE_CT, (16, 30)), _part(THICK_CT[1], (16, 30)))
CUT_MR = (_part(RIRE_MR, (16, 24)), _part(SLICED[0], (16, 24)))
CUT_PET = (_part(RIRE_PET, (12, 15)),)
HARD = Preset(
    study(
        ct=Protocol(Modality.CT, CUT_CT, (X_RAYS,), HARD_CT, CT_STORES),
        mr=SLICED_T1_T2_PD,
        like=Protocol(Modality.MR, CUT_MR, (), HARD_MR, (BYTE, SHORT, LONG)),
        pet=Protocol(Modality.PET, CUT_PET, (FDG,), Flaws(noise=(0.15, 0.3), blur_mm=(7, 10)), (LONG,)),
    ),
    oddities={
        "tumour": 0.4,
        "bleeding": 0.3,
        "cavity": 0.2,
        "craniotomy": 0.4,
        "burr_holes": 0.3,
        "shunt": 0.3,
        "surface_grid": 0.2,
        "depth_electrodes": 0.3,
        "clip": 0.4,
        "crowns": 0.6,
        "skin_markers": 0.3,
    },
)
