"""The loop: a batch, a step, the average, now and then a row of the log, a validation, a checkpoint."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_

from cephalign.errors import CephalignError
from cephalign.models.weights import halved
from cephalign.train.config import Config
from cephalign.train.feed import Feed
from cephalign.train.folder import Folder
from cephalign.train.heads import Purpose
from cephalign.train.log import Row
from cephalign.train.run import Run, follow
from cephalign.train.schedule import part_of_rate
from cephalign.train.stop import Stop
from cephalign.train.task import Batch, Task

Show = Callable[[int, Row | None], None]
# The stream of a step's dropout; those of the heads' are in `feed`.
DROPOUT = 2


def train(
    run: Run,
    *,
    tasks: Mapping[Purpose, Task],
    feed: Feed,
    config: Config,
    folder: Folder,
    stop: Stop,
    show: Show,
) -> None:
    """Go on from where `run` is, to the last step or until the leg is to end, and save.

    Parameters
    ----------
    run : Run
        Is changed; its last leg is this one.
    tasks : mapping
    feed : Feed
    config : Config
    folder : Folder
        Of this training; resumed.
    stop : Stop
    show : callable
        Is given the steps done, and a row where a log has a new one.

    Raises
    ------
    CephalignError
        The loss or its gradient is no finite number.
    """
    leg = run.legs[-1]
    began = logged = saved = time.monotonic()
    samples = 0

    def add(log: Purpose, row: Row) -> None:
        folder.add(log, row)
        show(run.step, row)

    for batch in feed.training(range(run.step, config.steps)):
        rate = config.optimiser.rate * part_of_rate(config.schedule, run.step, config.steps)
        _step(run, tasks["training"], batch, config, rate)
        samples += len(next(iter(batch.values())))
        now = time.monotonic()
        leg["steps"], leg["seconds"] = leg["steps"] + 1, now - began
        show(run.step, None)
        if run.step % config.log_every == 0:
            speed = samples / (now - logged)
            add("training", {**_means(run), "rate": rate, "seconds": run.seconds, "samples_per_s": speed})
            run.sums, samples, logged = {}, 0, now
        if run.step % config.validate_every == 0 or run.step == config.steps:
            run.validation = validate(_as_saved(run.average), tasks["validation"], feed)
            add("validation", {"step": run.step, **run.validation})
        if stop.due:
            break
        if time.monotonic() - saved > config.checkpoint_seconds:
            folder.save(run)
            saved = time.monotonic()
    folder.save(run)


def _step(run: Run, task: Task, batch: Batch, config: Config, rate: float) -> None:
    """Follow the gradient one step; where there is none to follow, leave all as it was and raise."""
    device = next(run.network.parameters()).device
    # So that dropout, too, goes on as if the training had never stopped.
    torch.manual_seed(int(np.random.SeedSequence([config.seed, run.step, DROPOUT]).generate_state(1)[0]))
    for group in run.optimiser.param_groups:
        group["lr"] = rate
    run.network.train()
    with torch.autocast(device.type, torch.bfloat16, enabled=config.bfloat16):
        loss, figures = task.loss(run.network, _on(device, batch))
    run.optimiser.zero_grad()
    torch.autograd.backward(loss)
    gradient = float(clip_grad_norm_(run.network.parameters(), config.optimiser.clip))
    if not (math.isfinite(loss.item()) and math.isfinite(gradient)):
        raise CephalignError(
            f"the training diverged at step {run.step}",
            expected="a finite loss and gradient",
            got=f"{loss.item():g} and {gradient:g}",
            do="lower optimiser.rate or lengthen schedule.warmup_steps, and choose another --out",
        )
    run.optimiser.step()
    follow(run.average, run.network, config.average, run.step)
    run.step += 1
    for name, value in {"steps": 1.0, "loss": loss.item(), **figures, "gradient": gradient}.items():
        run.sums[name] = run.sums.get(name, 0.0) + value


def _means(run: Run) -> Row:
    """Return the means since the last row."""
    steps = run.sums["steps"]
    return {"step": run.step} | {name: total / steps for name, total in run.sums.items() if name != "steps"}


@torch.no_grad()
def validate(network: nn.Module, task: Task, feed: Feed) -> dict[str, float]:
    """Return loss and figures, each the mean over all samples of the validation's heads."""
    network.eval()
    device = next(network.parameters()).device
    sums: dict[str, float] = {}
    samples = 0
    for batch in feed.validation:
        size = len(next(iter(batch.values())))
        here = _on(device, batch)
        loss, _ = task.loss(network, here)
        for name, value in {"loss": loss.item(), **task.figures(network, here)}.items():
            sums[name] = sums.get(name, 0.0) + size * value
        samples += size
    return {name: total / samples for name, total in sums.items()}


def _as_saved(network: nn.Module) -> nn.Module:
    """Return a copy with the weights rounded as in the file that ships."""
    rounded = copy.deepcopy(network)
    rounded.load_state_dict(halved(network.state_dict()))
    return rounded


def _on(device: torch.device, batch: Batch) -> Batch:
    if device.type != "cuda":
        return batch
    return {name: one.pin_memory().to(device, non_blocking=True) for name, one in batch.items()}
