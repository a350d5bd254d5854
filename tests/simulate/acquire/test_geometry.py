"""What lies where in the head is seen where the scanner's world says."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from cephalign.geometry import Modality, Rigid
from cephalign.geometry.grid import apply_affine
from cephalign.simulate.acquire import acquire
from cephalign.simulate.acquire.contrast import Uptake
from cephalign.simulate.acquire.parts import Reach, Resolution, Storage
from cephalign.simulate.acquire.sampling import Slicer, sub_slices
from cephalign.simulate.acquire.signal import SpinEcho
from cephalign.simulate.acquire.values import values_of
from cephalign.simulate.artefacts import Distortion
from cephalign.simulate.properties import column
from cephalign.simulate.tissues import Tissue

# A ball in air: where, in head mm, on a grid that begins elsewhere.
ORIGIN, SPACING = np.array([-61.0, -80.0, -47.0]), 1.25
BALL = ORIGIN + SPACING * np.array([62, 41, 70])
POSE = Rigid.from_euler((14, -23, 31), (7, -12, 25), centre=(3, 1, 4))
BESIDE = np.array([3.0, -2.0, 1.0])
UPSIDE_DOWN = Rigid.from_euler((171, 12, -80), (-30, 14, 9))
GREATER = Storage("int16", 8000.0, 0.0, 0, 32767)


@pytest.fixture(scope="module")
def ball(head_of):
    """A ball of white matter, which is seen in all kinds of scan."""
    index = np.indices((96, 100, 104)).transpose(1, 2, 3, 0)
    inside = np.linalg.norm(ORIGIN + SPACING * index - BALL, axis=-1) < 9.0
    return head_of(np.where(inside, Tissue.WHITE, Tissue.AIR), SPACING, ORIGIN)


def centroid(volume, empty):
    """Return the index of the middle of what is brighter than empty space."""
    weight = np.clip(volume.data.astype(float) - empty, 0, None)
    return np.array([(weight * axis).sum() for axis in np.indices(weight.shape)]) / weight.sum()


@pytest.mark.parametrize("pose", [POSE, UPSIDE_DOWN])
@pytest.mark.parametrize(
    ("spacing", "turn", "mirrored"),
    [
        ((0.65, 0.65, 4.0), (3, -5, 8), False),
        ((1.25, 1.25, 4.0), (0, 0, 0), True),
        ((1.0, 1.0, 1.0), (20, 15, -10), False),
        ((2.7, 2.7, 3.1), (-4, 6, 2), True),  # the map is of twice the head's spacing
        ((4.1, 4.1, 2.2), (4, 9, -7), False),
    ],
)
def test_a_ball_is_where_its_pose_puts_it(ball, grid_over, plain_scan, *, pose, spacing, turn, mirrored):
    shape = tuple(int(44 / mm) for mm in spacing)
    grid = grid_over(shape, spacing, turn, pose.map(BALL) + BESIDE, mirrored)
    scan = acquire(ball, plain_scan(grid, pose))
    expected = apply_affine(grid.voxel_from_world, pose.map(BALL))
    np.testing.assert_allclose(centroid(scan, -990), expected, atol=0.1)


@pytest.mark.parametrize(
    ("modality", "contrast", "resolution"),
    [
        (Modality.T1, SpinEcho(1.5, 600, 20), Resolution(4.4, "bell")),
        (Modality.T2, SpinEcho(1.5, 2500, 90), Resolution(2.5, "bell", kernel=-0.5)),
        (Modality.PET, Uptake(), Resolution(4.0, "box", blur_mm=7.0)),
    ],
)
def test_every_modality_shows_it_there(ball, grid_over, plain_scan, *, modality, contrast, resolution):
    grid = grid_over((40, 42, 16), (1.9, 1.9, 5.0), (3, -5, 8), POSE.map(BALL) + BESIDE)
    scan = plain_scan(
        grid, POSE, modality=modality, contrast=contrast, resolution=resolution, storage=GREATER
    )
    expected = apply_affine(grid.voxel_from_world, POSE.map(BALL))
    np.testing.assert_allclose(centroid(acquire(ball, scan), 0), expected, atol=0.1)


def test_a_bent_space_shows_it_elsewhere(ball, grid_over, plain_scan):
    grid = grid_over((40, 42, 12), (1.5, 1.5, 4.0), (3, -5, 8), POSE.map(BALL))
    # Seen from 100 mm off along x, the error is that of the cubic term there.
    isocentre = tuple((POSE.map(BALL) + np.array([100, 0, 0])).tolist())
    bent = Distortion(isocentre, ((2.0, 0, 0), (0, 0, 0), (0, 0, 0)), (0.0, 1.0, 0.0), 0.0)
    scans = [acquire(ball, plain_scan(grid, POSE, distortion=one)) for one in (None, bent)]
    plain, moved = (apply_affine(grid.world_from_voxel, centroid(scan, -990)) for scan in scans)
    # What lies at x = -100 is shown at x where x + 2 mm (x / 100)^3 is -100.
    np.testing.assert_allclose(moved - plain, [1.9, 0, 0], atol=0.15)


def layered(head_of, layer, thickness):
    """A pile along z: grey matter, with a sheet of bone at some layers."""
    tissues = np.full((60, 60, 80), Tissue.GREY, dtype=np.uint8)
    tissues[:, :, layer : layer + thickness] = Tissue.CORTICAL_BONE
    for axis in range(3):
        np.moveaxis(tissues, axis, 0)[[0, -1]] = Tissue.AIR
    return head_of(tissues, 1.0, (-30, -29, -41))


def test_a_thick_slice_is_the_mean_over_its_thickness(head_of, grid_over, plain_scan):
    head = layered(head_of, 40, 8)  # bone from z = -1.5 to 6.5
    grid = grid_over((5, 5, 1), (1.5, 1.5, 6.0), (0, 0, 0), (0.3, 0.2, 5.0))  # from 2 to 8
    hu = acquire(head, plain_scan(grid)).data[2, 2, 0]
    share = 4.5 / 6
    assert hu == pytest.approx(share * 1350 + (1 - share) * 37, rel=0.08)


def test_what_lies_in_a_gap_is_not_seen(head_of, grid_over, plain_scan):
    head = layered(head_of, 40, 2)  # bone from z = -1.5 to 0.5
    grid = grid_over((5, 5, 2), (1.5, 1.5, 9.0), (0, 0, 0), (0.3, 0.2, 0.2))  # slices at -4.3 and 4.7
    with_gap = acquire(head, plain_scan(grid, resolution=Resolution(4.0)))
    without = acquire(head, plain_scan(grid))
    np.testing.assert_allclose(with_gap.data[2, 2], 37, atol=1)
    assert without.data[2, 2].max() > 150


def test_the_neck_goes_on_below_and_nothing_else_does(head, grid_over, plain_scan):
    grid = grid_over((40, 40, 3), (6.0, 6.0, 5.0), (0, 0, 0), (0, -20, -200))
    scan = acquire(head, plain_scan(grid))
    assert scan.data[20, 20, 1] == pytest.approx(55, abs=1)
    assert (scan.data[[0, -1]] == -1000).all()
    above = grid_over((40, 40, 3), (6.0, 6.0, 5.0), (0, 0, 0), (0, -20, 200))
    assert (acquire(head, plain_scan(above)).data == -1000).all()


def test_sub_slices_are_even_and_weighted():
    offsets, weights = sub_slices(Resolution(4.0), 1.0)
    np.testing.assert_allclose(offsets, [-4 / 3, 0, 4 / 3])
    np.testing.assert_allclose(weights, 1 / 3)
    offsets, weights = sub_slices(Resolution(5.0, "bell"), 1.0)
    assert offsets @ weights == pytest.approx(0, abs=1e-12)
    bell = 0.5 ** ((offsets / 2.5) ** 2)  # half at half the width
    np.testing.assert_allclose(weights, bell / bell.sum())


def test_a_tilted_gantry_leaves_wedges(head, grid_over, plain_scan):
    grid = grid_over((60, 50, 12), (4.0, 4.0, 5.0), (18, 0, 0), (0, -16, 20))
    scan = acquire(head, plain_scan(grid, reach=Reach(drift_mm=1.6, fill=-2000)))
    measured = scan.data != -2000
    drift_vox = 1.6 * (np.arange(12) - 5.5) / 4.0
    rows = np.arange(50)[:, None]
    expected = np.abs(rows - 24.5 - drift_vox) <= 25
    np.testing.assert_array_equal(measured, np.broadcast_to(expected, measured.shape))
    assert 0 < (~measured).sum() < 0.1 * measured.size


def test_outside_the_circle_nothing_is_reconstructed(head, grid_over, plain_scan):
    grid = grid_over((64, 64, 3), (4.0, 4.0, 5.0), (0, 0, 0), (0, -16, 20))
    scan = acquire(head, plain_scan(grid, reach=Reach(circle_mm=256.0, fill=-2000)))
    assert (scan.data == -2000).mean() == pytest.approx(1 - np.pi / 4, abs=0.01)
    assert (scan.data[0, 0] == -2000).all()
    assert scan.data[32, 32, 1] > -100


def test_sampling_is_that_of_scipy_on_any_grid(head, grid_over):
    generator = torch.Generator().manual_seed(4)
    hu = column("hu")
    rng = np.random.default_rng(11)
    whole = np.array([[-400.0] * 3, [400.0] * 3])
    values = values_of(head, hu, 0 * hu, generator, box_mm=whole, fine_mm=1.0)
    array = values.array.numpy()
    for _ in range(12):
        pose = Rigid.from_axis_angle(rng.normal(size=3), rng.uniform(0, 180), rng.uniform(-60, 60, 3))
        shape = tuple(int(n) for n in rng.integers(3, 24, 3))
        grid = grid_over(shape, rng.uniform(2, 12, 3), rng.uniform(-90, 90, 3), rng.uniform(-60, 60, 3))
        image = Slicer.of(values, grid, pose, Resolution(0.01)).slices(0, shape[2]).numpy()
        points = apply_affine(grid.world_from_voxel, np.indices(shape).transpose(3, 2, 1, 0))
        i, j, k = np.moveaxis(apply_affine(values.voxel_from_head, (~pose).map(points)), -1, 0)
        expected = ndimage.map_coordinates(array, [k, j, i], order=1, mode="nearest")
        np.testing.assert_allclose(image, expected, atol=0.5)
