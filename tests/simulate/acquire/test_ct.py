"""CT: Hounsfield units, noise as rays make it, kernels, hardware, storage."""

from dataclasses import replace

import numpy as np
import pytest

from cephalign.geometry.grid import apply_affine
from cephalign.simulate.acquire import acquire
from cephalign.simulate.acquire.kernel import filtered, noise_gain
from cephalign.simulate.acquire.parts import Resolution, Storage
from cephalign.simulate.artefacts import draw_hardware
from cephalign.simulate.tissues import Tissue


@pytest.fixture(scope="module")
def axial(grid_over):
    return grid_over((116, 120, 4), (1.9, 1.9, 4.0), (2, -3, 5), (1, -16, 14))


def voxels(scan, head, grid, tissue, edge=3):
    """Return the values where all of a neighbourhood of `edge` voxels is one tissue."""
    places = np.indices(grid.shape).reshape(3, -1).T
    index = apply_affine(head.grid.voxel_from_world @ grid.world_from_voxel, places)
    inside = np.ones(scan.data.size, dtype=bool)
    tissues = head.tissues.numpy()
    for offset in np.array(np.meshgrid(*[[-edge, 0, edge]] * 3)).reshape(3, -1).T:
        i, j, k = np.clip(np.rint(index + offset).astype(int), 0, np.array(tissues.shape) - 1).T
        inside &= tissues[i, j, k] == tissue
    return scan.data.reshape(-1)[inside]


def test_tissues_have_their_hounsfield_units(head, axial, plain_scan):
    scan = acquire(head, plain_scan(axial))
    assert scan.data.dtype == np.int16
    for tissue, hu in ((Tissue.WHITE, 29), (Tissue.VENTRICLE, 6), (Tissue.AIR, -1000)):
        found = voxels(scan, head, axial, tissue)
        assert found.size > 100
        np.testing.assert_array_equal(found, hu)
    bone = voxels(scan, head, axial, Tissue.CORTICAL_BONE, edge=1)
    assert np.median(bone) == pytest.approx(1350, abs=30)


def test_a_person_deviates_and_a_tissue_varies(head, axial, plain_scan):
    deviations = tuple(2.0 if tissue == Tissue.WHITE else 0.0 for tissue in Tissue)
    scan = acquire(head, plain_scan(axial, deviations=deviations, texture=1.0))
    white = voxels(scan, head, axial, Tissue.WHITE)
    assert white.mean() == pytest.approx(33, abs=0.5)
    # Averaged over a slice's thickness, but still there.
    assert 0.4 < white.std() < 2.0
    assert (scan.data[0, 0] == -1000).all()


@pytest.mark.parametrize("kernel", [-0.8, 0.0, 1.2])
def test_noise_in_the_middle_is_what_was_asked_for(head, axial, plain_scan, kernel):
    plain = plain_scan(axial, resolution=Resolution(4.0, kernel=kernel))
    noise = acquire(head, replace(plain, noise=9.0)).data.astype(float) - acquire(head, plain).data.astype(
        float
    )
    middle, corner = noise[50:66, 50:70], noise[:12, :12]
    assert middle.std() == pytest.approx(9, rel=0.2)  # rays through 160 mm of head and two walls of skull
    assert middle.mean() == pytest.approx(0, abs=1)
    assert corner.std() < 0.5 * middle.std()
    neighbours = np.corrcoef(middle[:-1].ravel(), middle[1:].ravel())[0, 1]
    assert (neighbours > 0.3) if kernel < 0 else (neighbours < 0.1)


def test_noise_grows_with_bone_in_the_way(head, axial, plain_scan, head_of):
    bony = np.where(head.tissues.numpy() == Tissue.FAT, Tissue.CORTICAL_BONE, head.tissues.numpy())
    bony = head_of(bony, 2.0, head.grid.world_from_voxel[:3, 3])
    noises = [
        acquire(one, plain_scan(axial, noise=5.0)).data[50:66, 50:70].astype(float).std()
        for one in (head, bony)
    ]
    assert noises[1] > 1.05 * noises[0]  # 8 mm of bone more take away a fifth of the photons


def test_kernels_keep_flat_places_and_their_gain_is_known():
    import torch

    image = torch.full((2, 9, 11), 40.0)
    assert torch.equal(filtered(image, 0.7), image)
    image[0, 4, 5] = 1040
    sharp, smooth = filtered(image, 0.7), filtered(image, -0.7)
    assert sharp[0, 4, 5] > 1040 > smooth[0, 4, 5]
    assert sharp.sum().item() == pytest.approx(image.sum().item())
    assert torch.equal(sharp[1], image[1])
    noise = torch.randn(4, 200, 220, generator=torch.Generator().manual_seed(3))
    for kernel in (-1.0, -0.4, 0.6):
        assert filtered(noise, kernel).std().item() == pytest.approx(noise_gain(kernel), rel=0.01)


def test_hardware_lies_outside_the_head_and_under_it(head, axial, plain_scan):
    box = np.array([[-82.0, -115.0, -90.0], [84.0, 83.0, 99.0]])
    hardware = draw_hardware(np.random.default_rng(4), {"holder"}, box)
    plain, held = (acquire(head, plain_scan(axial, hardware=one)) for one in (None, hardware))
    changed = np.argwhere(plain.data != held.data)
    world = changed @ axial.world_from_voxel[:3, :3].T + axial.world_from_voxel[:3, 3]
    assert len(changed) > 200
    assert np.median(world[:, 1]) < -90
    np.testing.assert_array_equal(plain.data[40:80, 40:80], held.data[40:80, 40:80])


def test_hardening_is_felt_within_the_skull_only(head, axial, plain_scan):
    plain, dark = (acquire(head, plain_scan(axial, hardening=one)).data.astype(float) for one in (0.0, 1.0))
    assert np.abs(dark - plain)[30:86, 30:90].max() > 3
    assert np.abs(dark - plain).max() < 400


@pytest.mark.parametrize(
    ("storage", "air", "white"),
    [
        (Storage("int16", 1.0, 0.0, -1024, 3071), -1000, 29),
        (Storage("uint16", 1.0, 1024.0, 0, 4095), 24, 1053),
        (Storage("uint8", 0.5, 50.0, 0, 255), 0, 64),
    ],
)
def test_storage(head, axial, plain_scan, *, storage, air, white):
    scan = acquire(head, plain_scan(axial, storage=storage))
    assert scan.data.dtype == np.dtype(storage.dtype)
    assert scan.data[0, 0, 0] == air
    assert np.median(voxels(scan, head, axial, Tissue.WHITE)) == white
    assert scan.data.max() <= storage.highest
