"""One contract for every regressor on frozen features: scikit-learn's, and ours."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from cephalign.errors import InputError
from cephalign.models.heads import Ann, GaussianProcesses, SupportVectors

HEADS = {
    "bayesian": Ann(epochs=50),
    "levenberg-marquardt": Ann("levenberg-marquardt", epochs=50),
    "scaled-conjugate-gradient": Ann("scaled-conjugate-gradient", epochs=300),
    "support vectors": SupportVectors(),
    "Gaussian processes": GaussianProcesses(),
}


@pytest.fixture(params=HEADS)
def head(request):
    return clone(HEADS[request.param])


@pytest.fixture(scope="module")
def features_and_responses():
    """Return 12 features that tell six responses of unlike units, each at its own bend, with little noise."""
    random = np.random.default_rng(5)
    responses = random.uniform(-1, 1, (160, 6))
    features = np.tanh(responses @ random.normal(0, 0.5, (6, 12)) + random.normal(0, 0.3, 12))
    features += random.normal(0, 0.005, features.shape)
    return features, responses * [15, 15, 15, 5, 5, 5] + [0, 3, 0, -40, 0, 100]


@parametrize_with_checks(list(HEADS.values()))
def test_the_contract_of_scikit_learn(estimator, check):
    check(estimator)


def test_it_learns_and_generalises(head, features_and_responses):
    features, responses = features_and_responses
    head.fit(features[:120], responses[:120])
    predicted = head.predict(features[120:])
    assert predicted.shape == (40, 6) and predicted.dtype == np.float64
    error = ((predicted - responses[120:]) ** 2).mean(axis=0) / responses.var(axis=0)
    assert (error < 0.15).all()


def test_units_do_not_matter(head, features_and_responses):
    """Degrees or radians, and any scale and offset of a feature, give the same answer."""
    features, responses = (a[:60] for a in features_and_responses)
    plain = clone(head).fit(features, responses).predict(features)
    unit, offset = np.array([np.pi / 180] * 3 + [10.0] * 3), np.arange(6.0)
    stretched = features * np.linspace(0.2, 30, 12) + 7
    other = head.fit(stretched, responses * unit + offset).predict(stretched)
    np.testing.assert_allclose((other - offset) / unit, plain, atol=0.02 * responses.std())


def test_each_fit_gives_the_same_bytes_on_any_number_of_threads(head, features_and_responses):
    from threadpoolctl import threadpool_limits

    features, responses = (a[:100] for a in features_and_responses)
    predicted = []
    for threads in (1, 2, 2):
        with threadpool_limits(threads):
            predicted.append(clone(head).fit(features, responses).predict(features))
    assert predicted[0].tobytes() == predicted[1].tobytes() == predicted[2].tobytes()


def test_a_constant_feature_and_a_constant_response_do_no_harm(head, features_and_responses):
    features, responses = (a[:60].copy() for a in features_and_responses)
    features[:, 3], responses[:, 2] = 4.0, -7.0
    predicted = head.fit(features, responses).predict(features)
    np.testing.assert_allclose(predicted[:, 2], -7.0, atol=1e-6)
    assert head.score(features, responses) > 0.8


@pytest.mark.parametrize("training", [name for name, head in HEADS.items() if isinstance(head, Ann)])
def test_a_network_goes_through_arrays_unchanged(training, features_and_responses):
    features, responses = features_and_responses
    network = clone(HEADS[training]).fit(features, responses)
    arrays = network.to_arrays()
    assert all(array.dtype == np.float64 for array in arrays.values())
    again = Ann.from_arrays({name: array.copy() for name, array in arrays.items()})
    assert again.predict(features).tobytes() == network.predict(features).tobytes()
    assert again.get_params()["hidden"] == 10
    with pytest.raises(ValueError, match="12 features"):
        again.predict(features[:, :5])


def test_arrays_that_make_no_network_are_refused(features_and_responses):
    arrays = Ann(epochs=1).fit(*features_and_responses).to_arrays()
    with pytest.raises(InputError, match="lacks arrays: responses_half"):
        Ann.from_arrays({name: arrays[name] for name in arrays if name != "responses_half"})
    with pytest.raises(InputError, match=r"do not fit together.*\(6, 11\)"):
        Ann.from_arrays({**arrays, "output_weights": arrays["output_weights"][:, 1:]})


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"training": "adam"}, "no such training; expected one of bayesian, .*; got 'adam'"),
        ({"hidden": 0}, "needs neurons and epochs"),
        ({"epochs": 0}, "needs neurons and epochs"),
        ({"validation": 1.0}, "part of the rows"),
    ],
)
def test_impossible_parameters_are_refused_when_fitting(parameters, message, features_and_responses):
    with pytest.raises(InputError, match=message):
        Ann(**parameters).fit(*features_and_responses)


def test_a_process_of_many_rows_learns_from_all_of_them():
    """The kernel comes from a few rows; the answer at another's place is still that row's own."""
    rng = np.random.default_rng(8)
    x = rng.uniform(-2, 2, (120, 2))
    y = np.sin(2 * x[:, 0]) + x[:, 1]
    few = GaussianProcesses(likelihood_rows=30).fit(x, y)
    only = GaussianProcesses(likelihood_rows=30).fit(x[:30], y[:30])
    assert np.abs(few.predict(x) - y).max() < 0.5 * np.abs(only.predict(x) - y).max()
    assert np.array_equal(few.predict(x), GaussianProcesses(likelihood_rows=30).fit(x, y).predict(x))
    with pytest.raises(InputError, match="too few rows for the likelihood; expected 2 or more; got 1"):
        GaussianProcesses(likelihood_rows=1).fit(x, y)


def test_another_seed_starts_elsewhere(features_and_responses):
    features, responses = features_and_responses
    one, other = (Ann(epochs=2, random_state=seed).fit(features, responses) for seed in (1, 2))
    assert not np.array_equal(one.hidden_weights_, other.hidden_weights_)
