"""What the network of identification learns: right classes, random contrasts, things that are no head."""

import math

import numpy as np
import pytest
import torch

from cephalign.errors import InputError
from cephalign.geometry import Modality
from cephalign.models.modality import CLASSES, SURE, TEMPERATURES, loss_name, temperature_of
from cephalign.prep.coarse import FoundHead
from cephalign.simulate.acquire.any_contrast import AnyContrast
from cephalign.simulate.presets import PRESETS
from cephalign.simulate.procedural import procedural_head
from cephalign.train.config import read_config
from cephalign.train.tasks.modality import UNSURE, ModalityTask
from cephalign.train.tasks.negatives import found_no_head, no_head
from tests.conftest import REPOSITORY


def task_of(preset="small"):
    return ModalityTask(
        ModalityTask.Options(presets=(preset,), cubes_per_scan=2, negatives_per_head=4), procedural_head
    )


@pytest.fixture(scope="module")
def sampled():
    """The samples of one head under the preset that has random contrasts."""
    task = task_of("training")
    return task, task.samples(np.random.default_rng([9, 0]), 0)


def batch_of(samples):
    return {name: torch.from_numpy(values) for name, values in samples.items()}


def logits_of(samples, sharpness):
    """Return what a network that knows would say."""
    return sharpness * torch.nn.functional.one_hot(torch.from_numpy(samples["class"]).long(), len(CLASSES))


def test_same_generator_same_samples(sampled):
    task, samples = sampled
    again = task.samples(np.random.default_rng([9, 0]), 0)
    for name, values in again.items():
        assert np.array_equal(values, samples[name]), name
    side = task.options.network.side
    assert samples["cube"].shape[1:] == (3, side, side, side) and samples["cube"].dtype == np.float32


def test_random_contrasts_are_left_out(sampled):
    _, samples = sampled
    kinds = [CLASSES[int(one)] for one in samples["class"]]
    assert kinds[-4:] == [Modality.UNKNOWN] * 4  # what is no head
    assert {Modality.CT, Modality.PET} < set(kinds[:-4]) and Modality.UNKNOWN not in kinds[:-4]
    # It has two of them, and of every other scan two cubes.
    assert len(kinds) - 4 < 2 * len(PRESETS["training"].protocols)
    sequences = PRESETS["training"].protocols[Modality.T1].sequences
    assert any(one.kind is AnyContrast for one in sequences)


def test_every_kind_of_scan_is_named_as_it_is():
    samples = task_of().samples(np.random.default_rng(5), 0)
    assert [CLASSES[int(one)] for one in samples["class"][:-4:2]] == list(PRESETS["small"].protocols)


def test_a_network_that_knows_loses_nothing(sampled):
    task, samples = sampled
    figures = task.figures(lambda _: logits_of(samples, 30.0), batch_of(samples))
    assert (figures["right"], figures["sure_and_wrong"], figures["needlessly_unsure"]) == (1, 0, 0)
    loss, told = task.loss(lambda _: logits_of(samples, 30.0), batch_of(samples))
    assert loss.item() < 1e-6 and told["right"] == 1


def test_a_network_that_guesses_loses_the_logarithm_and_is_never_sure(sampled):
    task, samples = sampled
    flat = torch.zeros(len(samples["class"]), len(CLASSES))
    figures = task.figures(lambda _: flat, batch_of(samples))
    assert figures[loss_name(1.0)] == pytest.approx(math.log(len(CLASSES)), rel=1e-5)
    assert figures["sure_and_wrong"] == 0
    assert figures["needlessly_unsure"] == pytest.approx((samples["class"] != UNSURE).mean())


def test_a_network_that_is_too_sure_is_cooled(sampled):
    """Right four times out of five, and sure each time as if it were always right."""
    task, samples = sampled
    said = np.where(np.arange(len(samples["class"])) % 5, samples["class"], (samples["class"] + 1) % 5)
    batch = batch_of(samples)
    temperatures = {}
    for sharpness in (1.0, 3.0, 6.0):
        logits = logits_of({"class": said}, sharpness)
        figures = task.figures(lambda _, logits=logits: logits, batch)
        temperatures[sharpness] = temperature_of(figures)
    # Four in five among six classes is a step of ln 20, nearly 3.
    assert temperatures == {1.0: 0.5, 3.0: 1.0, 6.0: 2.0}
    assert set(map(loss_name, TEMPERATURES)) <= set(figures)
    assert figures["sure_and_wrong"] > 0 and SURE < 1


def test_things_that_are_no_head_are_of_many_kinds_and_the_same_for_a_generator():
    spreads = []
    for seed in range(12):
        one, two = (no_head(np.random.default_rng(seed)) for _ in range(2))
        assert np.array_equal(one.data, two.data) and one.grid == two.grid
        assert one.data.dtype == np.float32 and np.isfinite(one.data).all()
        spreads.append(float(one.data.std() / np.abs(one.data).max()))
    assert max(spreads) > 3 * min(spreads)


def test_what_is_refused_never_reaches_the_network(monkeypatch):
    find, tries = FoundHead.of, []

    def refusing(volume, spacing_mm):
        tries.append(volume)
        if len(tries) < 3:
            raise InputError("nothing like a head")
        return find(volume, spacing_mm)

    monkeypatch.setattr(FoundHead, "of", refusing)
    cube = found_no_head(np.random.default_rng(2), 8.0).cube(16, 8.0)
    assert len(tries) >= 3 and np.isfinite(cube.channels).all()


def test_its_network_learns(sampled):
    task, samples = sampled
    batch = {name: values[::2] for name, values in batch_of(samples).items()}
    network = task.network(torch.Generator().manual_seed(0))
    optimiser = torch.optim.AdamW(network.parameters(), 2e-3)
    losses = []
    for _ in range(12):
        loss, _ = task.loss(network, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


def test_the_card_says_how_to_build_the_network(sampled):
    task, _ = sampled
    told = task.card()
    assert told["architecture"] == "modality"
    assert told["config"] == vars(task.options.network)


def test_the_configuration_that_ships_is_of_this_task():
    config = read_config(REPOSITORY / "training" / "modality.toml")
    assert config.options == ModalityTask.Options()
