"""Fig. 8 and the comparison of regressors, on the features of the paper's DCNN."""

from __future__ import annotations

from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from cephalign.models.heads import Ann, GaussianProcesses, SupportVectors
from cephalign.models.heads.head import Head
from cephalign.models.pair_network import PairNetwork
from cephalign.study.networks import DCNN
from cephalign.study.predictions import described, judged
from cephalign.study.study import Study

TABLE = "fig8"
HEADS: dict[str, Head] = {
    "SVM": SupportVectors(),
    "GPR": GaussianProcesses(),
    "ANN, Bayesian": Ann("bayesian"),
    "ANN, Levenberg-Marquardt": Ann("levenberg-marquardt"),
    "ANN, scaled conjugate gradient": Ann("scaled-conjugate-gradient"),
}
STILL = "no motion"


def names() -> tuple[str, ...]:
    """Return the rows: the DCNN's own last layer, the regressors, and what always saying nothing gives."""
    return (DCNN, *HEADS, STILL)


def make(study: Study) -> None:
    """Measure what is missing."""
    for split in range(study.scale.splits):
        study.cells.made(partial(_cell, study, split), TABLE, split)


def _cell(study: Study, split: int) -> dict[str, Any]:
    network = study.trained(DCNN, split)
    assert isinstance(network, PairNetwork)
    study.tell(f"Fig. 8: split {split + 1} of {study.scale.splits}")
    learn, test = (described(study, network, places) for places in study.parts(split))
    said = {DCNN: test["said"], STILL: np.zeros_like(test["said"])}
    seconds = {}
    for name, head in HEADS.items():
        began = perf_counter()
        said[name] = head.fit(learn["features"], learn["responses"]).predict(test["features"])
        seconds[name] = perf_counter() - began
    rows = {name: judged(values, test["responses"], test["points"]) for name, values in said.items()}
    return {"rows": rows, "seconds to fit": seconds}
