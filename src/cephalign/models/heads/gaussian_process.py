"""Gaussian process regression, one process a response.

Islam et al. 2021, 'Selection of regression model'; Rasmussen and Williams (Gaussian Processes for Machine
Learning, 2006), algorithm 2.1.
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.preprocessing import StandardScaler

from cephalign.geometry.grid import Float
from cephalign.models.heads.head import Head


class GaussianProcesses(Head):
    """One Gaussian process a response: a constant mean, a squared exponential kernel and white noise.

    Attributes
    ----------
    scaler_ : StandardScaler
    processes_ : list of GaussianProcessRegressor
    n_features_in_ : int

    Notes
    -----
    The paper names no kernel; this is the default of MATLAB's `fitrgp`, on all rows, as there up to 2000 of
    them. The length, the variance and the noise maximise the marginal likelihood. Both variances start at
    half the responses', as there. The features are standardised, and the length starts at the root of their
    number: from MATLAB's start, their mean deviation, all rows are strangers and the likelihood is level.
    """

    def _learn(self, features: Float, responses: Float) -> None:
        self.scaler_ = StandardScaler().fit(features)
        x = self.scaler_.transform(features)
        kernel = ConstantKernel(0.5) * RBF(np.sqrt(x.shape[1])) + WhiteKernel(0.5)
        with warnings.catch_warnings():
            # Noise that is as low as it may be is no fault.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.processes_ = [
                GaussianProcessRegressor(kernel, normalize_y=True).fit(x, column) for column in responses.T
            ]

    def _respond(self, features: Float) -> Float:
        x = self.scaler_.transform(features)
        return np.column_stack([process.predict(x) for process in self.processes_])
