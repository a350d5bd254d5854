"""Table 3: what a scan is, by the paper's DCNN with a softmax and by five well-known classifiers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from cephalign.models.classifiers.alexnet import AlexNet
from cephalign.models.classifiers.googlenet import GoogLeNet
from cephalign.models.classifiers.resnet import resnet101
from cephalign.models.classifiers.squeezenet import SqueezeNet
from cephalign.models.classifiers.vgg import Vgg19
from cephalign.models.dcnn import Classifier
from cephalign.models.pair_network import StagedNetwork
from cephalign.study.copies import Place
from cephalign.study.kinds import Kinds
from cephalign.study.lesson import Lesson, mean_loss, parts_of
from cephalign.study.scale import Scale
from cephalign.study.study import Study

TABLE, RATE = "table3", "rate3"
NETWORKS: dict[str, Callable[[Scale, int], nn.Module]] = {
    "DCNN": lambda scale, kinds: Classifier(
        scale.classified_images.encoder, kinds, torch.Generator().manual_seed(torch.initial_seed())
    ),
    "AlexNet": lambda _, kinds: AlexNet(kinds),
    "VGG-19": lambda _, kinds: Vgg19(kinds),
    "SqueezeNet": lambda _, kinds: SqueezeNet(kinds),
    "GoogLeNet": lambda _, kinds: GoogLeNet(kinds),
    "ResNet-101": lambda _, kinds: resnet101(kinds),
}


class Classifying(StagedNetwork):
    """A classifier as a lesson wants it.

    Parameters
    ----------
    network : Module
        From (B, 1, I, J, K) images to (B, K) logits.
    """

    STAGES = ("image",)

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def loss(self, batch: Mapping[str, Tensor], stage: int) -> Tensor:
        """Return the cross-entropy."""
        return functional.cross_entropy(self.network(batch["image"]).float(), batch["kind"])


def names() -> tuple[str, ...]:
    """Return the rows of the table."""
    return tuple(NETWORKS)


def make(study: Study) -> None:
    """Measure what is missing."""
    kinds = Kinds(study.scale, study.seed, study.source)
    for split in range(study.scale.splits):
        for name in names():
            study.cells.made(partial(_cell, study, kinds, name, split), TABLE, name, split)


def _cell(study: Study, kinds: Kinds, name: str, split: int) -> dict[str, Any]:
    best = study.best_try(RATE, name, partial(_learnt, study, kinds, name, 0))
    study.tell(f"Table 3: {name}, split {split + 1} of {study.scale.splits}")
    cell = _learnt(study, kinds, name, split, best["rate"]) if split else best
    return {what: known for what, known in cell.items() if what != "loss"}


def _learnt(study: Study, kinds: Kinds, name: str, split: int, rate: float) -> dict[str, Any]:
    """Learn in a split, and say the loss in its validation, and what is what in its test."""
    numbers = study.split(split)
    network = _network(study, kinds, name, split)
    lesson = _lesson(study, kinds, kinds.places(numbers.train), split)
    seconds = lesson.teach(network, rate, study.cells.halfway(TABLE, name, split, rate))
    places = kinds.places(numbers.test)
    return {
        "rate": rate,
        "loss": mean_loss(network, replace(lesson, places=kinds.places(numbers.validation))),
        "kinds": [kind.value for kind in kinds.labels],
        "true": [kinds.label(place).value for place in places],
        "said": [kinds.labels[n].value for n in _said(network, lesson, places)],
        "seconds to learn": seconds,
    }


def _network(study: Study, kinds: Kinds, name: str, split: int) -> Classifying:
    with torch.random.fork_rng():
        torch.manual_seed(study.seed + split)
        return Classifying(NETWORKS[name](study.scale, len(kinds.labels))).to(study.device)


def _lesson(study: Study, kinds: Kinds, places: list[Place], split: int) -> Lesson:
    scale, seed = study.scale, study.seed + split
    epochs, batch = scale.classified_epochs, scale.batch
    return Lesson(kinds, places, epochs, batch, seed, study.device, study.reached)


@torch.inference_mode()
def _said(network: Classifying, lesson: Lesson, places: list[Place]) -> list[int]:
    said: list[int] = []
    for part in parts_of(places, lesson.batch):
        batch = lesson.copies.batch(part, lesson.device)
        said += network.network(batch["image"]).argmax(1).tolist()
    return said
