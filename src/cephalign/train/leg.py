"""One leg of a training: it goes on where the last one ended, and leaves all that the next one needs."""

from __future__ import annotations

from pathlib import Path

import torch

from cephalign.errors import InputError
from cephalign.models.card import Card
from cephalign.models.weights import Weights
from cephalign.train.config import Config
from cephalign.train.feed import Feed, Recipe
from cephalign.train.folder import Folder
from cephalign.train.heads import Purpose, description_of
from cephalign.train.loop import Show, train
from cephalign.train.provenance import commit, device_name
from cephalign.train.run import Run
from cephalign.train.stop import Stop
from cephalign.train.task import Task


def train_leg(
    recipe: Recipe,
    out: Path,
    *,
    device: torch.device,
    workers: int,
    stop: Stop,
    show: Show,
    start: Weights | None = None,
) -> Run:
    """Train on, until the training or the leg ends.

    Parameters
    ----------
    recipe : Recipe
    out : Path
        A folder, made if it is missing; where it holds a checkpoint, the training goes on from there.
    device : torch.device
    workers : int
        Processes that make samples.
    stop : Stop
        Entered.
    show : callable
        Is given the steps done, and a row where a log has a new one.
    start : Weights, optional
        What a new training begins with; else weights are drawn.

    Returns
    -------
    Run
        As far as it has come.

    Raises
    ------
    CephalignError
        The folder holds something else, or a training by another configuration; the weights to begin with do
        not fit; or the training fails.
    """
    config = recipe.config
    tasks: dict[Purpose, Task] = {name: recipe.task(name) for name in ("training", "validation")}
    folder = Folder(out, config, recipe.anatomy, start)
    run = Run.new(tasks["training"], config.seed, config.optimiser, device, start)
    folder.resume(run, device)
    run.legs.append({"steps": 0, "seconds": 0.0, "device": device_name(device), "commit": commit()})
    show(run.step, None)
    with Feed(recipe, workers) as feed:
        train(run, tasks=tasks, feed=feed, config=config, folder=folder, stop=stop, show=show)
    folder.save_weights(run, card_of(run, tasks["training"], config, start))
    return run


def card_of(run: Run, task: Task, config: Config, start: Weights | None) -> Card:
    """Return what is to be said of the weights."""
    told = task.card()
    begun = (
        f"; begun with weights of {start.card.steps} steps, {start.card.hours:.2f} h, "
        f"SHA-256 {start.sha256[:12]}..., themselves trained on: {start.card.data}"
        if start
        else ""
    )
    worked = [leg for leg in run.legs if leg["steps"]]
    return Card(
        name=config.name,
        architecture=told["architecture"],
        config=told["config"],
        data=f"{told['data']}; {description_of(config.heads)}{begun}",
        seed=config.seed,
        steps=run.step,
        commit=", ".join(dict.fromkeys(leg["commit"] for leg in worked)),
        device=", ".join(dict.fromkeys(leg["device"] for leg in worked)),
        hours=round(run.seconds / 3600, 3),
        figures=run.validation,
    )


def device_of(name: str) -> torch.device:
    """Return a device.

    Parameters
    ----------
    name : {'auto', 'cpu', 'cuda'}

    Raises
    ------
    InputError
        There is no such device here.
    """
    found = torch.cuda.is_available()
    if name == "cuda" and not found:
        raise InputError("PyTorch finds no GPU here", do="leave out --device, or take --device cpu")
    return torch.device("cuda" if found and name != "cpu" else "cpu")
