"""The features start: what is made of two scans, given features and a regression network."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from cephalign.errors import InputError
from cephalign.geometry import Modality, Rigid, Volume
from cephalign.models.card import Card
from cephalign.models.features import FeaturesConfig, motion_of
from cephalign.models.features_start import FeaturesStart, as_arrays, as_tensors
from cephalign.models.heads import Ann
from cephalign.models.weights import load_weights, save_weights
from cephalign.prep.head import head_mask
from cephalign.simulate.pair import simulated_pair

SMALL = FeaturesConfig(shape=(16, 16, 12), spacing_mm=(16.0, 16.0, 16.0), filters=(4, 8), in_plane_pools=0)


@pytest.fixture(scope="module")
def scans():
    """Return an MR and a CT, each with its head."""
    pair = simulated_pair(np.random.default_rng(77), "small")
    return [(one, head_mask(one)) for one in (pair.fixed, pair.moving)]


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(5)
    return Ann(hidden=3, epochs=20).fit(rng.random((60, 16)), rng.normal(0, 0.5, (60, 6)))


@pytest.fixture(scope="module")
def files(fitted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    network = SMALL.network(torch.Generator().manual_seed(2))
    save_weights(folder / "features.safetensors", network, Card("features", "features", vars(SMALL)))
    features = load_weights(folder / "features.safetensors")
    card = Card("regression", "regression", {"features": features.sha256})
    save_weights(folder / "regression.safetensors", as_tensors(fitted), card)
    return features, load_weights(folder / "regression.safetensors")


@pytest.fixture(scope="module")
def start(files):
    return FeaturesStart.of(*files)


def test_what_is_kept_of_a_regression_predicts_the_same(fitted, files):
    rows = np.random.default_rng(6).random((5, 16))
    again = Ann.from_arrays(as_arrays(files[1].tensors))
    assert np.array_equal(again.predict(rows), fitted.predict(rows))


def test_the_middles_of_the_heads_and_six_numbers_make_the_motion(start, scans):
    (fixed, fixed_head), (moving, moving_head) = scans

    class Says:
        def predict(self, features):
            assert features.shape == (1, 16) and np.ptp(features) > 0
            return np.array([[1.0, -0.5, 0.8, 0.4, 0.3, -0.2]])

    motion = FeaturesStart(start.network, SMALL, Says()).motion(fixed, fixed_head, moving, moving_head)
    middles = []
    for head in (fixed_head, moving_head):
        voxels = np.argwhere(head.data).mean(axis=0)
        middles.append(head.grid.world_from_voxel @ [*voxels, 1])
    expected = motion_of([1.0, -0.5, 0.8, 0.4, 0.3, -0.2], middles[0][:3], middles[1][:3])
    np.testing.assert_allclose(motion.matrix, expected.matrix, atol=1e-9)


def test_either_may_be_the_mr(start, scans):
    one = start.motion(*scans[0], *scans[1])
    other = start.motion(*scans[1], *scans[0])
    np.testing.assert_allclose((one @ other).matrix, Rigid.identity().matrix, atol=1e-12)


def test_other_kinds_are_refused(start, scans):
    (mr, head), (ct, ct_head) = scans
    pet = Volume(ct.data, ct.grid, Modality.PET)
    with pytest.raises(InputError, match="expected an MR and a CT; got MR-T1 and PET; take another method"):
        start.motion(mr, head, pet, ct_head)
    with pytest.raises(InputError, match="got CT and CT"):
        start.motion(ct, ct_head, ct, ct_head)


def test_a_regression_on_other_features_is_refused(files):
    features, regression = files
    with pytest.raises(InputError, match=r"fitted to other features.*; expected SHA-256 0000"):
        FeaturesStart.of(replace(features, sha256="0" * 64), regression)
    with pytest.raises(InputError, match="expected the architecture regression; got features"):
        FeaturesStart.of(features, features)
