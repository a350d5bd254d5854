"""Whole heads from random numbers alone.

One average head is described by shapes, one file for each part of the body; a person's numbers (`person`)
vary them, and a bend of space (`space`) moves them all together. Large shapes are drawn as distances on a
coarse lattice (`sketch`: `skull`, `face`, `jaw`, `neck`), the rest is painted onto the label map (`canvas`).
"""

from cephalign.simulate.procedural.build import procedural_head

__all__ = ["procedural_head"]
