"""Volume scans at 1.5 T and 3 T, thin CT slices."""

from __future__ import annotations

from cephalign.geometry import Modality
from cephalign.simulate.acquire.coverage import Coverage, Plane
from cephalign.simulate.acquire.flaws import Flaws
from cephalign.simulate.acquire.protocol import Protocol
from cephalign.simulate.presets.preset import CT_STORES, LONG, SHORT, TWELVE_BITS, Preset, exactly, study
from cephalign.simulate.presets.sequences import FDG, SPOILED_T1, TRAIN_PD, VOLUME_T1, VOLUME_T2, X_RAYS

PLANES: tuple[Plane, ...] = ("sagittal", "axial", "coronal")
NEW_CT = Flaws(
    noise=(8, 18),
    kernel=(-0.8, 0.9),
    circle_chance=0.3,
    hardware={"table": 0.5, "holder": 0.9},
    hardening=(0.05, 0.3),
)
NEW_MR = Flaws(
    noise=(0.015, 0.04),
    bias=(0.1, 0.4),
    coil_chance=1.0,
    distortion_chance=1.0,
    rectified_chance=0.8,
    ghosting_chance=0.15,
    ghosting_vox=(0.05, 0.2),
)
NEW_MR_STORES = (TWELVE_BITS, SHORT, LONG)

VOLUMES = tuple(
    Coverage(exactly(matrix), exactly(mm), slices, planes=PLANES, above_vertex_mm=(5.0, 25.0))
    for matrix, mm, slices in ((256, 1.0, (176, 192)), (288, 0.85, (200, 224)), (320, 0.8, (208, 240)))
)
THIN_CT = tuple(
    Coverage(exactly(512), (0.44, 0.52), slices, exactly(mm), above_vertex_mm=(2.0, 20.0))
    for mm, slices in ((1.0, (150, 220)), (0.625, (220, 320)))
)
NEW_PET = Coverage(exactly(192), (1.4, 2.1), (70, 110), (2.0, 3.0), above_vertex_mm=(10.0, 30.0))
MODERN = Preset(
    study(
        ct=Protocol(Modality.CT, THIN_CT, (X_RAYS,), NEW_CT, CT_STORES),
        mr={Modality.T1: (VOLUME_T1, SPOILED_T1), Modality.T2: (VOLUME_T2,), Modality.PD: (TRAIN_PD,)},
        like=Protocol(Modality.MR, VOLUMES, (), NEW_MR, NEW_MR_STORES),
        pet=Protocol(Modality.PET, (NEW_PET,), (FDG,), Flaws(noise=(0.04, 0.1), blur_mm=(4.5, 6.5)), (LONG,)),
    ),
    oddities={
        "tumour": 0.15,
        "burr_holes": 0.15,
        "depth_electrodes": 0.15,
        "surface_grid": 0.1,
        "shunt": 0.05,
        "crowns": 0.3,
    },
)
