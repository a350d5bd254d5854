"""What every regressor on frozen features has in common: scikit-learn's contract, and one thread."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from cephalign.geometry.grid import Float


class Head(RegressorMixin, BaseEstimator, ABC):  # type: ignore[misc]  # they have no types
    """From features to responses: in the paper from 256 to six."""

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn.

        Parameters
        ----------
        X : (N, D) array
            Features, a row a pair of images.
        y : (N, K) or (N,) array
            Responses.

        Raises
        ------
        InputError
            For a parameter of the constructor that makes no sense.
        ValueError
            From scikit-learn, for data of another shape, fewer than two rows, or numbers that are not finite.
        """
        features, responses = validate_data(
            self, X, y, dtype="float64", multi_output=True, y_numeric=True, ensure_min_samples=2
        )
        self.one_response_ = responses.ndim == 1
        # The order of sums, and so the last digits, would depend on the number of threads.
        with threadpool_limits(1, user_api="blas"):
            self._learn(features, responses.reshape(len(responses), -1).astype("float64"))
        return self

    def predict(self, X: ArrayLike) -> Float:
        """Return the (N, K) or (N,) responses to (N, D) features."""
        check_is_fitted(self)
        features = validate_data(self, X, dtype="float64", reset=False)
        with threadpool_limits(1, user_api="blas"):
            responses = self._respond(features)
        return responses[:, 0] if self.one_response_ else responses

    @abstractmethod
    def _learn(self, features: Float, responses: Float) -> None:
        """Learn from (N, D) features and (N, K) responses."""

    @abstractmethod
    def _respond(self, features: Float) -> Float:
        """Return (N, K) responses."""

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that more than one response is welcome."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
