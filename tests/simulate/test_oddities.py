"""What not every head has."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from cephalign.errors import InputError
from cephalign.simulate.artefacts import restored
from cephalign.simulate.oddities import KINDS, Oddities, draw_oddities, with_oddities
from cephalign.simulate.oddities.probe import BONE, BRAIN, crossing, tissue_at
from cephalign.simulate.tissues import Tissue

SEEDS = range(4)
NEW = {
    "tumour": {Tissue.TUMOUR},
    "bleeding": {Tissue.BLEEDING},
    "cavity": {Tissue.CSF},
    "craniotomy": {Tissue.SOFT},
    "burr_holes": {Tissue.SOFT},
    "shunt": {Tissue.PLASTIC, Tissue.SOFT},
    "surface_grid": {Tissue.METAL},
    "depth_electrodes": {Tissue.METAL, Tissue.PLASTIC},
    "clip": {Tissue.METAL},
    "crowns": {Tissue.METAL},
    "skin_markers": {Tissue.FAT},
}
MAY_ALSO = {
    "tumour": {Tissue.OEDEMA, Tissue.VENTRICLE},
    "bleeding": {Tissue.OEDEMA},
    "craniotomy": {Tissue.METAL, Tissue.PLASTIC},
    "burr_holes": {Tissue.METAL},
    "shunt": {Tissue.METAL},
}
# What may give way.
ONTO = {
    "tumour": {*BRAIN, Tissue.VENTRICLE, Tissue.CSF},
    "bleeding": {*BRAIN, Tissue.VENTRICLE, Tissue.CSF},
    "cavity": {*BRAIN, Tissue.VENTRICLE, Tissue.CSF},
    "craniotomy": set(BONE),
    "burr_holes": {*BONE, Tissue.FAT, Tissue.SKIN},
    "skin_markers": {Tissue.AIR},
}


def only(kind, head, seed):
    oddities = draw_oddities(np.random.default_rng(seed), head, {kind: 1.0})
    return oddities, with_oddities(head, oddities)


def changes(before, after):
    """Return what was and what is, where they differ."""
    there = before.tissues != after.tissues
    return before.tissues[there], after.tissues[there], there


def world(head, there):
    """Return (n, 3) head mm of a mask's voxels."""
    return there.nonzero().numpy() * head.grid.spacing + head.grid.world_from_voxel[:3, 3]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_puts_what_it_says_and_little_else(kind, seed, head):
    _, odd = only(kind, head, seed)
    was, now, there = changes(head, odd)
    assert NEW[kind] <= set(now.tolist())
    assert set(now.tolist()) <= NEW[kind] | MAY_ALSO.get(kind, set())
    if kind in ONTO:
        assert set(was.tolist()) <= {int(tissue) for tissue in ONTO[kind]}
    assert there.float().mean() < 0.08
    assert odd.tissues.dtype == torch.uint8
    for axis in range(3):
        for end in (0, -1):
            assert torch.equal(odd.tissues.select(axis, end), head.tissues.select(axis, end))
    assert odd.grid == head.grid
    assert set(odd.parameters["oddities"]) == {kind}


def test_the_head_given_is_left_as_it_is(head):
    before = head.tissues.clone()
    with_oddities(head, draw_oddities(np.random.default_rng(0), head, dict.fromkeys(KINDS, 1.0)))
    assert torch.equal(head.tissues, before)
    assert "oddities" not in head.parameters
    nothing = draw_oddities(np.random.default_rng(0), head, dict.fromkeys(KINDS, 0.0))
    assert with_oddities(head, nothing) is head


@pytest.mark.parametrize("seed", SEEDS)
def test_all_at_once_from_json_on_one_thread_or_two(seed, head, with_threads):
    drawn = [
        draw_oddities(np.random.default_rng(seed), head, dict.fromkeys(order, 1.0))
        for order in (KINDS, KINDS[::-1])
    ]
    assert drawn[0] == drawn[1]
    again = restored(Oddities, json.loads(json.dumps(asdict(drawn[0]))))
    assert again == drawn[0]
    one, two = (with_threads(n, lambda: with_oddities(head, again)) for n in (1, 2))
    assert torch.equal(one.tissues, two.tissues)
    assert json.loads(json.dumps(one.parameters))["oddities"].keys() == set(KINDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_bodies_lie_where_and_are_as_large_as_they_say(seed, head):
    for kind in ("bleeding", "cavity"):
        oddities, odd = only(kind, head, seed)
        blob = getattr(oddities, kind)
        inside = odd.tissues == blob.tissue
        if kind == "cavity":
            inside &= head.tissues != blob.tissue
        away = np.linalg.norm(world(head, inside) - blob.centre_mm, axis=1)
        assert away.max() < 1.5 * blob.radius_mm
        assert np.percentile(away, 50) > 0.5 * blob.radius_mm


@pytest.mark.parametrize("seed", SEEDS)
def test_a_craniotomy_opens_the_skull_right_around_the_flap(seed, head):
    oddities, odd = only("craniotomy", head, seed)
    flap = oddities.craniotomy
    _, _, there = changes(head, odd)
    away = world(head, there) - flap.middle_mm
    beside = np.linalg.norm(away - np.outer(away @ flap.outward, flap.outward), axis=1)
    edge = flap.radius_mm * (1 + flap.bulge)
    assert beside.max() < edge + 10
    if flap.flap < 0:
        lid = tissue_at(head, np.array(flap.middle_mm) - 2 * np.array(flap.outward))
        assert tissue_at(odd, np.array(flap.middle_mm) - 2 * np.array(flap.outward)) == lid
    else:
        assert beside.min() < 2


@pytest.mark.parametrize("seed", SEEDS)
def test_electrodes_run_straight_from_the_skull(seed, head):
    oddities, odd = only("depth_electrodes", head, seed)
    rows = oddities.depth_electrodes
    assert 4 <= len(rows) <= 14
    _, _, there = changes(head, odd)
    points = world(head, there)
    nearest = np.full(len(points), np.inf)
    for row in rows:
        tip, entry = np.array(row.tip_mm), np.array(row.entry_mm)
        step = (entry - tip) / np.linalg.norm(entry - tip)
        along = np.clip((points - tip) @ step, -2, np.linalg.norm(entry - tip) + row.bolt_mm + 2)
        nearest = np.minimum(nearest, np.linalg.norm(points - tip - along[:, None] * step, axis=1))
        assert tissue_at(head, entry) in BONE
        assert tissue_at(odd, tip + 0.5 * step) in (Tissue.METAL, Tissue.PLASTIC)
    assert nearest.max() < 2 * head.grid.spacing[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_shunt_leads_from_a_ventricle_through_the_skull_and_down(seed, head):
    oddities, odd = only("shunt", head, seed)
    path = np.array(oddities.shunt.path_mm)
    assert tissue_at(head, path[0]) == Tissue.VENTRICLE
    assert tissue_at(odd, path[0]) == Tissue.PLASTIC
    steps = path[0] + np.linspace(0, 1, 100)[:, None] * (path[1] - path[0])
    assert (tissue_at(odd, steps) == Tissue.PLASTIC).all()
    assert path[-1, 2] < path[1, 2]


@pytest.mark.parametrize("seed", SEEDS)
def test_small_metal_sits_on_teeth_and_markers_on_skin(seed, head):
    _, crowned = only("crowns", head, seed)
    was, _, _ = changes(head, crowned)
    assert float((was == Tissue.TOOTH).float().mean()) > 0.7
    oddities, marked = only("skin_markers", head, seed)
    assert oddities.skin_markers
    for marker in oddities.skin_markers:
        assert tissue_at(head, np.array(marker.middle_mm) - 1.5 * np.array(marker.outward)) != Tissue.AIR
        # A hole in the middle, oil around.
        assert tissue_at(marked, np.array(marker.middle_mm) + 1.8 * np.array(marker.outward)) == Tissue.AIR
    grown = int((marked.tissues != head.tissues).sum()) * head.grid.spacing[0] ** 3
    assert 250 < grown / len(oddities.skin_markers) < 1000


def test_coarse_heads_get_few_voxels_of_metal(head, coarse_head):
    """Small things take single voxels, and not all of them."""
    for kind in ("depth_electrodes", "surface_grid"):
        volumes = []
        for one in (head, coarse_head):
            metal = [int((only(kind, one, seed)[1].tissues == Tissue.METAL).sum()) for seed in SEEDS]
            volumes.append(np.mean(metal) * one.grid.spacing[0] ** 3)
        assert 0 < volumes[1] < 3 * volumes[0]


def test_a_head_without_teeth_or_ventricles_goes_without(head):
    bare = head.tissues.clone()
    bare[(bare == Tissue.TOOTH) | (bare == Tissue.VENTRICLE)] = Tissue.SOFT
    oddities = draw_oddities(
        np.random.default_rng(0), replace(head, tissues=bare), {"crowns": 1.0, "shunt": 1.0}
    )
    assert oddities == Oddities()


def test_rays_find_the_vault(head):
    found = crossing(head, (1, 0, 0.2), (0, 0, 10))
    assert found.inner_mm < found.outer_mm < found.skin_mm
    assert tissue_at(head, found.at((found.inner_mm + found.outer_mm) / 2)) in BONE
    assert found.outer_mm - found.inner_mm == pytest.approx(7, abs=2.5)


def test_what_is_impossible_is_refused(head):
    with pytest.raises(InputError, match=r"unknown oddities.*horns"):
        draw_oddities(np.random.default_rng(0), head, {"horns": 0.5})
    for wrong in (-0.1, 1.5, np.nan):
        with pytest.raises(InputError, match="probability of clip"):
            draw_oddities(np.random.default_rng(0), head, {"clip": wrong})
