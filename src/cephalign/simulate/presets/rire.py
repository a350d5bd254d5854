"""The RIRE study's scans, of 1990 or so, and the same on few voxels.

Grids as in the data set: CT 512 x 512 x 27 to 34 at 0.65 x 0.65 x 4 mm, MR 256 x 256 x 20 to 26 at
1.25 x 1.25 x 4 mm, some rectified for distortion, PET 128 x 128 x 15 at 2.59 x 2.59 x 8 mm.
"""

from __future__ import annotations

from dataclasses import replace

from cephalign.geometry import Modality
from cephalign.simulate.acquire.coverage import Coverage
from cephalign.simulate.acquire.flaws import Flaws
from cephalign.simulate.acquire.protocol import Protocol
from cephalign.simulate.presets.preset import (
    BYTE,
    CT_STORES,
    LONG,
    SHORT,
    TWELVE_BITS,
    Preset,
    exactly,
    study,
)
from cephalign.simulate.presets.sequences import FDG, OLD_T1_T2_PD, X_RAYS

OLD_CT = Flaws(
    noise=(4, 9),
    kernel=(-0.6, 0.8),
    circle_chance=0.35,
    hardware={"table": 0.6, "holder": 0.9},
    hardening=(0.2, 0.8),
)
OLD_MR = Flaws(
    noise=(0.02, 0.05),
    kernel=(-0.3, 0.0),
    bias=(0.05, 0.2),
    coil_chance=1.0,
    distortion_chance=1.0,
    rectified_chance=0.4,
    ghosting_chance=0.2,
    ghosting_vox=(0.05, 0.25),
)
# Bent space would stand between a test and the truth.
STRAIGHT_MR = replace(OLD_MR, distortion_chance=0.0, ghosting_chance=0.0)
OLD_PET = Flaws(noise=(0.05, 0.12), blur_mm=(6, 9))

# From the eyes, or the base of the skull, to near the vertex.
RIRE_CT = Coverage(exactly(512), (0.60, 0.70), (27, 34), exactly(4.0), above_vertex_mm=(-15.0, 5.0))
RIRE_MR = Coverage(
    exactly(256), (1.20, 1.30), (20, 26), exactly(4.0), profile="bell", above_vertex_mm=(-20.0, 2.0)
)
RIRE_PET = Coverage(exactly(128), exactly(2.59), exactly(15), exactly(8.0))
# For quick tests.
SMALL_CT = replace(RIRE_CT, matrix=exactly(128), spacing_mm=exactly(2.6), slices=exactly(29))
SMALL_MR = replace(RIRE_MR, matrix=exactly(96), spacing_mm=exactly(3.0), slices=exactly(26))
SMALL_PET = replace(RIRE_PET, matrix=exactly(64), spacing_mm=exactly(5.18))


def _rire(ct: Coverage, mr: Coverage, pet: Coverage, mr_flaws: Flaws) -> dict[Modality, Protocol]:
    return study(
        ct=Protocol(Modality.CT, (ct,), (X_RAYS,), OLD_CT, CT_STORES),
        mr=OLD_T1_T2_PD,
        like=Protocol(Modality.MR, (mr,), (), mr_flaws, (SHORT, SHORT, TWELVE_BITS, BYTE)),
        pet=Protocol(Modality.PET, (pet,), (FDG,), OLD_PET, (LONG,)),
    )


# Its patients had brain tumours, and markers fixed to their heads, which RIRE painted over.
RIRE = Preset(_rire(RIRE_CT, RIRE_MR, RIRE_PET, OLD_MR), oddities={"tumour": 0.6, "crowns": 0.2})
SMALL = Preset(
    _rire(SMALL_CT, SMALL_MR, SMALL_PET, STRAIGHT_MR), head_spacing_mm=2.0, oddities={"tumour": 0.5}
)
