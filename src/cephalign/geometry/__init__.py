"""Grids, rigid transforms and volumes, all in RAS+ mm; no I/O and no torch here."""

from cephalign.geometry.grid import Grid
from cephalign.geometry.rigid import Rigid
from cephalign.geometry.volume import Modality, Volume

__all__ = ["Grid", "Modality", "Rigid", "Volume"]
