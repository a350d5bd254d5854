"""The six measures against scikit-learn's, and at the borders where a share is of nothing."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from cephalign.errors import InputError
from cephalign.metrics.classification import MEASURES, Counts, confusion, counts_of, mean_scores

LABELS = ("CT", "MR-T1", "MR-T2")
SAID = (*LABELS, "unknown")


def answers(count, seed=1):
    """Draw truths that hold every class and answers, mostly right, that are of every kind."""
    rng = np.random.default_rng(seed)
    true = [*LABELS, *LABELS, *rng.choice(LABELS, count)]
    said = [one if rng.random() < 0.7 else str(rng.choice(SAID)) for one in true]
    return true, [*LABELS, *said[3:-1], "unknown"]


@given(seed=st.integers(0, 10**6), count=st.integers(4, 60))
def test_each_class_against_the_rest_is_scikit_learns(seed, count):
    true, said = answers(count, seed)
    for label in LABELS:
        one, other = [a == label for a in true], [a == label for a in said]
        counts = counts_of(true, said, label)
        assert counts.accuracy == pytest.approx(metrics.accuracy_score(one, other))
        assert counts.sensitivity == pytest.approx(metrics.recall_score(one, other))
        assert counts.specificity == pytest.approx(metrics.recall_score(one, other, pos_label=False))
        assert counts.precision == pytest.approx(metrics.precision_score(one, other))
        assert counts.f_measure == pytest.approx(metrics.f1_score(one, other))
        assert counts.g_mean**2 == pytest.approx(counts.sensitivity * counts.specificity)


def test_means_over_classes_are_scikit_learns():
    true, said = answers(200)
    told = mean_scores(true, said, LABELS)
    assert tuple(told) == MEASURES
    kept = {"labels": LABELS, "average": "macro"}
    assert told["sensitivity"] == pytest.approx(metrics.recall_score(true, said, **kept))
    assert told["precision"] == pytest.approx(metrics.precision_score(true, said, **kept))
    assert told["f_measure"] == pytest.approx(metrics.f1_score(true, said, **kept))


def test_confusion_is_scikit_learns_with_a_column_for_not_sure():
    true, said = answers(200)
    table = confusion(true, said, LABELS, SAID)
    np.testing.assert_array_equal(table, metrics.confusion_matrix(true, said, labels=SAID)[:3])
    assert table.sum() == len(true) and table[:, 3].any()


def test_f_measure_is_the_papers_equation():
    counts = Counts(30, 10, 5, 55)
    ppv, tpr = 30 / 35, 30 / 40
    assert counts.f_measure == pytest.approx(2 * ppv * tpr / (ppv + tpr))
    assert counts.g_mean == pytest.approx(math.sqrt(30 / 40 * 55 / 60))


def test_a_share_of_nothing_is_no_number():
    never_said = counts_of(["CT", "PET"], ["PET", "PET"], "CT")
    assert math.isnan(never_said.precision) and never_said.f_measure == never_said.sensitivity == 0
    absent = counts_of(["PET"], ["PET"], "CT")
    assert math.isnan(absent.sensitivity) and math.isnan(absent.g_mean) and absent.accuracy == 1
    assert math.isnan(counts_of([], [], "CT").accuracy)


def test_unpaired_answers_are_refused():
    for ask in (
        lambda: counts_of(["CT"], [], "CT"),
        lambda: confusion(["CT"], [], LABELS, SAID),
        lambda: mean_scores([], ["CT"], LABELS),
    ):
        with pytest.raises(InputError, match="an answer for each thing"):
            ask()
