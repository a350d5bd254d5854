"""From chances to quantiles, and from evidence to chances."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cephalign.errors import InputError
from cephalign.models.card import Card
from cephalign.models.weights import load_weights, save_weights
from cephalign.trust import expectation as room
from cephalign.trust.evidence import Evidence
from cephalign.trust.expectation import EDGES_MM, Expectation, TrustNetwork, as_numbers, network_of

CHANCES = st.lists(st.floats(0.001, 1), min_size=len(EDGES_MM) + 1, max_size=len(EDGES_MM) + 1)
EVIDENCE = Evidence(*np.linspace(0.1, 1.5, 15).tolist())


def expectation(weights):
    return Expectation(np.array(weights) / np.sum(weights))


@given(CHANCES, st.floats(0.02, 0.98))
def test_a_quantile_is_exceeded_as_often_as_it_says(weights, part):
    found = expectation(weights)
    assert found.above(found.quantile_mm(part)) == pytest.approx(1 - part, abs=1e-9)


@given(CHANCES, st.integers(0, len(EDGES_MM) - 1))
def test_at_an_edge_chances_add_up(weights, edge):
    found = expectation(weights)
    assert found.above(EDGES_MM[edge]) == pytest.approx(found.chances[edge + 1 :].sum(), abs=1e-12)


@given(CHANCES)
def test_quantiles_rise_and_have_an_end(weights):
    found = expectation(weights)
    quantiles = [found.quantile_mm(part) for part in (0, 0.05, 0.5, 0.95, 1)]
    assert quantiles == sorted(quantiles)
    assert quantiles[-1] == pytest.approx(room.LARGEST_MM)


def network(**arguments):
    made = TrustNetwork(**arguments).double()
    generator = torch.Generator().manual_seed(3)
    for parameter in made.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
    made.low.copy_(torch.tensor(as_numbers(EVIDENCE)) - 1)
    made.high.copy_(torch.tensor(as_numbers(EVIDENCE)) + 1)
    return made


def test_chances_are_the_members_mean():
    made = network(members=3, hidden=5)
    numbers = torch.tensor([as_numbers(EVIDENCE)] * 2, dtype=torch.float64)
    with torch.no_grad():
        chances, each = made(numbers), made.members_chances(numbers)
    assert chances.shape == (2, len(EDGES_MM) + 1)
    assert each.shape == (3, 2, len(EDGES_MM) + 1)
    assert (each >= 0).all()
    np.testing.assert_allclose(each.sum(-1), 1)
    np.testing.assert_allclose(chances, each.mean(0))


def test_what_is_beyond_all_training_says_no_more_than_its_border():
    made = network(members=2, hidden=4)
    far = torch.full((1, 15), 1e6, dtype=torch.float64)
    border = made.mean + room.FARTHEST * made.deviation
    with torch.no_grad():
        np.testing.assert_allclose(made(far), made(border[None]))


def test_distances_count_by_their_logarithm():
    numbers = dict(zip(Evidence.names(), as_numbers(EVIDENCE), strict=True))
    assert numbers["gap_mm"] == pytest.approx(np.log(EVIDENCE.gap_mm))
    assert numbers["share"] == EVIDENCE.share
    assert as_numbers(replace(EVIDENCE, spread_mm=0.0)) == as_numbers(replace(EVIDENCE, spread_mm=0.001))


def test_the_oddest_number_comes_first(monkeypatch):
    monkeypatch.setattr(room, "shipped_network", lambda: network(members=1, hidden=2))
    assert room.unusual(EVIDENCE) == []
    odd = replace(EVIDENCE, overlap=EVIDENCE.overlap - 3, rival=EVIDENCE.rival + 2)
    assert room.unusual(odd) == ["overlap", "rival"]


def test_weights_come_back_from_a_file(tmp_path):
    made, path = network(members=2, hidden=4), tmp_path / "trust.safetensors"
    save_weights(path, made, Card("trust", "trust", {"members": 2, "hidden": 4}))
    read = network_of(load_weights(path))
    numbers = torch.tensor([as_numbers(EVIDENCE)], dtype=torch.float64)
    with torch.no_grad():
        assert torch.equal(read(numbers), made(numbers))
    save_weights(path, made, Card("trust", "another", {"members": 2, "hidden": 4}))
    with pytest.raises(InputError, match="weights of another network"):
        network_of(load_weights(path))
