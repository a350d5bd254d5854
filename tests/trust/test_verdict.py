"""The word for a registration, and its sentence."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from cephalign.trust import verdict as room
from cephalign.trust.evidence import Evidence
from cephalign.trust.expectation import EDGES_MM, Expectation
from cephalign.trust.verdict import HARMFUL_MM, LIKELY_RIGHT, LIKELY_WRONG, SENTENCES, Status, judged

EVIDENCE = replace(Evidence(*[0.5] * 15), overlap=0.34, gap_mm=7.25)


def expecting(chance):
    """Return chances of which so much lies beyond what harms, and the rest between 0.4 and 0.6 mm."""
    chances = np.zeros(len(EDGES_MM) + 1)
    chances[EDGES_MM.index(0.4) + 1], chances[EDGES_MM.index(HARMFUL_MM) + 1] = 1 - chance, chance
    return Expectation(chances)


@pytest.mark.parametrize(
    ("chance", "status"),
    [
        (0.0, Status.ALIGNED),
        (LIKELY_RIGHT - 1e-6, Status.ALIGNED),
        (LIKELY_RIGHT + 1e-6, Status.DOUBTFUL),
        (LIKELY_WRONG - 1e-6, Status.DOUBTFUL),
        (LIKELY_WRONG + 1e-6, Status.FAILED),
        (1.0, Status.FAILED),
    ],
)
def test_the_chance_of_harm_decides(monkeypatch, chance, status):
    monkeypatch.setattr(room, "unusual", lambda _: [])
    assert judged(EVIDENCE, expecting(chance))[0] is status


def test_what_is_oddest_is_the_reason(monkeypatch):
    monkeypatch.setattr(room, "unusual", lambda _: ["gap_mm", "overlap"])
    said = judged(EVIDENCE, expecting(0.5))[1]
    assert said == "The heads' surfaces lie 7.2 mm apart: a wrong place, or two people."
    monkeypatch.setattr(room, "unusual", lambda _: ["overlap"])
    assert judged(EVIDENCE, expecting(0.9))[1] == "The scans share only 34 % of the heads."
    monkeypatch.setattr(room, "unusual", lambda _: [])
    assert "All numbers together" in judged(EVIDENCE, expecting(0.9))[1]


def test_an_aligned_pair_is_told_its_error():
    said = judged(EVIDENCE, expecting(0.001))[1]
    assert said == (
        "Nothing speaks against it; the error is likely some 0.49 mm, and below 3 mm with a chance of 99 %."
    )


def test_each_number_has_a_sentence():
    assert set(SENTENCES) == set(Evidence.names())
    for sentence in SENTENCES.values():
        said = sentence.format(**asdict(EVIDENCE), share_percent=34.0)
        assert said.endswith(".") and "{" not in said and len(said) < 110
