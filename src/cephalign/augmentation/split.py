"""Which originals are trained on, which choose the model, and which test it."""

from __future__ import annotations

from typing import Literal

import numpy as np

Subset = Literal["train", "validation", "test"]
SUBSETS: tuple[Subset, ...] = ("train", "validation", "test")
# The paper: 60 % train and 40 % test ('Experimental results'); 30 % of the data to train with are for
# validation ('Registration of multi-modal images').
TRAIN_SHARE, VALIDATION_SHARE = 0.6, 0.3


def draw_split(rng: np.random.Generator, count: int) -> tuple[Subset, ...]:
    """Draw the subset of each original, so that all its copies fall into the same one.

    Parameters
    ----------
    rng : numpy Generator
    count : int
        How many originals.

    Returns
    -------
    tuple of {'train', 'validation', 'test'}
        One for each original. There is always one to train with; a few originals may leave the other
        subsets empty.
    """
    to_train = round(TRAIN_SHARE * count)
    to_validate = round(VALIDATION_SHARE * to_train)
    sizes = (to_train - to_validate, to_validate, count - to_train)
    dealt = [subset for subset, size in zip(SUBSETS, sizes, strict=True) for _ in range(size)]
    return tuple(dealt[place] for place in rng.permutation(count))
