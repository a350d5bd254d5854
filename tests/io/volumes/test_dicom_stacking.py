"""Gaps and gantry tilt: refused, or resampled so that the pattern stays where it was in space."""

import numpy as np
import pytest

from cephalign.errors import GeometryError
from cephalign.geometry import Grid, Rigid
from cephalign.io.volumes import ReadOptions, read_volume

GAPS, TILT = ReadOptions(allow_gaps=True), ReadOptions(allow_tilt=True)
BOTH = ReadOptions(allow_gaps=True, allow_tilt=True)


def fine_grid(turn_deg=(7, -4, 12)):
    matrix = np.eye(4)
    matrix[:3, :3] = Rigid.from_euler(turn_deg).rotation @ np.diag([-1.1, -0.9, 2.5])
    matrix[:3, 3] = (21, 33, -14)
    return Grid((40, 44, 16), matrix)


def refused(folder, match, options=None):
    with pytest.raises(GeometryError, match=match) as caught:
        read_volume(folder, options)
    assert "\n" not in str(caught.value)


def off_pattern(volume, shown):
    """How far the values are from the pattern at their own place, where there are values."""
    covered = volume.data != -1000
    assert covered.mean() > 0.5
    off = np.abs(volume.data - shown(volume.grid))
    # Beside the padding a value is mixed with it.
    for axis in range(2):
        for step in (-1, 1):
            covered &= np.roll(volume.data, step, axis) != -1000
    inner = np.zeros_like(covered)
    inner[2:-2, 2:-2] = covered[2:-2, 2:-2]
    return off[inner].max()


@pytest.mark.parametrize("missing", [[3], [1], [5, 6], [2, 9]])
def test_missing_slices(tmp_path, shown, dicom_series, missing):
    grid = fine_grid()
    folder = dicom_series(tmp_path / "d", grid, keep=[k for k in range(16) if k not in missing])
    refused(folder, "missing or unevenly spaced.*--allow-gaps")
    volume = read_volume(folder, GAPS)
    assert volume.grid.shape == grid.shape
    assert np.abs(volume.grid.corners - grid.corners).max() < 1e-4
    given = [k for k in range(16) if k not in missing]
    assert np.array_equal(volume.data[..., given], np.round(shown(grid))[..., given])
    assert np.abs(volume.data - shown(grid)).max() < 12  # linear between slices 5 or 7.5 mm apart


def test_two_spacings(tmp_path, shown, dicom_series):
    """The base of the skull in 2.5 mm, the rest in 5 mm, as old head CT was."""
    folder = dicom_series(tmp_path / "d", fine_grid(), keep=[0, 1, 2, 3, 4, 6, 8, 10, 12, 14])
    refused(folder, "2.5 to 5 mm")
    volume = read_volume(folder, GAPS)
    assert volume.grid.shape == (40, 44, 15)
    assert np.allclose(volume.grid.spacing, [1.1, 0.9, 2.5])
    assert off_pattern(volume, shown) < 12


def test_rounded_positions_are_even(tmp_path, dicom_series):
    def rounded(dataset, k):
        dataset.ImagePositionPatient = [str(round(float(x), 1)) for x in dataset.ImagePositionPatient]

    volume = read_volume(dicom_series(tmp_path / "d", fine_grid((0, 0, 0)), change=rounded))
    assert np.abs(volume.grid.corners - fine_grid((0, 0, 0)).corners).max() < 0.06


@pytest.mark.parametrize("tilt_deg", [0.5, -13.0, 20.0])
def test_tilt(tmp_path, shown, dicom_series, tilt_deg):
    grid = fine_grid()
    folder = dicom_series(tmp_path / "d", grid, tilt_deg=tilt_deg)
    refused(folder, f"tilted by {abs(tilt_deg):.2f} degrees.*--allow-tilt")
    volume = read_volume(folder, TILT)
    assert np.allclose(volume.grid.spacing, grid.spacing, atol=1e-6)
    assert np.allclose(volume.grid.directions, grid.directions, atol=1e-6)
    assert volume.grid.shape[0] == 40
    assert volume.grid.shape[1] == 44 + np.ceil(15 * 2.5 * np.tan(np.deg2rad(abs(tilt_deg))) / 0.9)
    # Values are rounded to whole HU; at a slope of up to 22 HU/mm, 3 HU is 0.15 mm, and no bias hides in it.
    assert off_pattern(volume, shown) < 3
    assert volume.data.min() == -1000


def test_tilt_is_unbiased(tmp_path, shown, dicom_series):
    """The shift is right to a hundredth of a millimetre: a plane wave comes out where it lies."""
    volume = read_volume(dicom_series(tmp_path / "d", fine_grid(), tilt_deg=17.0), TILT)
    inner = (slice(4, -4), slice(18, -18), slice(None))
    off = (volume.data - shown(volume.grid))[inner]
    slope = np.gradient(shown(volume.grid), volume.grid.spacing[1], axis=1)[inner]
    shift_mm = float((off * slope).sum() / (slope * slope).sum())
    assert abs(shift_mm) < 0.01


def test_padding_value(tmp_path, dicom_series):
    def padded(dataset, k):
        dataset.add_new("PixelPaddingValue", "US", 1024 - 500)

    folder = dicom_series(tmp_path / "d", fine_grid(), tilt_deg=20, change=padded)
    assert read_volume(folder, TILT).data[0, 0, -1] == -500


def test_tilt_and_gap(tmp_path, shown, dicom_series):
    folder = dicom_series(tmp_path / "d", fine_grid(), tilt_deg=10, keep=[0, 1, 2, 3, 5, 6, 7, 9, 10, 11, 15])
    refused(folder, "--allow-gaps", TILT)
    refused(folder, "--allow-tilt", GAPS)
    volume = read_volume(folder, BOTH)
    assert volume.grid.shape[2] == 16
    assert off_pattern(volume, shown) < 25  # one gap is 10 mm


def test_gaps_too_large_to_fill(tmp_path, dicom_series):
    def crowded(dataset, k):
        if k == 1:
            place = np.array(dataset.ImagePositionPatient, float)
            normal = np.cross(dataset.ImageOrientationPatient[:3], dataset.ImageOrientationPatient[3:])
            dataset.ImagePositionPatient = [f"{x:.8g}" for x in place - 2.4 * normal]

    folder = dicom_series(tmp_path / "d", fine_grid(), change=crowded)
    refused(folder, "too large to fill", GAPS)


def test_crooked_and_absurd_stacks(tmp_path, dicom_series):
    def crooked(dataset, k):
        dataset.ImagePositionPatient = [float(x) + 3 * (k % 2) for x in dataset.ImagePositionPatient]

    refused(dicom_series(tmp_path / "a", fine_grid((0, 0, 0)), change=crooked), "straight line", BOTH)
    refused(dicom_series(tmp_path / "b", fine_grid(), tilt_deg=60), "a tilt of 60.0 degrees", BOTH)
