"""How well classes are told apart: the six measures of the paper's Table 3, one class against the rest."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cephalign.errors import InputError

MEASURES = ("accuracy", "sensitivity", "specificity", "precision", "f_measure", "g_mean")


@dataclass(frozen=True)
class Counts:
    """Answers about one class (Islam et al. 2021, Eqs. 7 to 12); a share of nothing is NaN.

    Parameters
    ----------
    true_positives, false_negatives : int
        Of those that belong to the class: said to, or not.
    false_positives, true_negatives : int
        Of the others.
    """

    true_positives: int
    false_negatives: int
    false_positives: int
    true_negatives: int

    @property
    def accuracy(self) -> float:
        """Share of right answers (Eq. 7)."""
        right = self.true_positives + self.true_negatives
        return _share(right, right + self.false_positives + self.false_negatives)

    @property
    def sensitivity(self) -> float:
        """Share of the class that was found (Eq. 8)."""
        return _share(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def specificity(self) -> float:
        """Share of the others that were left out (Eq. 9)."""
        return _share(self.true_negatives, self.true_negatives + self.false_positives)

    @property
    def precision(self) -> float:
        """Share of the found that belong to the class (Eq. 10)."""
        return _share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def f_measure(self) -> float:
        """Harmonic mean of precision and sensitivity (Eq. 11), multiplied out: 0 where none was found."""
        twice = 2 * self.true_positives
        return _share(twice, twice + self.false_positives + self.false_negatives)

    @property
    def g_mean(self) -> float:
        """Geometric mean of sensitivity and specificity (Eq. 12)."""
        return math.sqrt(self.sensitivity * self.specificity)


def counts_of(true: Sequence[str], said: Sequence[str], label: str) -> Counts:
    """Count the answers about one class.

    Parameters
    ----------
    true, said : sequence of str
        The class of each thing, and what was said of it; 'not sure' is one more label.
    label : str
        The class.

    Raises
    ------
    InputError
        The sequences differ in length.
    """
    _refuse_unpaired(true, said)
    counts = Counter((one == label, other == label) for one, other in zip(true, said, strict=True))
    return Counts(counts[True, True], counts[True, False], counts[False, True], counts[False, False])


def mean_scores(
    true: Sequence[str], said: Sequence[str], labels: Sequence[str], *, zero_division: float = math.nan
) -> dict[str, float]:
    """Return each of `MEASURES` as the plain mean over classes, each against the rest.

    Parameters
    ----------
    true, said, labels : sequence of str
        As in `counts_of`; the mean is over the labels.
    zero_division : float
        What a share of nothing counts as, such as the precision of a class that was never named.
    """
    counts = [counts_of(true, said, label) for label in labels]
    values = {name: np.array([getattr(one, name) for one in counts]) for name in MEASURES}
    return {name: float(np.nan_to_num(each, nan=zero_division).mean()) for name, each in values.items()}


def confusion(
    true: Sequence[str], said: Sequence[str], rows: Sequence[str], columns: Sequence[str]
) -> NDArray[np.int64]:
    """Count how often what belongs to a row's label was said to belong to a column's.

    Raises
    ------
    InputError
        The sequences differ in length.
    """
    _refuse_unpaired(true, said)
    counts = Counter(zip(true, said, strict=True))
    return np.array([[counts[row, column] for column in columns] for row in rows], dtype=np.int64)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def _refuse_unpaired(true: Sequence[str], said: Sequence[str]) -> None:
    if len(true) != len(said):
        raise InputError("an answer for each thing is wanted", expected=str(len(true)), got=str(len(said)))
