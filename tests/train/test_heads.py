"""No one's head is in training and in validation."""

import numpy as np
import pytest
import torch

from cephalign.errors import InputError
from cephalign.train.heads import HeadsConfig, MixedHeads, anatomy_for, description_of


class Maps:
    """Label maps of nobody: a draw gives the name it would draw from."""

    names = ("a.nii", "b.nii", "c.nii", "d.nii")

    def __init__(self, folder):
        self.folder = folder

    def draw(self, rng, *, spacing_mm, device, which):
        return rng.choice(which)


@pytest.fixture
def maps(monkeypatch, tmp_path):
    monkeypatch.setattr("cephalign.train.heads.LabelledHeads", Maps)
    monkeypatch.setattr("cephalign.train.heads.procedural_head", lambda rng, **_: "procedural")
    return tmp_path


def drawn(anatomy, count=400):
    rng = np.random.default_rng(1)
    return [anatomy(rng, spacing_mm=3.0, device=torch.device("cpu")) for _ in range(count)]


def test_held_out_heads_are_for_validation_only(maps):
    config = HeadsConfig(0.25, ("b.nii", "d.nii"))
    training, validation = (
        drawn(anatomy_for(config, maps, purpose)) for purpose in ("training", "validation")
    )
    assert set(training) == {"procedural", "a.nii", "c.nii"}
    assert set(validation) == {"procedural", "b.nii", "d.nii"}
    assert training.count("procedural") / 400 == pytest.approx(0.25, abs=0.06)
    assert training.count("a.nii") / 400 == pytest.approx(0.375, abs=0.07)


def test_procedural_heads_need_no_folder():
    anatomy = anatomy_for(HeadsConfig(), None, "training")
    assert not isinstance(anatomy, MixedHeads)
    head = anatomy(np.random.default_rng(1), spacing_mm=4.0, device=torch.device("cpu"))
    assert head.parameters["source"] == "procedural"


@pytest.mark.parametrize(
    ("config", "folder", "message"),
    [
        (HeadsConfig(0.5, ("a.nii",)), False, "wants heads from label maps.*give --anatomy"),
        (HeadsConfig(1.0, ("a.nii",)), False, "wants heads from label maps.*give --anatomy"),
        (HeadsConfig(1.0), True, "no head is to be drawn from it; set heads.procedural below 1"),
        (HeadsConfig(0.5), True, "must leave label maps for training and for validation.*got none"),
        (HeadsConfig(0.5, ("e.nii",)), True, "expected some of a.nii, b.nii, c.nii, d.nii; got e.nii"),
        (HeadsConfig(0.5, Maps.names), True, "must leave label maps for training"),
    ],
)
def test_a_folder_that_does_not_go_with_the_configuration(maps, config, folder, message):
    with pytest.raises(InputError, match=message):
        anatomy_for(config, maps if folder else None, "training")


def test_the_card_says_whose_heads():
    assert description_of(HeadsConfig()) == "procedural heads"
    told = description_of(HeadsConfig(0.2, ("b.nii", "d.nii")))
    assert told == "heads from label maps, 20% procedural ones among them; validation's from b.nii, d.nii"
