"""What was drawn can be written, read and repeated to the byte."""

import json
from dataclasses import replace

import numpy as np
import pytest

from cephalign.errors import CephalignError, GeometryError, InputError
from cephalign.geometry import Modality, Rigid
from cephalign.parallel import undivided_operations
from cephalign.simulate.acquire import Acquisition, acquire, draw_acquisition
from cephalign.simulate.acquire.parts import Coil, Reach, Resolution, Storage
from cephalign.simulate.presets import PRESETS

POSE = Rigid.from_euler((9, -7, 12), (4, -9, 11))
MR = (Modality.T1, Modality.T2, Modality.PD)
# All that can happen to a scan, on few voxels.
SPOILT = {
    modality: replace(
        protocol,
        coverages=(replace(PRESETS["small"].protocols[modality].coverages[0], slices=(5, 5)),),
        flaws=replace(
            PRESETS["hard"].protocols[modality].flaws,
            **({"coil_chance": 1.0, "ghosting_chance": 1.0} if modality in MR else {}),
            **(
                {"circle_chance": 1.0, "hardware": {"table": 1.0, "holder": 1.0, "frame": 1.0}}
                if modality == Modality.CT
                else {}
            ),
        ),
    )
    for modality, protocol in PRESETS["hard"].protocols.items()
}


@pytest.fixture(scope="module", params=list(SPOILT), ids=str)
def drawn(request, head):
    return draw_acquisition(np.random.default_rng(21), SPOILT[request.param], head, POSE)


def scanned(head, acquisition):
    with undivided_operations():
        return acquire(head, acquisition)


def test_a_record_goes_through_json_and_gives_the_same_bytes(head, drawn):
    text = json.dumps(drawn.to_record(), allow_nan=False)
    again = Acquisition.from_record(json.loads(text))
    assert again.to_record() == json.loads(text) == json.loads(json.dumps(again.to_record()))
    assert again.grid == drawn.grid
    assert again.world_from_head == drawn.world_from_head
    one, two = scanned(head, drawn), scanned(head, again)
    assert one.modality == two.modality == drawn.modality
    assert one.grid == drawn.grid
    assert one.data.dtype == two.data.dtype
    assert one.data.tobytes("F") == two.data.tobytes("F")


def test_the_number_of_threads_changes_nothing(head, drawn, with_threads):
    one, two = (with_threads(count, lambda: scanned(head, drawn)) for count in (1, 2))
    assert one.data.tobytes("F") == two.data.tobytes("F")


def test_another_seed_is_another_noise_on_the_same_head(head, drawn):
    one, two = (scanned(head, replace(drawn, seed=seed)).data.astype(float) for seed in (1, 2))
    assert (one != two).mean() > 0.2
    assert np.corrcoef(one.ravel(), two.ravel())[0, 1] > 0.3


def test_the_same_seed_draws_the_same(head):
    for protocol in SPOILT.values():
        one, two = (
            draw_acquisition(np.random.default_rng(3), protocol, head, POSE).to_record() for _ in range(2)
        )
        assert one == two


def test_what_may_happen_has_happened(head, drawn):
    is_mr = drawn.modality in MR
    assert (drawn.hardware is not None) == (drawn.modality == Modality.CT)
    assert (drawn.distortion is not None) == is_mr
    assert (drawn.coil is not None) == is_mr
    assert (drawn.ghosting is not None) == is_mr
    assert (len(drawn.bias) == 27) == is_mr


def test_records_that_are_none_are_refused(drawn):
    record = drawn.to_record()
    missing = {name: value for name, value in record.items() if name != "noise"}
    wrong = [
        missing,
        record | {"colour": 3},
        record | {"modality": "MR-T9"},
        record | {"grid": {"shape": [3, 4]}},
        record | {"contrast": {"kind": "Telepathy"}},
        record | {"contrast": {"tr_ms": 3}},
        record | {"storage": {"dtype": "int16"}},
        record | {"deviations": [0.0] * 5},
        record | {"noise": -1.0},
        record | {"noise": float("nan")},
        record | {"seed": -3},
        record | {"modality": "MR"},
    ]
    for one in wrong:
        with pytest.raises(CephalignError) as refused:
            Acquisition.from_record(one)
        assert refused.value.got or refused.value.expected or refused.value.do


def test_impossible_geometry_is_refused(drawn):
    record = drawn.to_record()
    for grid in ({"shape": [0, 4, 4]}, {"world_from_voxel": np.zeros((4, 4)).tolist()}):
        with pytest.raises(GeometryError):
            Acquisition.from_record(record | {"grid": record["grid"] | grid})
    with pytest.raises(GeometryError, match="reflection"):
        Acquisition.from_record(record | {"world_from_head": np.diag([-1.0, 1, 1, 1]).tolist()})


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        (Resolution, {"thickness_mm": -4.0}),
        (Resolution, {"thickness_mm": 4.0, "profile": "gauss"}),
        (Resolution, {"thickness_mm": 4.0, "blur_mm": -1.0}),
        (Resolution, {"thickness_mm": 4.0, "kernel": -2.0}),
        (Reach, {"circle_mm": -1.0}),
        (Reach, {"fill": 1e6}),
        (Coil, {"middle_mm": 0.0, "half_mm": 0.0, "fall_mm": 10.0}),
        (Storage, {"dtype": "int8", "slope": 1.0, "intercept": 0.0, "lowest": 0, "highest": 9}),
        (Storage, {"dtype": "uint8", "slope": 1.0, "intercept": 0.0, "lowest": -5, "highest": 255}),
        (Storage, {"dtype": "uint8", "slope": 0.0, "intercept": 0.0, "lowest": 0, "highest": 255}),
        (Storage, {"dtype": "uint8", "slope": 1.0, "intercept": 0.0, "lowest": 9, "highest": 9}),
    ],
)
def test_impossible_parts_are_refused(kind, parameters):
    with pytest.raises(InputError) as refused:
        kind(**parameters)
    assert refused.value.expected
    assert refused.value.got
