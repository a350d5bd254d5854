"""Table, head holder and stereotactic frame."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from cephalign.errors import InputError
from cephalign.simulate.artefacts import Hardware, draw_hardware, restored
from cephalign.simulate.artefacts.canvas import Canvas
from cephalign.simulate.artefacts.hardware import KINDS
from cephalign.simulate.artefacts.parts import Plate, Rod

BOX = np.array([[-70.0, -115, -60], [88, 95, 120]])
SEEDS = range(12)


def lattice(step_mm=3.0):
    """Return x, y, z of (K, J, I) slices around the box, the rows from front to back."""
    x = torch.arange(-250.0, 250, step_mm)
    y = torch.arange(200.0, -260, -step_mm)[:, None]
    z = torch.arange(-90.0, 150, 2 * step_mm)[:, None, None]
    return x, y, z


def painted(hardware, step_mm=3.0):
    x, y, z = lattice(step_mm)
    hu = torch.full((z.numel(), y.numel(), x.numel()), -1000.0)
    hardware.paint(hu, x, y, z)
    return hu, (x, y, z)


def inside(points, box):
    return [(axis >= low) & (axis <= high) for axis, low, high in zip(points, *box, strict=True)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_table_lies_below_the_head_and_spans_the_scan(seed):
    hu, points = painted(draw_hardware(np.random.default_rng(seed), ["table"], BOX))
    y = points[1]
    there = hu > -990
    assert there.any()
    assert not (there & (y > BOX[0, 1]) & inside(points, BOX)[0]).any()
    # It begins below the neck and may end before the vertex.
    shown = there.any(dim=2).any(dim=1)
    assert shown[0]
    assert int((shown[1:] & ~shown[:-1]).sum()) == 0
    assert hu.max() < 300
    wide = there.any(dim=1).sum(dim=1) * 3.0
    assert wide.max() > 250


@pytest.mark.parametrize("seed", SEEDS)
def test_a_holder_is_open_to_the_face(seed):
    hardware = draw_hardware(np.random.default_rng(seed), ["holder"], BOX)
    hu, points = painted(hardware)
    x, y, _ = points
    there = hu > -990
    if hardware.holder.strap is None:
        assert not (there & (y > 25)).any()
    middle = (x - 9).abs() < 20
    assert (there & middle & (y < BOX[0, 1] + 3)).any()
    # Its walls stand beside the head, not in it.
    assert not (there & inside(points, BOX)[1] & ((x - 9).abs() < 40) & (y > -80) & (y < 35)).any()


def test_a_table_lies_below_the_holder_on_it():
    for seed in SEEDS:
        hardware = draw_hardware(np.random.default_rng(seed), ["table", "holder"], BOX)
        bottom = hardware.holder.outline_world()[0, 1]
        assert hardware.table.top_mm < bottom < BOX[0, 1]
        alone, both = (
            painted(one)[0] > -990 for one in (replace(hardware, holder=None), replace(hardware, table=None))
        )
        assert (alone & both).sum() < 0.01 * both.sum()


def test_a_strap_is_one_band_from_rim_to_rim():
    straps = [draw_hardware(np.random.default_rng(seed), ["holder"], BOX).holder.strap for seed in SEEDS]
    straps = [strap for strap in straps if strap is not None]
    assert straps
    for strap in straps:
        x, y, _ = lattice(1.5)
        z = torch.full((1, 1, 1), strap.centre_mm[2])
        hu = torch.full((1, y.numel(), x.numel()), -1000.0)
        Canvas.at(hu, x, y, z).paint(strap)
        there = hu[0] > -995
        columns = there.any(dim=0).nonzero()[:, 0]
        assert len(columns) == columns[-1] - columns[0] + 1
        assert 1.5 * len(columns) == pytest.approx(2 * strap.rim_mm[0], abs=6)
        front = float(y[there.any(dim=1)].max())
        assert front == pytest.approx(strap.centre_mm[1] + strap.half_mm[1], abs=3)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_frame_surrounds_the_head_and_its_pins_reach_it(seed):
    hardware = draw_hardware(np.random.default_rng(seed), ["frame"], BOX)
    hu, points = painted(hardware, 2.0)
    x = points[0]
    metal = hu > 700
    a, b, c = inside(points, BOX)
    assert (metal & (x < BOX[0, 0])).any()
    assert (metal & (x > BOX[1, 0])).any()
    within = metal & a & b & c
    assert within.any()  # the pins
    assert within.sum() < 0.2 * metal.sum()
    for _, tip in hardware.frame.pins:
        size = (np.array(tip) - BOX.mean(axis=0)) / np.ptp(BOX, axis=0) * 2
        assert 0.7 < np.hypot(*size[:2]) < 1.0


def test_hardware_never_hides_the_head():
    x, y, z = lattice()
    head = torch.full((z.numel(), y.numel(), x.numel()), -1000.0)
    head[inside((x, y, z), BOX)[0] & (y.abs() < 100) & (z < 100)] = 40.0
    before = head.clone()
    draw_hardware(np.random.default_rng(3), ["holder", "table"], BOX).paint(head, x, y, z)
    assert (head >= before).all()
    assert (head[before == 40] <= 300).all()


def test_a_tilted_gantry_and_any_order_of_axes_see_the_same_bodies():
    hardware = draw_hardware(np.random.default_rng(5), KINDS, BOX)
    hu, (x, y, z) = painted(hardware)
    turned = torch.full((x.numel(), z.numel(), y.numel()), -1000.0)
    hardware.paint(turned, x[:, None, None], y[:, 0], z[:, :, 0])
    assert torch.allclose(turned.permute(1, 2, 0), hu, atol=0.5)
    # Sheared slices, all coordinates given in full, against plain ones through the same points.
    tilted = torch.full(hu.shape, -1000.0)
    sheared = (z + 0.25 * y).expand(hu.shape).contiguous()
    hardware.paint(tilted, x.expand(hu.shape), y.expand(hu.shape), sheared)
    row = 100
    plain = torch.full((z.numel(), 3, x.numel()), -1000.0)
    near = y[row - 1 : row + 2]
    hardware.paint(plain, x, near, z + 0.25 * near)
    assert torch.allclose(tilted[:, row], plain[:, 1], atol=0.5)


def test_only_what_is_near_is_touched():
    x, y, z = (torch.arange(n) * 2.0 + first for n, first in ((40, -7.0), (30, 5.0), (50, 11.0)))
    hu = torch.full((50, 30, 40), -1000.0)
    canvas = Canvas.at(hu, x, y[:, None], z[:, None, None])
    canvas.paint(Plate((20.0, 30.0, 50.0), (6.0, 4.0, 10.0), 500.0))
    there = (hu > -990).nonzero()
    assert there.amin(dim=0).tolist() == [15, 11, 11]
    assert there.amax(dim=0).tolist() == [24, 14, 16]
    assert hu.max() == 500
    volume = float((hu + 1000).sum()) / 1500 * 8
    assert volume == pytest.approx(12 * 8 * 20, rel=0.02)


def test_a_rod_has_its_volume_and_pieces_are_the_whole():
    x, y, z = (torch.arange(n) * 0.8 + first for n, first in ((70, -7.0), (75, 5.0), (60, 11.0)))
    rod = Rod((2.0, 12.0, 18.0), (38.0, 55.0, 45.0), 4.0, 1200.0)
    whole, pieces = (torch.full((60, 75, 70), -1000.0) for _ in range(2))
    Canvas.at(whole, x, y[:, None], z[:, None, None]).paint(rod)
    for piece in rod.pieces(10.0):
        Canvas.at(pieces, x, y[:, None], z[:, None, None]).paint(piece)
    assert torch.allclose(whole, pieces, atol=1)
    length = np.linalg.norm(np.subtract(rod.end, rod.start))
    volume = np.pi * 4**2 * length + 4 / 3 * np.pi * 4**3
    assert float((whole + 1000).sum()) / 2200 * 0.8**3 == pytest.approx(volume, rel=0.03)


@pytest.mark.parametrize("seed", SEEDS)
def test_json_brings_it_back(seed):
    hardware = draw_hardware(np.random.default_rng(seed), KINDS, BOX)
    assert restored(Hardware, json.loads(json.dumps(asdict(hardware)))) == hardware
    nothing = draw_hardware(np.random.default_rng(seed), [], BOX)
    assert restored(Hardware, json.loads(json.dumps(asdict(nothing)))) == Hardware()


def test_what_is_impossible_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match=r"unknown hardware.*sofa"):
        draw_hardware(rng, ["sofa"], BOX)
    with pytest.raises(InputError, match="box around the head"):
        draw_hardware(rng, ["table"], BOX[::-1])
    with pytest.raises(InputError, match="three axes"):
        Hardware().paint(torch.zeros(4, 5), torch.zeros(5), torch.zeros(4, 1), torch.zeros(1))
    with pytest.raises(InputError, match=r"not a record of a Hardware.*pillow"):
        restored(Hardware, {"table": None, "holder": None, "frame": None, "pillow": None})
