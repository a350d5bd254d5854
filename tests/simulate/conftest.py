"""A small head for all tests of artefacts and oddities."""

import numpy as np
import pytest
import torch

from cephalign.geometry import Grid
from cephalign.simulate.head import Head
from cephalign.simulate.tissues import Tissue

SPACING_MM = 1.5
# Semi-axes in mm of what lies within what, from the skin inwards, about a point behind the origin.
MIDDLE_MM = (1.0, -12.0, 14.0)
SHELLS = (
    (Tissue.SKIN, (78, 96, 88)),
    (Tissue.FAT, (76, 94, 86)),
    (Tissue.CORTICAL_BONE, (73, 91, 83)),
    (Tissue.DIPLOE, (71, 89, 81)),
    (Tissue.CORTICAL_BONE, (68, 86, 78)),
    (Tissue.CSF, (66, 84, 76)),
    (Tissue.GREY, (63, 81, 73)),
    (Tissue.WHITE, (59, 77, 69)),
)
# Balls: what, where, and how large.
BALLS = (
    (Tissue.VENTRICLE, (13, -10, 16), 11),
    (Tissue.VENTRICLE, (-12, -10, 16), 11),
    (Tissue.CAVITY, (2, 62, -18), 14),
    (Tissue.TOOTH, (18, 58, -30), 5),
    (Tissue.TOOTH, (-15, 58, -30), 5),
)


def ellipsoid_head(spacing_mm):
    """Return a head of ellipsoids; its lowest face cuts through a cylinder of muscle, its neck."""
    low, high = np.array([-84.0, -114, -90]), np.array([86.0, 92, 108])
    shape = tuple(int(n) for n in np.ceil((high - low) / spacing_mm))
    matrix = np.diag([spacing_mm] * 3 + [1.0])
    matrix[:3, 3] = low + 0.3
    axes = [matrix[a, 3] + spacing_mm * np.arange(n) for a, n in enumerate(shape)]
    x, y, z = np.meshgrid(*axes, indexing="ij", sparse=True)
    tissues = np.zeros(shape, np.uint8)
    tissues[np.broadcast_to((np.hypot(x, y + 20) < 52) & (z < -30), shape)] = Tissue.MUSCLE
    for tissue, (a, b, c) in SHELLS:
        u, v, w = x - MIDDLE_MM[0], y - MIDDLE_MM[1], z - MIDDLE_MM[2]
        tissues[(u / a) ** 2 + (v / b) ** 2 + (w / c) ** 2 < 1] = tissue
    for tissue, (a, b, c), radius in BALLS:
        tissues[(x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2 < radius**2] = tissue
    return Head(torch.from_numpy(tissues), Grid(shape, matrix), np.zeros((10, 3)), {"kind": "ellipsoids"})


@pytest.fixture(scope="session")
def head():
    return ellipsoid_head(SPACING_MM)


@pytest.fixture(scope="session")
def coarse_head():
    return ellipsoid_head(3.0)
