"""Identification: what is said of a scan, given what a network says of its cubes."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from cephalign.errors import InputError
from cephalign.geometry import Grid, Modality, Volume
from cephalign.models.card import Card
from cephalign.models.modality import (
    CLASSES,
    LOOKS,
    SURE,
    TEMPERATURES,
    Identifier,
    ModalityConfig,
    loss_name,
    temperature_of,
)
from cephalign.models.weights import load_weights, save_weights
from cephalign.prep.coarse import FoundHead
from cephalign.prep.head import head_mask

SMALL = ModalityConfig(side=16, spacing_mm=16.0, filters=(8, 16))
GRID = Grid((40, 44, 20), np.diag([-5.0, 5.0, 9.0, 1.0]))


def network_of(seed=0, config=SMALL):
    return config.network(torch.Generator().manual_seed(seed)).eval()


def body(seed=1, modality=Modality.UNKNOWN):
    """Return an egg with a shell, in some noise."""
    x, y, z = (np.indices(GRID.shape).T - (np.array(GRID.shape) - 1) / 2).T * GRID.spacing[
        :, None, None, None
    ]
    radius = np.sqrt((x / 70) ** 2 + (y / 90) ** 2 + (z / 80) ** 2)
    image = 400 * (radius < 1) + 500 * ((radius < 1) & (radius > 0.9))
    return Volume(
        (image + np.random.default_rng(seed).normal(0, 10, GRID.shape)).astype(np.float32), GRID, modality
    )


def saying(monkeypatch, *logits, temperature=1.0):
    """Return an identifier whose network says this of each look in turn."""
    network = network_of()
    said = torch.tensor(logits, dtype=torch.float32).expand(len(LOOKS), -1)
    monkeypatch.setattr(network, "forward", lambda cubes: said[: len(cubes)])
    return Identifier(network, SMALL, temperature)


def test_the_network_is_small_and_has_an_output_for_each_class():
    config = ModalityConfig()
    network = network_of(config=config)
    assert sum(one.nbytes for one in network.state_dict().values()) < 2e6
    with torch.inference_mode():
        assert network(torch.rand(2, 3, 32, 32, 32)).shape == (2, len(CLASSES))


def test_looks_are_far_apart():
    turns = [one.inv() * other for n, one in enumerate(LOOKS) for other in LOOKS[:n]]
    assert min(np.rad2deg(turn.magnitude()) for turn in turns) > 70
    # No axis of one lies near an axis of another, either way along it.
    aligned = max(np.abs(turn.as_matrix()).max() for turn in turns)
    assert aligned < np.cos(np.deg2rad(10))


def test_what_is_sure_is_said(monkeypatch):
    found = saying(monkeypatch, [0, 0, 4, 0, 0, 0]).identify(body())
    share = np.exp(4) / (np.exp(4) + 5)
    assert (found.modality, found.reason) == (Modality.T2, "")
    assert found.at_least is Modality.T2
    assert found.probabilities[Modality.T2] == pytest.approx(share)
    assert tuple(found.probabilities) == CLASSES
    assert sum(found.probabilities.values()) == pytest.approx(1)


def test_temperature_changes_how_sure_it_is_not_what_it_says(monkeypatch):
    shares = [
        saying(monkeypatch, [0, 0, 5, 0, 0, 0], temperature=one).identify(body()).probabilities
        for one in TEMPERATURES
    ]
    assert [max(one, key=one.get) for one in shares] == [Modality.T2] * len(TEMPERATURES)
    values = [one[Modality.T2] for one in shares]
    assert values == sorted(values, reverse=True) and values[0] > values[-1] + 0.3


def test_looks_that_differ_make_it_unsure(monkeypatch):
    """Three of five say T1."""
    looks = [[0, 20, 0, 0, 0, 0]] * 3 + [[0, 0, 0, 20, 0, 0]] * 2
    found = saying(monkeypatch, *looks).identify(body())
    assert found.modality is Modality.UNKNOWN
    assert found.probabilities[Modality.T1] == pytest.approx(0.6) and SURE > 0.6
    assert found.reason == "MR-T1 is the likeliest, but only with 0.60"
    assert found.at_least is Modality.MR


def test_none_of_the_kinds_is_not_sure(monkeypatch):
    found = saying(monkeypatch, [0, 0, 0, 0, 0, 9]).identify(body())
    assert found.modality is Modality.UNKNOWN
    assert "none of the kinds it knows" in found.reason
    assert found.at_least is Modality.UNKNOWN


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (np.zeros(GRID.shape), "holds no image"),
        (np.full(GRID.shape, 7, np.int16), "holds no image"),
        (np.full(GRID.shape, np.nan), "NaN"),
        (np.where(np.indices(GRID.shape).sum(0) == 9, 1e6, 0.0), "nothing like a head"),
    ],
)
def test_what_shows_no_head_is_not_sure_and_says_why(data, why):
    found = Identifier(network_of(), SMALL).identify(Volume(data, GRID, Modality.CT))
    assert found.modality is Modality.UNKNOWN
    assert why in found.reason
    assert found.probabilities[Modality.UNKNOWN] == sum(found.probabilities.values()) == 1


def test_the_header_is_not_asked():
    identifier = Identifier(network_of(), SMALL)
    answers = [identifier.identify(body(modality=one)).probabilities for one in Modality]
    assert all(one == answers[0] for one in answers)


def test_a_mask_at_hand_changes_nothing():
    identifier = Identifier(network_of(), SMALL)
    scan = body()
    assert identifier.identify(scan, head_mask(scan)).probabilities == identifier.identify(scan).probabilities


def test_same_answer_on_any_number_of_threads(with_threads):
    identifier = Identifier(network_of(config=ModalityConfig()), ModalityConfig())
    one, two = (with_threads(threads, lambda: identifier.identify(body())) for threads in (1, 2))
    assert one.probabilities == two.probabilities


def test_units_do_not_matter():
    """Hounsfield units, an offset, counts: the same image."""
    identifier, scan = Identifier(network_of(), SMALL), body()
    answers = [
        identifier.identify(Volume(scan.data * scale + offset, GRID)).probabilities
        for scale, offset in ((1, 0), (0.01, 0), (16, 1024))
    ]
    for other in answers[1:]:
        assert list(other.values()) == pytest.approx(list(answers[0].values()), abs=1e-4)


@pytest.mark.parametrize(
    ("logits", "said"),
    [
        ([2, 0, 0, 9, 0, 0], Modality.CT),  # an MR has no air of -1000
        ([-90, 90, 0, 0, -90, -90], Modality.CT),
        ([0, 9, 0, 0, 0, 9], Modality.UNKNOWN),  # but not everything that has is a CT
    ],
)
def test_air_in_hounsfield_units_tells_a_ct(monkeypatch, logits, said):
    scan, identifier = body(), saying(monkeypatch, logits)
    assert identifier.identify(scan).modality is not Modality.CT
    found = identifier.identify(Volume(2.5 * scan.data - 1000, GRID))
    assert found.modality is said
    assert sum(found.probabilities.values()) == pytest.approx(1)


def test_turning_scan_and_looks_together_changes_nothing(monkeypatch):
    """Cubes are cut in the scan's world: turned with it, they show the same, however its axes run."""
    scan = body()
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", (40, -70, 130), degrees=True).as_matrix()
    turned = Volume(scan.data, Grid(scan.grid.shape, matrix @ scan.grid.world_from_voxel))
    cubes = [
        FoundHead.of(one, 16.0).cube(16, 16.0, turn).channels
        for one, turn in ((scan, np.eye(3)), (turned, matrix[:3, :3]))
    ]
    np.testing.assert_allclose(*cubes, atol=1e-3)


def test_temperature_is_where_the_validation_loses_least():
    figures = {loss_name(one): (np.log(one) - np.log(1.4)) ** 2 for one in TEMPERATURES}
    assert temperature_of({"right": 0.9, **figures}) == 1.4
    assert temperature_of({"right": 0.9}) == 1.0


def test_weights_become_the_network_again(tmp_path):
    network = network_of(4)
    figures = {loss_name(one): 1.0 for one in TEMPERATURES} | {loss_name(2.0): 0.5}
    file = tmp_path / "modality.safetensors"
    save_weights(file, network, Card("modality", "modality", config=vars(SMALL), figures=figures))
    found = Identifier.of(load_weights(file))
    assert found.temperature == 2.0
    expected = Identifier(network, SMALL, 2.0).identify(body())
    assert found.identify(body()).probabilities == expected.probabilities


def test_other_weights_are_refused(tmp_path):
    file = tmp_path / "other.safetensors"
    save_weights(file, network_of(), Card("other", "orientation", config=vars(SMALL)))
    with pytest.raises(InputError, match="weights of another network"):
        Identifier.of(load_weights(file))
    larger = vars(ModalityConfig(side=16, filters=(8, 24)))
    save_weights(file, network_of(), Card("other", "modality", config=larger))
    with pytest.raises(InputError, match="does not fit the network"):
        Identifier.of(load_weights(file))
