"""A lesson in legs is the lesson in one; damaged legs say what to do."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from cephalign.errors import InputError
from cephalign.models.baselines.sloan_cnn import SloanCnn
from cephalign.models.features import FeaturesConfig
from cephalign.study import halfway as module
from cephalign.study.copies import Place
from cephalign.study.lesson import Lesson, mean_loss

CONFIG = FeaturesConfig((8, 8, 4), (25.0, 25.0, 40.0))
PLACES = [Place(0, number) for number in range(7)]


class KilledError(Exception):
    pass


@dataclass
class Drawn:
    """Batches of noise, which end the process, so to speak, after so many."""

    left: float = np.inf

    def batch(self, places, device):
        self.left -= 1
        if self.left < 0:
            raise KilledError
        draws = [np.random.default_rng(place.copy) for place in places]
        images = {name: np.stack([rng.normal(size=(1, *CONFIG.shape)) for rng in draws]) for name in NAMES}
        images["responses"] = np.stack([rng.normal(size=6) for rng in draws])
        return {name: torch.from_numpy(values).float() for name, values in images.items()}


NAMES = ("fixed", "moving", "mono")


def lesson(copies):
    return Lesson(
        copies, PLACES, epochs=3, batch=3, seed=4, device=torch.device("cpu"), reached=lambda done, of: None
    )


def network():
    torch.manual_seed(1)
    return SloanCnn(CONFIG, filters=2)  # two stages, and dropout


@pytest.mark.parametrize("batches", [3, 5, 8, 11])
def test_legs_end_where_one_leg_does(tmp_path, monkeypatch, batches):
    monkeypatch.setattr(module, "KEPT_EVERY_S", -1.0)
    whole, parts = network(), network()
    lesson(Drawn()).teach(whole, 1e-2)
    kept = tmp_path / "x.halfway"
    with pytest.raises(KilledError):
        lesson(Drawn(batches)).teach(parts, 1e-2, kept)
    assert kept.is_file()
    parts = network()
    lesson(Drawn()).teach(parts, 1e-2, kept)
    assert not kept.exists()
    for name, values in whole.state_dict().items():
        assert torch.equal(values, parts.state_dict()[name]), name
    assert mean_loss(parts, lesson(Drawn())) == mean_loss(whole, lesson(Drawn()))


def test_a_damaged_leg_says_what_to_do(tmp_path):
    kept = tmp_path / "x.halfway"
    kept.write_bytes(b"no training")
    with pytest.raises(InputError, match="delete it"):
        lesson(Drawn()).teach(network(), 1e-2, kept)


def test_the_leg_of_another_network_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "KEPT_EVERY_S", -1.0)
    kept = tmp_path / "x.halfway"
    with pytest.raises(KilledError):
        lesson(Drawn(3)).teach(network(), 1e-2, kept)
    with pytest.raises(InputError, match="does not hold this training"):
        lesson(Drawn()).teach(SloanCnn(CONFIG, filters=3), 1e-2, kept)
