"""Heads from label maps: on a head of ellipsoids that is known, and on real ones where they are at hand."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage

from cephalign.errors import GeometryError, InputError
from cephalign.geometry import Grid, Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.io.volumes import write_volume
from cephalign.parallel import undivided_operations
from cephalign.simulate.head import LANDMARKS, Head
from cephalign.simulate.labelled import LabelledHeads
from cephalign.simulate.labelled.deformation import Deformation, draw_deformation
from cephalign.simulate.labelled.frame import structure_centres
from cephalign.simulate.labelled.sampling import sample
from cephalign.simulate.labelled.source import Source
from cephalign.simulate.labelled.table import FREESURFER
from cephalign.simulate.labelled.warp import NODES_MM, warp_of
from cephalign.simulate.tissues import Tissue

CPU = torch.device("cpu")
STILL = Deformation(False, (1, 1, 1), (0, 0, 0), 0, 70, 0, 28, 0, (0, 0, 0, 0), (0, 0), 0)
# The scan lies oblique, its first axis runs to the left, its second down, its third forwards.
WORLD_FROM_HEAD = Rigid.from_euler((8, -5, 12), (31, -17, 44))
SPACING = np.array([1.5, 1.7, 1.6])
# Number, centre, radii in head mm; later ones lie on earlier ones.
ELLIPSOIDS = [
    (511, (0, -30, -105), (58, 62, 75)),
    (507, (0, -30, -105), (54, 58, 75)),
    (511, (0, -12, 4), (82, 102, 104)),
    (507, (0, -12, 4), (78, 98, 100)),
    (515, (0, -18, 12), (69, 86, 79)),
    (516, (0, -18, 12), (66, 83, 76)),
    (515, (0, -18, 12), (64, 81, 74)),
    (24, (0, -18, 12), (61, 78, 71)),
    (42, (28, -16, 16), (26, 72, 60)),
    (41, (28, -16, 16), (22, 66, 52)),
    (3, (-28, -16, 16), (26, 72, 60)),
    (2, (-28, -16, 16), (22, 66, 52)),
    (2, (0, -4, 15), (9, 36, 6)),
    (47, (22, -58, -30), (21, 20, 16)),
    (8, (-22, -58, -30), (21, 20, 16)),
    (16, (0, -26, -32), (11, 11, 24)),
    (43, (14, -25, 14), (6, 38, 6)),
    (4, (-14, -25, 14), (6, 38, 6)),
    (15, (0, -40, -25), (5, 4, 5)),
    (14, (0, -8, 2), (2, 10, 6)),
    (85, (0, 4, -9), (6, 3, 3)),
    (506, (31, 57, -28), (12, 12, 12)),
    (506, (-31, 57, -28), (12, 12, 12)),
    (0, (0, 60, -42), (10, 10, 10)),
    *((number, centre, (5, 5, 5)) for number, centre in structure_centres().items()),
]
KNOWN_MM = {
    "left_globe": (-31, 57, -28),
    "right_globe": (31, 57, -28),
    "optic_chiasm": (0, 4, -9),
    "fourth_ventricle": (0, -40, -25),
    "left_occipital_horn": (-14, -62, 14),
    "right_occipital_horn": (14, -62, 14),
    "rostral_corpus_callosum": (0, 32, 15),
    "caudal_corpus_callosum": (0, -40, 15),
}
IN_TISSUE = (*[Tissue.EYE] * 2, Tissue.OPTIC_NERVE, *[Tissue.VENTRICLE] * 3, *[Tissue.WHITE] * 2)
STRAY_MM = (78.0, 80.0, 80.0)


def ellipsoid_head() -> Volume:
    directions = WORLD_FROM_HEAD.rotation @ np.array([[-1, 0, 0], [0, 0, 1], [0, -1, 0]])
    shape = (116, 116, 140)
    world_from_voxel = np.eye(4)
    world_from_voxel[:3, :3] = directions * SPACING
    middle = WORLD_FROM_HEAD.map((0.0, -12.0, 13.0))
    world_from_voxel[:3, 3] = middle - world_from_voxel[:3, :3] @ ((np.array(shape) - 1) / 2)
    grid = Grid(shape, world_from_voxel)
    indices = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1)
    xyz = np.moveaxis((~WORLD_FROM_HEAD).map(apply_affine(world_from_voxel, indices)), -1, 0)
    labels = np.zeros(shape, dtype=np.int16)
    for number, centre, radii in ELLIPSOIDS:
        within = sum(((x - c) / r) ** 2 for x, c, r in zip(xyz, centre, radii, strict=True)) <= 1
        labels[within] = number
    rng = np.random.default_rng(3)
    labels[(labels == 507) & (rng.random(shape) < 0.01)] = 0
    labels[np.linalg.norm(xyz - np.reshape(STRAY_MM, (3, 1, 1, 1)), axis=0) < 4] = 24
    return Volume(labels, grid)


@pytest.fixture(scope="module")
def volume() -> Volume:
    return ellipsoid_head()


@pytest.fixture(scope="module")
def folder(tmp_path_factory, volume):
    folder = tmp_path_factory.mktemp("maps")
    write_volume(volume, folder / "one.nii.gz")
    (folder / "notes.txt").write_text("not a map")
    return folder


@pytest.fixture(scope="module")
def heads(folder) -> LabelledHeads:
    return LabelledHeads(folder)


@pytest.fixture(scope="module")
def source(heads) -> Source:
    return heads.source("one.nii.gz")


def still(source: Source, **changes) -> tuple[np.ndarray, Grid]:
    tissues, grid, _ = sample(source, warp_of(source, replace(STILL, **changes), CPU), 1.0)
    return tissues.numpy(), grid


def tissues_at(tissues: np.ndarray, grid: Grid, points: np.ndarray) -> np.ndarray:
    at = np.rint(apply_affine(grid.voxel_from_world, points)).astype(int)
    return tissues[tuple(np.moveaxis(at, -1, 0))]


def assert_landmarks_in_tissues(head: Head) -> None:
    """The voxel of a landmark, or one that touches it, is of its structure; left is left."""
    tissues = head.tissues.numpy()
    for name, tissue, place in zip(LANDMARKS, IN_TISSUE, head.landmarks, strict=False):
        i, j, k = np.rint(apply_affine(head.grid.voxel_from_world, place)).astype(int)
        around = tissues[i - 1 : i + 2, j - 1 : j + 2, k - 1 : k + 2]
        assert (around == tissue).any(), f"{name}: {np.unique(around)}"
    for left in [name for name in LANDMARKS if name.startswith("left")]:
        right = LANDMARKS.index(left.replace("left", "right"))
        assert head.landmarks[LANDMARKS.index(left), 0] < head.landmarks[right, 0] - 5


def test_head_lies_in_its_own_frame_however_the_scan_lies(source):
    found = dict(zip(LANDMARKS, source.landmarks, strict=True))
    for name, place in KNOWN_MM.items():
        assert np.linalg.norm(found[name] - place) < 4, f"{name} at {found[name]}"
    tissues, grid = still(source)
    centre = {Tissue.CEREBELLUM_GREY: (0, -58, -30), Tissue.BRAIN_STEM: (0, -26, -33)}
    for tissue, place in centre.items():
        at = apply_affine(grid.world_from_voxel, np.argwhere(tissues == tissue)).mean(axis=0)
        assert np.linalg.norm(at - place) < 2.5, tissue.name


@pytest.mark.parametrize("seed", range(6))
def test_landmarks_keep_to_their_tissues_and_sides(heads, seed):
    assert_landmarks_in_tissues(heads.draw(np.random.default_rng(seed)))


def test_landmarks_go_through_the_deformation_of_the_labels(source):
    rng = np.random.default_rng(11)
    for _ in range(10):
        warp = warp_of(source, draw_deformation(rng), CPU)
        drawn = warp.drawn_from_head(source, source.landmarks)
        nodes = (drawn - warp.low) / NODES_MM
        back = [ndimage.map_coordinates(axis.numpy().astype(float), nodes.T, order=1) for axis in warp.nodes]
        off = source.head_from_voxel.map(np.stack(back, axis=-1)) - source.landmarks
        assert np.abs(off).max() < 0.01


def test_no_deformation_folds_the_head(source):
    rng = np.random.default_rng(2)
    for _ in range(40):
        warp = warp_of(source, draw_deformation(rng), CPU)
        assert warp.least_jacobian > 0.1
        assert warp.deformation.strength > 0.4
        steps = np.stack(np.gradient(warp.nodes.numpy(), NODES_MM, axis=(1, 2, 3)), axis=-1)
        sign = -1 if warp.deformation.flip else 1
        assert (sign * np.linalg.det(np.moveaxis(steps, 0, -2)) > 0).all()


def test_a_deformation_that_would_fold_is_weakened(source):
    wild = replace(STILL, far_sd_mm=60.0, seed=4)
    warp = warp_of(source, wild, CPU)
    assert warp.deformation.strength < 1
    assert warp.least_jacobian > 0.1


def test_flip_is_a_mirror_image(source):
    drawn = replace(draw_deformation(np.random.default_rng(5)), flip=False)
    plain, plain_grid, _ = sample(source, warp_of(source, drawn, CPU), 2.0)
    mirrored, grid, _ = sample(source, warp_of(source, replace(drawn, flip=True), CPU), 2.0)
    assert plain.shape == mirrored.shape
    assert np.allclose(grid.centre * (-1, 1, 1), plain_grid.centre)
    assert (plain.flip(0) == mirrored).float().mean() > 0.999


def test_growths_do_what_they_are_named_for(source):
    def thickness(changes, *tissues):
        """Mean mm of tissues on lines upwards and sideways from the middle of the brain."""
        labels, grid = still(source, **changes)
        directions = np.array([(0, 0, 1), (1, 0, 0.7), (-1, 0, 0.7), (0, -1, 0.7), (0, 1, 1), (1, 1, 1)])
        directions = directions / np.linalg.norm(directions, axis=1)[:, None]
        line = np.arange(20, 120, 0.25)
        points = directions[:, None] * line[:, None] + (0, -18, 12)
        inside = apply_affine(grid.voxel_from_world, points)
        inside = ((inside > 0) & (inside < np.array(labels.shape) - 1)).all(axis=-1)
        found = tissues_at(labels, grid, np.where(inside[..., None], points, grid.centre))
        return (np.isin(found, tissues) & inside).sum() * 0.25 / len(directions)

    bone = (Tissue.CORTICAL_BONE, Tissue.DIPLOE)
    scalp = (Tissue.SKIN, Tissue.FAT, Tissue.MUSCLE, Tissue.SOFT)
    before = thickness({}, *bone)
    assert 6 < before < 9  # it is 8, in voxels of 1.6
    assert thickness({"growths": (0.6, 0, 0, 0)}, *bone) > 1.2 * before
    assert thickness({"growths": (-0.5, 0, 0, 0)}, *bone) < 0.88 * before
    assert thickness({"growths": (0, 0.5, 0, 0)}, *scalp) > 1.15 * thickness({}, *scalp)
    volume = {g: (still(source, growths=(0, 0, 0, g))[0] == Tissue.VENTRICLE).sum() for g in (0, 2.5)}
    assert volume[2.5] > 1.2 * volume[0]
    brain = {
        g: np.isin(still(source, growths=(0, 0, g, 0))[0], (Tissue.GREY, Tissue.WHITE)).sum() for g in (0, 3)
    }
    assert brain[3] < 0.97 * brain[0]


def test_frame_is_kept_by_any_deformation(source):
    rng = np.random.default_rng(8)
    for _ in range(10):
        warp = warp_of(source, replace(draw_deformation(rng), growths=(0, 0, 0, 0)), CPU)
        drawn = warp.drawn_from_head(source, source.centres) * (-1 if warp.deformation.flip else 1, 1, 1)
        # Of the structures in the middle of the head no turn or shift is left, but for what scale makes.
        assert np.abs((drawn - source.centres * warp.deformation.scale).mean(axis=0)).max() < 1.0


def test_same_seed_gives_the_same_bytes_on_any_number_of_threads(heads, folder, with_threads):
    def draw(heads):
        with undivided_operations():
            return heads.draw(np.random.default_rng(6), spacing_mm=2.5)

    # The second reads the file anew.
    one, two = with_threads(1, lambda: draw(heads)), with_threads(2, lambda: draw(LabelledHeads(folder)))
    assert torch.equal(one.tissues, two.tissues)
    assert one.landmarks.tobytes() == two.landmarks.tobytes()
    assert one.grid == two.grid
    assert one.parameters == two.parameters


def test_heads_differ_and_say_how_they_were_made(heads):
    one, two = (heads.draw(np.random.default_rng(seed), spacing_mm=3.0) for seed in (0, 1))
    assert not np.allclose(one.landmarks, two.landmarks, atol=1.0)
    assert json.loads(json.dumps(one.parameters)) != json.loads(json.dumps(two.parameters))
    assert one.parameters["source"] == "one.nii.gz"
    assert set(one.parameters["growths"]) == {"skull", "scalp", "shrinkage", "ventricles"}


def test_one_head_is_the_same_at_any_spacing(heads):
    fine, rough = (heads(np.random.default_rng(9), spacing_mm=mm) for mm in (1.0, 3.0))
    assert np.array_equal(fine.landmarks, rough.landmarks)
    at = np.argwhere(np.ones(rough.tissues.shape, dtype=bool))[::7]
    points = apply_affine(rough.grid.world_from_voxel, at)
    within = apply_affine(fine.grid.voxel_from_world, points)
    within = ((within >= 0) & (within <= np.array(fine.tissues.shape) - 1)).all(axis=1)
    same = (
        tissues_at(fine.tissues.numpy(), fine.grid, points[within])
        == rough.tissues.numpy()[tuple(at[within].T)]
    )
    assert same.mean() > 0.999


def test_only_the_lowest_face_shows_the_head(heads):
    head = heads.draw(np.random.default_rng(4), spacing_mm=2.0)
    tissues = head.tissues.numpy()
    assert head.tissues.dtype == torch.uint8
    for face in (tissues[0], tissues[-1], tissues[:, 0], tissues[:, -1], tissues[:, :, -1]):
        assert not face.any()
    assert (tissues[:, :, 0] != Tissue.AIR).mean() > 0.1
    assert np.allclose(head.grid.world_from_voxel[:3, :3], 2 * np.eye(3))
    lowest = float(head.grid.world_from_voxel[2, 3])
    assert lowest <= head.known_from_mm < lowest + 60


def test_head_is_clean_and_air_within_it_is_told_from_air_around(source):
    tissues, grid = still(source)
    assert tissues_at(tissues, grid, np.array([(0.0, 60.0, -42.0)]))[0] == Tissue.CAVITY
    assert (tissues_at(tissues, grid, np.array([STRAY_MM])) == Tissue.AIR).all()
    assert ndimage.label(tissues != Tissue.AIR)[1] == 1
    holes = ndimage.binary_fill_holes(tissues != Tissue.AIR) & (tissues == Tissue.AIR)
    assert not holes.any()


def test_refinement_makes_what_the_map_lacks(source):
    tissues, grid = still(source)
    near_skin = tissues_at(tissues, grid, np.array([(0.0, -12.0, 105.3), (0.0, -111.3, 4.0)]))
    assert set(near_skin.tolist()) <= {Tissue.FAT, Tissue.SKIN}
    counts = np.bincount(tissues.ravel(), minlength=len(Tissue))
    for tissue in (Tissue.SKIN, Tissue.FAT, Tissue.MUSCLE, Tissue.EYE_WALL, Tissue.LENS, Tissue.DURA):
        assert counts[tissue] > 50, tissue.name
    lenses = apply_affine(grid.world_from_voxel, np.argwhere(tissues == Tissue.LENS))
    assert np.allclose(lenses[lenses[:, 0] > 0].mean(axis=0), (31, 64, -28), atol=2.5)
    dura = apply_affine(grid.world_from_voxel, np.argwhere(tissues == Tissue.DURA))
    assert (np.abs(dura[dura[:, 2] > 40][:, 0]) < 3).all()


def test_which_heads_are_drawn(tmp_path, source, monkeypatch):
    monkeypatch.setattr(
        "cephalign.simulate.labelled.heads.read_source", lambda path, table: replace(source, name=path.name)
    )
    for name in ("b.nii.gz", "a.nii.gz"):
        (tmp_path / name).write_bytes(b"")
    heads = LabelledHeads(tmp_path)
    assert heads.names == ("a.nii.gz", "b.nii.gz")

    def source_of(seed, which=None):
        return heads.draw(np.random.default_rng(seed), spacing_mm=8, which=which).parameters["source"]

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(lambda seed: source_of(seed, ["b.nii.gz"]), range(4))) == {"b.nii.gz"}
        assert set(pool.map(source_of, range(8))) == set(heads.names)
    for which in (["c.nii.gz"], []):
        with pytest.raises(InputError, match="no such label map"):
            source_of(0, which)


def small_map(tmp_path, data, spacing=1.5) -> LabelledHeads:
    world_from_voxel = Rigid.from_euler((3, 4, 5), (7, 8, 9)).matrix @ np.diag([spacing, spacing, spacing, 1])
    write_volume(Volume(data, Grid(data.shape, world_from_voxel)), tmp_path / "map.nii.gz")
    return LabelledHeads(tmp_path)


def test_unknown_number_is_refused_with_what_to_do(tmp_path, volume):
    data = volume.data.copy()
    data[60:63, 60, 60], data[60, 63, 60] = 999, 1234
    with pytest.raises(InputError, match=r"map\.nii\.gz has labels .*: 999, 1234;.*tissues\.tsv"):
        small_map(tmp_path, data).draw(np.random.default_rng(0))


def test_table_of_the_folder_says_what_numbers_mean(tmp_path, volume):
    data = volume.data.copy()
    data[data == 507] = 1507
    lines = [f"{number}\t{tissue.name.lower()}" for number, tissue in FREESURFER.items() if number != 507]
    table = "\n".join(["number\ttissue", *lines, "1507\tFat", ""])
    (tmp_path / "tissues.tsv").write_text(table)
    write_volume(Volume(data, volume.grid), tmp_path / "map.nii.gz")
    heads = LabelledHeads(tmp_path)
    head = heads.draw(np.random.default_rng(0), spacing_mm=2.0)
    counts = np.bincount(head.tissues.numpy().ravel(), minlength=len(Tissue))
    # The table tells fat, so that none of it is taken for muscle.
    assert counts[Tissue.FAT] > 10_000
    assert counts[Tissue.MUSCLE] == 0
    assert_landmarks_in_tissues(heads.draw(np.random.default_rng(0)))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "has no header"),
        ("label\tname\n3\tgrey\n", "has no header"),
        ("number\ttissue\n3\n", "line 2: no number and tissue"),
        ("number\ttissue\n\n-3\tgrey\n", "line 3: no number and tissue"),
        ("number\ttissue\n99999\tgrey\n", "line 2: no number and tissue"),
        ("number\ttissue\n3\tgray\n", "line 2: unknown tissue; expected air, skin, .* got 'gray'"),
    ],
)
def test_bad_table_is_refused(tmp_path, table, message):
    (tmp_path / "tissues.tsv").write_text(table)
    (tmp_path / "map.nii").write_bytes(b"")
    with pytest.raises(InputError, match=message):
        LabelledHeads(tmp_path)


def test_no_label_map_is_refused(tmp_path):
    with pytest.raises(InputError, match="is no folder"):
        LabelledHeads(tmp_path / "missing")
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(InputError, match="holds no label map"):
        LabelledHeads(tmp_path)


@pytest.mark.parametrize(
    ("data", "spacing", "message"),
    [
        (np.full((20, 20, 20), 2.5, np.float32), 1.5, "is not a label map"),
        (np.full((20, 20, 20), np.nan, np.float32), 1.5, "is not a label map"),
        (np.full((20, 20, 20), -2, np.int16), 1.5, "is not a label map"),
        (np.full((20, 20, 20), 70000, np.int32), 1.5, "is not a label map"),
        (np.full((20, 20, 20), 3, np.int16), 1.5, "is empty"),
        (np.eye(20, dtype=np.int16)[None].repeat(20, 0) * 3, 4.0, "is no label map of one head"),
        (np.eye(20, dtype=np.int16)[None].repeat(20, 0) * 3, 1.5, "too little of the brain is labelled"),
    ],
)
def test_what_is_no_label_map_of_a_head_is_refused(tmp_path, data, spacing, message):
    with pytest.raises(InputError, match=message):
        small_map(tmp_path, data, spacing).draw(np.random.default_rng(0))


def test_impossible_spacing_is_refused(heads, tmp_path):
    for spacing_mm in (0.0, -1.0, 20.0, float("nan")):
        with pytest.raises(InputError, match="cannot be drawn at this spacing"):
            heads.draw(np.random.default_rng(0), spacing_mm=spacing_mm)
    unplaced = small_map(tmp_path, np.zeros((8, 8, 8), np.int16))
    stored = bytearray((tmp_path / "map.nii.gz").read_bytes())
    (tmp_path / "map.nii.gz").write_bytes(stored[: len(stored) // 2])
    with pytest.raises((InputError, GeometryError), match=r"map\.nii\.gz"):
        unplaced.draw(np.random.default_rng(0))


REAL = ("head_03.nii.gz", "head_12.nii.gz")


@pytest.fixture(scope="module")
def real(data_dir) -> LabelledHeads:
    return LabelledHeads(data_dir / "labels")


@pytest.mark.parametrize("name", REAL)
def test_real_heads_lie_alike_and_stay_whole(real, name):
    assert len(real.names) == 16
    rng = np.random.default_rng(7)
    for _ in range(2):
        head = real.draw(rng, which=[name])
        assert_landmarks_in_tissues(head)
        counts = np.bincount(head.tissues.numpy().ravel(), minlength=len(Tissue)) / 1000
        before = np.bincount(real.source(name).tissues.numpy().ravel(), minlength=len(Tissue)) / 1000
        for tissue in (Tissue.GREY, Tissue.WHITE, Tissue.CEREBELLUM_GREY):
            assert 0.7 < counts[tissue] / before[tissue] / np.prod(head.parameters["scale"]) < 1.4
        assert 300 < counts[Tissue.CORTICAL_BONE] + counts[Tissue.DIPLOE] < 1000
        assert counts[Tissue.CAVITY] > 30
        assert counts[Tissue.AIR_CELLS] > 3
        typical = {"optic_chiasm": (0, 4.5, -9), "fourth_ventricle": (0, -40, -25)}
        for landmark, place in typical.items():
            found = head.landmarks[LANDMARKS.index(landmark)]
            assert np.linalg.norm(found - place) < 15
    # Heads whose scans ended at the nose say so.
    assert (head.known_from_mm > -75) == (name == "head_03.nii.gz")
