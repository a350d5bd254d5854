"""One scan: what the scanner sees of a head, what it adds, and what it stores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from cephalign.geometry import Modality, Volume
from cephalign.geometry.grid import Float, apply_affine
from cephalign.simulate.acquire.acquisition import Acquisition
from cephalign.simulate.acquire.ct import as_ct
from cephalign.simulate.acquire.mr import as_mr
from cephalign.simulate.acquire.pet import as_pet
from cephalign.simulate.acquire.reach import as_stored
from cephalign.simulate.acquire.sampling import Slicer
from cephalign.simulate.acquire.values import values_of
from cephalign.simulate.head import Head

# So many voxels are worked on at once: a few arrays of them stay small.
AT_ONCE = 2**21
# Signals this far off are blurred or bent into a voxel.
BENT_MM = 12.0


def acquire(head: Head, acquisition: Acquisition, *, device: torch.device | str = "cpu") -> Volume:
    """Scan a head.

    Parameters
    ----------
    head : Head
    acquisition : Acquisition
    device : torch.device or str
        Where to compute.

    Returns
    -------
    Volume
        On the acquisition's grid, as stored (int16, uint16 or uint8).
    """
    device = torch.device(device)
    head = head if head.tissues.device == device else replace(head, tissues=head.tissues.to(device))
    generator = torch.Generator(device).manual_seed(acquisition.seed)
    slicer = _slicer(head, acquisition, generator)
    add = {Modality.CT: as_ct, Modality.PET: as_pet}.get(acquisition.modality, as_mr)
    count_i, count_j, count_k = acquisition.grid.shape
    dtype = getattr(torch, acquisition.storage.dtype)
    stored = torch.empty((count_k, count_j, count_i), dtype=dtype, device=device)
    # Noise of PET goes through all slices, of which there are few.
    step = count_k if add is as_pet else max(1, AT_ONCE // (count_i * count_j))
    for first in range(0, count_k, step):
        last = min(first + step, count_k)
        image = add(slicer.slices(first, last), acquisition, first, generator)
        stored[first:last] = as_stored(image, acquisition, first)
    return Volume(stored.cpu().numpy().transpose(2, 1, 0), acquisition.grid, acquisition.modality)


def _slicer(head: Head, acquisition: Acquisition, generator: torch.Generator) -> Slicer:
    """Lay the scan through the head."""
    grid, resolution = acquisition.grid, acquisition.resolution
    brightness, texture = acquisition.brightness()
    values = values_of(
        head,
        brightness,
        texture,
        generator,
        box_mm=_box_in_head(acquisition),
        fine_mm=max(float(grid.spacing[:2].min()), resolution.blur_mm / 3),
        blur_mm=resolution.blur_mm,
    )
    slicer = Slicer.of(values, grid, acquisition.world_from_head, resolution)
    if acquisition.distortion is None:
        return slicer
    return slicer.bent(acquisition.distortion, grid, head, acquisition.world_from_head)


def _box_in_head(acquisition: Acquisition) -> Float:
    """Return (2, 3) corners in head mm around all that the scan can see."""
    grid, resolution = acquisition.grid, acquisition.resolution
    room = np.array([0.0, 0.0, resolution.thickness_mm / grid.spacing[2]])
    ends = [-0.5 - room, np.array(grid.shape) - 0.5 + room]
    corners = [[ends[a][0], ends[b][1], ends[c][2]] for a in (0, 1) for b in (0, 1) for c in (0, 1)]
    matrix = (~acquisition.world_from_head).matrix @ grid.world_from_voxel
    points = apply_affine(matrix, corners)
    margin = BENT_MM if acquisition.distortion is not None else 1.0
    return np.stack([points.min(axis=0) - margin, points.max(axis=0) + margin])
