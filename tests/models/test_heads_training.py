"""The trainers, on problems whose answer is known or found by other people's programs."""

import numpy as np
import pytest
from scipy import optimize
from sklearn.linear_model import BayesianRidge

from cephalign.models.heads import Ann
from cephalign.models.heads.bayesian import bayesian, effective_parameters, most_probable
from cephalign.models.heads.conjugate_gradient import scaled_conjugate_gradient
from cephalign.models.heads.least_squares import Normal, Watch
from cephalign.models.heads.levenberg_marquardt import Objective, downhill, levenberg_marquardt
from cephalign.models.heads.perceptron import Perceptron

WATCHED = [levenberg_marquardt, scaled_conjugate_gradient]


class Problem:
    """Residuals from a function and its Jacobian."""

    def __init__(self, function, jacobian, residuals):
        self._function, self._jacobian, self.residuals = function, jacobian, residuals
        self.seen = []

    def squares(self, weights):
        self.seen.append(weights)
        return float(np.sum(self._function(weights) ** 2))

    def slope(self, weights):
        return self.squares(weights), self._jacobian(weights).T @ self._function(weights)

    def normal(self, weights):
        jacobian = self._jacobian(weights)
        return Normal(*self.slope(weights), jacobian.T @ jacobian)


def linear(matrix, target):
    return Problem(lambda w: matrix @ w - target, lambda w: matrix, len(target))


def rosenbrock():
    """A bent valley with its end at (1, 1)."""
    return Problem(
        lambda w: np.array([10 * (w[1] - w[0] ** 2), 1 - w[0]]),
        lambda w: np.array([[-20 * w[0], 10], [-1, 0]]),
        2,
    )


@pytest.fixture
def random():
    return np.random.default_rng(3)


@pytest.fixture
def network(random):
    """Return a small network of three inputs, four neurons and two outputs, and weights."""
    problem = Perceptron(random.uniform(-1, 1, (23, 3)), random.normal(size=(23, 2)), 4)
    weights = problem.drawn(np.random.RandomState(1))
    assert weights.shape == (4 * (3 + 1) + 2 * (4 + 1),)
    return problem, weights


def residuals_of(problem, weights):
    first, second = problem.layers(weights)
    active = np.tanh(problem._inputs[:, :-1] @ first[:, :-1].T + first[:, -1])
    return (active @ second[:, :-1].T + second[:, -1] - problem._targets).ravel()


def test_derivatives_of_the_network_are_those_of_differences(network):
    problem, weights = network
    step = 1e-6
    jacobian = np.column_stack(
        [
            (residuals_of(problem, weights + one) - residuals_of(problem, weights - one)) / (2 * step)
            for one in step * np.eye(weights.size)
        ]
    )
    residuals, normal = residuals_of(problem, weights), problem.normal(weights)
    assert problem.residuals == residuals.size == 46
    assert problem.squares(weights) == pytest.approx(residuals @ residuals, rel=1e-12)
    assert normal.squares == pytest.approx(residuals @ residuals, rel=1e-12)
    np.testing.assert_allclose(normal.slope, jacobian.T @ residuals, atol=1e-7)
    np.testing.assert_allclose(problem.slope(weights)[1], normal.slope, atol=1e-12)
    np.testing.assert_allclose(normal.curvature, jacobian.T @ jacobian, atol=1e-7)


@pytest.mark.parametrize("alpha", [0, 1e-9, 0.3])
def test_a_step_is_the_damped_least_squares_solution(network, alpha):
    """Of the residuals' lines, the decay's and the damping's, stacked."""
    problem, weights = network
    normal, damping, beta = problem.normal(weights), 0.5, 2.0
    jacobian = np.linalg.cholesky(normal.curvature + 1e-10 * np.eye(weights.size)).T
    residual = np.linalg.solve(jacobian.T, normal.slope)
    rows = [
        np.sqrt(beta) * jacobian,
        np.sqrt(alpha) * np.eye(weights.size),
        np.sqrt(damping) * np.eye(weights.size),
    ]
    right = np.concatenate([np.sqrt(beta) * residual, np.sqrt(alpha) * weights, np.zeros(weights.size)])
    expected = weights - np.linalg.lstsq(np.vstack(rows), right, rcond=None)[0]
    stepped, fallen = downhill(problem, weights, normal, Objective(alpha, beta), damping)
    np.testing.assert_allclose(stepped, expected, atol=1e-6)
    assert fallen == pytest.approx(0.1 * damping)


@pytest.mark.parametrize("alpha", [0, 1e-9, 0.3])
def test_few_residuals_give_the_same_step_by_their_own_matrix(random, alpha):
    problem = Perceptron(random.uniform(-1, 1, (5, 9)), random.normal(size=(5, 2)), 4)
    weights = problem.drawn(np.random.RandomState(2))
    few = problem.normal(weights)
    assert few.curvature.shape == (10, 10)
    whole = Normal(few.squares, few.slope, few.jacobian.T @ few.jacobian)
    step = 1e-6
    differences = [
        (residuals_of(problem, weights + one) - residuals_of(problem, weights - one)) / (2 * step)
        for one in step * np.eye(weights.size)
    ]
    np.testing.assert_allclose(few.jacobian, np.column_stack(differences), atol=1e-7)
    np.testing.assert_allclose(few.jacobian.T @ few.residual, few.slope, atol=1e-12)
    objective = Objective(alpha, 2.0)
    np.testing.assert_allclose(
        objective.step(few, weights, 0.05), objective.step(whole, weights, 0.05), atol=1e-9
    )
    if alpha > 1e-3:
        counts = [effective_parameters(one.curvature, objective) for one in (few, whole)]
        assert counts[0] == pytest.approx(counts[1], rel=1e-9)


def test_without_decay_it_is_plain_levenberg_marquardt(network):
    problem, weights = network
    normal = problem.normal(weights)
    plain = downhill(problem, weights, normal, Objective(), 0.01)
    np.testing.assert_allclose(
        downhill(problem, weights, normal, Objective(1e-12, 1.0), 0.01)[0], plain[0], atol=1e-8
    )


def test_where_nothing_goes_down_no_step_is_made(random):
    matrix, target = random.normal(size=(30, 5)), random.normal(size=30)
    problem, best = linear(matrix, target), np.linalg.lstsq(matrix, target, rcond=None)[0]
    assert downhill(problem, best, problem.normal(best), Objective(), 1e-3) is None


@pytest.mark.parametrize("train", WATCHED)
def test_trainers_solve_linear_problems(train, random):
    matrix, target = random.normal(size=(40, 6)), random.normal(size=40)
    problem = linear(matrix, target)
    trained = train(problem, random.normal(size=6), 200, problem)
    np.testing.assert_allclose(trained.weights, np.linalg.lstsq(matrix, target, rcond=None)[0], atol=1e-5)
    assert trained.epochs < 60 and trained.stopped


@pytest.mark.parametrize("train", WATCHED)
def test_trainers_follow_a_bent_valley(train):
    problem = rosenbrock()
    trained = train(problem, np.array([-1.2, 1.0]), 600, problem)
    np.testing.assert_allclose(trained.weights, [1, 1], atol=1e-4)


@pytest.mark.parametrize("train", WATCHED)
def test_trainers_reach_the_minimum_that_scipy_reaches(train, random):
    x, start = random.uniform(-1, 1, (150, 3)), random.normal(size=26)
    taught = residuals_of(Perceptron(x, np.zeros((150, 2)), 4), start).reshape(150, 2)
    problem = Perceptron(x, taught + 0.05 * random.normal(size=(150, 2)), 4)
    trained = train(problem, start + 0.2 * random.normal(size=26), 2000, problem)
    scipys = optimize.least_squares(lambda w: residuals_of(problem, w), start, method="lm")
    assert problem.squares(trained.weights) <= 2 * scipys.cost * (1 + 1e-3)


@pytest.mark.parametrize("train", WATCHED)
def test_the_weights_are_the_best_on_the_data_that_were_held_back(train, random):
    """Few noisy rows and many columns: the learning error falls to nothing, the other soon rises."""
    matrix, truth = random.normal(size=(60, 25)), random.normal(size=25)
    target = matrix @ truth + 3 * random.normal(size=60)
    problem, validation = linear(matrix[:28], target[:28]), linear(matrix[28:], target[28:])
    trained = train(problem, np.zeros(25), 500, validation)
    last = validation.seen[-1]
    assert validation.squares(trained.weights) == min(map(validation.squares, list(validation.seen)))
    assert problem.squares(trained.weights) > problem.squares(last)
    assert validation.squares(trained.weights) < validation.squares(last)


def test_six_epochs_in_a_row_without_progress_are_enough():
    watch = Watch(linear(np.eye(1), np.zeros(1)), np.array([5.0]))
    said = [watch.exhausted_by(np.array([float(value)])) for value in (4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 9)]
    assert said == [False] * 12 + [True]
    assert watch.best == 3


def test_conjugate_gradients_step_down_where_the_error_bends_the_other_way():
    """Moller's steps 3 and 4, by hand: curvature c becomes |c|, and half of it stays for the next."""
    problem = Problem(
        lambda w: w / np.sqrt(1 + w**2), lambda w: np.diag((1 + w**2) ** -1.5), 1
    )  # squared: w^2 / (1 + w^2)

    def bends(w):
        return 2 * w / (1 + w**2) ** 2, (2 - 6 * w**2) / (1 + w**2) ** 3

    scaled_conjugate_gradient(problem, np.array([1.2]), 2, problem)
    slope, curvature = bends(1.2)
    first = 1.2 - slope / abs(curvature)
    slope, then = bends(first)
    assert curvature < 0 < then
    second = first - slope / (then + abs(curvature) / 2)
    np.testing.assert_allclose([problem.seen[n][0] for n in (3, 6)], [first, second], rtol=1e-3)


def test_conjugate_gradients_shorten_a_step_that_failed():
    """Moller's step 8, by hand, on a bowl of curvature 1 with a wall beside it."""
    problem = Problem(lambda w: np.array([w[0], 1.1 * (w[0] < 0.95)]), lambda w: np.array([[1.0], [0.0]]), 2)
    scaled_conjugate_gradient(problem, np.array([1.0]), 3, linear(np.eye(1), np.zeros(1)))
    scale, expected = 0.0, []
    for _ in range(3):
        expected.append(1 - 1 / (1 + scale))
        comparison = 2 * (1 + scale) * (0.5 - (expected[-1] ** 2 + 1.1**2) / 2)
        assert comparison < 0
        scale += (1 + scale) * (1 - comparison)
    np.testing.assert_allclose(np.ravel(problem.seen[2:]), expected, atol=1e-5)


@pytest.mark.parametrize("noise", [0.1, 1.0, 5.0])
def test_strengths_are_those_of_another_programs_evidence(noise, random):
    """For a linear problem MacKay's iteration is Bayesian ridge regression, which scikit-learn has."""
    matrix = random.normal(size=(80, 12)) * np.geomspace(0.05, 3, 12)
    target = matrix @ random.normal(size=12) + noise * random.normal(size=80)
    flat = {"alpha_1": 0, "alpha_2": 0, "lambda_1": 0, "lambda_2": 0}
    ridge = BayesianRidge(max_iter=5000, tol=1e-12, fit_intercept=False, **flat).fit(matrix, target)
    problem = linear(matrix, target)
    trained = bayesian(problem, 0.1 * random.normal(size=12), 400)
    np.testing.assert_allclose(trained.weights, ridge.coef_, atol=0.02 * noise)
    curvature = matrix.T @ matrix
    precise = effective_parameters(curvature, Objective(ridge.lambda_, ridge.alpha_))
    assert trained.effective_parameters == pytest.approx(precise, abs=0.1)
    # Theirs is the logarithm of a density, ours twice that.
    found = most_probable(trained.effective_parameters, 80, problem.squares(trained.weights), trained.weights)
    assert 2 * found.beta == pytest.approx(ridge.alpha_, rel=0.02)
    assert 2 * found.alpha == pytest.approx(ridge.lambda_, rel=0.05)


def test_effective_parameters_are_between_none_and_all(network):
    problem, weights = network
    curvature = problem.normal(weights).curvature
    counts = [effective_parameters(curvature, Objective(alpha, 1)) for alpha in (1e-9, 1e-3, 1, 1e3, 1e9)]
    assert (np.diff(counts) < 0).all()
    assert counts[0] == pytest.approx(weights.size, abs=0.01) and 0 <= counts[-1] < 1e-3


def test_effective_parameters_where_decay_is_lost_in_rounding():
    """A weight that nothing depends on is not determined, however small the decay."""
    curvature = np.outer([1, 2, 0.0], [1, 2, 0.0])
    assert effective_parameters(curvature, Objective(1e-40, 1)) == pytest.approx(1)


@pytest.fixture
def noisy_sine(random):
    """Return a textbook's example of overfitting: 41 noisy points of a sine and 20 neurons."""
    x = np.linspace(-1, 1, 41)[:, None]
    return x, np.sin(2 * np.pi * x[:, 0]), 0.2 * random.normal(size=41)


def test_bayesian_regularisation_does_not_learn_noise(noisy_sine):
    x, sine, noise = noisy_sine
    between = (x[:-1] + x[1:]) / 2
    error = {
        training: np.sqrt(np.mean((network.predict(between) - np.sin(2 * np.pi * between[:, 0])) ** 2))
        for training, validation in (("bayesian", 0.15), ("levenberg-marquardt", 0.02))
        for network in [Ann(training, hidden=20, validation=validation).fit(x, sine + noise)]
    }
    assert error["bayesian"] < 0.1 < error["levenberg-marquardt"]


def test_noise_leaves_fewer_effective_parameters(noisy_sine):
    x, sine, noise = noisy_sine
    counts = [
        Ann(hidden=20, epochs=300).fit(x, sine + scale * noise).effective_parameters_
        for scale in (0.01, 0.3, 2)
    ]
    assert 61 > counts[0] > counts[1] > counts[2] > 0


@pytest.mark.parametrize("training", ["bayesian", "levenberg-marquardt", "scaled-conjugate-gradient"])
def test_a_linear_model_is_recovered(training, random):
    x = random.uniform(-1, 1, (300, 5))
    y = x @ random.normal(size=(5, 6)) + 0.01 * random.normal(size=(300, 6))
    network = Ann(training).fit(x[:200], y[:200])
    assert network.score(x[200:], y[200:]) > 0.998


def test_with_more_weights_than_residuals_it_ends_where_it_interpolates(random):
    """The noise's strength would grow for ever."""
    x = random.uniform(-1, 1, (40, 8))
    y = np.sin(x[:, :2] + x[:, 2:4])
    network = Ann().fit(x, y)
    assert network.stopped_ == "The errors vanished." and network.epochs_ < 100
    assert network.score(x, y) > 0.99999
    assert 0 < network.effective_parameters_ <= 80


@pytest.mark.parametrize("seed", range(4))
def test_it_settles_at_the_same_strengths_wherever_it_starts(seed, noisy_sine):
    x, sine, noise = noisy_sine
    network = Ann(hidden=20, random_state=seed).fit(x, sine + noise)
    assert network.stopped_ == "The strengths of decay and noise have settled."
    assert network.effective_parameters_ == pytest.approx(9.7, abs=0.3)
