"""Mean squares by gradient descent, for images of one modality: MATLAB's `imregconfig('monomodal')`.

What Liu et al. (Med. Biol. Eng. Comput. 57:1037, 2019) end with, once one image has been made to look like
the other. Through SimpleITK.
"""

from __future__ import annotations

from cephalign.align.image import LevelImage, level_image, pooled_by
from cephalign.align.itk import as_image, optimised, sitk
from cephalign.geometry import Rigid, Volume

SHRINK = (4, 2, 1)
FEWEST_VOXELS = 4
ITERATIONS, RELAXATION, GRADIENT_TOLERANCE = 100, 0.5, 1e-4
# Lengths of steps of six numbers, in radians and mm.
LONGEST_STEP, SHORTEST_STEP = 0.0625, 1e-5


def mean_squares(fixed: Volume, moving: Volume, start: Rigid, seen: Volume) -> Rigid:
    """Refine a start.

    Parameters
    ----------
    fixed, moving : Volume
        Equal where they show the same tissue.
    start : Rigid
        A guess of `moving_from_fixed`.
    seen : Volume
        Bool mask, on the fixed grid, of what is compared.

    Returns
    -------
    Rigid
        `moving_from_fixed`; the last that was found before images ceased to overlap.
    """
    images = level_image(fixed), level_image(moving)
    mask = sitk.Cast(as_image(level_image(seen)), sitk.sitkUInt8)
    pose = start
    for shrink in SHRINK:
        method = sitk.ImageRegistrationMethod()
        method.SetMetricAsMeanSquares()
        method.SetMetricFixedMask(mask)
        method.SetOptimizerAsRegularStepGradientDescent(
            learningRate=LONGEST_STEP,
            minStep=SHORTEST_STEP,
            numberOfIterations=ITERATIONS,
            relaxationFactor=RELAXATION,
            gradientMagnitudeTolerance=GRADIENT_TOLERANCE,
        )
        coarse = _shrunk(images[0], shrink), _shrunk(images[1], shrink)
        found = optimised(method, coarse, pose, fixed.grid.centre, fixed.grid.extent)
        if not found:
            return pose
        pose = found
    return pose


def _shrunk(image: LevelImage, shrink: int) -> LevelImage:
    """Average blocks of so many voxels, fewer along axes where few would be left."""
    return pooled_by(image, [min(shrink, max(1, count // FEWEST_VOXELS)) for count in image.shape])
