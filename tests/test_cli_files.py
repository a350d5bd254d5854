import json
import subprocess
import sys
from typing import get_args

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from cephalign.cli_files import add_file_verbs
from cephalign.cli_inputs import Style
from cephalign.describe import describe_volume, oblique_angle_deg, orientation_code
from cephalign.errors import CephalignError, InputError
from cephalign.geometry import Grid, Modality, Rigid, Volume
from cephalign.io.transforms import TransformStyle, read_transform, write_transform
from cephalign.io.volumes import read_volume, write_volume

MOTION = Rigid.from_euler((10, -20, 30), (1.5, -2.5, 3.5))
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
FIXED = Grid((20, 22, 24), LPS @ np.diag([3.0, 3.0, 3.0, 1.0]))
MOVING = Grid((30, 31, 10), np.diag([2.0, 2.5, 7.0, 1.0]))


def run(*arguments):
    """Run the verbs as the program mounts them; an error comes out as the exception it is."""
    app = typer.Typer()
    add_file_verbs(app)
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(result.exception, CephalignError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def scans(tmp_path):
    rng = np.random.default_rng(3)
    for name, grid in (("fixed.nii.gz", FIXED), ("moving.nii.gz", MOVING)):
        data = rng.integers(0, 1000, grid.shape).astype(np.int16)
        write_volume(Volume(data, grid, Modality.MR), tmp_path / name)
    return tmp_path


def test_styles_are_those_of_the_formats():
    assert set(get_args(Style)) == {style.value for style in TransformStyle}


def test_convert_a_transform(tmp_path):
    write_transform(MOTION, tmp_path / "a.tfm")
    assert run("convert", tmp_path / "a.tfm", tmp_path / "b.json") == ""
    run("convert", tmp_path / "b.json", tmp_path / "c.mat", "--style", "itk")
    run("convert", tmp_path / "c.mat", tmp_path / "d.h5")
    assert read_transform(tmp_path / "d.h5") == MOTION


def test_convert_asks_what_it_cannot_know(tmp_path):
    write_transform(MOTION, tmp_path / "a.tfm")
    with pytest.raises(InputError, match="--style itk or --style fsl"):
        run("convert", tmp_path / "a.tfm", tmp_path / "a.mat")
    with pytest.raises(InputError, match="--fixed and --moving"):
        run("convert", tmp_path / "a.tfm", tmp_path / "a.lta")
    with pytest.raises(InputError, match="unknown transform format"):
        run("convert", tmp_path / "a.tfm", tmp_path / "a.nii.gz")


def test_convert_from_a_named_style(tmp_path):
    write_transform(MOTION, tmp_path / "a.weird", style="json")
    run("convert", tmp_path / "a.weird", tmp_path / "b.tfm", "--from-style", "json")
    assert read_transform(tmp_path / "b.tfm") == MOTION


@pytest.mark.parametrize(("name", "style"), [("b.mat", "fsl"), ("b.lta", None)])
def test_convert_between_grids(scans, name, style):
    write_transform(MOTION, scans / "a.tfm")
    grids = ("--fixed", scans / "fixed.nii.gz", "--moving", scans / "moving.nii.gz")
    run("convert", scans / "a.tfm", scans / name, *grids, *(("--style", style) if style else ()))
    run("convert", scans / name, scans / "c.tfm", *grids)
    assert read_transform(scans / "c.tfm").distance(MOTION, FIXED.corners).max() < 1e-4


def test_convert_a_volume(scans):
    run("convert", scans / "fixed.nii.gz", scans / "b.mha")
    facts = [json.loads(run("info", scans / n, "--json"))[0] for n in ("fixed.nii.gz", "b.mha")]
    assert all(facts[0][key] == facts[1][key] for key in ("shape", "orientation", "min", "max"))
    for option in (("--style", "itk"), ("--moving-series", "2")):
        with pytest.raises(InputError, match="is a volume"):
            run("convert", scans / "fixed.nii.gz", scans / "c.mha", *option)
    write_transform(MOTION, scans / "x.tfm")
    with pytest.raises(InputError, match="is a transform; give --fixed-series and --moving-series"):
        run("convert", scans / "x.tfm", scans / "x.json", "--series", "2")


def test_invert(tmp_path):
    write_transform(MOTION, tmp_path / "a.tfm")
    run("invert", tmp_path / "a.tfm", tmp_path / "b.tfm")
    assert read_transform(tmp_path / "b.tfm") == MOTION.inverse()


def test_invert_swaps_the_grids(scans):
    write_transform(MOTION, scans / "a.mat", fixed=FIXED, moving=MOVING, style="fsl")
    grids = ("--fixed", scans / "fixed.nii.gz", "--moving", scans / "moving.nii.gz")
    run("invert", scans / "a.mat", scans / "b.mat", *grids, "--style", "fsl")
    product = np.loadtxt(scans / "a.mat") @ np.loadtxt(scans / "b.mat")
    np.testing.assert_allclose(product, np.eye(4), atol=1e-4)


@pytest.mark.parametrize(
    ("given", "said"), [((), "neither"), (("--fixed", "fixed.nii.gz"), "only one of them")]
)
def test_invert_says_that_a_grid_is_missing_but_not_the_wrong_one(scans, given, said):
    write_transform(MOTION, scans / "a.tfm")
    options = [scans / word if word.endswith(".gz") else word for word in given]
    with pytest.raises(InputError, match=rf"got {said}.*give --fixed and --moving"):
        run("invert", scans / "a.tfm", scans / "b.mat", *options, "--style", "fsl")
    assert not (scans / "b.mat").exists()


def test_apply_puts_the_moving_scan_on_the_fixed_grid(scans):
    write_transform(Rigid.identity(), scans / "a.tfm")
    out = scans / "out.nii.gz"
    arguments = ("--transform", scans / "a.tfm", "--like", scans / "fixed.nii.gz", "--out", out)
    run("apply", scans / "moving.nii.gz", *arguments, "--interpolation", "nearest", "--fill", "-7")
    moved = read_volume(out)
    assert moved.data.shape == FIXED.shape
    # The two grids share one edge of the world; the rest of the fixed grid is outside the moving scan.
    assert (moved.data == -7).sum() > moved.data.size / 2


def test_info_of_a_transform(tmp_path):
    write_transform(MOTION, tmp_path / "a.tfm")
    text = run("info", tmp_path / "a.tfm")
    assert text.startswith(str(tmp_path / "a.tfm"))
    assert "10  -20  30" in text
    (facts,) = json.loads(run("info", tmp_path / "a.tfm", "--json"))
    assert facts["translation_mm"] == [1.5, -2.5, 3.5]
    assert facts["moving_from_fixed"] == MOTION.matrix.tolist()
    assert facts["rotation_deg"] == pytest.approx(MOTION.angle_deg)


def test_info_of_volumes(scans):
    facts = json.loads(run("info", scans / "fixed.nii.gz", scans / "moving.nii.gz", "--json"))
    assert [f["orientation"] for f in facts] == ["LPS", "RAS"]
    assert facts[1]["spacing_mm"] == [2.0, 2.5, 7.0]
    assert facts[0]["shape"] == [20, 22, 24]
    assert "orientation" in run("info", scans / "fixed.nii.gz")


def test_info_takes_displacement_over_the_fixed_scan(scans):
    write_transform(MOTION, scans / "a.tfm")
    (facts,) = json.loads(run("info", scans / "a.tfm", "--fixed", scans / "fixed.nii.gz", "--json"))
    assert facts["displacement_max_mm"] == pytest.approx(MOTION.displacement(FIXED.corners).max(), abs=1e-4)


def turned(grid, angles_deg):
    return Grid(grid.shape, Rigid.from_euler(angles_deg).matrix @ grid.world_from_voxel)


@pytest.mark.parametrize(
    ("grid", "code", "angle"),
    [
        (MOVING, "RAS", 0),
        (FIXED, "LPS", 0),
        (turned(FIXED, (0, 0, 12)), "LPS", 12),
        (turned(MOVING, (0, 40, 0)), "RAS", 40),
    ],
)
def test_orientation(grid, code, angle):
    assert orientation_code(grid) == code
    assert oblique_angle_deg(grid) == pytest.approx(angle, abs=1e-6)


def test_orientation_of_forty_five_degrees_uses_each_world_axis_once():
    world_axis = dict(zip("LRPAIS", (0, 0, 1, 1, 2, 2), strict=True))
    code = orientation_code(turned(MOVING, (45, 45, 45)))
    assert {world_axis[letter] for letter in code} == {0, 1, 2}


def test_describe_volume_is_plain_json():
    facts = describe_volume(Volume(np.zeros(FIXED.shape, np.int16), FIXED))
    assert json.loads(json.dumps(facts)) == facts


def test_info_of_numbers_that_are_none_is_json(scans):
    data = np.full((4, 5, 6), np.nan, np.float32)
    write_volume(Volume(data, Grid((4, 5, 6), np.diag([2.0, 3, 4, 1]))), scans / "nan.nii")
    (facts,) = json.loads(run("info", scans / "nan.nii", "--json"), parse_constant=pytest.fail)
    assert facts["min"] is facts["max"] is None
    assert "not finite" in run("info", scans / "nan.nii")


@pytest.mark.parametrize("verb", ["convert", "invert", "apply", "info"])
def test_help(verb):
    assert "--from-style" in run(verb, "--help")


def test_help_needs_nothing_heavy():
    code = (
        "import sys, typer\n"
        "from cephalign.cli_files import add_file_verbs\n"
        "app = typer.Typer(); add_file_verbs(app)\n"
        "try: app(['info', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'scipy', 'torch', 'nibabel', 'SimpleITK', 'h5py'}\n"
        "sys.exit(sorted(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
