"""RIRE (Retrospective Image Registration Evaluation): all pairs of its patients, scored where they can be."""
