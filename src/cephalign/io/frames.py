"""The one change of frame that several formats share: LPS (ITK, DICOM) against our RAS."""

import numpy as np

from cephalign.geometry.grid import Float

# Both frames share origin and z; x and y point the other way. The matrix is its own inverse.
RAS_FROM_LPS: Float = np.diag([-1.0, -1.0, 1.0, 1.0])
RAS_FROM_LPS.setflags(write=False)


def flip_xy(matrix: Float) -> Float:
    """Rewrite a (4, 4) point map between LPS spaces as one between RAS spaces, or the reverse."""
    flipped: Float = RAS_FROM_LPS @ matrix @ RAS_FROM_LPS
    return flipped + 0.0  # no negative zeros in the files we write
