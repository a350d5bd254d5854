"""How good an answer is: TRE in mm, and the scores of the paper's Tables 1 and 2."""

from __future__ import annotations

import math

import numpy as np

from cephalign.align.reference.foreground import otsu
from cephalign.geometry import Rigid, Volume
from cephalign.geometry.grid import Float
from cephalign.metrics.overlap import boundary_overlap, overlap
from cephalign.metrics.structure import structural_similarity
from cephalign.prep.resample import resample

SUCCESS_MM = (1.0, 2.0, 5.0)


def scores(fixed: Volume, moving: Volume, said: Rigid, truth: Rigid, points: Float) -> dict[str, float]:
    """Score one answer.

    The moving image under the true transform is the paper's x, that under the predicted one its y; masks are
    what Otsu's threshold of x leaves of either. The grid is the fixed scan's.

    Parameters
    ----------
    fixed, moving : Volume
    said, truth : Rigid
        `moving_from_fixed`.
    points : (N, 3) array
        In the fixed scan, RAS+ mm.

    Returns
    -------
    dict of str to float
        TRE in mm (mean and maximum over the points), DSC, JSC, Rp, Rs, CMS as printed and along boundaries,
        SSIM.
    """
    x, y = (resample(moving, fixed.grid, pose).data.astype(np.float32) for pose in (truth, said))
    x, y = ((image - x.min()) / np.ptp(x) for image in (x, y))
    threshold = otsu(x)
    masks = x > threshold, y > threshold
    printed, boundary = overlap(*masks), boundary_overlap(*masks)
    off = said.distance(truth, points)
    values = {
        "TRE": float(off.mean()),
        "TRE max": float(off.max()),
        "DSC": printed.contour_score,
        "JSC": printed.jaccard,
        "Rp": printed.precision,
        "Rs": printed.sensitivity,
        "CMS": printed.contour_score,
        "Rp boundary": boundary.precision,
        "Rs boundary": boundary.sensitivity,
        "CMS boundary": boundary.contour_score,
        "SSIM": structural_similarity(x, y, 1.0),
    }
    # Of a mask without voxels nothing is right.
    return {name: 0.0 if math.isnan(value) else value for name, value in values.items()}
