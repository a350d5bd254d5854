"""A network with one hidden layer of tanh neurons and linear outputs, as a problem of least squares."""

from __future__ import annotations

import numpy as np

from cephalign.geometry.grid import Float
from cephalign.models.heads.least_squares import Normal


class Perceptron:
    """The network and the data it is to learn: D inputs, H hidden neurons, K outputs, N samples.

    Its P = H (D + 1) + K (H + 1) weights are one vector: each hidden neuron's row, its bias last, then each
    output's. The Jacobian, N K by P, is made only where samples are few: an output depends on its own row of
    the second layer and on the hidden neurons, and these on the inputs, so that J'J falls into small
    products.

    Parameters
    ----------
    inputs : (N, D) array
    targets : (N, K) array
    hidden : int
    """

    def __init__(self, inputs: Float, targets: Float, hidden: int) -> None:
        self._inputs, self._targets = with_bias(inputs), targets
        self.hidden = hidden

    @property
    def residuals(self) -> int:
        """N K."""
        return self._targets.size

    def squares(self, weights: Float) -> float:
        """Return r'r, with r = output - target."""
        residual = self._forward(weights)[2]
        return float(np.vdot(residual, residual))

    def slope(self, weights: Float) -> tuple[float, Float]:
        """Return r'r and J'r: backpropagation."""
        second, active, residual = self._forward(weights)
        backward = residual @ second[:, :-1] * (1 - active[:, :-1] ** 2)  # (N, H)
        slope = np.concatenate([(backward.T @ self._inputs).ravel(), (residual.T @ active).ravel()])
        return float(np.vdot(residual, residual)), slope

    def normal(self, weights: Float) -> Normal:
        """Return r'r, J'r and J'J, or JJ' where it is smaller.

        The derivative of output k by weight d of hidden neuron h is v_kh s_h x_d, with v the second layer,
        s = 1 - tanh^2 and x the inputs; by weight h of output k it is the activity a_h, and 0 for the others.
        """
        second, active, residual = self._forward(weights)
        steep = 1 - active[:, :-1] ** 2  # (N, H)
        if self.residuals < weights.size:
            jacobian = self._jacobian(second, active, steep)
            return Normal(*self.slope(weights), jacobian @ jacobian.T, jacobian, residual.ravel())
        width, hidden = self._inputs.shape[1], self.hidden
        together = second[:, :-1].T @ second[:, :-1]  # (H, H)
        split = hidden * width  # the first weight of the second layer
        curvature = np.zeros((weights.size, weights.size))
        for h in range(hidden):
            row = slice(h * width, (h + 1) * width)
            # Neuron h against itself and all that follow, in one product.
            mixed = together[h, h:] * steep[:, h, None] * steep[:, h:]  # (N, H - h)
            others = mixed[:, :, None] * self._inputs[:, None, :]  # (N, H - h, D + 1)
            curvature[row, h * width : split] = self._inputs.T @ others.reshape(len(others), -1)
            crossed = self._inputs.T @ (steep[:, h, None] * active)  # (D + 1, H + 1)
            curvature[row, split:] = np.kron(second[:, h], crossed)
            curvature[(h + 1) * width :, row] = curvature[row, (h + 1) * width :].T
        curvature[split:, split:] = np.kron(np.eye(len(second)), active.T @ active)
        return Normal(*self.slope(weights), curvature)

    def _jacobian(self, second: Float, active: Float, steep: Float) -> Float:
        """Return (N K, P)."""
        samples, outputs = self._targets.shape
        hidden = steep[:, None, :] * second[None, :, :-1]  # (N, K, H)
        first = hidden[..., None] * self._inputs[:, None, None, :]  # (N, K, H, D + 1)
        last = np.eye(outputs)[None, :, :, None] * active[:, None, None, :]  # (N, K, K, H + 1)
        parts = [part.reshape(samples * outputs, -1) for part in (first, last)]
        return np.concatenate(parts, axis=1)

    def drawn(self, random: np.random.RandomState) -> Float:
        """Draw weights to start from: Nguyen and Widrow (IJCNN 1990), for inputs in [-1, 1].

        Each hidden neuron is steep in another part of the inputs' range. The outputs' weights are uniform in
        [-1, 1].
        """
        inputs, hidden = self._inputs.shape[1] - 1, self.hidden
        direction = random.normal(size=(hidden, inputs))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        # tanh is taken to be steep in [-2, 2], hence the 2.
        length = 2 * 0.7 * hidden ** (1 / inputs)
        bias = length * np.linspace(-1, 1, hidden) * np.sign(direction[:, 0]) if hidden > 1 else np.zeros(1)
        second = random.uniform(-1, 1, size=(self._targets.shape[1], hidden + 1))
        return np.concatenate([np.column_stack([length * direction, bias]).ravel(), second.ravel()])

    def layers(self, weights: Float) -> tuple[Float, Float]:
        """Return the (H, D + 1) and (K, H + 1) weights of the two layers, biases last."""
        width, outputs = self._inputs.shape[1], self._targets.shape[1]
        split = self.hidden * width
        return weights[:split].reshape(-1, width), weights[split:].reshape(outputs, -1)

    def _forward(self, weights: Float) -> tuple[Float, Float, Float]:
        """Return the second layer, the hidden neurons' activity with the bias's 1, and the residuals."""
        first, second = self.layers(weights)
        active = with_bias(np.tanh(self._inputs @ first.T))  # (N, H + 1)
        return second, active, active @ second.T - self._targets


def with_bias(values: Float) -> Float:
    """Append a column of ones."""
    return np.column_stack([values, np.ones(len(values))])
