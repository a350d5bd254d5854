"""Bent space and ghosts of motion."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from cephalign.errors import InputError
from cephalign.geometry import Rigid
from cephalign.parallel import undivided_operations
from cephalign.simulate.artefacts import (
    Distortion,
    Ghosting,
    draw_distortion,
    draw_ghosting,
    ghosted,
    restored,
)
from cephalign.simulate.artefacts.field import static_field

WORLD_FROM_HEAD = Rigid.from_euler((9, -6, 14), (25, -40, 60))


def sphere_points(radius_mm, centre=(0, 0, 0), count=200):
    directions = np.random.default_rng(1).standard_normal((3, count))
    directions /= np.linalg.norm(directions, axis=0)
    return torch.tensor(directions * radius_mm + np.reshape(centre, (3, 1)), dtype=torch.float32)


def largest_mm(distortion, points, head):
    return float(distortion.shift_mm(points, head, WORLD_FROM_HEAD).norm(dim=0).max())


@pytest.mark.parametrize("seed", range(5))
def test_the_gradients_error_grows_from_the_isocentre(seed, head):
    distortion = draw_distortion(np.random.default_rng(seed), rectified=False, isocentre_mm=(20, -30, 50))
    distortion = replace(distortion, static_mm_per_ppm=0.0)
    sizes = [
        largest_mm(distortion, sphere_points(r, distortion.isocentre_mm), head) for r in (0, 25, 50, 100)
    ]
    assert sizes[0] == 0
    assert sizes[1] < 0.1
    assert sizes == sorted(sizes)
    assert 0.3 < sizes[3] < 5
    assert np.linalg.norm(np.subtract(distortion.isocentre_mm, (20, -30, 50))) < 30


@pytest.mark.parametrize("seed", range(5))
def test_little_is_left_when_rectified(seed, head):
    points = sphere_points(85, WORLD_FROM_HEAD.map((0, -15, 15)))
    rest = draw_distortion(np.random.default_rng(seed), rectified=True, isocentre_mm=(25, -50, 70))
    assert largest_mm(rest, points, head) < 0.6


def test_the_field_shifts_along_the_readout_near_air(head):
    distortion = Distortion((0, 0, 0), ((0, 0, 0),) * 3, (0.6, 0.8, 0.0), 0.5)
    near = sphere_points(16, WORLD_FROM_HEAD.map((2, 62, -18)))  # around the cavity
    deep = sphere_points(16, WORLD_FROM_HEAD.map((0, -40, 40)))
    shift = distortion.shift_mm(near, head, WORLD_FROM_HEAD)
    assert torch.allclose(shift[0] * 0.8, shift[1] * 0.6, atol=1e-5)
    assert float(shift[2].abs().max()) == 0
    assert 0.4 < float(shift.norm(dim=0).max()) < 3
    assert largest_mm(distortion, deep, head) < 0.3


def test_the_field_turns_with_the_head(head):
    """The main field stands in the scanner: a turned head bends it otherwise."""
    distortion = Distortion((0, 0, 0), ((0, 0, 0),) * 3, (0.0, 1.0, 0.0), 0.5)
    points = sphere_points(20, (2, 62, -18))
    upright = distortion.shift_mm(points, head, Rigid.identity())
    nod = Rigid.from_euler((70, 0, 0), centre=(2, 62, -18))
    turned = distortion.shift_mm(torch.tensor(nod.map(points.T.numpy()).T, dtype=torch.float32), head, nod)
    assert float((turned - upright).abs().max()) > 0.3


def test_the_field_of_a_ball_of_air_is_a_dipole(head):
    """Outside of a ball, the field is (3 cos^2 - 1) (a / r)^3 / 3 of the difference, air less tissue."""
    tissues = torch.full_like(head.tissues, 5)
    grid = head.grid
    axes = [torch.arange(n) * 1.5 + grid.world_from_voxel[a, 3] for a, n in enumerate(grid.shape)]
    x, y, z = torch.meshgrid(*axes, indexing="ij")
    tissues[x**2 + y**2 + z**2 < 20**2] = 12
    field = static_field(replace(head, tissues=tissues), np.array([0.0, 0, 1]))
    along, beside = (float(field.at(torch.tensor(p)[:, None])) for p in ([0.0, 0, 30], [30.0, 0, 0]))
    expected = 9.4 / 3 * (20 / 30) ** 3
    assert along - beside == pytest.approx(3 * expected, rel=0.2)


def test_one_spacing_or_another(head, coarse_head):
    distortion = Distortion((5, 0, 0), ((0.5, 0.1, 0.2),) * 3, (0.0, 1.0, 0.0), 0.6)
    points = sphere_points(60, WORLD_FROM_HEAD.map((0, -10, 10)))
    fine, coarse = (distortion.shift_mm(points, one, WORLD_FROM_HEAD) for one in (head, coarse_head))
    assert float((fine - coarse).norm(dim=0).max()) < 0.4


def test_distortion_from_json(head):
    distortion = draw_distortion(np.random.default_rng(4), rectified=False, readout=(0, 2, 1))
    assert np.linalg.norm(distortion.readout) == pytest.approx(1)
    again = restored(Distortion, json.loads(json.dumps(asdict(distortion))))
    assert again == distortion
    points = sphere_points(50).reshape(3, 10, 20)
    moved = [one.shift_mm(points, head, WORLD_FROM_HEAD) for one in (distortion, again)]
    assert moved[0].shape == (3, 10, 20)
    assert torch.equal(*moved)
    with pytest.raises(InputError, match="readout axis"):
        draw_distortion(np.random.default_rng(4), rectified=False, readout=(0, 0, 0))


@pytest.fixture(scope="module")
def image():
    i, j, k = torch.meshgrid(*(torch.linspace(-1.3, 1.3, n) for n in (60, 75, 6)), indexing="ij")
    return (i**2 + j**2 + 0.2 * k**2 < 1).float() * (100 + 30 * torch.sin(9 * i) * torch.cos(7 * j))


@pytest.mark.parametrize("axis", [0, 1])
def test_ghosts_lie_along_the_phase_axis_and_take_their_light_from_the_head(axis, image):
    ghosts = ghosted(image, draw_ghosting(np.random.default_rng(2), axis=axis, amount_vox=0.6))
    assert float((ghosts**2).sum()) == pytest.approx(float((image**2).sum()), rel=1e-4)
    empty = image == 0
    beside = empty.all(dim=axis, keepdim=True) & empty
    ahead = empty & ~beside
    assert float(ghosts[ahead].mean()) > 1
    assert float(ghosts[beside].abs().max()) < 1e-3
    assert float((ghosts - image).abs().mean()) < 10


def test_a_still_head_has_no_ghosts(image):
    assert torch.equal(ghosted(image, draw_ghosting(np.random.default_rng(2), axis=0, amount_vox=0.0)), image)


def test_a_head_with_ghosts_stays_where_it_is(image):
    """Also when the head had moved for good before the scan ended."""
    ghosts = ghosted(image, Ghosting(1, 0.0, 10.0, 0.0, ((0.2, 3.0), (0.7, -2.0))))
    weights = torch.arange(75.0)[:, None]
    middle, before = ((one * weights).sum() / one.sum() for one in (ghosts, image))
    assert float(middle - before) == pytest.approx(0, abs=0.3)


def test_ghosting_from_json_and_what_is_refused(image, with_threads):
    ghosting = draw_ghosting(np.random.default_rng(11), axis=1, amount_vox=0.4)
    again = restored(Ghosting, json.loads(json.dumps(asdict(ghosting))))
    assert again == ghosting

    def job():
        with undivided_operations():
            return ghosted(image, again)

    assert torch.equal(*(with_threads(n, job) for n in (1, 2)))
    for wrong in (
        {"axis": 3, "amount_vox": 1},
        {"axis": 0, "amount_vox": -1},
        {"axis": 0, "amount_vox": np.inf},
    ):
        with pytest.raises(InputError, match="expected"):
            draw_ghosting(np.random.default_rng(0), **wrong)
