"""What networks and regressors say of copies, as numbers, beside the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from cephalign.geometry.grid import Float
from cephalign.metrics.regression import r_squared
from cephalign.models.features import UNIT
from cephalign.models.pair_network import PairNetwork
from cephalign.study.copies import Place
from cephalign.study.lesson import parts_of
from cephalign.study.study import Study
from cephalign.train.tasks.features import tre_mm


@torch.inference_mode()
def described(study: Study, network: PairNetwork, places: Sequence[Place]) -> dict[str, Float]:
    """Return of N copies what a network makes of them, and the truth; one that has diverged says no motion.

    Returns
    -------
    dict of str to array
        `features` (N, F), `said` and `responses` (N, 6), `points` (N, 10, 3).
    """
    parts: list[dict[str, Float]] = []
    for part in parts_of(places, study.scale.batch):
        samples = study.copies.batch(part, study.device)
        images = samples["fixed"], samples["moving"]
        said = {
            "features": network.features(*images),
            "said": network.responses(network(*images)),
            "responses": samples["responses"],
            "points": samples["points_mm"],
        }
        # No regressor takes NaN, and no record holds it.
        finite = {name: values.double().nan_to_num(0.0, 0.0, 0.0) for name, values in said.items()}
        parts.append({name: values.cpu().numpy() for name, values in finite.items()})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def judged(said: Float, true: Float, points: Float) -> dict[str, Any]:
    """Return R^2 pooled, of each response and their mean, TRE in mm, and errors in degrees and mm."""
    squared = r_squared(true, said)
    return {
        "R2 pooled": squared.pooled,
        "R2 each": list(squared.each),
        "R2 mean": squared.mean,
        "TRE": tre_mm(said, true, points).mean(1).tolist(),
        "errors": ((said - true) * UNIT).round(4).tolist(),
    }
