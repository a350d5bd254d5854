"""The paper's regression network: 256 features, 10 tanh neurons, 6 linear outputs.

Islam et al. 2021, 'Registration of multi-modal images': Bayesian regularisation, chosen over plain
Levenberg-Marquardt and scaled conjugate gradients.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from cephalign.errors import InputError
from cephalign.geometry.grid import Float
from cephalign.models.heads.bayesian import bayesian
from cephalign.models.heads.conjugate_gradient import scaled_conjugate_gradient
from cephalign.models.heads.head import Head
from cephalign.models.heads.levenberg_marquardt import levenberg_marquardt
from cephalign.models.heads.perceptron import Perceptron, with_bias
from cephalign.models.heads.scaling import Range

# The trainers that need rows held back.
WATCHED = {
    "levenberg-marquardt": levenberg_marquardt,
    "scaled-conjugate-gradient": scaled_conjugate_gradient,
}
TRAININGS = ("bayesian", *WATCHED)
ARRAYS = (
    "hidden_weights",
    "output_weights",
    "features_middle",
    "features_half",
    "responses_middle",
    "responses_half",
)


class Ann(Head):
    """A network of one hidden layer, trained in one of three ways.

    Parameters
    ----------
    training : {"bayesian", "levenberg-marquardt", "scaled-conjugate-gradient"}
    hidden : int
        Neurons.
    epochs : int
        At most.
    validation : float
        Part of the rows, drawn at random, whose error ends the training; they are not learnt from. `bayesian`
        needs none and learns from all.
    random_state : int or RandomState
        Draws the first weights and the rows for validation.

    Attributes
    ----------
    hidden_weights_ : (H, D + 1) array
        Of each neuron, its bias last.
    output_weights_ : (K, H + 1) array
    features_, responses_ : Range
        What the network has for [-1, 1].
    epochs_ : int
    stopped_ : str
        Why the training ended.
    effective_parameters_ : float
        How many weights the data determine; NaN but for `bayesian`.

    Notes
    -----
    As in MATLAB's `fitnet`: inputs and targets are scaled to [-1, 1], the first weights are Nguyen and
    Widrow's, and rows are held back one by one, so that a copy of an image may be held back while another is
    learnt from. Unlike there, no further 15 % are kept for a test.
    """

    def __init__(
        self,
        training: str = "bayesian",
        hidden: int = 10,
        epochs: int = 1000,
        validation: float = 0.15,
        random_state: int | np.random.RandomState = 0,
    ) -> None:
        self.training = training
        self.hidden = hidden
        self.epochs = epochs
        self.validation = validation
        self.random_state = random_state

    def to_arrays(self) -> dict[str, Float]:
        """Return all that `predict` needs."""
        check_is_fitted(self)
        features, responses = self.features_, self.responses_
        ranges = (features.middle, features.half, responses.middle, responses.half)
        return dict(zip(ARRAYS, (self.hidden_weights_, self.output_weights_, *ranges), strict=True))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Float]) -> Self:
        """Make a fitted network of what `to_arrays` gave; it predicts (N, K) responses, also where K is 1.

        Raises
        ------
        InputError
            Where an array is missing or does not fit the others.
        """
        if missing := [name for name in ARRAYS if name not in arrays]:
            raise InputError(f"a regression network lacks arrays: {', '.join(missing)}")
        hidden, output = arrays["hidden_weights"], arrays["output_weights"]
        neurons, inputs, outputs = len(hidden), hidden.shape[-1] - 1, len(output)
        ranges = [(inputs,), (inputs,), (outputs,), (outputs,)]
        expected = [(neurons, inputs + 1), (outputs, neurons + 1), *ranges]
        if (got := [arrays[name].shape for name in ARRAYS]) != expected:
            raise InputError(
                "a regression network's arrays do not fit together", expected=f"{expected}", got=f"{got}"
            )
        network = cls(hidden=neurons)
        network.hidden_weights_, network.output_weights_ = hidden, output
        network.features_ = Range(arrays["features_middle"], arrays["features_half"])
        network.responses_ = Range(arrays["responses_middle"], arrays["responses_half"])
        network.n_features_in_, network.one_response_ = inputs, False
        return network

    def _learn(self, features: Float, responses: Float) -> None:
        self._check()
        random = check_random_state(self.random_state)
        self.features_, self.responses_ = Range.of(features), Range.of(responses)
        x, y = self.features_.scaled(features), self.responses_.scaled(responses)
        if self.training == "bayesian":
            problem = Perceptron(x, y, self.hidden)
            trained = bayesian(problem, problem.drawn(random), self.epochs)
        else:
            order = random.permutation(len(x))
            held_back = min(max(1, round(self.validation * len(x))), len(x) - 1)
            apart, rest = order[:held_back], order[held_back:]
            problem = Perceptron(x[rest], y[rest], self.hidden)
            watched = Perceptron(x[apart], y[apart], self.hidden)
            train = WATCHED[self.training]
            trained = train(problem, problem.drawn(random), self.epochs, watched)
        self.hidden_weights_, self.output_weights_ = problem.layers(trained.weights)
        self.epochs_, self.stopped_ = trained.epochs, trained.stopped
        self.effective_parameters_ = trained.effective_parameters

    def _respond(self, features: Float) -> Float:
        active = np.tanh(with_bias(self.features_.scaled(features)) @ self.hidden_weights_.T)
        return self.responses_.unscaled(with_bias(active) @ self.output_weights_.T)

    def _check(self) -> None:
        if self.training not in TRAININGS:
            raise InputError(
                "no such training", expected=f"one of {', '.join(TRAININGS)}", got=repr(self.training)
            )
        if self.hidden < 1 or self.epochs < 1:
            raise InputError(
                "a network needs neurons and epochs",
                expected="at least 1 of each",
                got=f"{self.hidden} and {self.epochs}",
            )
        if not 0 < self.validation < 1:
            raise InputError(
                "not a part of the rows for validation",
                expected="above 0 and below 1",
                got=f"{self.validation}",
            )
