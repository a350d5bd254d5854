"""Table 2: every network as an extractor of features, with the regression network of the paper on them."""

from __future__ import annotations

from functools import partial
from typing import Any

from cephalign.models.heads import Ann
from cephalign.models.pair_network import PairNetwork
from cephalign.study.held_out import measured
from cephalign.study.methods import FeatureRegression
from cephalign.study.networks import NETWORKS, network_of
from cephalign.study.predictions import described, judged
from cephalign.study.study import Study

TABLE = "table2"


def names(study: Study) -> tuple[str, ...]:
    """Return the rows of the table: those of Liu et al. and Zou et al. regress nothing."""
    return tuple(
        name for name in NETWORKS if isinstance(network_of(name, study.scale, study.seed), PairNetwork)
    )


def make(study: Study) -> None:
    """Measure what is missing."""
    for split in range(study.scale.splits):
        for name in names(study):
            study.cells.made(partial(_cell, study, name, split), TABLE, name, split)


def _cell(study: Study, name: str, split: int) -> dict[str, Any]:
    learnt = method(study, name, split)
    study.tell(f"Table 2: {name}, split {split + 1} of {study.scale.splits}")
    _, places = study.parts(split)
    test = described(study, learnt.network, places)
    said = judged(learnt.head.predict(test["features"]), test["responses"], test["points"])
    rows = measured(study, split, lambda fixed, moving: learnt(fixed, moving).moving_from_fixed)
    return said | {"rows": rows, "features": test["features"].shape[1]}


def method(study: Study, name: str, split: int) -> FeatureRegression:
    """Return the paper's regression network on what a network of a split makes of pairs."""
    network = study.trained(name, split)
    assert isinstance(network, PairNetwork)
    places, _ = study.parts(split)
    learn = described(study, network, places)
    head = Ann("bayesian").fit(learn["features"], learn["responses"])
    return FeatureRegression(study.scale.images, study.device, network, head)
