"""Signed distances in mm, negative inside, of the shapes that the organs are made of."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

Point = Sequence[float]
Points = tuple[Tensor, Tensor, Tensor]


def ellipsoid(xyz: Points, centre: Point, axes: Point) -> Tensor:
    """Return the distance from an ellipsoid; exact on its surface, close near it."""
    near, steep = None, None
    for value, c, r in zip(xyz, centre, axes, strict=True):
        square = (value - c).square_().mul_(1 / (r * r))
        near = square.clone() if near is None else near.add_(square)
        steep = square.mul_(1 / (r * r)) if steep is None else steep.add_(square, alpha=1 / (r * r))
    assert near is not None
    assert steep is not None
    length = near.sqrt_()
    # A first-order step to the surface: value over slope.
    return steep.clamp_(min=1e-12).rsqrt_().mul_(length).mul_(length.sub_(1))


def limb(xyz: Points, start: Point, end: Point, radius: float, end_radius: float | None = None) -> Tensor:
    """Return the distance from a round limb between two points, as thick as its radii at both ends."""
    along = [b - a for a, b in zip(start, end, strict=True)]
    length = sum(a * a for a in along)
    x, y, z = (value - a for value, a in zip(xyz, start, strict=True))
    share = (x * (along[0] / length)).add_(y, alpha=along[1] / length).add_(z, alpha=along[2] / length)
    share.clamp_(0, 1)
    square = x.sub_(share, alpha=along[0]).square_()
    square.add_(y.sub_(share, alpha=along[1]).square_()).add_(z.sub_(share, alpha=along[2]).square_())
    distance = square.sqrt_().sub_(radius)
    if end_radius is not None and end_radius != radius:
        distance.sub_(share, alpha=end_radius - radius)
    return distance


def chain(xyz: Points, points: Sequence[Point], radii: Sequence[float]) -> Tensor:
    """Return the distance from a tube through points, as thick as its radius at each."""
    if len(points) == 2:
        return limb(xyz, points[0], points[1], radii[0], radii[1])
    x = xyz[0]
    at, radius = torch.tensor(points, dtype=x.dtype), torch.tensor(radii, dtype=x.dtype)
    starts, alongs = at[:-1], at[1:] - at[:-1]
    scaled = alongs / alongs.square().sum(1, keepdim=True)
    tables = torch.cat([starts.T, alongs.T, scaled.T, radius[None, :-1], radius.diff()[None]])
    # One row a limb, all limbs at once.
    rows = tables.to(x.device).view(11, -1, 1, 1, 1)
    offset = [value - rows[axis] for axis, value in enumerate(xyz)]
    share = (offset[0] * rows[6]).addcmul_(offset[1], rows[7]).addcmul_(offset[2], rows[8]).clamp_(0, 1)
    square = torch.zeros_like(share)
    for axis in range(3):
        square.add_(offset[axis].addcmul_(share, rows[3 + axis], value=-1).square_())
    return square.sqrt_().sub_(rows[9]).addcmul_(share, rows[10], value=-1).amin(0)


def joined(a: Tensor, b: Tensor, blend_mm: float) -> Tensor:
    """Return the union of two shapes, rounded where they meet."""
    overlap = (a - b).abs_().neg_().add_(blend_mm).clamp_(min=0).square_()
    return torch.minimum(a, b).sub_(overlap, alpha=0.25 / blend_mm)


def common(a: Tensor, b: Tensor, blend_mm: float) -> Tensor:
    """Return the intersection of two shapes, rounded where they meet."""
    overlap = (a - b).abs_().neg_().add_(blend_mm).clamp_(min=0).square_()
    return torch.maximum(a, b).add_(overlap, alpha=0.25 / blend_mm)
