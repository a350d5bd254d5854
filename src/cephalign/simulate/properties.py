"""What scanners measure in each tissue.

Sources, by column; where several disagree, a value between them, and the spread covers the rest.

- Hounsfield units: Schneider, Pedroni & Lomax, Phys Med Biol 41:111 (1996) with the compositions of ICRU
  report 44 (1989); brain, blood and bleeding as in any textbook of neuroradiology (grey matter some 37,
  white matter some 29, clotted blood 60 to 80).
- T1 and T2: Stanisz et al., Magn Reson Med 54:507 (2005) for muscle, blood, cartilage, optic nerve and cord;
  de Bazelaire et al., Radiology 230:652 (2004) for fat and marrow; for the brain, living tissue as reviewed
  by Bojorquez et al., Magn Reson Imaging 35:69 (2017) at 3 T, and at 1.5 T between Kwan, Evans & Pike, IEEE
  Trans Med Imaging 18:1085 (1999) and Stanisz; cortical bone and teeth have decayed before any echo.
- Proton density against water: Kwan et al. 1999.
- Uptake of FDG against cortical grey matter, which takes up some four times as much as white matter: Hoffman
  et al., IEEE Trans Nucl Sci 37:616 (1990); muscle, glands and mucosa as in ordinary whole-body scans.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cephalign.geometry.grid import Float
from cephalign.simulate.tissues import Tissue

Pair = tuple[float, float]


class Properties(NamedTuple):
    """What one tissue shows.

    Parameters
    ----------
    hu, hu_spread : float
        Mean and standard deviation, between persons and within one.
    t1_ms, t2_ms : pair of float
        At 1.5 T and at 3 T.
    density : float
        Of protons, 1 for water.
    uptake : float
        Of FDG, 1 for cortical grey matter.
    spread : float
        Relative standard deviation of MR signal and uptake.
    """

    hu: float
    hu_spread: float
    t1_ms: Pair
    t2_ms: Pair
    density: float
    uptake: float
    spread: float


# What gives no MR signal: no protons, or their signal has decayed.
NONE: Pair = (1000.0, 1000.0)
GONE: Pair = (0.4, 0.4)

PROPERTIES: dict[Tissue, Properties] = {
    Tissue.AIR: Properties(-1000, 0, NONE, GONE, 0, 0, 0),
    Tissue.SKIN: Properties(45, 20, (870, 1000), (34, 32), 0.75, 0.10, 0.08),
    Tissue.FAT: Properties(-95, 12, (343, 382), (62, 68), 1.00, 0.04, 0.05),
    Tissue.MUSCLE: Properties(55, 8, (1008, 1412), (44, 42), 0.90, 0.16, 0.06),
    Tissue.SOFT: Properties(45, 12, (900, 1200), (52, 48), 0.88, 0.18, 0.08),
    Tissue.GLAND: Properties(25, 15, (680, 850), (75, 70), 0.92, 0.35, 0.10),
    Tissue.MUCOSA: Properties(38, 12, (1150, 1500), (95, 85), 0.90, 0.28, 0.10),
    Tissue.CARTILAGE: Properties(95, 25, (1024, 1168), (30, 27), 0.75, 0.08, 0.08),
    Tissue.CORTICAL_BONE: Properties(1350, 170, (200, 260), GONE, 0.20, 0.04, 0.10),
    Tissue.DIPLOE: Properties(480, 150, (480, 540), (46, 44), 0.58, 0.12, 0.15),
    Tissue.TOOTH: Properties(2100, 250, (200, 260), GONE, 0.10, 0.02, 0.10),
    Tissue.DISC: Properties(85, 20, (1000, 1200), (90, 80), 0.80, 0.08, 0.10),
    Tissue.CAVITY: Properties(-995, 4, NONE, GONE, 0, 0, 0),
    Tissue.AIR_CELLS: Properties(-450, 150, (800, 900), (20, 15), 0.10, 0.03, 0.20),
    Tissue.EYE: Properties(10, 3, (3800, 4000), (900, 700), 1.00, 0.05, 0.03),
    Tissue.EYE_WALL: Properties(50, 10, (900, 1100), (50, 46), 0.75, 0.15, 0.08),
    Tissue.LENS: Properties(85, 12, (1000, 1100), (28, 25), 0.65, 0.05, 0.08),
    Tissue.OPTIC_NERVE: Properties(33, 6, (815, 1083), (77, 74), 0.76, 0.25, 0.05),
    Tissue.CSF: Properties(8, 3, (4000, 4200), (1100, 900), 1.00, 0.03, 0.02),
    Tissue.VENTRICLE: Properties(6, 3, (4000, 4200), (1300, 1100), 1.00, 0.02, 0.02),
    Tissue.GREY: Properties(37, 2.5, (1060, 1450), (94, 86), 0.84, 1.00, 0.03),
    Tissue.WHITE: Properties(29, 2.0, (640, 860), (74, 68), 0.72, 0.28, 0.03),
    Tissue.DEEP_GREY: Properties(36, 2.5, (900, 1200), (80, 70), 0.78, 1.00, 0.05),
    Tissue.CEREBELLUM_GREY: Properties(37, 2.5, (1060, 1450), (92, 84), 0.83, 0.82, 0.03),
    Tissue.CEREBELLUM_WHITE: Properties(30, 2.0, (660, 880), (76, 70), 0.73, 0.30, 0.03),
    Tissue.BRAIN_STEM: Properties(30, 3.0, (740, 960), (80, 74), 0.75, 0.50, 0.04),
    Tissue.SPINAL_CORD: Properties(33, 4.0, (745, 993), (74, 72), 0.75, 0.35, 0.04),
    Tissue.DURA: Properties(58, 10, (900, 1100), (35, 30), 0.65, 0.12, 0.08),
    Tissue.VEIN: Properties(56, 6, (1441, 1650), (180, 90), 0.88, 0.16, 0.08),
    Tissue.ARTERY: Properties(46, 5, (1441, 1750), (250, 200), 0.88, 0.16, 0.08),
    Tissue.CALCIFICATION: Properties(420, 150, (900, 1000), (12, 9), 0.20, 0.10, 0.20),
    Tissue.TUMOUR: Properties(34, 7, (1350, 1700), (140, 125), 0.92, 0.90, 0.12),
    Tissue.OEDEMA: Properties(20, 3, (1150, 1500), (135, 120), 0.90, 0.45, 0.06),
    Tissue.BLEEDING: Properties(68, 6, (600, 750), (60, 45), 0.86, 0.05, 0.20),
    Tissue.METAL: Properties(9000, 1500, NONE, GONE, 0, 0, 0),
    Tissue.PLASTIC: Properties(140, 40, NONE, GONE, 0, 0, 0),
}

BLOOD = (Tissue.VEIN, Tissue.ARTERY)
# The fields, in tesla, of the two columns of times.
FIELDS_TESLA = (1.5, 3.0)


def column(name: str) -> Float:
    """Return one property of all tissues, by number: (36,), or (36, 2) for the times at 1.5 T and 3 T."""
    return np.array([getattr(PROPERTIES[tissue], name) for tissue in Tissue], dtype=np.float64)


def relaxation_ms(tesla: float) -> tuple[Float, Float]:
    """Return (36,) T1 and (36,) T2 in ms at a field strength, straight lines between 1.5 T and 3 T."""
    share = (tesla - FIELDS_TESLA[0]) / (FIELDS_TESLA[1] - FIELDS_TESLA[0])
    t1, t2 = (column(name) @ np.array([1 - share, share]) for name in ("t1_ms", "t2_ms"))
    return t1, t2
