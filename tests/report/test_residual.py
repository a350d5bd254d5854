"""The error to expect at each point: the mean over the ends, the size asked for, the right colours."""

import matplotlib
import numpy as np
import pytest

from cephalign.geometry import Modality, Rigid
from cephalign.report.embedded import embedded
from cephalign.report.planes import PLANES, Field, points_of
from cephalign.report.residual import residual
from cephalign.report.residual_picture import VIRIDIS, draw_residual
from tests.report.conftest import CENTRE, ENDS, POSE

BODY = CENTRE + np.random.default_rng(2).normal(0, 40, (3000, 3))
END_POSES = [POSE @ Rigid.from_euler(turn, shift, CENTRE) for turn, shift in ENDS]


def test_it_is_the_root_mean_square_over_the_ends():
    spread = residual(POSE, END_POSES, 0.8, BODY)
    squares = np.mean([POSE.distance(end, BODY) ** 2 for end in END_POSES], axis=0)
    ratio = spread.at(BODY) / np.sqrt(squares)
    assert ratio == pytest.approx(np.full(len(BODY), ratio[0]))
    assert spread.at(BODY).mean() == pytest.approx(0.8)


def test_a_turn_is_worst_far_from_its_axis():
    turned = POSE @ Rigid.from_euler((0, 0, 1), centre=CENTRE)
    spread = residual(POSE, [turned], 1.0, BODY)
    on_axis, beside = spread.at(CENTRE + np.array([(0, 0, 50), (50, 0, 0)]))
    assert on_axis == pytest.approx(0, abs=1e-6)
    assert beside > 0.5


@pytest.mark.parametrize(
    ("ends", "expected_mm", "why"),
    [
        (END_POSES, np.inf, "No error could be stated"),
        (END_POSES, np.nan, "No error could be stated"),
        ([], 0.8, "No climbs were repeated"),
        ([POSE, POSE], 0.8, "ended in one place"),
    ],
)
def test_it_says_why_there_is_none(ends, expected_mm, why):
    assert why in residual(POSE, ends, expected_mm, BODY)


def test_the_colours_are_those_of_the_errors(scans):
    fixed = embedded(scans[0], Modality.T1)
    spread = residual(POSE, END_POSES, 0.8, fixed.body)
    field = Field(CENTRE, 200.0, 160)
    drawn = draw_residual(spread, fixed, CENTRE, field)
    assert spread.at(fixed.body).max() <= drawn.end_mm <= 2 * spread.at(fixed.body).max()
    for plane, panel in zip(PLANES, drawn.panels, strict=True):
        wanted = matplotlib.colormaps["viridis"](spread.at(points_of(plane, field)) / drawn.end_mm)[..., :3]
        close = np.abs(panel - 255 * wanted).max(axis=-1) < 7
        # All but the lines, in the head; nothing of it outside.
        assert close[50:110, 50:110].mean() > 0.8
        assert not close[:8].any()


def test_the_map_is_viridis():
    places = np.linspace(0, 1, len(VIRIDIS))
    assert np.abs(VIRIDIS - 255 * matplotlib.colormaps["viridis"](places)[:, :3]).max() <= 0.5
