"""What is drawn from a protocol: grids over the head, and only what is allowed."""

from dataclasses import replace

import numpy as np
import pytest

from cephalign.errors import CephalignError, GeometryError, InputError
from cephalign.geometry import Modality, Rigid
from cephalign.geometry.grid import apply_affine
from cephalign.simulate.acquire import Protocol, acquire, draw_acquisition
from cephalign.simulate.acquire.acquisition import polynomials
from cephalign.simulate.acquire.contrast import Hounsfield
from cephalign.simulate.acquire.coverage import Coverage
from cephalign.simulate.acquire.flaws import Flaws
from cephalign.simulate.acquire.protocol import Sequence, Stored

VERTEX_MM = 14.0 + 84.0
POSE = Rigid.from_euler((6, -5, 8), (12, -31, 44))
COVERAGE = Coverage((64, 64), (3.0, 3.0), (25, 25), (4.0, 4.0), above_vertex_mm=(6.0, 6.0), off_centre_mm=0.0)
PROTOCOL = Protocol(
    Modality.CT,
    (COVERAGE,),
    (Sequence(Hounsfield, {"hardness": (0.9, 1.1)}),),
    Flaws(noise=(3, 6)),
    (Stored("int16", None, 0, -1024, 3071, fill=-1024),),
)


def drawn(head, seed=0, pose=POSE, coverage=COVERAGE, **flaws):
    protocol = replace(PROTOCOL, coverages=(coverage,), flaws=replace(PROTOCOL.flaws, **flaws))
    return draw_acquisition(np.random.default_rng(seed), protocol, head, pose)


def test_the_slab_ends_above_the_vertex_and_is_centred_on_the_head(head):
    grid = drawn(head, coverage=replace(COVERAGE, oblique_deg=0.0)).grid
    middle = (~POSE).map(grid.centre)
    np.testing.assert_allclose(middle[:2], [1, -16], atol=3)
    assert middle[2] == pytest.approx(VERTEX_MM + 6 - 50, abs=5)
    np.testing.assert_allclose(grid.directions, np.diag([-1, -1, 1]), atol=1e-12)


@pytest.mark.parametrize(
    ("plane", "through"), [("axial", (0, 0, 1)), ("coronal", (0, 1, 0)), ("sagittal", (1, 0, 0))]
)
def test_planes(head, plane, through):
    for seed in range(5):
        grid = drawn(head, seed, coverage=replace(COVERAGE, planes=(plane,), oblique_deg=8.0)).grid
        angle = np.degrees(np.arccos(abs(grid.directions[:, 2] @ through)))
        assert 0 < angle < 8 * np.sqrt(3)
        assert abs(np.linalg.det(grid.directions)) == pytest.approx(1)


def test_grids_are_within_their_ranges(head):
    ranges = Coverage((40, 60), (2.0, 3.5), (10, 20), (3.0, 6.0), thickness=(0.7, 0.9))
    for seed in range(20):
        scan = drawn(head, seed, coverage=ranges)
        shape, spacing = scan.grid.shape, scan.grid.spacing
        assert shape[0] == shape[1]
        assert 40 <= shape[0] <= 60
        assert 10 <= shape[2] <= 20
        assert spacing[0] == pytest.approx(spacing[1])
        assert 2 <= spacing[0] <= 3.5
        assert 3 <= spacing[2] <= 6
        assert 0.7 <= scan.resolution.thickness_mm / spacing[2] <= 0.9
        assert 3 <= scan.noise <= 6
        assert 0.9 <= scan.contrast.hardness <= 1.1


def test_a_missing_distance_is_as_within_the_slice(head):
    isotropic = Coverage((40, 40), (2.0, 5.0), (30, 30))
    spacing = drawn(head, coverage=isotropic).grid.spacing
    np.testing.assert_allclose(spacing, spacing[0])


def test_a_head_upside_down_is_still_in_the_scan(head):
    for angles in ((180, 0, 0), (0, 90, 0), (95, 20, -130)):
        pose = Rigid.from_euler(angles, (20, 30, -40))
        scan = drawn(head, pose=pose)
        index = apply_affine(scan.grid.voxel_from_world, pose.map((1, -16, 40)))
        assert ((index > 0) & (index < np.array(scan.grid.shape) - 1)).all()


def test_a_tilted_gantry_moves_along_the_table(head):
    tilted = replace(COVERAGE, tilt_deg=(15.0, 20.0), tilt_chance=1.0)
    scan = drawn(head, coverage=tilted)
    directions, spacing = scan.grid.directions, scan.grid.spacing
    tilt = np.degrees(np.arccos(directions[2, 2]))
    assert 15 <= tilt <= 20
    assert spacing[2] == pytest.approx(4.0 * np.cos(np.radians(tilt)))
    # One step along the slices and the drift within them is one step of the table.
    step = directions[:, 2] * spacing[2] + directions[:, 1] * scan.reach.drift_mm
    np.testing.assert_allclose(step, [0, 0, 4.0], atol=1e-9)
    stored = acquire(head, replace(scan, noise=0.0)).data
    assert (stored[:, 0, 0] == -1024).all() != (stored[:, 0, -1] == -1024).all()


def test_chances(head):
    always = drawn(head, circle_chance=1.0, hardware={"table": 1.0, "holder": 0.0})
    assert always.reach.circle_mm == pytest.approx(192)
    assert always.hardware.table is not None
    assert always.hardware.holder is None
    never = drawn(head)
    assert never.reach.circle_mm == 0
    assert never.hardware is never.distortion is never.ghosting is never.coil is None
    assert never.bias == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("spacing_mm", (-1.0, 1.0)),
        ("spacing_mm", (2.0, 1.0)),
        ("distance_mm", (0.0, 0.0)),
        ("matrix", (0, 0)),
        ("slices", (0, 5)),
        ("thickness", (0.0, 1.0)),
        ("tilt_deg", (0.0, 80.0)),
        ("planes", ()),
        ("planes", ("diagonal",)),
    ],
)
def test_impossible_coverage_is_refused(name, value):
    with pytest.raises(GeometryError, match=name) as refused:
        replace(COVERAGE, **{name: value})
    assert refused.value.expected
    assert refused.value.got


@pytest.mark.parametrize(
    "flaws",
    [
        {"noise": (-1.0, 2.0)},
        {"bias": (0.5, 0.1)},
        {"circle_chance": 1.2},
        {"hardware": {"table": -0.1}},
        {"texture": (0.0, float("inf"))},
    ],
)
def test_impossible_flaws_are_refused(flaws):
    with pytest.raises(InputError, match=next(iter(flaws)).split("_")[0].replace("hardware", "table")):
        replace(PROTOCOL.flaws, **flaws)


def test_unknown_hardware_is_refused(head):
    with pytest.raises(CephalignError, match="hardware"):
        drawn(head, hardware={"pillow": 1.0})


def test_air_is_no_head(head_of):
    with pytest.raises(InputError, match="nothing to scan"):
        drawn(head_of(np.zeros((20, 30, 25)), 2.0, (-20, -30, -25)))


def test_the_coil_shades_the_head_as_strongly_as_asked(head):
    for seed in range(10):
        terms = np.reshape(drawn(head, seed, bias=(0.4, 0.4)).bias, (3, 3, 3))
        along, in_plane = polynomials(41), polynomials(41)[:, 9:-9]
        field = np.einsum("abc,ak,bj,ci->kji", terms, along, in_plane, in_plane)
        assert np.ptp(field) == pytest.approx(0.8, rel=0.12)
        assert -0.8 < field.mean() < 0.3
