"""The head alone: no stray voxels, no holes, and air within it told from air around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cephalign.geometry import Rigid
from cephalign.simulate.labelled.canvas import COARSE, Canvas, Mask, coarse, grown, largest_piece
from cephalign.simulate.labelled.reading import Labels
from cephalign.simulate.tissues import Tissue

# A mouth or nostril is narrower than this: closed, it tells inside from outside.
OPENING_MM = 10.0
# Air so near the outside belongs to it: nostrils, folds of the ear, closed up corners.
OUTER_MM = 4.0
# In a cavity this much around a voxel is air; less is a speckle, which a scan's noise has left.
CAVITY_SHARE = 0.4
# The air cells of the mastoid, right side, head mm; in them air and bone are mixed.
MASTOID_MM = ((34.0, -66.0, -66.0), (80.0, 4.0, -12.0))
CELLS_AIR, CELLS_BONE = 0.16, 0.2
# A slice at the lower end that has less than this share of the area a bit higher is a ragged edge.
RAGGED, RAGGED_WITHIN = 0.75, 12
# Air around the head on five sides.
MARGIN = 2
# In one plane so much of a head ends only where the scan ended: a nose is cut off.
CUT_VOX, NOSE_MM = 2000, 12.0


def clean(labels: Labels, table: Mapping[int, Tissue], head_from_voxel: Rigid) -> Canvas:
    """Turn numbers into tissues and keep the head.

    Parameters
    ----------
    labels : (I, J, K) uint16 array
        1 mm voxels, axes near RAS.
    table : mapping of int to Tissue
    head_from_voxel : Rigid

    Returns
    -------
    Canvas
        Cropped; its outer faces are air but the lowest slice, which is the lowest that is whole.
    """
    known = np.zeros(int(max(table)) + 1, dtype=np.uint8)
    known[list(table)] = list(table.values())
    tissues = known[labels]
    body = _body(tissues != Tissue.AIR)
    crop, start = _crop(body)
    body, tissues, labels = (_padded(array, crop) for array in (body, tissues, labels))
    nose = _nose(body)
    if nose is not None:
        more = ((0, 0), (0, nose.shape[1] - body.shape[1]), (0, 0))
        body, tissues, labels = np.pad(body, more), np.pad(tissues, more), np.pad(labels, more)
        tissues[nose] = Tissue.SOFT
        body |= nose
    canvas = Canvas(tissues, labels, head_from_voxel @ Rigid.from_rotation(np.eye(3), start))
    _settle_air(canvas, body)
    return canvas


def _body(solid: Mask) -> Mask:
    """Return what most of each neighbourhood agrees on, in one piece."""
    body = np.zeros(solid.shape, dtype=bool)
    (box,) = ndimage.find_objects(solid.view(np.uint8))
    share = ndimage.uniform_filter(solid[box].astype(np.float32), 5, mode="nearest")
    body[box] = largest_piece(share > 0.5)
    return body


def _crop(body: Mask) -> tuple[tuple[slice, slice, slice], NDArray[np.intp]]:
    """Return the box of the body without its ragged lower end, and where its padded version starts."""
    bounds = ndimage.find_objects(body.view(np.uint8))[0]
    first = bounds[2].start
    area = body.sum(axis=(0, 1))
    while area[first] < RAGGED * area[first : first + RAGGED_WITHIN].max():
        first += 1
    crop = (bounds[0], bounds[1], slice(first, bounds[2].stop))
    return crop, np.array([bounds[0].start - MARGIN, bounds[1].start - MARGIN, first])


def _padded(array: NDArray[Any], crop: tuple[slice, ...]) -> NDArray[Any]:
    return np.pad(array[crop], ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, MARGIN)))


def _nose(body: Mask) -> Mask | None:
    """Return what rounds off a face that the scan cut off flat, in an array that is longer forwards."""
    last = body.shape[1] - 1 - MARGIN
    cut = ndimage.binary_fill_holes(body[:, last - 1])
    if cut.sum() < CUT_VOX:
        return None
    height = np.minimum(NOSE_MM, 0.5 * ndimage.distance_transform_edt(cut))
    more = int(np.ceil(height.max()))
    nose = np.zeros((body.shape[0], body.shape[1] + more, body.shape[2]), dtype=bool)
    for step in range(more + 1):
        nose[:, last + step] = cut & (height > step)
    nose[:, : body.shape[1]] &= ~body
    return nose


def _settle_air(canvas: Canvas, body: Mask) -> None:
    """Decide of each voxel without a label what it is, and drop labels off the head."""
    tissues = canvas.tissues
    inner = _inner(body)
    empty = tissues == Tissue.AIR
    share = ndimage.uniform_filter(empty.astype(np.float32), 3, mode="nearest")
    tissues[~body & ~inner] = Tissue.AIR
    cavity = empty & inner & (share > CAVITY_SHARE)
    tissues[cavity] = Tissue.CAVITY
    if not canvas.is_any(Tissue.AIR_CELLS).any():
        _mark_air_cells(canvas)
    hole = (body | inner) & (tissues == Tissue.AIR)
    _settle_specks(tissues, hole)


def _inner(body: Mask) -> Mask:
    """Where the head would be if its openings were shut, without an outer layer."""
    pad = int(OPENING_MM / COARSE) + 2
    # The head goes on below: its lowest slice is no border.
    small = np.pad(coarse(body), ((pad, pad), (pad, pad), (0, pad)))
    small = np.pad(small, ((0, 0), (0, 0), (pad, 0)), mode="edge")
    shut = grown(grown(small, OPENING_MM), -OPENING_MM)
    for k in range(shut.shape[2]):
        shut[:, :, k] = ndimage.binary_fill_holes(shut[:, :, k])
    inner = grown(shut, -OUTER_MM)[pad:-pad, pad:-pad, pad:-pad]
    for axis in range(3):
        inner = inner.repeat(COARSE, axis=axis)
    return np.asarray(inner[: body.shape[0], : body.shape[1], : body.shape[2]])


def _mark_air_cells(canvas: Canvas) -> None:
    low, high = np.array(MASTOID_MM)
    for side in (-1, 1):
        ends = np.array([low * (side, 1, 1), high * (side, 1, 1)])
        patch, _ = canvas.patch(ends.min(axis=0), ends.max(axis=0))
        here = canvas.tissues[patch]
        air = (here == Tissue.AIR) | (here == Tissue.CAVITY)
        bone = (here == Tissue.CORTICAL_BONE) | (here == Tissue.DIPLOE)
        air_share, bone_share = (ndimage.uniform_filter(part.astype(np.float32), 7) for part in (air, bone))
        mixed = (air_share > CELLS_AIR) & (bone_share > CELLS_BONE)
        here[(air | bone) & mixed] = Tissue.AIR_CELLS


def _settle_specks(tissues: NDArray[np.uint8], hole: Mask) -> None:
    """Give holes, and voxels unlike all around them, the tissue that is most common around."""
    for again in (False, True):
        padded = np.pad(tissues, 1, mode="edge")
        alone = hole & (tissues == Tissue.AIR)
        alone |= (tissues != Tissue.AIR) & (_alike(padded) < 2)
        at = np.nonzero(alone)
        votes = np.zeros((len(at[0]), len(Tissue)), dtype=np.uint8)
        rows = np.arange(len(at[0]))
        for di, dj, dk in np.ndindex(3, 3, 3):
            votes[rows, padded[at[0] + di, at[1] + dj, at[2] + dk]] += 1
        lonely = votes[rows, tissues[at]] < 5
        votes[:, Tissue.AIR] = 0
        most = votes.argmax(axis=1).astype(np.uint8)
        filled = np.where(votes.max(axis=1) > 0, most, Tissue.SOFT if again else Tissue.AIR)
        tissues[at] = np.where(lonely | hole[at], filled, tissues[at])


def _alike(padded: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """How many of a voxel's six neighbours are of its tissue."""
    middle = padded[1:-1, 1:-1, 1:-1]
    alike = np.zeros(middle.shape, dtype=np.uint8)
    for axis in range(3):
        for start in (0, 2):
            window = [slice(1, -1)] * 3
            window[axis] = slice(start, start + middle.shape[axis])
            alike += padded[tuple(window)] == middle
    return alike
