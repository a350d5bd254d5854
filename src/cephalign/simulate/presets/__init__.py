"""Presets: which scans a simulated patient gets, and how they are taken."""

from collections.abc import Mapping

from cephalign.simulate.presets.clinical import CLINICAL
from cephalign.simulate.presets.hard import HARD
from cephalign.simulate.presets.modern import MODERN
from cephalign.simulate.presets.preset import Preset
from cephalign.simulate.presets.rire import RIRE, SMALL
from cephalign.simulate.presets.training import TRAINING

__all__ = ["PRESETS", "Preset"]

PRESETS: Mapping[str, Preset] = {
    "rire": RIRE,
    "modern": MODERN,
    "clinical": CLINICAL,
    "hard": HARD,
    "training": TRAINING,
    "small": SMALL,
}
