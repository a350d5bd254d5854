"""Scans of no head, of which a network has to learn that it is not sure."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from cephalign.errors import InputError
from cephalign.geometry import Grid, Volume
from cephalign.geometry.grid import Float
from cephalign.prep.coarse import FoundHead

VOXELS = (28, 64)
SPACING_MM = (3.0, 5.0)
BODY_MM = (40.0, 110.0)  # half as wide, along each axis


def no_head(rng: np.random.Generator) -> Volume:
    """Draw noise, blobs, or a body of a plain shape, under some noise.

    Parameters
    ----------
    rng : numpy Generator

    Returns
    -------
    Volume
        Data float32; a few voxels of some mm, in any units.
    """
    shape = tuple(rng.integers(*VOXELS, 3).tolist())
    spacing = rng.uniform(*SPACING_MM, 3)
    turn = Rotation.from_quat(rng.normal(size=4)).as_matrix()
    middle = (np.array(shape)[:, None, None, None] - 1) / 2
    places = np.einsum("ab,bijk->aijk", turn, (np.indices(shape) - middle) * spacing[:, None, None, None])
    kind = (_noise, _constant, _blobs, _body, _body)[int(rng.integers(5))]
    image = kind(rng, places) + rng.normal(0, rng.uniform(0, 0.1), shape)
    scale, offset = np.exp(rng.uniform(np.log(50), np.log(5000))), rng.choice([0.0, 0.0, -1000.0])
    matrix = np.diag([*spacing, 1.0])
    return Volume((image * scale + offset).astype(np.float32), Grid(shape, matrix))


def found_no_head(rng: np.random.Generator, spacing_mm: float) -> FoundHead:
    """Draw until something is taken for a head; `spacing_mm` is that of the cubes to be cut."""
    while True:
        try:
            return FoundHead.of(no_head(rng), spacing_mm)
        except InputError:  # what is refused never reaches a network
            continue


def _noise(rng: np.random.Generator, places: Float) -> Float:
    """Draw white noise to clouds of a few voxels, of either sign or not."""
    image = _smooth(rng, places, rng.uniform(0, 2))
    return np.abs(image) if rng.random() < 0.5 else image


def _constant(rng: np.random.Generator, places: Float) -> Float:
    """Draw one value, and next to no noise."""
    return 1 + rng.uniform(1e-4, 0.05) * rng.normal(size=places.shape[1:])


def _blobs(rng: np.random.Generator, places: Float) -> Float:
    """Draw clouds of some cm, with empty space between them or not."""
    image = _smooth(rng, places, rng.uniform(2, 7))
    return np.clip(image - rng.uniform(-2, 1), 0, None)


def _body(rng: np.random.Generator, places: Float) -> Float:
    """Draw a box, a cylinder or an ellipsoid with a texture in it."""
    x, y, z = np.abs(places - rng.normal(0, 15, (3, 1, 1, 1))) / rng.uniform(*BODY_MM, 3)[:, None, None, None]
    outer = (np.maximum(np.maximum(x, y), z), np.maximum(np.hypot(x, y), z), np.sqrt(x**2 + y**2 + z**2))
    inside = outer[int(rng.integers(3))] < 1
    textures = (
        np.zeros_like(x),
        _smooth(rng, places, rng.uniform(0.5, 5)),
        np.sin(np.tensordot(rng.normal(0, 0.15, 3), places, 1)),
        np.sign(_smooth(rng, places, rng.uniform(1.5, 4))),
        places[0] / BODY_MM[1],
    )
    texture = textures[int(rng.integers(len(textures)))]
    return np.asarray(inside * np.clip(1 + rng.uniform(0.05, 0.5) * texture, 0, None))


def _smooth(rng: np.random.Generator, places: Float, sigma_vox: float) -> Float:
    """Return noise whose standard deviation is 1 after smoothing."""
    image = ndimage.gaussian_filter(rng.normal(size=places.shape[1:]), sigma_vox)
    return np.asarray(image / image.std())
