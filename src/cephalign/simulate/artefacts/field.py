"""How air and tissue bend the static field of an MR scanner."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from cephalign.geometry.grid import Float
from cephalign.simulate.head import Head
from cephalign.simulate.tissues import Tissue

CELL_MM = 4.0
# Air against tissue, in parts per million (Schenck, Med Phys 23:815, 1996).
AIR_PPM = 9.4
AIR_SHARE = {Tissue.AIR: 1.0, Tissue.CAVITY: 1.0, Tissue.AIR_CELLS: 0.6}
BLUR_MM = 3.0
# The transform is periodic: neck below the lowest face, of the same tissue, and air around the others.
NECK_CELLS, ROOM_CELLS = 16, 8


@dataclass(frozen=True, eq=False)
class StaticField:
    """Where the field deviates, after the shim.

    Parameters
    ----------
    ppm : (I, J, K) tensor
        Deviation in parts per million, on cells of about `CELL_MM`.
    cell_from_head : (4, 4) array
        Takes head mm to cell indices.
    """

    ppm: torch.Tensor
    cell_from_head: Float

    def at(self, points: torch.Tensor) -> torch.Tensor:
        """Return (...) ppm at (3, ...) points in head mm; beyond the cells as at the nearest."""
        matrix = torch.as_tensor(self.cell_from_head, dtype=points.dtype, device=points.device)
        cells = matrix[:3, :3] @ points.flatten(1) + matrix[:3, 3:]
        size = torch.tensor(self.ppm.shape, dtype=points.dtype, device=points.device)[:, None]
        where = (2 * cells + 1) / size - 1
        found = torch.nn.functional.grid_sample(
            self.ppm[None, None],
            where.flip(0).T[None, None, None],
            mode="bilinear",
            padding_mode="border",
            align_corners=False,
        )
        return found.reshape(points.shape[1:])


def static_field(head: Head, direction: Float) -> StaticField:
    """Compute the field of a head in a magnet.

    In k-space a susceptibility's field is that of a dipole (Marques & Bowtell, Concepts Magn Reson B 25:65,
    2005). The shim takes away its mean and its slope over the tissue.

    Parameters
    ----------
    head : Head
    direction : (3,) array
        Of the main field, in the head's frame.

    Returns
    -------
    StaticField
    """
    spacing = float(head.grid.spacing[0])
    step = max(1, round(CELL_MM / spacing))
    air = _air_share(head.tissues, step)
    size = step * spacing
    padded = _surrounded(air)
    frequencies = [torch.fft.fftfreq(n, size, device=air.device) for n in padded.shape[:2]]
    frequencies.append(torch.fft.rfftfreq(padded.shape[2], size, device=air.device))
    kx, ky, kz = torch.meshgrid(*frequencies, indexing="ij")
    square = kx * kx + ky * ky + kz * kz
    unit = np.asarray(direction, dtype=np.float64) / np.linalg.norm(direction)
    along = kx * float(unit[0]) + ky * float(unit[1]) + kz * float(unit[2])
    dipole = 1 / 3 - along * along / square.clamp(min=1e-12)
    dipole = dipole * torch.exp(-2 * (math.pi * BLUR_MM) ** 2 * square)
    ppm = torch.fft.irfftn(torch.fft.rfftn(padded - 1) * dipole, padded.shape)
    ppm = ppm[: air.shape[0], : air.shape[1], NECK_CELLS : NECK_CELLS + air.shape[2]]
    cell_from_voxel = np.diag([1 / step, 1 / step, 1 / step, 1.0])
    cell_from_voxel[:3, 3] = 0.5 / step - 0.5
    return StaticField(_shimmed(ppm * AIR_PPM, air < 0.5), cell_from_voxel @ head.grid.voxel_from_world)


def _air_share(tissues: torch.Tensor, step: int) -> torch.Tensor:
    """Return (I, J, K) shares of air in cells of step^3 voxels, of which every second is asked."""
    share = torch.zeros(256, device=tissues.device)
    for tissue, part in AIR_SHARE.items():
        share[tissue] = part
    stride = 2 if step % 2 == 0 else 1
    few = share[tissues[::stride, ::stride, ::stride].int()]
    return torch.nn.functional.avg_pool3d(few[None, None], step // stride, ceil_mode=True)[0, 0]


def _surrounded(air: torch.Tensor) -> torch.Tensor:
    """Return the shares with neck below and air around."""
    neck = air[:, :, :1].expand(-1, -1, NECK_CELLS)
    room = (0, ROOM_CELLS, 0, ROOM_CELLS, 0, ROOM_CELLS)
    return torch.nn.functional.pad(torch.cat((neck, air), 2), room, value=1.0)


def _shimmed(ppm: torch.Tensor, tissue: torch.Tensor) -> torch.Tensor:
    """Take away the best constant and slopes over the tissue."""
    axes = [torch.linspace(-1, 1, n, device=ppm.device) for n in ppm.shape]
    terms = torch.stack([torch.ones_like(ppm), *torch.meshgrid(*axes, indexing="ij")])
    inside = terms[:, tissue].double()
    normal = inside @ inside.T + 1e-6 * torch.eye(4, device=ppm.device, dtype=torch.float64)
    best = torch.linalg.solve(normal, inside @ ppm[tissue].double())
    return ppm - torch.einsum("t,tijk->ijk", best.float(), terms)
