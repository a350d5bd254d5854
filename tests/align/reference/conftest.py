"""Fewer points than a reference takes, so that a consensus takes some seconds less."""

from dataclasses import replace

import numpy as np
import pytest

from cephalign.align.levels import FINE, FINEST
from cephalign.align.reference import consensus as room
from cephalign.align.reference import halves, runs


@pytest.fixture(scope="package")
def quick():
    few = replace(FINEST, points=4096, bins=64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "FINE", replace(FINE, points=4096))
        patch.setattr(runs, "FINEST", few)
        patch.setattr(runs, "PERTURBED", 1)
        patch.setattr(room, "FINEST", few)
        patch.setattr(halves, "SPLITS", 2)
        yield


@pytest.fixture(scope="package")
def agreed(quick):
    """Return a consensus of two scans by a seed."""
    return lambda fixed, moving, seed=3: room.consensus(fixed, moving, np.random.default_rng(seed))
