"""Which bin an intensity falls into: half of the bins evenly over the range, half evenly over the points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cephalign.align.lookup import taken
from cephalign.geometry.grid import Float

# Bins span these quantiles of a head's intensities: metal and hot spots must not take the bins of the rest.
QUANTILES = (0.005, 0.995)
# The map from intensities to bins is joined of so many straight pieces.
PIECES = 256
# What lies at the upper limit still has a bin above it.
BELOW_TOP = 1e-4


@dataclass(frozen=True, eq=False)
class BinScale:
    """A rising map from a scan's intensities to positions between bins, 0 to `bins` - 1.

    Parameters
    ----------
    low, high : float
        Intensities that become the first and the last bin; what lies beyond counts as the limit.
    knots : float32 tensor
        Positions of evenly spaced intensities from `low` to `high`.
    """

    low: float
    high: float
    knots: Tensor

    @classmethod
    def of(cls, values: Float, bins: int, rank_share: float = 0.0) -> BinScale:
        """Fit the map to a head's intensities.

        A CT's brain spans a fiftieth of its range: bins even in intensity alone leave it to bone and air.

        Parameters
        ----------
        values : array
        bins : int
        rank_share : float
            How much of a position comes from the intensity's rank among `values` instead of the intensity.
        """
        low, high = (float(q) for q in np.quantile(values, QUANTILES))
        # A head that shows one value almost everywhere still has to have a range.
        high = max(high, low + 1e-6 * max(1.0, abs(low)))
        if not rank_share:
            return cls(low, high, torch.tensor([0.0, bins - 1.0]))
        even, ordered = np.linspace(0, 1, PIECES + 1), np.sort(values)
        below, upto = (
            np.searchsorted(ordered, low + even * (high - low), side=side) / values.size
            for side in ("left", "right")
        )
        rank = (below + upto) / 2
        rank = (rank - rank[0]) / max(rank[-1] - rank[0], 1e-9)
        share = even + rank_share * (rank - even)
        return cls(low, high, torch.from_numpy(share * (bins - 1)).float())

    @property
    def bins(self) -> int:
        """How many."""
        return round(float(self.knots[-1])) + 1

    def __call__(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return positions, and by how much each rises per unit of intensity (nothing at a limit)."""
        pieces = len(self.knots) - 1
        per_unit = pieces / (self.high - self.low)
        at = ((values - self.low) * per_unit).clamp_(0, pieces)
        piece = at.long().clamp_(max=pieces - 1)
        start = taken(self.knots, piece)
        rise = taken(self.knots, piece + 1) - start
        position = torch.addcmul(start, at - piece, rise).clamp_(max=self.bins - 1 - BELOW_TOP)
        flowing = (at > 0) & (position < self.bins - 1 - BELOW_TOP)
        return position, rise * flowing * per_unit
