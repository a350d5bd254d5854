"""Mean squares by gradient descent, for images of one modality: MATLAB's `imregconfig('monomodal')`.

What Liu et al. (Med. Biol. Eng. Comput. 57:1037, 2019) end with, once one image has been made to look like
the other. Through SimpleITK; the pyramid leaves thick slices whole, as ours does.
"""

from __future__ import annotations

import numpy as np

from cephalign.align.image import level_image, pooled
from cephalign.align.itk import as_image, as_transform, one_thread, rigid_of, sitk
from cephalign.geometry import Rigid, Volume

SHRINK = (4, 2, 1)
ITERATIONS, RELAXATION, GRADIENT_TOLERANCE = 100, 0.5, 1e-4
# Lengths of steps of six numbers, in radians and mm.
LONGEST_STEP, SHORTEST_STEP = 0.0625, 1e-5


def mean_squares(fixed: Volume, moving: Volume, start: Rigid) -> Rigid:
    """Refine a start.

    Parameters
    ----------
    fixed, moving : Volume
        Equal where they show the same tissue.
    start : Rigid
        A guess of `moving_from_fixed`.

    Returns
    -------
    Rigid
        `moving_from_fixed`; the last that was found before images ceased to overlap.
    """
    images = level_image(fixed), level_image(moving)
    diagonal = float(np.hypot(*np.sort(fixed.grid.extent)[:2]))
    pose = start
    for shrink in SHRINK:
        method = sitk.ImageRegistrationMethod()
        method.SetMetricAsMeanSquares()
        method.SetMetricSamplingStrategy(method.NONE)
        method.SetInterpolator(sitk.sitkLinear)
        method.SetOptimizerAsRegularStepGradientDescent(
            learningRate=LONGEST_STEP,
            minStep=SHORTEST_STEP,
            numberOfIterations=ITERATIONS,
            relaxationFactor=RELAXATION,
            gradientMagnitudeTolerance=GRADIENT_TOLERANCE,
        )
        method.SetOptimizerScales([1.0] * 3 + [1.0 / diagonal] * 3)
        turn = sitk.Euler3DTransform()
        turn.SetCenter(fixed.grid.centre.tolist())
        method.SetInitialTransform(turn, inPlace=True)
        method.SetMovingInitialTransform(as_transform(pose))
        spacing = float(fixed.grid.spacing.min()) * shrink
        try:
            with one_thread():
                method.Execute(*(as_image(pooled(image, spacing)) for image in images))
        except RuntimeError:  # ITK's way to say that too few voxels overlap
            return pose
        pose = pose @ rigid_of(turn)
    return pose
