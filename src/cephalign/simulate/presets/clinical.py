"""Slices as in everyday practice: thick, with gaps, in any of the three planes; tilted gantries."""

from __future__ import annotations

from cephalign.geometry import Modality
from cephalign.simulate.acquire.coverage import Coverage
from cephalign.simulate.acquire.flaws import Flaws
from cephalign.simulate.acquire.protocol import Protocol
from cephalign.simulate.presets.modern import NEW_CT, NEW_MR, NEW_MR_STORES, NEW_PET, PLANES
from cephalign.simulate.presets.preset import BYTE, CT_STORES, LONG, Preset, exactly, study
from cephalign.simulate.presets.sequences import FDG, SLICED_T1, TRAIN_PD, TRAIN_T1, TRAIN_T2, X_RAYS

SLICED_T1_T2_PD = {Modality.T1: (TRAIN_T1, SLICED_T1), Modality.T2: (TRAIN_T2,), Modality.PD: (TRAIN_PD,)}

SLICED = tuple(
    Coverage(
        exactly(matrix),
        spacing,
        (22, 30),
        (5.5, 7.0),
        thickness=(0.75, 0.95),
        profile="bell",
        planes=PLANES,
        oblique_deg=12.0,
        above_vertex_mm=(-5.0, 20.0),
    )
    for matrix, spacing in ((256, (0.86, 0.94)), (320, (0.69, 0.75)), (448, (0.49, 0.54)))
)
THICK_CT = tuple(
    Coverage(
        exactly(512),
        (0.42, 0.48),
        slices,
        exactly(mm),
        above_vertex_mm=(-4.0, 15.0),
        tilt_deg=(5.0, 22.0),
        tilt_chance=0.5,
    )
    for mm, slices in ((2.5, (50, 64)), (5.0, (26, 34)))
)
CLINICAL = Preset(
    study(
        ct=Protocol(Modality.CT, THICK_CT, (X_RAYS,), NEW_CT, CT_STORES),
        mr=SLICED_T1_T2_PD,
        like=Protocol(Modality.MR, SLICED, (), NEW_MR, (*NEW_MR_STORES, BYTE)),
        pet=Protocol(Modality.PET, (NEW_PET,), (FDG,), Flaws(noise=(0.06, 0.15), blur_mm=(6, 8)), (LONG,)),
    ),
    oddities={
        "tumour": 0.3,
        "bleeding": 0.2,
        "cavity": 0.1,
        "craniotomy": 0.15,
        "burr_holes": 0.1,
        "shunt": 0.1,
        "clip": 0.05,
        "crowns": 0.3,
    },
)
