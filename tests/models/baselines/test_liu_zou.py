"""The two compared methods that learn something other than a motion."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from cephalign.align.monomodal import mean_squares
from cephalign.geometry import Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.models.baselines.corners import corners, steady_corners
from cephalign.models.baselines.liu import Liu, seen
from cephalign.models.baselines.zou import CELL, Zou, corner_cells, partners, slices_of
from cephalign.models.baselines.zou_matching import Points, matched, motion_by_consensus, points_of
from cephalign.models.features import FeaturesConfig, grid_about, responses_of

CONFIG = FeaturesConfig(shape=(48, 48, 6), spacing_mm=(5.0, 5.0, 8.0))


def texture(seed):
    drawn = np.random.default_rng(seed).normal(size=CONFIG.shape)
    smooth = ndimage.gaussian_filter(drawn, (2, 2, 0.7))
    return np.clip(0.5 + smooth / (4 * smooth.std()), 0, 1)


@pytest.fixture(scope="module")
def batch():
    """Two textures, and what another scanner would show of them: dark and bright exchanged, bent."""
    mono = np.array([texture(seed)[None] for seed in (1, 2)])
    parts = {"fixed": mono, "mono": mono, "moving": (1 - mono) ** 1.5, "responses": np.zeros((2, 6))}
    return {name: torch.from_numpy(values).float() for name, values in parts.items()}


def learn(network, batch, stage, steps, rate=2e-3):
    network.begin(stage)
    network.train()
    descent = torch.optim.Adam([one for one in network.parameters() if one.requires_grad], rate)
    losses = []
    for _ in range(steps):
        loss = network.loss(batch, stage)
        descent.zero_grad()
        loss.backward()
        descent.step()
        losses.append(loss.item())
    return losses


@pytest.fixture(scope="module")
def unseen():
    """Return the images of another texture, the moving one shifted, and the (3,) shift in mm."""
    fixed = texture(3)
    there = ndimage.shift(fixed, (4, -3, 0), order=1, mode="nearest")
    images = {"fixed": fixed, "moving": (1 - there) ** 1.5}
    tensors = {name: torch.from_numpy(image)[None].float() for name, image in images.items()}
    return tensors, np.array([4, -3, 0]) * CONFIG.spacing_mm


def test_liu_learns_the_other_contrast_and_mean_squares_do_the_rest(batch, unseen):
    torch.manual_seed(1)
    network = Liu(filters=4)
    losses = learn(network, batch, 0, 80, rate=1e-2)
    assert network(batch["moving"]).shape == batch["mono"].shape
    assert losses[-1] < 0.5 * batch["mono"].var().item()
    images, shift = unseen
    grid = grid_about(np.zeros(3), CONFIG)
    with torch.inference_mode():
        made = network.eval()(images["moving"][None])[0, 0].numpy()
    fixed, mask = images["fixed"], seen(images["fixed"][None])[0, 0].numpy()
    found = mean_squares(
        Volume(fixed[0].numpy(), grid), Volume(made, grid), Rigid.identity(), Volume(mask, grid)
    )
    points = np.random.default_rng(7).uniform(-60, 60, (20, 3)) * (1, 1, 0.2)
    assert found.distance(Rigid.from_euler((0, 0, 0), shift), points).mean() < 0.3 * np.linalg.norm(shift)


def test_corners_are_corners():
    image = torch.zeros(1, 1, 48, 48)
    image[..., 12:30, 16:34] = 1.0
    for strength in (corners(image), steady_corners(image)):
        at_corner, at_edge = strength[0, 0, 11:14, 15:18].max(), strength[0, 0, 21, 14:19].max()
        assert at_corner > 3 * at_edge
        assert strength[0, 0, 40:, 40:].max() < 0.1 * at_corner


def test_a_cell_names_the_voxel_of_its_corner():
    image = torch.zeros(1, 1, 48, 48)
    image[..., :19, :27] = 1.0  # one corner, in the cell at 2, 3
    named = corner_cells(image)[0, 2, 3].item()
    assert named < CELL**2
    assert np.abs(np.array(divmod(named, CELL)) - (19 - 16, 27 - 24)).max() <= 2
    assert corner_cells(image)[0, 5, 5].item() == CELL**2
    assert (corner_cells(torch.zeros_like(image)) == CELL**2).all()


def test_zou_finds_partners_in_the_other_contrast(batch, unseen):
    torch.manual_seed(2)
    network = Zou(CONFIG)
    points = learn(network, batch, 0, 25)
    partners = learn(network, batch, 1, 60)
    assert points[-1] < 0.7 * points[0]
    assert partners[-1] < 0.4 * partners[0]
    network.eval()
    assert slices_of(batch["fixed"]).shape == (12, 1, 48, 48)
    images, shift = unseen
    affine = np.diag([*CONFIG.spacing_mm, 1.0])
    fixed, moving = (points_of(network, images[name], affine, name) for name in ("fixed", "moving"))
    pairs = matched(fixed, moving)
    assert len(pairs) > 20
    pose, agreeing = motion_by_consensus(
        fixed.places[pairs[:, 0]], moving.places[pairs[:, 1]], np.random.default_rng(3), 5.0
    )
    assert agreeing > 10
    off = pose.distance(Rigid.from_euler((0, 0, 0), shift), fixed.places)
    assert off.mean() < 0.5 * np.linalg.norm(shift)


def test_partners_lie_where_the_true_motion_takes_them():
    """Images that hold their own places: what stands at a partner's voxel is where the motion leads."""
    motion = Rigid.from_euler((9, -12, 20), (14, -9, 11))
    responses = torch.tensor(responses_of(motion, np.zeros(3), np.zeros(3)))[None].float().repeat(2, 1)
    fixed = torch.zeros(2, 1, *CONFIG.shape)
    fixed[1, 0, 10:40, 12:36, 1:5] = 1.0
    moving = torch.ones_like(fixed)
    moving[:, :, 30:] = 0.0
    here, there = partners(fixed, moving, responses, CONFIG.spacing_mm)
    assert 400 < len(here) == len(there) <= 1024
    affine = grid_about(np.zeros(3), CONFIG).world_from_voxel
    places = []
    for at in (here, there):
        image, k = np.divmod(at[:, 0].numpy(), CONFIG.shape[2])
        assert (image == 1).all()
        places.append(apply_affine(affine, np.column_stack([at[:, 1], at[:, 2], k]).astype(float)))
    off = np.abs(motion.map(places[0]) - places[1])
    assert (off <= np.array(CONFIG.spacing_mm) / 2 + 1e-3).all()


def test_consensus_leaves_false_matches_out():
    rng = np.random.default_rng(4)
    truth = Rigid.from_euler((12, -7, 20), (5, -9, 14))
    fixed = rng.uniform(-80, 80, (60, 3))
    moving = truth.map(fixed) + rng.normal(scale=0.5, size=fixed.shape)
    moving[:35] = rng.uniform(-80, 80, (35, 3))
    pose, agreeing = motion_by_consensus(fixed, moving, np.random.default_rng(5), 1.0)
    assert 25 <= agreeing <= 28
    assert pose.distance(truth, fixed).max() < 1.5


def test_too_few_matches_are_no_motion():
    places = np.zeros((2, 3))
    assert motion_by_consensus(places, places, np.random.default_rng(6), 1.0) == (Rigid.identity(), 0)


def test_only_mutual_neighbours_match():
    fixed = Points(np.zeros((3, 3)), np.array([[1.0, 0], [0.9, 0.1], [0, 1]]))
    moving = Points(np.zeros((2, 3)), np.array([[1.0, 0], [0.2, 1]]))
    assert matched(fixed, moving).tolist() == [[0, 0], [2, 1]]
