import json

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from cephalign.errors import CephalignError, GeometryError, InputError, OutputError
from cephalign.geometry import Grid, Rigid
from cephalign.io import itk, lta, rire_standard
from cephalign.io.transforms import TransformStyle, read_transform, write_transform

FILES = [
    ("t.tfm", None),
    ("t.txt", None),
    ("t.h5", None),
    ("t.mat", TransformStyle.ITK),
    ("t.mat", TransformStyle.FSL),
    ("flirt.txt", TransformStyle.FSL),
    ("t.lta", None),
    ("t.json", None),
]
MOTION = Rigid.from_euler((10, -20, 30), (1.5, -2.5, 3.5))


def itk_text(kind, parameters, fixed=(0, 0, 0), number=0):
    words = [" ".join(map(str, values)) for values in (parameters, fixed)]
    return f"#Transform {number}\nTransform: {kind}\nParameters: {words[0]}\nFixedParameters: {words[1]}\n"


def written(tmp_path, *parts, name="t.tfm"):
    path = tmp_path / name
    path.write_text("#Insight Transform File V1.0\n" + "".join(parts))
    return path


@pytest.mark.parametrize("file", FILES)
def test_reads_back_what_was_written(tmp_path, fixed, moving, moving_from_fixed, file):
    name, style = file
    path = tmp_path / name
    write_transform(moving_from_fixed, path, fixed=fixed, moving=moving, style=style)
    read_style = style if path.suffix != ".mat" else None  # a .mat is told apart by its content
    back = read_transform(path, fixed=fixed, moving=moving, style=read_style)
    assert back.distance(moving_from_fixed, fixed.corners).max() < 1e-9
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["t.tfm", "t.h5", "t.json"])
def test_keeps_every_bit_where_nothing_is_computed(tmp_path, name):
    write_transform(MOTION, tmp_path / name)
    assert read_transform(tmp_path / name) == MOTION


def test_rire_keeps_its_four_decimals(tmp_path, fixed, moving, moving_from_fixed):
    path = tmp_path / "t.standard"
    if fixed.is_left_handed != moving.is_left_handed:
        with pytest.raises(GeometryError, match="left-handed"):
            write_transform(moving_from_fixed, path, fixed=fixed, moving=moving)
        return
    write_transform(moving_from_fixed, path, fixed=fixed, moving=moving)
    back = read_transform(path, fixed=fixed, moving=moving)
    assert back.distance(moving_from_fixed, fixed.corners).max() < 3e-4


def test_rire_standard_is_the_tfm_beside_it(data_dir):
    axes = np.diag([-1.0, -1.0, 1.0])

    def grid(shape, spacing):
        matrix = np.eye(4)
        matrix[:3, :3] = axes * spacing
        return Grid(shape, matrix)

    ct = grid((512, 512, 29), (0.653595, 0.653595, 4.0))
    t1 = grid((256, 256, 26), (1.25, 1.25, 4.0))
    ct_from_t1 = read_transform(data_dir / "rire" / "ct_T1.standard", fixed=t1, moving=ct)
    t1_from_ct = read_transform(data_dir / "rire" / "training_001_ct_to_mr_T1_ground_truth.tfm")
    assert (~t1_from_ct).distance(ct_from_t1, t1.corners).max() < 1e-3


def test_rire_header_is_the_callers(tmp_path):
    grid = Grid((20, 21, 22), np.diag([3.0, 3.0, 3.0, 1.0]))
    header = rire_standard.RireHeader(patient="007", from_name="CT", to_name="mr_T2", date="1 May 1997")
    path = tmp_path / "a.standard"
    rire_standard.write(Rigid.identity(), path, grid, grid, header)
    text = path.read_text()
    assert all(line in text.splitlines() for line in ("Patient number: 007", "From: CT", "To: mr_T2"))
    assert "-0.0000" not in text


def test_rire_refuses_other_volumes_and_bent_points(tmp_path):
    grid = Grid((20, 21, 22), np.diag([3.0, 3.0, 3.0, 1.0]))
    other = Grid((20, 21, 25), np.diag([3.0, 3.0, 3.0, 1.0]))
    path = tmp_path / "a.standard"
    write_transform(MOTION, path, fixed=grid, moving=grid)
    with pytest.raises(InputError, match="not the corners of the moving volume"):
        read_transform(path, fixed=grid, moving=other)
    lines = path.read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if line.split()[:1] == ["5"])
    words = lines[at].split()
    lines[at] = " ".join([*words[:6], f"{float(words[6]) + 1:.4f}"])
    path.write_text("\n".join(lines))
    with pytest.raises(GeometryError, match="do not move rigidly"):
        read_transform(path, fixed=grid, moving=grid)
    path.write_text("\n".join(lines[:at]))
    with pytest.raises(InputError, match="points 1 to 8"):
        read_transform(path, fixed=grid, moving=grid)


VERSOR = (0.1, -0.2, 0.3)
CENTRE = (4.0, 5.0, 6.0)
KINDS = [
    ("Euler3DTransform_double_3_3", (0.1, 0.2, 0.3, 1, 2, 3), CENTRE),
    ("Euler3DTransform_double_3_3", (0.1, 0.2, 0.3, 1, 2, 3), (*CENTRE, 0)),
    ("Euler3DTransform_double_3_3", (0.1, 0.2, 0.3, 1, 2, 3), (*CENTRE, 1)),
    ("Euler3DTransform_float_3_3", (0.1, 0.2, 0.3, 1, 2, 3), CENTRE),
    ("VersorRigid3DTransform_double_3_3", (*VERSOR, 1, 2, 3), CENTRE),
    ("VersorTransform_double_3_3", VERSOR, CENTRE),
    ("Similarity3DTransform_double_3_3", (*VERSOR, 1, 2, 3, 1), CENTRE),
    ("ScaleVersor3DTransform_double_3_3", (*VERSOR, 1, 2, 3, 1, 1, 1), CENTRE),
    ("AffineTransform_double_3_3", (0, -1, 0, 1, 0, 0, 0, 0, 1, 1, 2, 3), CENTRE),
    ("AffineTransform_float_3_3", (0, -1, 0, 1, 0, 0, 0, 0, 1, 1, 2, 3), CENTRE),
    ("MatrixOffsetTransformBase_double_3_3", (0, -1, 0, 1, 0, 0, 0, 0, 1, 1, 2, 3), CENTRE),
    ("TranslationTransform_double_3_3", (1, 2, 3), ()),
    ("IdentityTransform_double_3_3", (), ()),
]


def as_itk_maps(path, points):
    """Map RAS points as ITK itself reads the file."""
    transform = sitk.ReadTransform(str(path))
    lps = points * (-1, -1, 1)
    return np.array([transform.TransformPoint(p.tolist()) for p in lps]) * (-1, -1, 1)


POINTS = np.array([[0.0, 0, 0], [70, -80, 90], [-35, 20, -60], [11, 90, 5]])


@pytest.mark.parametrize(("kind", "parameters", "fixed"), KINDS)
def test_every_rigid_itk_kind_means_what_itk_means(tmp_path, kind, parameters, fixed):
    path = written(tmp_path, itk_text(kind, parameters, fixed))
    tolerance = 1e-4 if "float" in kind else 1e-9
    np.testing.assert_allclose(
        read_transform(path).map(POINTS), as_itk_maps(path, POINTS), rtol=0, atol=tolerance
    )


@pytest.mark.parametrize("suffix", [".tfm", ".h5"])
def test_composite_applies_the_last_first(tmp_path, suffix):
    first = sitk.Euler3DTransform(CENTRE, 0.1, 0.2, 0.3, (4, 5, 6))
    second = sitk.VersorRigid3DTransform((0.6, 0, 0, 0.8), (7, 8, 9), (1, 2, 3))
    path = tmp_path / f"c{suffix}"
    sitk.WriteTransform(sitk.CompositeTransform([first, second]), str(path))
    np.testing.assert_allclose(read_transform(path).map(POINTS), as_itk_maps(path, POINTS), rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["t.tfm", "t.mat", "t.h5"])
def test_reads_the_files_that_itk_writes(tmp_path, name):
    path = tmp_path / name
    euler = sitk.Euler3DTransform(CENTRE, 0.1, 0.2, 0.3, (4, 5, 6))
    sitk.WriteTransform(euler, str(path))
    np.testing.assert_allclose(read_transform(path).map(POINTS), as_itk_maps(path, POINTS), rtol=0, atol=1e-9)


NOT_RIGID = [
    ("AffineTransform_double_3_3", (1.1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0)),
    ("AffineTransform_double_3_3", (-1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0)),
    ("Similarity3DTransform_double_3_3", (*VERSOR, 1, 2, 3, 1.02)),
    ("ScaleVersor3DTransform_double_3_3", (*VERSOR, 1, 2, 3, 1, 1.02, 1)),
    ("VersorRigid3DTransform_double_3_3", (0.9, 0.9, 0.9, 1, 2, 3)),
]


@pytest.mark.parametrize(("kind", "parameters"), NOT_RIGID)
def test_refuses_what_is_not_rigid(tmp_path, kind, parameters):
    path = written(tmp_path, itk_text(kind, parameters))
    with pytest.raises(GeometryError, match=r"t\.tfm"):
        read_transform(path)


DAMAGED = {
    "deformation": itk_text("BSplineTransform_double_3_3", (1, 2, 3)),
    "field": itk_text("DisplacementFieldTransform_double_3_3", (1, 2, 3)),
    "two dimensions": itk_text("Euler2DTransform_double_2_2", (0.1, 1, 2)),
    "too few numbers": itk_text("VersorRigid3DTransform_double_3_3", (*VERSOR, 1, 2)),
    "no numbers": itk_text("AffineTransform_double_3_3", ()),
    "words": itk_text("VersorRigid3DTransform_double_3_3", (*VERSOR, "x", 2, 3)),
    "NaN": itk_text("VersorRigid3DTransform_double_3_3", (*VERSOR, "nan", 2, 3)),
    "a list": itk_text("VersorTransform_double_3_3", VERSOR) * 2,
    "nothing": "",
    "empty composite": "#Transform 0\nTransform: CompositeTransform_double_3_3\n",
    "short centre": itk_text("VersorTransform_double_3_3", VERSOR, (1, 2)),
    "other lines": "Hello: world\n",
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damaged_itk_text_is_an_input_error(tmp_path, case):
    with pytest.raises(InputError):
        read_transform(written(tmp_path, DAMAGED[case]))


@pytest.mark.parametrize("name", ["t.tfm", "t.mat", "t.h5", "t.lta", "t.standard", "t.json"])
@pytest.mark.parametrize("content", [b"", b"rubbish", b"\0\1\2", b"\x89HDF\r\n\x1a\n and more", b"\xff" * 99])
def test_rubbish_is_an_input_error_in_every_format(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    grid = Grid((9, 9, 9), np.eye(4))
    with pytest.raises(InputError) as caught:
        read_transform(tmp_path / name, fixed=grid, moving=grid)
    assert "\n" not in str(caught.value)


def test_missing_and_unknown_files(tmp_path):
    with pytest.raises(InputError, match="cannot read"):
        read_transform(tmp_path / "no.tfm")
    with pytest.raises(InputError, match="unknown transform format"):
        read_transform(tmp_path / "1Warp.nii.gz")
    with pytest.raises(InputError, match="unknown transform format"):
        write_transform(MOTION, tmp_path / "t.xyz")
    with pytest.raises(InputError, match="--style itk or --style fsl"):
        write_transform(MOTION, tmp_path / "t.mat")
    with pytest.raises(InputError, match="a suffix of"):
        write_transform(MOTION, tmp_path / "t.dat", style=TransformStyle.ITK)
    for name, style, own in (
        ("t.lta", "itk", r"\.tfm"),
        ("t.tfm", "lta", r"\.lta"),
        ("t.mat", "rire", r"\.standard"),
    ):
        with pytest.raises(InputError, match=f"suffix is that of another format; expected {own}"):
            write_transform(MOTION, tmp_path / name, style=TransformStyle(style))
    with pytest.raises(OutputError):
        write_transform(MOTION, tmp_path / "nowhere" / "t.tfm")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "style"), [("t.mat", "fsl"), ("t.lta", None), ("t.standard", None)])
def test_formats_that_need_grids_ask_for_them(tmp_path, name, style):
    grid = Grid((9, 9, 9), np.eye(4))
    with pytest.raises(InputError, match="--fixed and --moving"):
        write_transform(MOTION, tmp_path / name, fixed=grid, style=style)
    write_transform(MOTION, tmp_path / name, fixed=grid, moving=grid, style=style)
    if name == "t.lta":
        assert read_transform(tmp_path / name).distance(MOTION, grid.corners).max() < 1e-9
    else:
        with pytest.raises(InputError, match="--fixed and --moving"):
            read_transform(tmp_path / name)


def test_lta_between_voxels(tmp_path, fixed, moving, moving_from_fixed):
    path = tmp_path / "t.lta"
    lta.write(moving_from_fixed, path, fixed, moving)
    fixed_from_moving_vox = (
        fixed.voxel_from_world @ moving_from_fixed.inverse().matrix @ moving.world_from_voxel
    )
    lines = path.read_text().splitlines()
    lines[1] = "type      = 0 # LINEAR_VOX_TO_VOX"
    at = lines.index("1 4 4") + 1
    lines[at : at + 4] = [" ".join(map(repr, row)) for row in fixed_from_moving_vox.tolist()]
    path.write_text("\n".join(lines))
    assert read_transform(path).distance(moving_from_fixed, fixed.corners).max() < 1e-9
    path.write_text("\n".join(lines).replace("valid = 1", "valid = 0"))
    with pytest.raises(InputError, match="--fixed and --moving"):
        read_transform(path)
    back = read_transform(path, fixed=fixed, moving=moving)
    assert back.distance(moving_from_fixed, fixed.corners).max() < 1e-9


def test_lta_the_other_way_round_is_noticed(tmp_path, fixed, moving, moving_from_fixed):
    path = tmp_path / "t.lta"
    lta.write(moving_from_fixed, path, fixed, moving)
    if fixed == moving:
        read_transform(path, fixed=moving, moving=fixed)
        return
    with pytest.raises(InputError, match="the reverse"):
        read_transform(path, fixed=moving, moving=fixed)


def test_lta_of_another_type_is_refused(tmp_path):
    grid = Grid((9, 9, 9), np.eye(4))
    path = tmp_path / "t.lta"
    lta.write(MOTION, path, grid, grid)
    path.write_text(path.read_text().replace("type      = 1", "type      = 14"))
    with pytest.raises(InputError, match="lta_convert"):
        read_transform(path)


def test_flirt_matrix_with_twelve_degrees_of_freedom_is_refused(tmp_path):
    grid = Grid((9, 9, 9), np.eye(4))
    (tmp_path / "t.mat").write_text("1.1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n")
    with pytest.raises(GeometryError, match="not rigid"):
        read_transform(tmp_path / "t.mat", fixed=grid, moving=grid)


def test_record_is_any_json_object_with_the_matrix(tmp_path):
    path = tmp_path / "registration.json"
    path.write_text(json.dumps({"status": "aligned", "moving_from_fixed": MOTION.matrix.tolist()}))
    assert read_transform(path) == MOTION


@pytest.mark.parametrize(
    "change",
    [
        {"direction": "fixed_from_moving"},
        {"frame": "LPS mm"},
        {"version": 2},
        {"moving_from_fixed": [[1, 0, 0, 0]]},
        {"moving_from_fixed": [["1", 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]},
        {"moving_from_fixed": [[float("nan"), 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]},
        {"moving_from_fixed": None},
    ],
)
def test_record_that_means_something_else_is_refused(tmp_path, change):
    path = tmp_path / "t.json"
    write_transform(MOTION, path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError):
        read_transform(path)


def test_itk_float_mat_is_read(tmp_path):
    """As `antsRegistration --float 1` writes."""
    import struct

    content = b""
    for name, values in (
        ("AffineTransform_float_3_3", [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3]),
        ("fixed", [0, 0, 0]),
    ):
        label = name.encode() + b"\0"
        content += struct.pack("<5i", 10, len(values), 1, 0, len(label)) + label
        content += np.array(values, dtype="<f4").tobytes()
    path = tmp_path / "0GenericAffine.mat"
    path.write_bytes(content)
    np.testing.assert_array_equal(itk.read(path).translation, [-1, -2, 3])
    path.write_bytes(content[:-4])
    with pytest.raises(CephalignError):
        itk.read(path)
