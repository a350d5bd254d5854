"""Coarse and of every kind, in no time, for networks that look at few voxels."""

from __future__ import annotations

from dataclasses import replace

from cephalign.geometry import Modality
from cephalign.simulate.acquire.coverage import Coverage
from cephalign.simulate.acquire.flaws import Flaws
from cephalign.simulate.acquire.protocol import Protocol
from cephalign.simulate.presets.hard import HARD_CT, HARD_MR
from cephalign.simulate.presets.modern import PLANES
from cephalign.simulate.presets.preset import BYTE, CT_STORES, LONG, SHORT, Preset, exactly, study
from cephalign.simulate.presets.sequences import (
    FDG,
    OLD_PD,
    OLD_T1,
    OLD_T2,
    SPOILED_T1,
    TRAIN_PD,
    TRAIN_T1,
    TRAIN_T2,
    VOLUME_T1,
    VOLUME_T2,
    WHATEVER,
    X_RAYS,
)

CELL_MM = (3.2, 4.2)
WHOLE = Coverage(exactly(64), CELL_MM, exactly(64), planes=PLANES, above_vertex_mm=(-20.0, 30.0))
SLICED = replace(WHOLE, slices=(18, 34), distance_mm=(3.5, 7.0), thickness=(0.5, 1.1), profile="bell")
PART = replace(WHOLE, matrix=exactly(48), slices=(20, 48), distance_mm=CELL_MM, above_vertex_mm=(-70.0, 20.0))
ANY = tuple(replace(one, oblique_deg=15.0, off_centre_mm=20.0) for one in (WHOLE, SLICED, PART))

ANY_CT = replace(
    HARD_CT,
    noise=(2, 25),
    kernel=(-0.9, 0.5),
    hardware={"table": 0.5, "holder": 0.5, "frame": 0.15},
    hardening=(0.0, 0.0),
)
ANY_MR = replace(HARD_MR, noise=(0.005, 0.15), bias=(0.0, 0.7), distortion_chance=0.0, ghosting_chance=0.15)
ANY_PET = Flaws(noise=(0.02, 0.25), blur_mm=(5, 10))
TRAINING = Preset(
    study(
        ct=Protocol(Modality.CT, ANY, (X_RAYS,), ANY_CT, CT_STORES),
        mr={
            # Of old T1, with long repetition times, more than of others: it is the one that looks like PD.
            Modality.T1: (OLD_T1, OLD_T1, TRAIN_T1, VOLUME_T1, SPOILED_T1, WHATEVER, WHATEVER),
            Modality.T2: (OLD_T2, TRAIN_T2, VOLUME_T2, WHATEVER),
            Modality.PD: (OLD_PD, OLD_PD, TRAIN_PD, WHATEVER),
        },
        like=Protocol(Modality.MR, ANY, (), ANY_MR, (BYTE, SHORT, LONG)),
        pet=Protocol(Modality.PET, ANY, (FDG,), ANY_PET, (LONG,)),
    ),
    head_spacing_mm=3.0,
    oddities={"tumour": 0.2, "cavity": 0.1, "craniotomy": 0.15, "burr_holes": 0.1, "clip": 0.05},
)
