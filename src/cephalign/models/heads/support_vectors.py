"""Support vector regression, one machine a response.

Islam et al. 2021, 'Selection of regression model'; Vapnik (The Nature of Statistical Learning Theory, 1995).
"""

from __future__ import annotations

import numpy as np
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from cephalign.geometry.grid import Float
from cephalign.models.heads.head import Head


class SupportVectors(Head):
    """One support vector machine a response, with a Gaussian kernel.

    Attributes
    ----------
    scaler_ : StandardScaler
    machines_ : list of SVR
    n_features_in_ : int

    Notes
    -----
    The paper names no kernel. The penalty and the width of the tube follow the spread of the responses, as in
    MATLAB's `fitrsvm` with a Gaussian kernel. The features are standardised and the kernel's width is the
    root of their number ('medium' in MATLAB's Regression Learner): at `fitrsvm`'s width of 1, with 256
    features, each pair of images would be a stranger to all others.
    """

    def _learn(self, features: Float, responses: Float) -> None:
        self.scaler_ = StandardScaler().fit(features)
        x = self.scaler_.transform(features)
        self.machines_ = [self._machine(column).fit(x, column) for column in responses.T]

    def _machine(self, response: Float) -> SVR:
        # A normal distribution's standard deviation; 1 where half the responses are the same.
        spread = float(np.subtract(*np.percentile(response, [75, 25]))) / 1.349 or 1.0
        return SVR(kernel="rbf", gamma="auto", C=spread, epsilon=spread / 10)

    def _respond(self, features: Float) -> Float:
        x = self.scaler_.transform(features)
        return np.column_stack([machine.predict(x) for machine in self.machines_])
