"""Cephalign: rigid registration of two 3D scans of one head."""

__version__ = "0.1.0"
