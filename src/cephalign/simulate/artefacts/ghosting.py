"""Ghosts of a head that moved while an MR scan was taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from cephalign.errors import InputError

# How many times the head nods during the lines of one slice, and how many sudden moves there are at most.
CYCLES, JUMPS = (8.0, 45.0), 3
# A move while the middle of k-space is taken blurs everything; scans so bad are taken again.
QUIET = 0.12


@dataclass(frozen=True)
class Ghosting:
    """How the head moved along the phase-encoding axis.

    Parameters
    ----------
    axis : int
        The array axis that is phase-encoded.
    nod_vox, cycles, phase : float
        A regular motion (breath, pulse): its amplitude in voxels, its periods during the scan, its phase in
        radians.
    jumps : tuple of pairs
        Sudden moves: after which share of the lines (0 to 1, in the order of k-space), and how far in voxels.
    """

    axis: int
    nod_vox: float
    cycles: float
    phase: float
    jumps: tuple[tuple[float, float], ...] = ()


def draw_ghosting(rng: np.random.Generator, *, axis: int, amount_vox: float) -> Ghosting:
    """Draw a motion.

    Parameters
    ----------
    rng : numpy Generator
    axis : int
        The array axis that is phase-encoded.
    amount_vox : float
        How far the head moves, in voxels along that axis; 0.1 is hardly seen, 1 spoils a scan.

    Returns
    -------
    Ghosting

    Raises
    ------
    InputError
        A negative amount, or no such axis.
    """
    if axis not in {0, 1, 2}:
        raise InputError("phase-encoding axis", expected="0, 1 or 2", got=str(axis))
    if not 0 <= amount_vox < np.inf:
        raise InputError("ghosting amount", expected="at least 0 voxels", got=f"{amount_vox:g}")
    count = int(rng.integers(0, JUMPS + 1))
    times = rng.uniform(QUIET, 0.5, count) * rng.choice([-1, 1], count) + 0.5
    moves = rng.normal(0, amount_vox, count)
    return Ghosting(
        axis=axis,
        nod_vox=float(amount_vox * rng.uniform(0.3, 1.0)),
        cycles=float(rng.uniform(*CYCLES)),
        phase=float(rng.uniform(0, 2 * np.pi)),
        jumps=tuple((float(t), float(m)) for t, m in sorted(zip(times, moves, strict=True))),
    )


def ghosted(image: torch.Tensor, ghosting: Ghosting) -> torch.Tensor:
    """Give an image the ghosts of a motion.

    Each line of k-space sees the head where it is at that moment, so a shift along the phase-encoding axis
    turns the line's phase. The line in the middle of k-space sees it where it belongs: the scan's geometry is
    that of the unmoved head.

    Parameters
    ----------
    image : (I, J, K) float tensor
        Magnitudes.
    ghosting : Ghosting

    Returns
    -------
    (I, J, K) float tensor
        A new one; its sum of squares is that of `image`.
    """
    if not ghosting.nod_vox and not any(move for _, move in ghosting.jumps):
        return image.clone()
    count = image.shape[ghosting.axis]
    frequency = torch.fft.fftfreq(count, device=image.device, dtype=torch.float64)
    time = frequency + 0.5
    shift = _shift_vox(ghosting, time) - _shift_vox(ghosting, torch.full_like(time[:1], 0.5))
    angle = -2 * torch.pi * frequency * shift
    turn = torch.polar(torch.ones_like(angle), angle).to(torch.complex64)
    shape = [1, 1, 1]
    shape[ghosting.axis] = count
    lines = torch.fft.fft(image, dim=ghosting.axis) * turn.reshape(shape)
    result: torch.Tensor = torch.fft.ifft(lines, dim=ghosting.axis).abs()
    return result


def _shift_vox(ghosting: Ghosting, time: torch.Tensor) -> torch.Tensor:
    """Return where the head is at (n,) times between 0 and 1."""
    shift = ghosting.nod_vox * torch.sin(2 * torch.pi * ghosting.cycles * time + ghosting.phase)
    for start, move in ghosting.jumps:
        shift = shift + move * (time > start)
    return shift
