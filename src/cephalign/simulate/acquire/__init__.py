"""From one head a scan: its parameters are drawn first, and then applied."""

from cephalign.simulate.acquire.acquisition import Acquisition
from cephalign.simulate.acquire.draw import draw_acquisition
from cephalign.simulate.acquire.protocol import Protocol
from cephalign.simulate.acquire.scan import acquire

__all__ = ["Acquisition", "Protocol", "acquire", "draw_acquisition"]
