"""Our images and poses as SimpleITK has them, for the optimisers that the paper takes from ITK."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import SimpleITK

from cephalign.align.image import LevelImage
from cephalign.geometry import Rigid
from cephalign.geometry.grid import Float

sitk: Any = SimpleITK  # it has no types


def optimised(
    method: Any, images: tuple[LevelImage, LevelImage], start: Rigid, centre: Float, extent: Float
) -> Rigid | None:
    """Run a registration from a start, on all voxels, interpolated linearly.

    Parameters
    ----------
    method : SimpleITK.ImageRegistrationMethod
        Told its metric and its optimiser.
    images : pair of LevelImage
        Fixed and moving.
    start : Rigid
        A guess of `moving_from_fixed`.
    centre : (3,) array
        What is turned about, in the fixed scan.
    extent : (3,) array
        Of the fixed scan in mm: as MATLAB does, millimetres are divided by the diagonal of the two smallest.

    Returns
    -------
    Rigid or None
        `moving_from_fixed`; None where too few voxels overlap.
    """
    method.SetMetricSamplingStrategy(method.NONE)
    method.SetInterpolator(sitk.sitkLinear)
    diagonal = float(np.hypot(*np.sort(extent)[:2]))
    method.SetOptimizerScales([1.0] * 3 + [1.0 / diagonal] * 3)
    turn = sitk.Euler3DTransform()
    turn.SetCenter(centre.tolist())
    method.SetInitialTransform(turn, inPlace=True)
    method.SetMovingInitialTransform(_as_transform(start))
    try:
        with _one_thread():
            method.Execute(*map(as_image, images))
    except RuntimeError:  # ITK's way to say that too few voxels overlap
        return None
    return start @ _rigid_of(turn)


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


def as_image(image: LevelImage) -> Any:
    """Hand a level over with its RAS+ frame as it is: ITK asks only that both scans share one."""
    out = sitk.GetImageFromArray(image.values.numpy())
    world_from_voxel = np.linalg.inv(image.voxel_from_world)
    out.SetSpacing(image.spacing.tolist())
    out.SetDirection((world_from_voxel[:3, :3] / image.spacing).ravel().tolist())
    out.SetOrigin(world_from_voxel[:3, 3].tolist())
    return out


def _as_transform(pose: Rigid) -> Any:
    """Hand over a pose that maps points of the fixed scan, as ITK's transforms do."""
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(pose.rotation.ravel().tolist())
    transform.SetTranslation(pose.translation.tolist())
    return transform


def _rigid_of(transform: Any) -> Rigid:
    """Read what ITK made of a transform that turns about a centre."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.reshape(transform.GetMatrix(), (3, 3))
    matrix[:3, 3] = transform.TransformPoint((0.0, 0.0, 0.0))
    return Rigid(matrix)
