"""Values as integers of 16 bits: exact where they are whole, else as close as their steps allow."""

import numpy as np
import pytest

from cephalign.geometry import Grid, Modality, Volume
from cephalign.io.dicom_pixels import stored

GRID = Grid((3, 2, 2), np.diag([1.5, 1.4, 3.0, 1.0]))


def kept(values, modality=Modality.MR, dtype=np.float32):
    """Return what is stored of twelve values, and how far it is off."""
    data = np.resize(np.asarray(values, dtype), GRID.shape)
    found = stored(Volume(data, GRID, modality))
    assert found.values.dtype in (np.int16, np.uint16)
    return found, float(np.abs(found.values * found.slope + found.intercept - data).max())


@pytest.mark.parametrize(
    ("values", "dtype", "kind"),
    [
        ([-1024, 3071], np.int16, np.int16),
        ([0, 65535], np.int32, np.uint16),
        ([0, 255], np.uint8, np.int16),
        ([-32768, 32767], np.int64, np.int16),
    ],
)
def test_whole_numbers_stay(values, dtype, kind):
    found, off = kept(values, dtype=dtype)
    assert (found.slope, found.intercept, found.values.dtype, off) == (1, 0, kind, 0)


def test_ct_is_in_whole_hounsfield_units():
    found, off = kept([-1000.4, 12.5, 3070.6], Modality.CT)
    assert (found.slope, found.intercept) == (1, 0)
    assert off <= 0.5


@pytest.mark.parametrize("values", [[-3.7, 0, 812.3], [0.001, 0.0002], [-40_000, 70_000], [5e8, 1e9]])
@pytest.mark.parametrize("modality", [Modality.MR, Modality.PET])
def test_others_are_off_by_half_a_step(values, modality):
    found, off = kept(values, modality)
    assert off <= 0.5 * found.slope * (1 + 1e-6)
    assert found.slope <= 2 * np.abs(values).max() / 32767
    assert modality is Modality.MR or found.intercept == 0
    for value in values:
        assert abs(found.of(value) * found.slope + found.intercept - value) <= 0.51 * found.slope


def test_ct_beyond_16_bits_has_a_slope():
    found, off = kept([-1000, 100_000], Modality.CT, np.int32)
    assert off <= 0.5 * found.slope


@pytest.mark.parametrize("value", [0.0, 0.3])
@pytest.mark.parametrize("modality", [Modality.MR, Modality.PET])
def test_one_value(value, modality):
    assert kept([value], modality)[1] < 1e-6
