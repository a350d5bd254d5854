"""Heads from label maps of real people."""

from cephalign.simulate.labelled.heads import LabelledHeads

__all__ = ["LabelledHeads"]
