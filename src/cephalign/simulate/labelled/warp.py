"""A deformation as a field over one drawn head: from each of its points to a voxel of the source."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from cephalign.geometry.grid import Float
from cephalign.simulate.labelled.deformation import Deformation, Displacement, stretch
from cephalign.simulate.labelled.frame import kabsch
from cephalign.simulate.labelled.growth import LATTICE
from cephalign.simulate.labelled.source import Source

# Nodes of the field, and how far beyond the source's box a drawn head may reach.
NODES_MM, REACH_MM = 5.0, 20.0
# The least volume of a drawn voxel in the source, against what scale alone makes of it.
LEAST_JACOBIAN = 0.15
WEAKER, WEAKEST = 0.8, 0.05
# Of the search for a point.
MOST_STEPS, CLOSE_MM, NEVER_OFF_MM = 100, 1e-6, 0.01


@dataclass(frozen=True, eq=False)
class Warp:
    """Trilinear between nodes.

    Parameters
    ----------
    low : (3,) array
        Head mm of the first node of the drawn head.
    nodes : (3, I, J, K) float32 tensor
        Voxels of the source, `NODES_MM` apart.
    deformation : Deformation
        With the strength that was used.
    least_jacobian : float
        Smallest ratio of volumes between nodes, source to drawn, against what scale alone makes of it.
    """

    low: Float
    nodes: torch.Tensor
    deformation: Deformation
    least_jacobian: float

    def drawn_from_head(self, source: Source, points: Float) -> Float:
        """Return where (N, 3) points of the source, in its head mm, lie in the drawn head; to a micron."""
        targets = (~source.head_from_voxel).map(points)
        nodes = self.nodes.cpu().numpy().astype(np.float64)
        # Every third node is near enough to start from.
        some = nodes[:, ::3, ::3, ::3]
        apart = ((some.reshape(3, 1, -1) - targets.T[:, :, None]) ** 2).sum(axis=0)
        nearest = np.stack(np.unravel_index(apart.argmin(axis=1), some.shape[1:]), axis=-1)
        drawn: Float = self.low + 3 * NODES_MM * nearest
        for _ in range(MOST_STEPS):
            voxels, jacobians = _interpolated(nodes, (drawn - self.low) / NODES_MM)
            off = targets - voxels
            if np.abs(off).max() < CLOSE_MM:
                break
            step = NODES_MM * np.linalg.solve(jacobians, off[:, :, None])[:, :, 0]
            # The slope is another in the next cell: never farther than one.
            drawn += step * np.minimum(1, NODES_MM / np.maximum(np.linalg.norm(step, axis=1), 1e-9))[:, None]
        assert np.abs(off).max() < NEVER_OFF_MM, "a field that does not fold has an inverse"
        return drawn


def _interpolated(nodes: Float, at: Float) -> tuple[Float, Float]:
    """Return the (N, 3) field at places counted in nodes, and its (N, 3, 3) slopes there."""
    first = np.clip(np.floor(at), 0, np.array(nodes.shape[1:]) - 2).astype(int)
    corners = np.stack(
        [nodes[(slice(None), *(first + corner).T)] for corner in np.ndindex(2, 2, 2)], axis=-1
    ).transpose(1, 0, 2)
    cells = corners.reshape(len(at), 3, 2, 2, 2)
    weights = np.stack([1 - (at - first), at - first], axis=-1)
    slope = np.broadcast_to([-1.0, 1.0], weights[:, 0].shape)
    wx, wy, wz = weights[:, 0], weights[:, 1], weights[:, 2]

    def blend(a: Float, b: Float, c: Float) -> Float:
        blended: Float = np.einsum("ncijk,ni,nj,nk->nc", cells, a, b, c)
        return blended

    slopes = np.stack([blend(slope, wy, wz), blend(wx, slope, wz), blend(wx, wy, slope)], axis=-1)
    return blend(wx, wy, wz), slopes


def warp_of(source: Source, deformation: Deformation, device: torch.device) -> Warp:
    """Work out a deformation of a source; weaker than drawn if it would fold the head.

    Parameters
    ----------
    source : Source
    deformation : Deformation
    device : torch.device

    Returns
    -------
    Warp
    """
    while True:
        low, nodes = _nodes(source, deformation, device)
        least = _least_jacobian(nodes) * float(np.prod(deformation.scale))
        if least > LEAST_JACOBIAN or deformation.strength < WEAKEST:
            return Warp(low, nodes.flip(1) if deformation.flip else nodes, deformation, least)
        deformation = replace(deformation, strength=deformation.strength * WEAKER)


def _nodes(source: Source, deformation: Deformation, device: torch.device) -> tuple[Float, torch.Tensor]:
    """Return where the first node lies and the field without its flip; the box is alike left and right."""
    low, high = source.extent_mm * np.array(deformation.scale) + np.array([[-REACH_MM], [REACH_MM]])
    low[0] = min(low[0], -high[0])
    counts = np.ceil((np.array([-low[0], high[1], high[2]]) - low) / NODES_MM).astype(int) + 1
    x, y, z = (low[axis] + NODES_MM * np.arange(counts[axis]) for axis in range(3))
    x -= (x[0] + x[-1]) / 2
    low[0] = x[0]
    displacement = Displacement(deformation, low, np.array([x[-1], y[-1], z[-1]]))
    voxel_from_point = _anchored(source, displacement, stretch(deformation))
    points = displacement.on_lattice(x, y, z)
    for axis, grid in enumerate((x[:, None, None], y[None, :, None], z[None, None, :])):
        points[axis] += grid
    matrix, shift = voxel_from_point[:3, :3], voxel_from_point[:3, 3]
    voxels = torch.from_numpy(np.tensordot(matrix, points, axes=1) + shift[:, None, None, None])
    return low, _grown(source, deformation, voxels.to(device, torch.float32))


def _anchored(source: Source, displacement: Displacement, source_from_drawn: Float) -> Float:
    """Return voxels from displaced points, turned and moved so that the drawn head keeps the head's frame.

    The frame of the drawn head is found as that of a real one: by its deep structures.
    """
    drawn = source.centres @ np.linalg.inv(source_from_drawn).T
    back = kabsch((drawn + displacement.at(drawn)) @ source_from_drawn.T, source.centres)
    matrix = np.eye(4)
    matrix[:3, :3] = source_from_drawn
    voxel_from_point: Float = (~source.head_from_voxel @ back).matrix @ matrix
    return voxel_from_point


def _grown(source: Source, deformation: Deformation, voxels: torch.Tensor) -> torch.Tensor:
    """Look up each place of the (3, ...) field where the growths say that it came from."""
    skull, scalp, shrinkage, ventricles = (deformation.strength * g for g in deformation.growths)
    # Thicker means looked up farther inside; a shrunken brain shows what lay farther outside.
    factors = torch.tensor([-skull, -scalp, shrinkage, -ventricles], device=voxels.device)
    fields = source.growths.to(voxels.device)
    growth = sum(factor * field.float() for factor, field in zip(factors, fields, strict=True))
    assert isinstance(growth, torch.Tensor)
    last = torch.tensor(growth.shape[1:], device=voxels.device) - 1
    at = voxels.movedim(0, -1) * (2 / LATTICE / last) - 1
    return (
        voxels
        + torch.nn.functional.grid_sample(
            growth[None], at.flip(-1)[None], padding_mode="border", align_corners=True
        )[0]
    )


def _least_jacobian(nodes: torch.Tensor) -> float:
    """Return the smallest determinant at the first and at the last corner of each cell."""
    steps = [torch.diff(nodes, dim=axis) / NODES_MM for axis in (1, 2, 3)]
    least = float("inf")
    for part in (slice(None, -1), slice(1, None)):
        a = steps[0][:, :, part, part]
        b = steps[1][:, part, :, part]
        c = steps[2][:, part, part, :]
        volume = (
            a[0] * (b[1] * c[2] - b[2] * c[1])
            + a[1] * (b[2] * c[0] - b[0] * c[2])
            + a[2] * (b[0] * c[1] - b[1] * c[0])
        )
        least = min(least, float(volume.min()))
    return least
