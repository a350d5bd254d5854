"""The paper's reference transforms, step by step.

Islam et al. 2021, 'Generation of ground truth data'. What the text leaves open, and how it is filled:

- isotropic spacing: the coarser of the two scans' smallest spacings, so that both have one scale;
- 'Otsu's two-level global thresholding': one threshold over 256 levels between the scan's extremes;
- the sign and order of the principal axes: without reflection, each axis along the nearest scanner axis;
- artefacts (table, frame): the paper removed them by hand beforehand; nothing is removed here;
- the optimiser: `evolution`, with a pyramid of 4, 2, 1 as in MATLAB, the centre of rotation in the middle.

One run of 100 iterations a level depends on its seed, so this is the paper's method, not the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cephalign.align.evolution import EvolutionSettings, evolve
from cephalign.align.image import level_image, pooled_by
from cephalign.align.reference.answer import Member, Progress, Reference, blaming
from cephalign.align.reference.foreground import cloud, isotropic, otsu, reoriented
from cephalign.align.scan import Scan
from cephalign.align.symmetry import principal_frame
from cephalign.geometry import Grid, Rigid, Volume
from cephalign.geometry.grid import Float
from cephalign.parallel import undivided_operations


@dataclass(frozen=True, eq=False)
class Oriented:
    """An isotropic scan whose world is a frame of its own, and where that frame lies in the scan's world."""

    scan: Scan
    world_from_frame: Rigid


def paper(
    fixed: Volume,
    moving: Volume,
    *,
    seed: int = 1,
    with_symmetry: bool = True,
    progress: Progress | None = None,
) -> Reference:
    """Register by the paper's procedure.

    Parameters
    ----------
    fixed, moving : Volume
        Free of table, holder and frame, which would pull the principal axes.
    seed : int
        Of the evolutionary strategy; above zero.
    with_symmetry : bool
        Without it the scans keep their orientation and the centres of their grids are laid together, as the
        paper did for comparison (Fig. 7).
    progress : callable, optional
        Told what is being done, in a few words.

    Returns
    -------
    Reference
        Its members are the start and the levels; it states no uncertainty.

    Raises
    ------
    InputError
        NaN or infinity, or one value everywhere.
    """
    tell = progress or (lambda _: None)
    with undivided_operations():
        spacing_mm = max(float(volume.grid.spacing.min()) for volume in (fixed, moving))
        tell("laying the scans along axes")
        with blaming("fixed"):
            own = _oriented(fixed, spacing_mm, with_symmetry=with_symmetry)
        with blaming("moving"):
            other = _oriented(moving, spacing_mm, with_symmetry=with_symmetry)
        members = [_member("start", own, other, Rigid.identity(), np.nan)]
        tell("refining by evolution")
        members += _evolved(own, other, seed)
        last = members[-1]
        overlaps = bool(np.isfinite(last.similarity))
        reason = "One run of the paper's procedure, which states no uncertainty."
        x, y, z = own.world_from_frame.translation.tolist()
        return Reference(
            last.moving_from_fixed,
            np.nan,
            overlaps,
            reason if overlaps else "The scans do not overlap at the start, or too little of them.",
            tuple(members),
            (x, y, z),
        )


def _oriented(volume: Volume, spacing_mm: float, *, with_symmetry: bool) -> Oriented:
    """Return the scan in its frame: T_fix or T_mov is the inverse of `world_from_frame`."""
    unit = isotropic(volume, spacing_mm)
    if with_symmetry:
        world_from_frame = principal_frame(cloud(unit))
        unit = reoriented(unit, world_from_frame)
    else:
        world_from_frame = Rigid.from_rotation(np.eye(3), unit.grid.centre)
        to_frame = (~world_from_frame).matrix
        unit = Volume(unit.data, Grid(unit.grid.shape, to_frame @ unit.grid.world_from_voxel), unit.modality)
    head = Volume(unit.data > otsu(unit.data), unit.grid, unit.modality)
    # The middle of either frame is what the paper lays together and turns about.
    middle: Float = np.zeros(3)
    return Oriented(Scan(unit, level_image(unit), head, head, middle, np.nan), world_from_frame)


def _evolved(own: Oriented, other: Oriented, seed: int) -> list[Member]:
    """Run the levels: the images are isotropic, so that every axis is shrunk, however thick the voxels."""
    settings = EvolutionSettings(seed=seed)
    pose, members = Rigid.identity(), []
    for shrink in settings.shrink:
        at_level = replace(settings, shrink=(1,))
        (stage,) = evolve(_shrunken(own.scan, shrink), _shrunken(other.scan, shrink), pose, at_level)
        pose = stage.moving_from_fixed
        members.append(_member(f"evolution-{shrink}", own, other, pose, stage.similarity))
    return members


def _shrunken(scan: Scan, factor: int) -> Scan:
    factors = [min(factor, count) for count in scan.image.shape]
    return replace(scan, image=pooled_by(scan.image, factors))


def _member(name: str, own: Oriented, other: Oriented, registered: Rigid, similarity: float) -> Member:
    """Compose T_comp, here in the direction that takes points of the fixed scan to the moving one."""
    moving_from_fixed = other.world_from_frame @ registered @ ~own.world_from_frame
    return Member(name, moving_from_fixed, similarity, np.nan, agrees=True)
