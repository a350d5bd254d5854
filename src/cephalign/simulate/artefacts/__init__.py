"""What spoils a scan: things around the head, the beam, bent space, and motion. Drawn first, then applied."""

from cephalign.simulate.artefacts.beam import hardened
from cephalign.simulate.artefacts.distortion import Distortion, draw_distortion
from cephalign.simulate.artefacts.ghosting import Ghosting, draw_ghosting, ghosted
from cephalign.simulate.artefacts.hardware import Hardware, draw_hardware
from cephalign.simulate.artefacts.records import restored

__all__ = [
    "Distortion",
    "Ghosting",
    "Hardware",
    "draw_distortion",
    "draw_ghosting",
    "draw_hardware",
    "ghosted",
    "hardened",
    "restored",
]
