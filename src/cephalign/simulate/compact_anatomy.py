"""What a compact head is made of: a few dozen ellipsoids, each with its brightness in CT and in T1."""

from __future__ import annotations

from typing import NamedTuple

Triple = tuple[float, float, float]
Pair = tuple[float, float]


class Row(NamedTuple):
    """Centre and semi-axes in head mm (x right, y to the nose, z to the vertex), and HU and T1."""

    centre: Triple
    axes: Triple
    tissue: Pair


# Brightness in CT (HU) and in T1 (fat is 1).
AIR = (-1000.0, 0.0)
SKIN, FAT, MUSCLE = (30.0, 0.5), (-95.0, 1.0), (55.0, 0.4)
BONE, MARROW, TOOTH = (1250.0, 0.07), (450.0, 0.55), (2200.0, 0.03)
CSF, GREY, WHITE = (6.0, 0.14), (38.0, 0.43), (28.0, 0.62)
LENS, STONE, BLOOD = (95.0, 0.35), (420.0, 0.05), (72.0, 0.95)

# The middle of the brain is 0.
CAVITY = (Row((0, 0, 0), (68, 85, 69), CSF),)
SKIN_PARTS = (
    Row((0, 35, -68), (60, 55, 62), SKIN),  # face
    Row((0, 68, -112), (28, 24, 20), SKIN),  # chin
    Row((0, -18, -170), (57, 60, 140), SKIN),  # neck
    Row((0, 90, -52), (13, 18, 24), SKIN),  # nose
    Row((79, -12, -38), (9, 17, 30), SKIN),  # ears, unlike
    Row((-77, -16, -41), (8, 15, 27), SKIN),
)


def _both(centre: Triple, axes: Triple, tissue: Pair) -> tuple[Row, Row]:
    x, y, z = centre
    return Row(centre, axes, tissue), Row((-x, y, z), axes, tissue)


# Painted one over the other, in this order.
FACE = (
    Row((0, 48, -104), (50, 46, 13), BONE),  # jaw: what the mouth leaves of an ellipsoid
    Row((0, 38, -103), (41, 43, 16), MUSCLE),
    *_both((47, 12, -80), (5, 13, 30), BONE),
    Row((0, 54, -86), (31, 33, 9), TOOTH),
    Row((0, 48, -86), (25, 28, 11), MUSCLE),
    Row((0, 52, -71), (28, 34, 5), BONE),
    *_both((53, 48, -42), (8, 24, 7), BONE),  # cheek bones
    Row((0, -20, -98), (23, 16, 8), BONE),  # vertebrae
    Row((0, -22, -117), (22, 15, 8), BONE),
    Row((0, -24, -136), (22, 15, 8), BONE),
    Row((0, 84, -30), (6, 8, 12), BONE),
    *_both((31, 56, -24), (21, 27, 20), BONE),  # orbits
    *_both((31, 59, -24), (18, 27, 17), FAT),
    *_both((22, 44, -25), (4, 18, 4), MUSCLE),
    *_both((28, 60, -56), (18, 20, 18), BONE),  # maxillary sinuses
    *_both((28, 60, -56), (15, 17, 15), AIR),
    Row((0, 60, -48), (12, 28, 20), BONE),  # nose
    *_both((5.5, 64, -48), (4.5, 31, 17), AIR),
    Row((0, 27, -44), (15, 14, 12), BONE),  # sphenoid sinus
    Row((3, 27, -44), (12, 11, 9), AIR),
    Row((0, 14, -92), (11, 8, 45), AIR),  # throat
    Row((12, 84, 2), (11, 5, 10), AIR),  # frontal sinuses, unlike
    Row((-9, 85, 0), (8, 4, 7), AIR),
    *_both((46, -8, -47), (22, 11, 11), BONE),  # petrous bones and mastoids
    *_both((58, -24, -55), (13, 15, 17), BONE),
    *_both((58, -25, -55), (8, 11, 12), (-550.0, 0.03)),
    Row((0, -30, -95), (13, 12, 60), CSF),  # spinal canal and cord
    Row((0, -29, -100), (7, 6, 60), WHITE),
)
# Within the skull.
DEEP = (
    Row((0, -39, -42), (46, 29, 24), CSF),  # under the tentorium
    Row((0, -39, -43), (43, 26, 21), GREY),
    *_both((17, -38, -43), (19, 12, 9), WHITE),
    Row((0, -17, -38), (13, 13, 24), WHITE),  # brain stem
    *_both((10, 4, 17), (5, 32, 8), CSF),  # ventricles
    *_both((20, -34, 8), (5, 17, 7), CSF),
    *_both((33, -18, -14), (4, 18, 4), CSF),
    Row((0, -8, 2), (2.2, 15, 9), CSF),
    Row((0, -31, -38), (6, 4, 8), CSF),
    *_both((10, -12, 4), (7, 14, 8), GREY),
    *_both((14, 20, 11), (5, 13, 8), GREY),
    *_both((25, 4, 2), (5, 19, 10), GREY),
    *_both((38, 10, -8), (9, 22, 2.5), CSF),  # Sylvian fissures
)
# The centres of the first seven are the landmarks.
SPOTS = (
    *_both((31, 66, -24), (12, 12, 12), (10.0, 0.13)),  # eyes
    Row((-30, 24, 22), (8, 8, 8), CSF),  # a cyst and a bleeding: no head is its own mirror image
    Row((29, -48, 24), (8, 7, 7), BLOOD),
    Row((0, -27, 3), (4, 4, 4), STONE),  # pineal gland and choroid plexus
    *_both((21, -36, 9), (4, 4, 4), STONE),
    *_both((31, 75.5, -24), (5, 2.5, 5), LENS),
)
