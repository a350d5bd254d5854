"""A record gives back to the last bit what was drawn, and refuses everything else."""

import copy
import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cephalign.augmentation.originals import Original, Scan
from cephalign.augmentation.plan import Request, draw_plan
from cephalign.augmentation.record import as_record, read_plan
from cephalign.errors import CephalignError, InputError
from cephalign.geometry import Grid, Modality, Rigid

GRID = Grid((11, 12, 7), np.array([[-2, 0, 0, 31], [0, -2.5, 0, 40], [0, 0, 5, -60], [0, 0, 0, 1.0]]))
ORIGINALS = [
    Original(
        f"sub-{number:04d}",
        {
            role: Scan(Path(f"{number}-{role}.nii"), f"{number}{role}", GRID, Modality.CT)
            for role in ("fixed", "moving")
        },
        Rigid.from_euler((number, -5, 8), (1, 2, 3)),
    )
    for number in (1, 2, 3)
]
PLAN = draw_plan(Request(4, 9, 20, 3), [[GRID.centre, GRID.centre + 9]] * 3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("records")


def written(record, folder):
    path = folder / "augmentation.json"
    path.write_text(record if isinstance(record, str) else json.dumps(record))
    return path


def test_a_round_trip_keeps_every_bit(folder):
    record = as_record(ORIGINALS, PLAN)
    assert read_plan(written(record, folder), ORIGINALS) == PLAN


def test_the_record_names_the_split(folder):
    split = as_record(ORIGINALS, PLAN)["split"]
    assert sorted(name for names in split.values() for name in names) == ["sub-0001", "sub-0002", "sub-0003"]
    for name, subset in zip(("sub-0001", "sub-0002", "sub-0003"), PLAN.subsets, strict=True):
        assert name in split[subset]


def without(record, *keys):
    record = copy.deepcopy(record)
    inner = record
    for key in keys[:-1]:
        inner = inner[key]
    del inner[keys[-1]]
    return record


def with_value(record, value, *keys):
    record = copy.deepcopy(record)
    inner = record
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    return record


RECORD = as_record(ORIGINALS, PLAN)
FIRST = ("originals", 0, "copies", 0, "fixed")


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ("no JSON", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is no record of copies"),
        ('{"moving_from_fixed": []}', "is no record of copies"),
        (with_value(RECORD, 2, "version"), "is no record of copies"),
        (with_value(RECORD, [], "originals"), "got 3"),
        (without(RECORD, "originals", 1), "got 3"),
        (
            with_value(RECORD, "0", "originals", 1, "scans", "moving", "sha256"),
            "2-fixed.nii and 2-moving.nii",
        ),
        (without(RECORD, "originals", 1, "scans", "moving"), "not what"),
        (with_value(RECORD, np.eye(4).tolist(), "originals", 0, "moving_from_fixed"), "reference transform"),
        (without(RECORD, "originals", 0, "copies", 3), "4 copies"),
        (without(RECORD, *FIRST), "is damaged"),
        (without(RECORD, *FIRST, "axis"), "is damaged"),
        (with_value(RECORD, [0, 0, 0], *FIRST, "axis"), "no length"),
        (with_value(RECORD, [1, 0], *FIRST, "axis"), "3 numbers"),
        (with_value(RECORD, "far", *FIRST, "angle_deg"), "numbers"),
        (with_value(RECORD, float("nan"), *FIRST, "angle_deg"), "finite"),
        (with_value(RECORD, None, *FIRST), "is damaged"),
        (with_value(RECORD, -1, "request", "count"), "impossible count"),
        (without(RECORD, "split"), "is damaged"),
        (with_value(RECORD, [], "split", PLAN.subsets[0]), "is damaged"),
    ],
)
def test_refusals(folder, record, said):
    path = written(record, folder)
    with pytest.raises(InputError, match=said) as error:
        read_plan(path, ORIGINALS)
    assert "\n" not in str(error.value)


def places(value, at=()):
    """Yield the keys to everything in a record."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield (*at, key)
        yield from places(below, (*at, key))


@given(st.sampled_from(list(places(RECORD))), st.sampled_from([None, "", -1, 1e300, [], {}, [[]], True]))
def test_damage_is_never_a_traceback(folder, place, value):
    path = written(with_value(RECORD, value, *place), folder)
    with suppress(CephalignError):
        read_plan(path, ORIGINALS)


def test_a_missing_record(folder):
    with pytest.raises(InputError, match="No such file"):
        read_plan(folder / "none.json", ORIGINALS)
