"""Fig. 6: how R^2 of the DCNN grows with the number of synthetic images of each original.

Few images are met so much more often: every network learns in about as many steps. The paper had 30 epochs
whatever the number, so that its networks of few images had also learnt for a shorter time.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from cephalign.models.pair_network import PairNetwork
from cephalign.study.lesson import Lesson
from cephalign.study.networks import DCNN, network_of
from cephalign.study.predictions import described, judged
from cephalign.study.study import Study

TABLE = "fig6"


def make(study: Study) -> None:
    """Measure what is missing."""
    for count in study.scale.sweep:
        study.cells.made(partial(_cell, study, count), TABLE, count)


def lesson_of(study: Study, count: int) -> Lesson:
    """Return the first split's lesson with `count` copies of each original, in as many steps as with all."""
    lesson = study.lesson(0, count)
    return replace(lesson, epochs=max(1, round(study.lesson(0).steps / lesson.batches)))


def _cell(study: Study, count: int) -> dict[str, Any]:
    rate = study.rate(DCNN)
    study.tell(f"Fig. 6: {count} copies of each original")
    network = network_of(DCNN, study.scale, study.seed).to(study.device)
    assert isinstance(network, PairNetwork)
    lesson = lesson_of(study, count)
    seconds = lesson.teach(network, rate, study.cells.halfway(TABLE, count))
    _, held_out = study.parts(0)
    test = described(study, network, held_out)
    return {"seconds to learn": seconds, **judged(test["said"], test["responses"], test["points"])}
