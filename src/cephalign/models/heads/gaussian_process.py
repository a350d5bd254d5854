"""Gaussian process regression, one process a response.

Islam et al. 2021, 'Selection of regression model'; Rasmussen and Williams (Gaussian Processes for Machine
Learning, 2006), algorithm 2.1.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state

from cephalign.errors import InputError
from cephalign.geometry.grid import Float
from cephalign.models.heads.head import Head


class GaussianProcesses(Head):
    """One Gaussian process a response: a constant mean, a squared exponential kernel and white noise.

    Parameters
    ----------
    likelihood_rows : int
        Of more rows, so many, drawn at random, decide the kernel; all are learnt from.
    random_state : int or RandomState
        Draws them.

    Attributes
    ----------
    scaler_ : StandardScaler
    processes_ : list of GaussianProcessRegressor
    n_features_in_ : int

    Notes
    -----
    The paper names no kernel; this is the default of MATLAB's `fitrgp`, as is the number of rows up to which
    all decide. The length, the variance and the noise maximise the marginal likelihood. Both variances start
    at half the responses', as there. The features are standardised, and the length starts at the root of
    their number: from MATLAB's start, their mean deviation, all rows are strangers and the likelihood is
    level.
    """

    def __init__(self, likelihood_rows: int = 2000, random_state: int | np.random.RandomState = 0) -> None:
        self.likelihood_rows = likelihood_rows
        self.random_state = random_state

    def _learn(self, features: Float, responses: Float) -> None:
        if self.likelihood_rows < 2:
            raise InputError(
                "too few rows for the likelihood", expected="2 or more", got=f"{self.likelihood_rows}"
            )
        self.scaler_ = StandardScaler().fit(features)
        x = self.scaler_.transform(features)
        order = check_random_state(self.random_state).permutation(len(x))
        chosen = np.sort(order[: self.likelihood_rows])
        with warnings.catch_warnings():
            # Noise that is as low as it may be is no fault.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.processes_ = [_process(x, column, chosen) for column in responses.T]

    def _respond(self, features: Float) -> Float:
        x = self.scaler_.transform(features)
        return np.column_stack([process.predict(x) for process in self.processes_])


def _process(x: Float, responses: Float, chosen: NDArray[np.intp]) -> GaussianProcessRegressor:
    """Choose the kernel by some rows, and learn from all."""
    kernel = ConstantKernel(0.5) * RBF(np.sqrt(x.shape[1])) + WhiteKernel(0.5)
    process = GaussianProcessRegressor(kernel, normalize_y=True).fit(x[chosen], responses[chosen])
    if len(chosen) == len(x):
        return process
    return GaussianProcessRegressor(process.kernel_, optimizer=None, normalize_y=True).fit(x, responses)
