"""The room for the brain and the bone around it, drawn on a coarse lattice."""

from __future__ import annotations

import torch
from torch import Tensor

from cephalign.simulate.procedural.person import Person
from cephalign.simulate.procedural.shapes import Points, common, ellipsoid, joined, limb


def cavity(xyz: Points) -> Tensor:
    """Return the distance from the inner table without the petrous ridge and the canal below the foramen.

    Its three steps are the anterior fossa over the orbits, the middle fossa of the temporal lobe, and the
    posterior fossa behind the petrous ridge.
    """
    x, y, z = xyz
    aside = x.abs()
    sides = (aside, y, z)
    vault = ellipsoid(xyz, (0, -19, 5), (65.5, 85, 71))
    orbit_roof = ((aside - 29) * (1 / 15)).square_().neg_().exp_() * 6
    cribriform = (x * (1 / 7)).square().neg_().exp_() * 3.5
    room = common(vault, orbit_roof - cribriform - 13.5 - z, 8)
    middle = ellipsoid(sides, (38, 1, -17), (24.5, 29, 22))
    room = joined(room, middle, 7)
    posterior = ellipsoid(xyz, (0, -54, -26), (57, 43, 32))
    room = joined(room, posterior, 18)
    stem = limb(xyz, (0, -22, -26), (0, -40, -56), 15, 15.5)
    return joined(room, stem, 6)


def petrous_ridge(xyz: Points) -> Tensor:
    """Return the distance from the pyramids that stand between temporal lobe and cerebellum."""
    return limb((xyz[0].abs(), *xyz[1:]), (13, -12, -30), (60, -34, -34), 7.5, 13)


def cranium(xyz: Points, room: Tensor, thickness: Tensor) -> Tensor:
    """Return the distance from the outer surface of the bones around the brain."""
    x, y, z = xyz
    sides = (x.abs(), y, z)
    bone = room - thickness
    bone = joined(bone, petrous_ridge(xyz) + 1.5, 4)
    bone = joined(bone, ellipsoid(sides, (53, -30, -46), (11, 14, 20)), 6)  # mastoid
    bone = joined(bone, ellipsoid(xyz, (0, 12, -31), (21, 19, 14)), 5)  # sphenoid
    bone = joined(bone, limb(xyz, (0, -4, -32), (0, -27, -58), 8, 6), 5)  # clivus
    return joined(bone, ellipsoid(sides, (18, -33, -61), (7, 12, 7)), 4)  # condyles


def bone_thickness(person: Person, xyz: Points, noise: Tensor) -> Tensor:
    """Return how thick the bone around the brain is: thick behind and in front, thin at the temples.

    Means of 6 to 7 mm in frontal and occipital, 5 in parietal and 3 in temporal bone
    (Moreira-Gonzalez et al., J Craniofac Surg 17:865, 2006; Lynnerup et al. 2001).
    """
    x, y, z = xyz
    temple = ellipsoid((x.abs(), y, z), (64, 0, -12), (16, 34, 26)).mul_(-0.1).sigmoid_()
    behind = ellipsoid(xyz, (0, -104, -8), (40, 20, 30)).mul_(-0.08).sigmoid_()
    front = ellipsoid(xyz, (0, 66, 12), (44, 20, 30)).mul_(-0.08).sigmoid_()
    above = torch.sigmoid((z + 6) * 0.16)
    vault = person.skull + 1.2 * behind + 0.8 * front - 3.2 * temple + 0.5 * noise
    return (above * vault + (1 - above) * (3.2 + 1.5 * behind)).clamp_(min=2.2)
