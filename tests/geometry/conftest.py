"""How Hypothesis makes geometry: any orientation, the awkward ones often, and nothing near a unit cube."""

import numpy as np
from hypothesis import strategies as st

from cephalign.geometry import Grid, Rigid

TURNS = st.floats(-1, 1)
MM = st.floats(-300, 300)
# Half turns, quarter turns (gimbal lock is one of them) and no turn, as quaternions x, y, z, w.
AWKWARD = [
    (0, 0, 0, 1),
    (1, 0, 0, 0),
    (0, 1, 0, 0),
    (0, 0, 1, 0),
    (0.6, 0, 0.8, 0),
    (0, 1, 0, 1),
    (0, -1, 0, 1),
    (1, 1, 1, 1),
    (1e-9, 0, 0, 1),
    (0, 1, 1e-9, 1),
]
quaternions = st.sampled_from(AWKWARD) | st.tuples(TURNS, TURNS, TURNS, TURNS).filter(
    lambda q: np.linalg.norm(q) > 0.1
)
rigids = st.builds(Rigid.from_quaternion, quaternions, st.tuples(MM, MM, MM))


@st.composite
def grids(draw):
    """Draw an oblique grid, left- or right-handed, of 1 to 40 voxels of 0.3 to 9 mm."""
    placed = draw(rigids).matrix.copy()
    spacing = draw(st.tuples(*[st.floats(0.3, 9)] * 3))
    mirrored = draw(st.booleans())
    placed[:3, :3] *= np.array(spacing) * (-1 if mirrored else 1, 1, 1)
    return Grid(draw(st.tuples(*[st.integers(1, 40)] * 3)), placed)


st.register_type_strategy(Rigid, rigids)
st.register_type_strategy(Grid, grids())
