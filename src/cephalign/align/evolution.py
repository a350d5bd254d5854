"""The paper's refinement: a (1+1) evolutionary strategy on Mattes mutual information, through SimpleITK.

Islam et al. 2021, 'Generation of ground truth data', with the parameters of MATLAB's
`imregconfig('multimodal')`; the optimiser is Styner et al. (IEEE TMI 19:153, 2000). Departures: our pyramid
leaves thick slices whole, the radius is not raised at coarse levels, and the seed is ours to give.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import SimpleITK

from cephalign.align.image import LevelImage, pooled
from cephalign.align.scan import Scan
from cephalign.align.stage import Stage
from cephalign.geometry import Rigid

sitk: Any = SimpleITK  # it has no types


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
    method.SetMetricSamplingStrategy(method.NONE)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsOnePlusOneEvolutionary(
        numberOfIterations=settings.iterations,
        epsilon=settings.epsilon,
        initialRadius=settings.initial_radius,
        growthFactor=settings.growth,
        shrinkFactor=settings.growth**-0.25,
        seed=settings.seed,
    )
    # MATLAB divides millimetres by the diagonal of the two smallest extents.
    diagonal = float(np.hypot(*np.sort(fixed.volume.grid.extent)[:2]))
    method.SetOptimizerScales([1.0] * 3 + [1.0 / diagonal] * 3)
    turn = sitk.Euler3DTransform()
    turn.SetCenter(fixed.centre.tolist())
    method.SetInitialTransform(turn, inPlace=True)
    method.SetMovingInitialTransform(_itk(start))
    try:
        with _one_thread():
            method.Execute(_image(pooled(fixed.image, spacing)), _image(pooled(moving.image, spacing)))
    except RuntimeError:  # ITK's way to say that too few voxels overlap
        return start, -np.inf
    moved = np.eye(4)
    moved[:3, :3] = np.reshape(turn.GetMatrix(), (3, 3))
    moved[:3, 3] = turn.TransformPoint((0.0, 0.0, 0.0))
    return start @ Rigid(moved), -float(method.GetMetricValue())


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let ITK use one thread: its sums over threads depend on their number.

    The metric heeds only the global number, not the one that the registration method is told.
    """
    before = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(before)


def _image(image: LevelImage) -> Any:
    """Hand a level over with its RAS+ frame as it is: ITK asks only that both scans share one."""
    out = sitk.GetImageFromArray(image.values.numpy())
    world_from_voxel = np.linalg.inv(image.voxel_from_world)
    out.SetSpacing(image.spacing.tolist())
    out.SetDirection((world_from_voxel[:3, :3] / image.spacing).ravel().tolist())
    out.SetOrigin(world_from_voxel[:3, 3].tolist())
    return out


def _itk(pose: Rigid) -> Any:
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(pose.rotation.ravel().tolist())
    transform.SetTranslation(pose.translation.tolist())
    return transform
