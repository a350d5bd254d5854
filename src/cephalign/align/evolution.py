"""The paper's refinement: a (1+1) evolutionary strategy on Mattes mutual information, through SimpleITK.

Islam et al. 2021, 'Generation of ground truth data', with the parameters of MATLAB's
`imregconfig('multimodal')`; the optimiser is Styner et al. (IEEE TMI 19:153, 2000). Departures: our pyramid
leaves thick slices whole, the radius is not raised at coarse levels, and the seed is ours to give.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np

from cephalign.align.image import pooled
from cephalign.align.itk import optimised, sitk
from cephalign.align.scan import Scan
from cephalign.align.stage import Stage
from cephalign.geometry import Rigid


@dataclass(frozen=True)
class EvolutionSettings:
    """The paper's numbers.

    Parameters
    ----------
    iterations : int
        A level. The paper's 100 leave the answer dependent on the seed.
    growth, epsilon, initial_radius : float
    bins : int
        All voxels are used, so the paper's 500 spatial samples have no effect.
    shrink : tuple of int
        Of each pyramid level.
    seed : int
        Above zero.
    """

    iterations: int = 100
    growth: float = 1.05
    epsilon: float = 1.5e-6
    initial_radius: float = 6.25e-3
    bins: int = 50
    shrink: tuple[int, ...] = (4, 2, 1)
    seed: int = 1


def evolve(fixed: Scan, moving: Scan, start: Rigid, settings: EvolutionSettings | None = None) -> list[Stage]:
    """Refine a start.

    Parameters
    ----------
    fixed, moving : Scan
    start : Rigid
        A guess of `moving_from_fixed`.
    settings : EvolutionSettings, optional

    Returns
    -------
    list of Stage
        One a level; similarity minus infinity where the scans do not overlap.
    """
    settings = settings or EvolutionSettings()
    pose, stages = start, []
    for shrink in settings.shrink:
        began = perf_counter()
        pose, value = _level(fixed, moving, pose, shrink, settings)
        stages.append(Stage(f"evolution-{shrink}", pose, value, perf_counter() - began))
    return stages


def _level(
    fixed: Scan, moving: Scan, start: Rigid, shrink: int, settings: EvolutionSettings
) -> tuple[Rigid, float]:
    spacing = float(fixed.image.spacing.min()) * shrink
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(numberOfHistogramBins=settings.bins)
    method.SetOptimizerAsOnePlusOneEvolutionary(
        numberOfIterations=settings.iterations,
        epsilon=settings.epsilon,
        initialRadius=settings.initial_radius,
        growthFactor=settings.growth,
        shrinkFactor=settings.growth**-0.25,
        seed=settings.seed,
    )
    images = pooled(fixed.image, spacing), pooled(moving.image, spacing)
    pose = optimised(method, images, start, fixed.centre, fixed.volume.grid.extent)
    return (pose, -float(method.GetMetricValue())) if pose else (start, -np.inf)
