import dataclasses

import numpy as np
import pytest

from cephalign.errors import GeometryError
from cephalign.geometry import Grid, Modality, Volume

GRID = Grid((5, 6, 3), np.array([[0, 0, 4.0, -50], [-0.7, 0, 0, 61], [0, 0.7, 0, 22], [0, 0, 0, 1]]))


def test_data_are_shared_but_cannot_be_written():
    data = np.arange(90, dtype=np.int16).reshape(5, 6, 3)
    volume = Volume(data, GRID, Modality.CT)
    assert np.shares_memory(volume.data, data) and volume.data.dtype == np.int16
    with pytest.raises(ValueError, match="read-only"):
        volume.data[0, 0, 0] = 1
    data[0, 0, 0] = 7  # its maker's own array stays as it was
    with pytest.raises(dataclasses.FrozenInstanceError):
        volume.modality = Modality.MR


@pytest.mark.parametrize("shape", [(6, 5, 3), (3, 6, 5), (5, 6), (5, 6, 3, 1)])
def test_data_of_another_shape_are_refused(shape):
    with pytest.raises(GeometryError, match=r"data and grid differ.*\(5, 6, 3\)"):
        Volume(np.zeros(shape), GRID)


def test_modality_is_unknown_unless_said():
    assert Volume(np.zeros(GRID.shape), GRID).modality is Modality.UNKNOWN
    assert Modality("MR-T1") is Modality.T1
