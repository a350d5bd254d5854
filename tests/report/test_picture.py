"""The picture: planes the right way round, edges where the moving scan has them, whole files or none."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from cephalign.errors import OutputError
from cephalign.geometry import Grid, Modality, Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.report import picture, text
from cephalign.report.edges import edge_lines
from cephalign.report.picture import LARGE, draw_picture, write_picture
from cephalign.report.planes import MOVING_RGB, PLANES, Field, checkerboard, cut, grey_levels, overlay

R, A, S = np.eye(3)
CENTRE = np.array([13.0, -21.0, 34.0])
BESIDE = np.array([2.3, -1.7, 3.1])
EXTENT_MM = 180.0
HEADING = ["fixed.nii and moving.nii", "aligned: as good as it gets", "similarity 0.4, 2.1 s"]
TOP = picture.MARGIN + picture.LINE * (len(HEADING) + 2)


def _grid(shape, axes, spacing, turn_deg=(0, 0, 0)):
    """A grid whose middle lies a few millimetres beside the centre of the picture."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rigid.from_euler(turn_deg).rotation @ np.array(axes).T * spacing
    matrix[:3, 3] = CENTRE + BESIDE - matrix[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Grid(shape, matrix)


GRIDS = {
    "RAS": _grid((74, 78, 70), (R, A, S), (2.1, 2.0, 2.2)),
    "LPS": _grid((86, 88, 44), (-R, -A, S), (1.7, 1.8, 3.3)),
    "PIR": _grid((80, 72, 79), (-A, -S, R), (2.0, 2.2, 2.1)),
    "oblique": _grid((82, 83, 60), (-R, -A, S), (1.9, 1.9, 2.6), (11, -17, 23)),
    "anisotropic": _grid((150, 152, 26), (-R, -A, S), (1.1, 1.1, 6.0), (4, 0, 0)),
}
GRIDS_AND_NAMES = pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)


def ball(grid, at, radius_mm=14.0):
    """A scan of one bright ball with a soft border, in the type and order of a file."""
    world = apply_affine(grid.world_from_voxel, np.moveaxis(np.indices(grid.shape), 0, -1))
    distance = np.linalg.norm(world - at, axis=-1)
    values = 1000 / (1 + np.exp((distance - radius_mm) / 1.5))
    return Volume(np.asfortranarray(np.round(values).astype(np.int16)), grid)


def panel(image, left, row):
    """One large panel as an array; its letters and texts lie in its outer 26 pixels."""
    top = TOP + row * picture.ROW
    return np.asarray(image)[top : top + LARGE, left : left + LARGE].astype(float)


def middle(weight):
    """The (column, row) of the weight's middle."""
    rows, columns = np.indices(weight.shape)
    return np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum()


def orange(shown):
    """How much of the moving scan's colour each pixel has; grey and the letters' blue have none."""
    return np.clip(shown[..., 0] - shown[..., 2], 0, None)


def test_size_and_sameness(tmp_path):
    scan = ball(GRIDS["LPS"], CENTRE)
    for name in ("one.png", "two.png"):
        image = draw_picture(
            scan, scan, Rigid.identity(), centre=CENTRE, extent_mm=EXTENT_MM, heading=HEADING
        )
        write_picture(image, tmp_path / name)
    first = (tmp_path / "one.png").read_bytes()
    assert first == (tmp_path / "two.png").read_bytes()
    assert b"tIME" not in first
    assert b"tEXt" not in first
    with Image.open(tmp_path / "one.png") as read:
        assert read.size == (picture.WIDTH, TOP + 3 * picture.ROW + 2 * picture.LINE + picture.MARGIN // 2)
        assert read.mode == "RGB"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["one.png", "two.png"]


def test_the_order_of_the_array_does_not_matter():
    scan = ball(GRIDS["oblique"], CENTRE)
    other = Volume(np.ascontiguousarray(scan.data), scan.grid)
    pictures = [
        draw_picture(scan, s, Rigid.identity(), centre=CENTRE, extent_mm=EXTENT_MM, heading=HEADING)
        for s in (scan, other)
    ]
    assert pictures[0].tobytes() == pictures[1].tobytes()


# What stands on the patient's right, front and top is on the left and top of the picture; in the sagittal
# plane the front is on the left.
TO_THE_LEFT = {"axial": R, "coronal": R, "sagittal": A}
TO_THE_TOP = {"axial": A, "coronal": S, "sagittal": S}


@GRIDS_AND_NAMES
def test_orientation(grid):
    """Three balls, one in each plane and out of the two others."""
    balls = [ball(grid, CENTRE + 31 * TO_THE_LEFT[p.name] + 22 * TO_THE_TOP[p.name]) for p in PLANES]
    scan = Volume(np.max([b.data for b in balls], axis=0), grid)
    nothing = Volume(np.zeros(grid.shape, np.int16), grid)
    image = draw_picture(scan, nothing, Rigid.identity(), centre=CENTRE, extent_mm=EXTENT_MM, heading=HEADING)
    for row in range(3):
        grey = panel(image, picture.LARGE_LEFT, row)[26:-26, 26:-26].min(axis=-1)
        found = middle(np.where(grey > 100, 1.0, 0.0)) + 26
        expected = (LARGE - 1) / 2 - np.array([31, 22]) * LARGE / EXTENT_MM
        assert found == pytest.approx(expected, abs=0.7)


def test_letters_say_what_the_planes_do():
    towards = {"R": R, "L": -R, "A": A, "P": -A, "S": S, "I": -S}
    nothing = Volume(np.zeros(GRIDS["RAS"].shape, np.int16), GRIDS["RAS"])
    image = draw_picture(
        nothing, nothing, Rigid.identity(), centre=CENTRE, extent_mm=EXTENT_MM, heading=HEADING
    )
    middle_part = slice(LARGE // 2 - 12, LARGE // 2 + 12)
    for row, plane in enumerate(PLANES):
        left, right, top, bottom = (towards[letter] for letter in plane.letters)
        assert right == pytest.approx(plane.right)
        assert left == pytest.approx(-right)
        assert bottom == pytest.approx(plane.down)
        assert top == pytest.approx(-bottom)
        # The letters are all that is blue, one at the middle of each side.
        shown = panel(image, picture.CHECKER_LEFT, row)
        blue = shown[..., 2] - shown[..., 0] > 80
        for part in (
            blue[middle_part, :26],
            blue[middle_part, -26:],
            blue[:26, middle_part],
            blue[-26:, middle_part],
        ):
            assert part.sum() > 5
        assert not blue[26:-26, 26:-26].any()


@GRIDS_AND_NAMES
def test_a_ball_is_round_whatever_the_slices(grid):
    scan = ball(grid, CENTRE, radius_mm=25)
    for plane in PLANES:
        values = cut(scan, Rigid.identity(), plane, Field(CENTRE, EXTENT_MM, 360))
        inside = np.nan_to_num(values) > 500
        widths = np.array([inside[180].sum(), inside[:, 180].sum()]) * EXTENT_MM / 360
        assert widths == pytest.approx([50, 50], abs=1.5)


@pytest.mark.parametrize("names", [("LPS", "oblique"), ("anisotropic", "RAS"), ("PIR", "anisotropic")])
def test_edges_follow_the_moving_scan(names):
    """The outline of the moving ball lies round the fixed one, or beside it by the error of the result."""
    fixed_grid, moving_grid = (GRIDS[name] for name in names)
    moving_from_fixed = Rigid.from_euler((3, -5, 12), (6, -9, 5), CENTRE)
    fixed = ball(fixed_grid, CENTRE, radius_mm=25)
    moving = ball(moving_grid, moving_from_fixed.map(CENTRE), radius_mm=25)
    right, wrong = (
        draw_picture(fixed, moving, pose, centre=CENTRE, extent_mm=EXTENT_MM, heading=HEADING)
        for pose in (moving_from_fixed, moving_from_fixed @ Rigid.from_rotation(np.eye(3), (2, 2, 2)))
    )
    for row, plane in enumerate(PLANES):
        there = middle(orange(panel(right, picture.LARGE_LEFT, row)))
        assert there == pytest.approx([(LARGE - 1) / 2] * 2, abs=0.6)
        # Mapping a fixed point 2 mm too far towards R, A, S draws the moving scan as far towards L, P, I.
        moved = (middle(orange(panel(wrong, picture.LARGE_LEFT, row))) - there) * EXTENT_MM / LARGE
        expected = -2 * np.array([sum(plane.right), sum(plane.down)])
        assert moved == pytest.approx(expected, abs=0.4)
        outline = orange(panel(right, picture.LARGE_LEFT, row)) > 60
        rows, columns = np.nonzero(outline)
        radii_mm = np.hypot(rows - there[1], columns - there[0]) * EXTENT_MM / LARGE
        assert np.median(radii_mm) == pytest.approx(25, abs=0.6)


def test_before_is_the_header_unless_given():
    scan = ball(GRIDS["RAS"], CENTRE)
    shift = Rigid.from_rotation(np.eye(3), (11, 7, -5))
    drawn = {
        name: np.asarray(
            draw_picture(
                scan, scan, shift, centre=CENTRE, extent_mm=EXTENT_MM, heading=HEADING, before=before
            )
        )[TOP:, : picture.LARGE_LEFT]
        for name, before in (("none", None), ("header", Rigid.identity()), ("shift", shift))
    }
    assert np.array_equal(drawn["none"], drawn["header"])
    assert not np.array_equal(drawn["none"], drawn["shift"])


def test_where_the_moving_scan_ends_the_fixed_one_is_shown():
    fixed = np.full((80, 80), 0.5, np.float32)
    moving = np.full((80, 80), 0.8, np.float32)
    moving[:, 40:] = np.nan
    board = checkerboard(fixed, moving)
    assert (board[:, 40:] == 128).all()
    assert (board[:10, :10] == 128).all()
    assert (board[:10, 10:20, 0] > board[:10, 10:20, 2] + 50).all()
    # And where the fixed one ends, the moving one.
    assert (checkerboard(np.full_like(fixed, np.nan), moving)[:, :40, 0] == 204).all()
    lines, halo = edge_lines(moving, 0.7)
    assert not lines.any()
    assert (overlay(fixed, lines, halo) == 128).all()


def test_a_moving_scan_far_away_is_said_to_be_absent():
    fixed = ball(GRIDS["RAS"], CENTRE)
    far = Rigid.from_rotation(np.eye(3), (0, 0, 4000))
    image = draw_picture(fixed, fixed, far, centre=CENTRE, extent_mm=EXTENT_MM, heading=HEADING)
    for row in range(3):
        words = orange(panel(image, picture.LARGE_LEFT, row)) > 100
        assert words[-24:, :200].sum() > 100
        assert not words[:-24].any()


def test_lines_are_thin_and_lie_between_pixels():
    """A straight border at column 40.3, blurred and with noise, is found to a tenth of a pixel."""
    columns = np.arange(90)
    step = 0.1 + 0.7 / (1 + np.exp(-(columns - 40.3) / 0.8))
    noise = np.random.default_rng(4).normal(0, 0.03, (90, 90))
    lines, halo = edge_lines((step + noise).astype(np.float32), 0.7)
    found = (lines * columns).sum(axis=1) / lines.sum(axis=1)
    assert found.mean() == pytest.approx(40.3, abs=0.1)
    assert np.abs(found - 40.3).max() < 1
    assert lines.sum(axis=1).max() < 2.5
    assert (halo > 0).sum() > (lines > 0).sum()


def test_noise_has_no_edges():
    noise = np.random.default_rng(4).normal(0.5, 0.05, (200, 200)).astype(np.float32)
    lines, _ = edge_lines(noise, 0.7)
    assert not lines.any()


def test_ct_is_shown_by_its_units_and_others_by_their_range():
    hounsfield = np.array([[-1000, 0, 40], [300, 1400, np.nan]], np.float32)
    known = grey_levels([hounsfield], Modality.CT)[0]
    guessed = grey_levels([np.repeat(np.repeat(hounsfield, 2, 0), 2, 1)], Modality.UNKNOWN)[0]
    assert np.array_equal(known, guessed[::2, ::2], equal_nan=True)
    assert (np.diff(known.ravel()[:5]) > 0).all()
    assert known[0, 0] == 0
    assert known[1, 1] == 1
    # Brain against cerebrospinal fluid: 40 HU that a bone window would hide.
    assert known[0, 2] - known[0, 1] > 0.08
    other = grey_levels([np.linspace(5, 905, 3600, dtype=np.float32).reshape(60, 60)], Modality.UNKNOWN)[0]
    assert other.min() == 0
    assert other.max() == 1
    assert other[30, 30] == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("value", [0, 7])
def test_a_constant_scan_is_black(value):
    flat = np.full((20, 20), value, np.float32)
    assert not grey_levels([flat], Modality.UNKNOWN)[0].any()
    dot = flat.copy()
    dot[10, 10] = value + 9
    assert grey_levels([dot], Modality.UNKNOWN)[0][10, 10] == 1


@pytest.mark.parametrize(
    "heading",
    [
        [],
        [""],
        ["one line"],
        ["/long" * 200 + "/fixed.nii", "two\nlines\tand \udcff half a letter", "Überraschung 头部 голова"],
    ],
)
def test_any_heading(heading):
    scan = ball(GRIDS["PIR"], CENTRE)
    image = draw_picture(scan, scan, Rigid.identity(), centre=CENTRE, extent_mm=EXTENT_MM, heading=heading)
    assert image.height == (
        picture.MARGIN + picture.LINE * (len(heading) + 4) + 3 * picture.ROW + picture.MARGIN // 2
    )
    # Nothing reaches into the right margin.
    assert (np.asarray(image)[:, -picture.MARGIN + 2 :] == picture.BACKGROUND).all()


def test_a_long_line_loses_its_middle():
    line = "folder/" * 60 + "scan.nii"
    short = text.shortened(line, 15, 400)
    assert text.text_width(short, 15) <= 400
    assert text.text_width(short, 15) > 370
    assert short.startswith("folder/folder")
    assert short.endswith("folder/scan.nii")
    assert text.shortened("short", 15, 400) == "short"


def test_without_freetype(monkeypatch):
    monkeypatch.setattr(text.features, "check", lambda _: False)
    monkeypatch.setattr(text.ImageFont, "core", ImportError("no FreeType"))
    text._font.cache_clear()
    try:
        scan = ball(GRIDS["RAS"], CENTRE)
        image = draw_picture(
            scan, scan, Rigid.identity(), centre=CENTRE, extent_mm=EXTENT_MM, heading=["头部.nii", "x" * 900]
        )
    finally:
        text._font.cache_clear()
    title = np.asarray(image)[: picture.MARGIN + picture.LINE, picture.MARGIN :]
    assert (title > 200).any()


def test_unwritable(tmp_path):
    image = Image.new("RGB", (31, 17), MOVING_RGB)
    with pytest.raises(OutputError, match="no folder"):
        write_picture(image, tmp_path / "missing" / "picture.png")
    (tmp_path / "file").write_bytes(b"kept")
    with pytest.raises(OutputError):
        write_picture(image, tmp_path / "file" / "picture.png")
    (tmp_path / "picture.png").mkdir()
    with pytest.raises(OutputError):
        write_picture(image, tmp_path / "picture.png")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "picture.png"]
    assert (tmp_path / "file").read_bytes() == b"kept"
    assert not list((tmp_path / "picture.png").iterdir())


@pytest.mark.skipif(
    sys.platform == "win32" or (hasattr(os, "geteuid") and os.geteuid() == 0),
    reason="needs a user whom file permissions stop",
)
def test_forbidden_folder(tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="ermission"):
            write_picture(Image.new("RGB", (31, 17)), folder / "picture.png")
        assert not list(folder.iterdir())
    finally:
        folder.chmod(0o700)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from PIL import Image
from cephalign.errors import OutputError
from cephalign.report.picture import write_picture

noise = np.random.default_rng(0).integers(0, 255, (150, 151, 3), dtype=np.uint8)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
try:
    write_picture(Image.fromarray(noise), Path(sys.argv[1]))
except OutputError as error:
    assert "\\n" not in str(error)
    sys.exit(7)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files as POSIX does")
def test_disk_full(tmp_path):
    target = tmp_path / "picture.png"
    target.write_bytes(b"an earlier picture")
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(target)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 7, done.stderr
    assert "Traceback" not in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["picture.png"]
    assert target.read_bytes() == b"an earlier picture"
