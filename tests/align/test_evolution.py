"""The paper's refinement: with its numbers, repeatable, better than its start, and never an exception."""

import numpy as np
import pytest
import SimpleITK

from cephalign.align.evolution import EvolutionSettings, evolve
from cephalign.align.scan import prepare
from cephalign.geometry import Rigid
from cephalign.simulate.pair import simulated_pair

COARSE = EvolutionSettings(shrink=(4,))


@pytest.fixture(scope="module")
def fine_pair(preset):
    """Thin slices, so that the pyramid has something to shrink."""
    thin = {"matrix": (84, 84), "spacing_mm": (2.4, 2.4), "distance_mm": None, "slices": (44, 44)}
    return simulated_pair(np.random.default_rng(71), preset(t1=thin, ct=thin))


@pytest.fixture(scope="module")
def fine_scans(fine_pair):
    return prepare(fine_pair.fixed), prepare(fine_pair.moving)


@pytest.fixture(scope="module")
def start(fine_pair, fine_scans):
    return fine_pair.moving_from_fixed @ Rigid.from_euler((3, -4, 2), (3, 4, -3), fine_scans[0].centre)


@pytest.fixture
def spied(monkeypatch):
    """Collect the methods that are made, and what they are told."""
    made = []

    class Spied(SimpleITK.ImageRegistrationMethod):
        def __init__(self):
            super().__init__()
            self.told = {}
            made.append(self)

        def Execute(self, fixed, moving):  # noqa: N802
            self.told["sizes"] = fixed.GetSize(), moving.GetSize()
            return super().Execute(fixed, moving)

    def spy(name):
        def told(self, *args, **named):
            self.told[name] = named or args
            return getattr(super(Spied, self), name)(*args, **named)

        setattr(Spied, name, told)

    for name in (
        "SetOptimizerAsOnePlusOneEvolutionary",
        "SetMetricAsMattesMutualInformation",
        "SetOptimizerScales",
        "SetMetricSamplingStrategy",
    ):
        spy(name)
    monkeypatch.setattr(SimpleITK, "ImageRegistrationMethod", Spied)
    return made


def test_the_papers_parameters_are_passed(spied, fine_scans, start):
    evolve(*fine_scans, start, EvolutionSettings(shrink=(4, 2)))
    assert [method.told["sizes"] for method in spied] == [((21, 21, 11),) * 2, ((42, 42, 22),) * 2]
    for method in spied:
        assert method.told["SetOptimizerAsOnePlusOneEvolutionary"] == {
            "numberOfIterations": 100,
            "epsilon": 1.5e-6,
            "initialRadius": 6.25e-3,
            "growthFactor": 1.05,
            "shrinkFactor": 1.05**-0.25,
            "seed": 1,
        }
        assert method.told["SetMetricAsMattesMutualInformation"] == {"numberOfHistogramBins": 50}
        assert method.told["SetMetricSamplingStrategy"] == (method.NONE,)
        # Translations in units of the diagonal of the two smallest extents.
        diagonal = np.hypot(84 * 2.4, 44 * 2.4)
        assert method.told["SetOptimizerScales"] == ([1.0] * 3 + [pytest.approx(1 / diagonal)] * 3,)


def test_the_papers_levels_are_the_default():
    assert EvolutionSettings().shrink == (4, 2, 1)


def test_thick_slices_stay_whole(spied, scans, pair):
    evolve(*scans, pair.moving_from_fixed, EvolutionSettings(shrink=(4,), iterations=1))
    (fixed, moving) = spied[0].told["sizes"]
    assert (fixed[2], moving[2]) == (26, 29)


def test_it_improves_a_small_misalignment(fine_pair, fine_scans, start):
    stages = evolve(*fine_scans, start, EvolutionSettings(shrink=(4, 2)))
    assert [stage.name for stage in stages] == ["evolution-4", "evolution-2"]
    body = fine_scans[0].body[::11]
    errors = [
        float(pose.distance(fine_pair.moving_from_fixed, body).mean())
        for pose in (start, *(stage.moving_from_fixed for stage in stages))
    ]
    assert errors[0] > 5
    assert errors[-1] < 0.8 * errors[0]  # 0.56 to 0.72 over eight heads
    assert all(stage.similarity > 0.1 and stage.seconds > 0 for stage in stages)


def test_it_stays_at_the_truth(fine_pair, fine_scans):
    (stage,) = evolve(*fine_scans, fine_pair.moving_from_fixed, COARSE)
    body = fine_scans[0].body[::11]
    assert stage.moving_from_fixed.distance(fine_pair.moving_from_fixed, body).mean() < 1.5


def test_same_seed_same_bytes_and_another_seed_others(fine_scans, start):
    def ends(seed):
        (stage,) = evolve(*fine_scans, start, EvolutionSettings(shrink=(4,), iterations=20, seed=seed))
        return stage.moving_from_fixed.matrix.tobytes(), stage.similarity

    assert ends(1) == ends(1)
    assert ends(1) != ends(2)


def test_one_thread_and_two_give_the_same_bytes(fine_scans, start):
    def ends():
        (stage,) = evolve(*fine_scans, start, EvolutionSettings(shrink=(2,), iterations=20))
        return stage.moving_from_fixed.matrix.tobytes(), stage.similarity

    before = SimpleITK.ProcessObject.GetGlobalDefaultNumberOfThreads()
    found = []
    try:
        for count in (1, 2, 4):
            SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(count)
            found.append(ends())
    finally:
        SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(before)
    assert found[0] == found[1] == found[2]


def test_the_number_of_threads_is_put_back(fine_scans, start):
    before = SimpleITK.ProcessObject.GetGlobalDefaultNumberOfThreads()
    evolve(*fine_scans, start, EvolutionSettings(shrink=(4,), iterations=1))
    assert SimpleITK.ProcessObject.GetGlobalDefaultNumberOfThreads() == before


def test_scans_that_do_not_overlap_are_a_stage(fine_scans):
    beyond = Rigid.from_euler((0, 0, 0), (0, 900, 0))
    stages = evolve(*fine_scans, beyond, COARSE)
    assert [(stage.moving_from_fixed, stage.similarity) for stage in stages] == [(beyond, -np.inf)]
