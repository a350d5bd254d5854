"""Heads from random numbers: whole, closed, of human size, no two alike, with their landmarks in place."""

import json

import numpy as np
import pytest
import torch
from scipy import ndimage

from cephalign.errors import InputError
from cephalign.geometry.grid import apply_affine
from cephalign.parallel import undivided_operations
from cephalign.simulate.head import LANDMARKS, Head
from cephalign.simulate.procedural import procedural_head
from cephalign.simulate.procedural.lattice import Lattice, Refinement
from cephalign.simulate.procedural.shapes import chain, ellipsoid, limb
from cephalign.simulate.procedural.space import ABOVE, COMMISSURES, Space
from cephalign.simulate.tissues import Tissue

SEEDS = (1, 2, 3, 7, 11)
BONE = (Tissue.CORTICAL_BONE, Tissue.DIPLOE, Tissue.TOOTH)
CEREBRUM = (Tissue.GREY, Tissue.WHITE, Tissue.DEEP_GREY)
CEREBELLUM = (Tissue.CEREBELLUM_GREY, Tissue.CEREBELLUM_WHITE)
WITHIN_SKULL = tuple(t for t in Tissue if Tissue.CSF <= t <= Tissue.CALCIFICATION)
# Ranges in ml and mm, a little wider than the central 95 % of adults in the sources that the package cites.
SIZES = {
    "intracranial": (1150, 1800),
    "brain": (900, 1500),
    "cortex": (350, 620),
    "white": (330, 620),
    "ventricles": (10, 70),
    "cerebellum": (105, 190),
    "stem": (18, 36),
    "globe": (5.8, 9.5),
    "width": (133, 170),
    "length": (172, 214),
    "vault": (4.5, 10),
    "scalp": (3.5, 9),
}
HOMES = {
    "left_globe": Tissue.EYE,
    "right_globe": Tissue.EYE,
    "optic_chiasm": Tissue.OPTIC_NERVE,
    "fourth_ventricle": Tissue.VENTRICLE,
    "left_occipital_horn": Tissue.VENTRICLE,
    "right_occipital_horn": Tissue.VENTRICLE,
    "rostral_corpus_callosum": Tissue.WHITE,
    "caudal_corpus_callosum": Tissue.WHITE,
}


def draw(seed: int, spacing_mm: float) -> Head:
    with undivided_operations():
        return procedural_head(np.random.default_rng(seed), spacing_mm=spacing_mm)


@pytest.fixture(scope="module")
def heads() -> list[Head]:
    return [draw(seed, 2.0) for seed in SEEDS]


@pytest.fixture(scope="module")
def fine() -> Head:
    return draw(5, 1.0)


def labels(head: Head) -> np.ndarray:
    return head.tissues.numpy()


def mask(head: Head, *tissues: Tissue) -> np.ndarray:
    return np.isin(labels(head), tissues)


def axes(head: Head) -> list[np.ndarray]:
    origin, spacing = head.grid.world_from_voxel[:3, 3], head.grid.spacing
    return [origin[a] + spacing[a] * np.arange(n) for a, n in enumerate(head.grid.shape)]


def at(head: Head, points: np.ndarray) -> np.ndarray:
    i, j, k = np.rint(apply_affine(head.grid.voxel_from_world, points)).astype(int).T
    return labels(head)[i, j, k]


def sizes(head: Head) -> dict[str, float]:
    """Measure a head as a reader of its label map would."""
    spacing = float(head.grid.spacing[0])
    x, y, z = axes(head)
    within = mask(head, *WITHIN_SKULL)
    within[:, :, z < -62] = False

    def millilitres(*tissues: Tissue) -> float:
        return float(mask(head, *tissues).sum()) * spacing**3 / 1000

    flesh = mask(head, *set(Tissue) - {Tissue.AIR, Tissue.CARTILAGE})
    above = flesh[:, :, (z > 15) & (z < 60)].any(axis=(1, 2))
    along = flesh[:, :, (z > -5) & (z < 40)].any(axis=(0, 2))
    columns = np.ix_(np.abs(x) < 30, (y > -60) & (y < 30), z > 20)
    return {
        "intracranial": float(within.sum()) * spacing**3 / 1000,
        "brain": millilitres(*CEREBRUM, *CEREBELLUM, Tissue.BRAIN_STEM),
        "cortex": millilitres(Tissue.GREY),
        "white": millilitres(Tissue.WHITE),
        "ventricles": millilitres(Tissue.VENTRICLE),
        "cerebellum": millilitres(*CEREBELLUM),
        "stem": millilitres(Tissue.BRAIN_STEM),
        "globe": millilitres(Tissue.EYE, Tissue.EYE_WALL, Tissue.LENS) / 2,
        "width": float(np.ptp(x[above])) + spacing,
        "length": float(np.ptp(y[along])) + spacing,
        "vault": float(mask(head, *BONE)[columns].sum(axis=2).mean()) * spacing,
        "scalp": float(mask(head, Tissue.SKIN, Tissue.FAT, Tissue.MUSCLE)[columns].sum(axis=2).mean())
        * spacing,
    }


def test_sizes_are_those_of_adults(heads):
    for head in heads:
        for name, size in sizes(head).items():
            low, high = SIZES[name]
            assert low < size < high, f"{name} of {head.parameters}: {size:.1f}"


def test_an_old_brain_has_wide_sulci_and_ventricles(heads):
    atrophy = [head.parameters["atrophy"] for head in heads]
    old, young = heads[int(np.argmax(atrophy))], heads[int(np.argmin(atrophy))]
    measured = [sizes(head) for head in (old, young)]
    shares = [m["brain"] / m["intracranial"] for m in measured]
    assert shares[0] < shares[1] - 0.05
    assert measured[0]["ventricles"] > measured[1]["ventricles"]


def test_landmarks_lie_in_their_structures(heads, fine):
    for head in [*heads, fine]:
        assert head.landmarks.shape == (len(LANDMARKS), 3)
        found = dict(zip(LANDMARKS, at(head, head.landmarks), strict=True))
        for name, tissue in HOMES.items():
            assert found[name] == tissue, f"{name} lies in {Tissue(found[name]).name}"
        right_of = head.landmarks[[1, 5, 9], 0] - head.landmarks[[0, 4, 8], 0]
        assert (right_of > 5).all()


def test_the_central_sulcus_reaches_the_midline_at_its_landmarks(fine):
    for name in ("left_central_sulcus_at_midline", "right_central_sulcus_at_midline"):
        point = fine.landmarks[LANDMARKS.index(name)]
        steps = np.stack(np.meshgrid(*[np.arange(-4, 5)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
        around, away = at(fine, point + steps), np.linalg.norm(steps, axis=1)
        assert away[np.isin(around, (Tissue.CSF, Tissue.VEIN))].min() <= 1.5
        assert away[around == Tissue.GREY].min() <= 4
        assert np.abs(point[0]) < 12
        assert 50 < point[2] < 90


def test_globes_are_centred_on_their_landmarks(fine):
    eyes, count = ndimage.label(mask(fine, Tissue.EYE, Tissue.EYE_WALL, Tissue.LENS))
    large = [n + 1 for n, size in enumerate(np.bincount(eyes.ravel())[1:]) if size > 1000]
    assert len(large) == 2, count
    centres = apply_affine(
        fine.grid.world_from_voxel, np.array(ndimage.center_of_mass(eyes > 0, eyes, large))
    )
    centres = centres[np.argsort(centres[:, 0])]
    np.testing.assert_allclose(centres, fine.landmarks[:2], atol=1.2)


def test_a_head_holds_every_tissue_of_the_healthy(fine):
    found = {Tissue(int(n)) for n in np.unique(labels(fine))}
    assert found == {t for t in Tissue if t <= Tissue.CALCIFICATION}


def test_cortex_is_a_folded_ribbon_over_white_matter(fine):
    x, y, z = axes(fine)
    within = np.ix_((x > -70) & (x < 20), (y > -60) & (y < 40), z > 10)
    grey, white = mask(fine, Tissue.GREY)[within], mask(fine, Tissue.WHITE)[within]
    to_white = ndimage.distance_transform_edt(~white)
    to_water = ndimage.distance_transform_edt(mask(fine, *CEREBRUM)[within])
    # Both distances run to voxel centres: half a voxel too far each.
    thickness = (to_white + to_water)[grey] - 1
    assert 2.0 < np.median(thickness) < 3.4
    cerebrum = mask(fine, *CEREBRUM, Tissue.VENTRICLE)[:, :, z > 10]
    surface = sum(np.count_nonzero(np.diff(cerebrum.astype(np.int8), axis=a)) for a in range(3)) / 1.5
    smooth = 4 * np.pi * (3 * cerebrum.sum() / (4 * np.pi)) ** (2 / 3)
    assert surface > 2.5 * smooth


def test_heads_are_one_piece_with_air_around_all_but_the_neck(heads, fine):
    for head in [*heads, fine]:
        assert head.tissues.dtype == torch.uint8
        assert head.tissues.shape == head.grid.shape
        inside = labels(head) != Tissue.AIR
        for face in (inside[0], inside[-1], inside[:, 0], inside[:, -1], inside[:, :, -1]):
            assert not face.any()
        assert inside[:, :, 0].mean() > 0.1
        pieces, _ = ndimage.label(inside, np.ones((3, 3, 3)))
        loose = (pieces > 1).sum()
        assert loose <= 3


def test_water_and_cord_run_from_the_skull_down_the_neck(heads):
    for head in heads:
        canal = mask(head, Tissue.CSF, Tissue.SPINAL_CORD, Tissue.BRAIN_STEM)
        pieces, _ = ndimage.label(canal)
        centre = apply_affine(head.grid.voxel_from_world, head.landmarks[LANDMARKS.index("optic_chiasm")])
        i, j, k = np.rint(centre).astype(int)
        around = pieces[i - 4 : i + 5, j - 4 : j + 5, k - 4 : k + 5]
        assert set(np.unique(pieces[:, :, 0])) & (set(np.unique(around)) - {0})
        assert (labels(head)[:, :, 0] == Tissue.SPINAL_CORD).any()


def reached_from_outside(head: Head, wall: np.ndarray) -> np.ndarray:
    pieces, _ = ndimage.label(~wall)
    return pieces == pieces[0, 0, -1]


def test_the_vault_is_closed(heads):
    for head in heads:
        below = np.zeros(head.grid.shape, dtype=bool)
        below[:, :, axes(head)[2] < 5] = True
        outside = reached_from_outside(head, mask(head, *BONE) | below)
        assert outside.any()
        assert not (outside & mask(head, *CEREBRUM, Tissue.CSF)).any()


def test_only_nerves_vessels_and_the_great_foramen_lead_through_the_base(fine):
    foramen = mask(fine, Tissue.CSF, Tissue.SPINAL_CORD, Tissue.BRAIN_STEM)
    foramen[:, :, axes(fine)[2] > -50] = False
    ways = mask(fine, Tissue.OPTIC_NERVE, Tissue.ARTERY, Tissue.VEIN)
    outside = reached_from_outside(fine, mask(fine, *BONE) | foramen | ways)
    assert not (outside & mask(fine, *CEREBRUM, *CEREBELLUM)).any()
    assert (reached_from_outside(fine, mask(fine, *BONE)) & mask(fine, *CEREBRUM)).any()


def test_left_and_right_are_unlike(fine):
    x, _, _ = axes(fine)
    both = np.abs(x) < 80
    half = labels(fine)[both]
    centres = x[both]
    mirrored = half[np.abs(centres[:, None] + centres[None]).argmin(axis=1)]

    def overlap(*tissues: Tissue) -> float:
        a, b = np.isin(half, tissues), np.isin(mirrored, tissues)
        return 2 * float((a & b).sum()) / float(a.sum() + b.sum())

    assert 0.85 < overlap(*WITHIN_SKULL) < 0.995
    assert overlap(Tissue.GREY) < 0.75


def test_same_seed_same_bytes_whatever_the_threads(with_threads):
    one, other = (with_threads(count, lambda: draw(6, 2.5)) for count in (1, 2))
    assert one.tissues.numpy().tobytes() == other.tissues.numpy().tobytes()
    assert one.landmarks.tobytes() == other.landmarks.tobytes()
    assert one.grid == other.grid
    assert one.parameters == other.parameters


def test_no_two_heads_are_alike(heads):
    for n, head in enumerate(heads):
        for other in heads[:n]:
            assert head.parameters != other.parameters
            assert not np.allclose(head.landmarks, other.landmarks, atol=0.5)


def test_spacing_changes_the_sampling_not_the_person(heads):
    head, coarse = heads[0], draw(SEEDS[0], 3.0)
    np.testing.assert_allclose(head.grid.spacing, 2.0)
    np.testing.assert_allclose(coarse.grid.spacing, 3.0)
    np.testing.assert_array_equal(head.landmarks, coarse.landmarks)
    assert head.parameters == coarse.parameters
    first, second = sizes(head), sizes(coarse)
    for name in ("intracranial", "brain", "cerebellum", "globe"):
        assert second[name] == pytest.approx(first[name], rel=0.06), name


def test_parameters_can_be_written(heads):
    for head in heads:
        assert json.loads(json.dumps(head.parameters)) == head.parameters
        assert head.parameters["source"] == "procedural"


@pytest.mark.parametrize("spacing_mm", [0, -1.0, 0.1, 20.0, np.nan, np.inf])
def test_impossible_spacings_are_refused(spacing_mm):
    with pytest.raises(InputError, match="bad spacing of a head"):
        procedural_head(np.random.default_rng(0), spacing_mm=spacing_mm)


def test_the_frame_is_that_of_the_commissures():
    rng = np.random.default_rng(4)
    space = Space.draw(rng, (1.03, 0.96, 1.01), 1.5)
    front, back = space.head(COMMISSURES)
    np.testing.assert_allclose(front, 0, atol=1e-6)
    np.testing.assert_allclose(back[[0, 2]], 0, atol=1e-6)
    assert back[1] < -20
    above = space.head(ABOVE)
    assert abs(above[0]) < 1e-6
    assert above[2] > 50
    points = rng.uniform(-90, 90, (50, 3))
    np.testing.assert_allclose(space.average(space.head(points)), points, atol=1e-6)
    assert np.abs(space.head(points) - points).max() > 2


def test_cubic_refinement_keeps_what_is_smooth():
    fine = Lattice((-20.0, 3.0, 11.0), (31, 27, 36), 1.3)
    coarse = fine.coarser(4.0)

    def wave(lattice: Lattice) -> torch.Tensor:
        x, y, z = np.meshgrid(*(lattice.along(axis) for axis in range(3)), indexing="ij")
        return torch.from_numpy(np.sin(x / 12 + 1) + np.cos(y / 15) * np.sin(z / 14)).float()

    refined = Refinement(coarse, fine, torch.device("cpu"))
    box = (slice(4, 30), slice(0, 27), slice(7, 20))
    values = refined(wave(coarse)[None], box)[0]
    np.testing.assert_allclose(values, wave(fine)[box], atol=0.01)
    whole = refined(wave(coarse)[None], fine.whole)[0]
    np.testing.assert_allclose(values, whole[box], atol=1e-5)


def test_shapes_measure_distances():
    rng = np.random.default_rng(2)
    points = torch.from_numpy(rng.uniform(-30, 30, (3, 10, 10, 10))).float()
    xyz = (points[0], points[1], points[2])
    radius = (points[0] - 3).square().add((points[1] + 2).square()).add(points[2].square()).sqrt()
    np.testing.assert_allclose(ellipsoid(xyz, (3, -2, 0), (9, 9, 9)), radius - 9, atol=1e-4)
    joints, radii = ((0.0, 0.0, 0.0), (12.0, 5.0, 3.0), (15.0, -9.0, 8.0)), (4.0, 2.0, 3.0)
    limbs = [limb(xyz, joints[n], joints[n + 1], radii[n], radii[n + 1]) for n in range(2)]
    np.testing.assert_allclose(chain(xyz, joints, radii), torch.minimum(*limbs), atol=1e-4)
    dense = np.linspace(joints[0], joints[1], 4000)
    places = points.flatten(1).numpy().T
    nearest = np.array([np.linalg.norm(dense - place, axis=1).min() for place in places[:50]])
    even = limb(xyz, joints[0], joints[1], 4.0).flatten()[:50]
    np.testing.assert_allclose(even, nearest - 4, atol=1e-2)
