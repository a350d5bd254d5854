"""What a simulated head is made of: the numbers in its label map."""

from __future__ import annotations

from enum import IntEnum


class Tissue(IntEnum):
    """A number of the label map; uint8."""

    AIR = 0  # around the head
    SKIN = 1
    FAT = 2
    MUSCLE = 3
    SOFT = 4  # tongue, throat, what else is neither fat nor muscle
    GLAND = 5  # parotid, pituitary
    MUCOSA = 6
    CARTILAGE = 7
    CORTICAL_BONE = 8
    DIPLOE = 9  # all spongy bone, with its marrow
    TOOTH = 10
    DISC = 11  # between vertebrae
    CAVITY = 12  # air in sinuses, nose, throat, ear canals
    AIR_CELLS = 13  # of the mastoid: air and thin bone, mixed
    EYE = 14  # vitreous body
    EYE_WALL = 15
    LENS = 16
    OPTIC_NERVE = 17
    CSF = 18  # outside the brain
    VENTRICLE = 19
    GREY = 20  # folded cortex
    WHITE = 21
    DEEP_GREY = 22
    CEREBELLUM_GREY = 23
    CEREBELLUM_WHITE = 24
    BRAIN_STEM = 25
    SPINAL_CORD = 26
    DURA = 27  # falx, tentorium
    VEIN = 28  # sinuses of the dura
    ARTERY = 29
    CALCIFICATION = 30  # pineal gland, choroid plexus
    TUMOUR = 31
    OEDEMA = 32
    BLEEDING = 33
    METAL = 34  # crowns, clips, plates, electrode contacts
    PLASTIC = 35  # tubes, electrode shafts
