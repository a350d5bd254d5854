"""Motions as tensors mean what `Rigid` and `prep.resample` mean, on voxels that are no cubes."""

import numpy as np
import pytest
import torch

from cephalign.geometry import Grid, Rigid, Volume
from cephalign.models.baselines.motions import inverse_of, motions_of, responses_of_motions, warped
from cephalign.models.features import FeaturesConfig, grid_about, motion_of, responses_of
from cephalign.prep.resample import resample

CONFIG = FeaturesConfig(shape=(24, 20, 13), spacing_mm=(3.0, 4.5, 6.5))
HERE, FIXED, MOVING = np.zeros(3), np.array([12.0, -31.5, 7.0]), np.array([-40.0, 3.0, 55.5])
# Degrees over ten, mm over ten; not all of a sign.
RESPONSES = np.array(
    [[1.1, -0.7, 2.3, 0.4, -0.9, 1.2], [-2.0, 1.6, 0.3, -1.5, 0.2, 0.6], [0, 0, 0, 0, 0, 0.0]]
)


def test_tensors_are_the_rigid_motions():
    motions = motions_of(torch.from_numpy(RESPONSES))
    rigid = [motion_of(six, HERE, HERE) for six in RESPONSES]
    np.testing.assert_allclose(motions, [one.matrix for one in rigid], atol=1e-13)
    np.testing.assert_allclose(inverse_of(motions), [one.inverse().matrix for one in rigid], atol=1e-13)
    np.testing.assert_allclose(responses_of_motions(motions), RESPONSES, atol=1e-13)


@pytest.mark.parametrize("six", RESPONSES)
def test_a_warp_is_what_resampling_shows(six):
    """Also at the edges, and with the middles of the images anywhere in the world."""
    image = np.random.default_rng(1).random(CONFIG.shape)
    moving = Volume(image, grid_about(MOVING, CONFIG))
    shown = resample(moving, grid_about(FIXED, CONFIG), motion_of(six, FIXED, MOVING), fill=0.0)
    motion = motions_of(torch.from_numpy(six)[None])
    ours = warped(torch.from_numpy(image)[None, None], motion, CONFIG.spacing_mm)
    np.testing.assert_allclose(ours[0, 0], shown.data, atol=1e-12)
    assert (shown.data == 0).any() == bool(six.any())


def pattern(points):
    """Return (...) what a smooth object shows at (..., 3) places, mm."""
    blobs = ((-15, 5, 10, 9), (12, -14, -6, 12), (8, 18, 15, 8), (-9, -12, -18, 10))
    return sum(np.exp(-((points - blob[:3]) ** 2).sum(-1) / (2 * blob[3] ** 2)) for blob in blobs)


def test_the_true_motion_brings_the_moving_image_onto_the_fixed_one():
    truth = Rigid.from_euler((9.0, -6.0, 14.0), (-7.0, 4.0, 5.0)) @ Rigid.from_euler(
        (0, 0, 0), (52, -35, -48)
    )
    fixed_grid, moving_grid = grid_about((-50, 33, 45), CONFIG), grid_about((1.5, -2.0, 0.5), CONFIG)
    points = np.indices(CONFIG.shape).transpose(1, 2, 3, 0)
    moving, fixed = (pattern(p) for p in (_world(moving_grid, points), truth.map(_world(fixed_grid, points))))
    six = responses_of(truth, fixed_grid.centre, moving_grid.centre)
    there = motions_of(torch.from_numpy(six)[None])

    def off(motion):
        back = warped(torch.from_numpy(moving)[None, None], motion, CONFIG.spacing_mm)[0, 0].numpy()
        return np.sqrt(np.mean((back - fixed) ** 2)) / fixed.std()

    assert off(there) < 0.1
    assert min(off(inverse_of(there)), off(torch.eye(4, dtype=torch.float64)[None])) > 0.5


def _world(grid: Grid, index):
    return index @ grid.world_from_voxel[:3, :3].T + grid.world_from_voxel[:3, 3]
