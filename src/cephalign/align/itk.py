"""Our images and poses as SimpleITK has them, for the optimisers that the paper takes from ITK."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import SimpleITK

from cephalign.align.image import LevelImage
from cephalign.geometry import Rigid

sitk: Any = SimpleITK  # it has no types


@contextmanager
def one_thread() -> Iterator[None]:
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


def as_transform(pose: Rigid) -> Any:
    """Hand over a pose that maps points of the fixed scan, as ITK's transforms do."""
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(pose.rotation.ravel().tolist())
    transform.SetTranslation(pose.translation.tolist())
    return transform


def rigid_of(transform: Any) -> Rigid:
    """Read what ITK made of a transform that turns about a centre."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.reshape(transform.GetMatrix(), (3, 3))
    matrix[:3, 3] = transform.TransformPoint((0.0, 0.0, 0.0))
    return Rigid(matrix)
