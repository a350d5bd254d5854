"""Whole heads from random numbers alone."""

from cephalign.simulate.procedural.build import procedural_head

__all__ = ["procedural_head"]
