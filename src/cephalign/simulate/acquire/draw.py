"""Drawing a scan from what a protocol allows."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from cephalign.geometry import Grid, Rigid
from cephalign.geometry.grid import Float
from cephalign.simulate.acquire.acquisition import BIAS_TERMS, Acquisition, polynomials
from cephalign.simulate.acquire.any_contrast import AnyContrast
from cephalign.simulate.acquire.contrast import Contrast, Hounsfield, Uptake
from cephalign.simulate.acquire.flaws import Flaws
from cephalign.simulate.acquire.lay import extent_of, lay_grid, points_of, within_known
from cephalign.simulate.acquire.parts import Coil, Interval, Reach, Resolution, Storage
from cephalign.simulate.acquire.protocol import Protocol, Stored
from cephalign.simulate.artefacts import (
    Distortion,
    Ghosting,
    Hardware,
    draw_distortion,
    draw_ghosting,
    draw_hardware,
)
from cephalign.simulate.head import Head
from cephalign.simulate.tissues import Tissue

# A head coil: where its middle lies, half its length, and how it ends.
BELOW_VERTEX_MM, COIL_HALF_MM, COIL_FALL_MM = (65.0, 95.0), (105.0, 135.0), (9.0, 18.0)
# The coil's shading makes nothing brighter than this, as a logarithm.
BRIGHTEST_BIAS = 0.25
Choice = TypeVar("Choice")
# Persons differ by so much of a tissue's spread; the rest is texture.
PERSON, MOST = 0.7, 2.5
# What reference brightness is taken from.
COMMON = (Tissue.FAT, Tissue.CSF, Tissue.GREY, Tissue.WHITE)


def draw_acquisition(
    rng: np.random.Generator, protocol: Protocol, head: Head, world_from_head: Rigid
) -> Acquisition:
    """Draw all that decides one scan.

    Parameters
    ----------
    rng : numpy Generator
    protocol : Protocol
        What is allowed.
    head : Head
        Whom to scan.
    world_from_head : Rigid
        How the head lies in the scanner, whose world is right, anterior and superior of one who lies straight
        on the back.

    Returns
    -------
    Acquisition

    Raises
    ------
    InputError, GeometryError
        A protocol that asks for what is not possible, or a head of air.
    """
    flaws, coverage = protocol.flaws, _one_of(rng, protocol.coverages)
    points = points_of(head)
    grid, drift_mm = lay_grid(rng, coverage, points, world_from_head)
    grid = within_known(grid, world_from_head, head.known_from_mm)
    extent = extent_of(world_from_head.map(points))
    contrast = _one_of(rng, protocol.sequences).draw(rng)
    stored = _one_of(rng, protocol.storages)
    circle = float(grid.extent[0]) if rng.random() < flaws.circle_chance else 0.0
    readout = int(rng.integers(2))
    return Acquisition(
        modality=protocol.modality,
        grid=grid,
        world_from_head=world_from_head,
        contrast=contrast,
        deviations=tuple((rng.standard_normal(len(Tissue)).clip(-MOST, MOST) * PERSON).tolist()),
        texture=_between(rng, flaws.texture),
        resolution=Resolution(
            thickness_mm=float(grid.spacing[2]) * _between(rng, coverage.thickness),
            profile=coverage.profile,
            blur_mm=_between(rng, flaws.blur_mm),
            kernel=_between(rng, flaws.kernel),
        ),
        noise=_between(rng, flaws.noise) * _noise_unit(contrast),
        bias=_bias(rng, flaws),
        reach=Reach(circle, drift_mm, stored.fill),
        storage=_storage(rng, stored, contrast),
        seed=int(rng.integers(2**62)),
        coil=_coil(rng, flaws, extent),
        hardware=_hardware(rng, flaws, extent),
        hardening=_between(rng, flaws.hardening),
        distortion=_distortion(rng, flaws, grid, readout),
        ghosting=_ghosting(rng, flaws, 1 - readout),
    )


def _one_of(rng: np.random.Generator, choices: tuple[Choice, ...]) -> Choice:
    return choices[int(rng.integers(len(choices)))]


def _between(rng: np.random.Generator, span: Interval) -> float:
    return float(rng.uniform(*span))


def _reference(contrast: Contrast) -> float:
    """Return the brightness of the brightest common tissue."""
    return float(contrast.brightness()[0][list(COMMON)].max())


def _noise_unit(contrast: Contrast) -> float:
    """Return what noise is stated against."""
    if isinstance(contrast, Hounsfield | Uptake):
        return 1.0
    if isinstance(contrast, AnyContrast):
        return _reference(contrast)
    return float(contrast.brightness()[0][Tissue.WHITE])


def _bias(rng: np.random.Generator, flaws: Flaws) -> tuple[float, ...]:
    """Draw the coil's shading: the smoother a term, the stronger."""
    half_range = _between(rng, flaws.bias)
    if not half_range:
        return ()
    order = np.indices((BIAS_TERMS,) * 3).sum(axis=0)
    terms = rng.standard_normal(order.shape) / np.maximum(order, 1) ** 1.5
    terms[0, 0, 0] = 0.0
    in_plane, along = (
        polynomials(21)[:, 4:-4],
        polynomials(9),
    )  # the head fills some 60 % of the field of view
    field = np.einsum("abc,ak,bj,ci->kji", terms, along, in_plane, in_plane)
    terms *= 2 * half_range / np.ptp(field)
    terms[0, 0, 0] = min(0.0, BRIGHTEST_BIAS - field.max() * 2 * half_range / np.ptp(field))
    return tuple(terms.ravel().tolist())


def _storage(rng: np.random.Generator, stored: Stored, contrast: Contrast) -> Storage:
    slope = 1.0 if stored.level is None else _between(rng, stored.level) / _reference(contrast)
    return Storage(stored.dtype, slope, stored.intercept, stored.lowest, stored.highest)


def _coil(rng: np.random.Generator, flaws: Flaws, extent: Float) -> Coil | None:
    if not rng.random() < flaws.coil_chance:
        return None
    return Coil(
        middle_mm=float(extent[1, 2] - rng.uniform(*BELOW_VERTEX_MM)),
        half_mm=_between(rng, COIL_HALF_MM),
        fall_mm=_between(rng, COIL_FALL_MM),
    )


def _hardware(rng: np.random.Generator, flaws: Flaws, extent: Float) -> Hardware | None:
    kinds = [kind for kind, chance in flaws.hardware.items() if rng.random() < chance]
    return draw_hardware(rng, kinds, extent) if kinds else None


def _distortion(rng: np.random.Generator, flaws: Flaws, grid: Grid, readout: int) -> Distortion | None:
    if not rng.random() < flaws.distortion_chance:
        return None
    rectified = bool(rng.random() < flaws.rectified_chance)
    return draw_distortion(
        rng, rectified=rectified, readout=grid.directions[:, readout], isocentre_mm=grid.centre
    )


def _ghosting(rng: np.random.Generator, flaws: Flaws, phase_axis: int) -> Ghosting | None:
    if not rng.random() < flaws.ghosting_chance:
        return None
    return draw_ghosting(rng, axis=phase_axis, amount_vox=_between(rng, flaws.ghosting_vox))
