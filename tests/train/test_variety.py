"""Cubes made unlike the simulator's stay cubes of the same head."""

import numpy as np

from cephalign.prep.coarse import BRIGHTEST
from cephalign.train.tasks.variety import distortions, varied


def cubes_of(seed):
    rng = np.random.default_rng(seed)
    cubes = rng.random((40, 3, 10, 12, 11), dtype=np.float32)
    cubes[:, 2] = rng.random((40, 10, 1, 1)) < 0.7
    cubes[:, :2] *= cubes[:, 2:]
    return cubes


def test_what_is_not_known_stays_empty_and_the_rest_changes_a_little():
    cubes = cubes_of(3)
    before = cubes.copy()
    out = varied(np.random.default_rng(1), cubes)
    assert np.array_equal(cubes, before) and out.dtype == np.float32
    assert np.array_equal(out[:, 2], cubes[:, 2])
    assert not out[:, :2][np.broadcast_to(cubes[:, 2:] == 0, out[:, :2].shape)].any()
    assert np.isfinite(out).all() and out.min() >= 0 and out.max() <= BRIGHTEST
    alike = [np.corrcoef(a[0].ravel(), b[0].ravel())[0, 1] for a, b in zip(out, cubes, strict=True)]
    assert min(alike) > 0.4 and max(alike) < 1
    assert np.array_equal(varied(np.random.default_rng(1), cubes), out)


def test_heads_are_stretched_and_none_is_mirrored_or_flat():
    matrices = distortions(np.random.default_rng(2), 2000)
    sizes = np.linalg.svd(matrices, compute_uv=False)
    assert np.linalg.det(matrices).min() > 0.2 and sizes.min() > 0.4 and sizes.max() < 2
    assert abs(np.log(sizes).mean()) < 0.05 and np.log(sizes).std() > 0.08
