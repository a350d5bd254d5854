"""The rigid transform that carries points onto points."""

from __future__ import annotations

import numpy as np

from cephalign.geometry import Rigid
from cephalign.geometry.grid import Float


def rigid_fit(points: Float, images: Float, weights: Float) -> Rigid:
    """Fit `image_from_point` by weighted least squares (Kabsch, Acta Cryst. A 32:922, 1976).

    Parameters
    ----------
    points, images : (N, 3) arrays
    weights : (N,) array
        Not negative, and not all zero.
    """
    share = weights / weights.sum()
    middle, image_middle = share @ points, share @ images
    spread = ((images - image_middle) * share[:, None]).T @ (points - middle)
    matrix = np.eye(4)
    matrix[:3, :3] = nearest_rotation(spread)
    matrix[:3, 3] = image_middle - matrix[:3, :3] @ middle
    return Rigid(matrix)


def nearest_rotation(matrix: Float) -> Float:
    """Return the (3, 3) rotation, never a reflection, that is nearest to a (3, 3) matrix."""
    left, _, right = np.linalg.svd(matrix)
    left[:, 2] *= np.linalg.det(left @ right)
    rotation: Float = left @ right
    return rotation
