"""The compared methods as ways to register: two volumes in, a `Registration` out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import torch
from torch import Tensor

from cephalign.align.monomodal import mean_squares
from cephalign.align.stage import Stage
from cephalign.geometry import Rigid, Volume
from cephalign.geometry.grid import Float
from cephalign.models.baselines.liu import Liu, seen
from cephalign.models.baselines.zou import Zou
from cephalign.models.baselines.zou_matching import matched, motion_by_consensus, points_of
from cephalign.models.features import FeaturesConfig, grid_about, image_about, motion_of
from cephalign.models.heads.head import Head
from cephalign.models.pair_network import PairNetwork
from cephalign.prep.coarse import FoundHead
from cephalign.registration import Registration, Status
from cephalign.trust.check import Check

RANSAC_SEED = 7


@dataclass(frozen=True, eq=False)
class LearntMethod(ABC):
    """A method that looks at images of `models.features`.

    Parameters
    ----------
    config : FeaturesConfig
    device : torch.device
    """

    config: FeaturesConfig
    device: torch.device

    def __call__(self, fixed: Volume, moving: Volume) -> Registration:
        """Register; none of these methods says whether it succeeded.

        Raises
        ------
        InputError
            No head is found.
        """
        began = perf_counter()
        heads = tuple(FoundHead.of(scan, min(self.config.spacing_mm)) for scan in (fixed, moving))
        images = [
            torch.from_numpy(image_about(one, one.centre, self.config))[None].to(self.device) for one in heads
        ]
        with torch.inference_mode():
            pose = self.motion(heads[0].centre, heads[1].centre, *images)
        x, y, z = heads[0].centre.tolist()
        return Registration(
            pose,
            Check(Status.DOUBTFUL, "This method does not say whether it succeeded."),
            (Stage("learnt", pose, 0.0, perf_counter() - began),),
            (x, y, z),
            (fixed.modality, moving.modality),
        )

    @abstractmethod
    def motion(self, fixed_centre: Float, moving_centre: Float, fixed: Tensor, moving: Tensor) -> Rigid:
        """Return `moving_from_fixed` from (1, 1, I, J, K) images about two (3,) points."""


@dataclass(frozen=True, eq=False)
class Regression(LearntMethod):
    """A network end to end.

    Parameters
    ----------
    network : PairNetwork
    """

    network: PairNetwork

    def motion(self, fixed_centre: Float, moving_centre: Float, fixed: Tensor, moving: Tensor) -> Rigid:
        """Return the motion that the network says."""
        (six,) = self.network.responses(self.network(fixed, moving)).double().cpu().numpy()
        return motion_of(six, fixed_centre, moving_centre)


@dataclass(frozen=True, eq=False)
class FeatureRegression(LearntMethod):
    """Another regressor on a network's features: Table 2.

    Parameters
    ----------
    network : PairNetwork
    head : Head
    """

    network: PairNetwork
    head: Head

    def motion(self, fixed_centre: Float, moving_centre: Float, fixed: Tensor, moving: Tensor) -> Rigid:
        """Return the motion that the regressor says."""
        (six,) = self.head.predict(self.network.features(fixed, moving).double().cpu().numpy())
        return motion_of(six, fixed_centre, moving_centre)


@dataclass(frozen=True, eq=False)
class Synthesis(LearntMethod):
    """Liu et al.: the moving image made to look like the fixed one, and mean squares.

    Parameters
    ----------
    network : Liu
    """

    network: Liu

    def motion(self, fixed_centre: Float, moving_centre: Float, fixed: Tensor, moving: Tensor) -> Rigid:
        """Return where the optimisation ends, from the middles of both heads laid together."""
        made = self.network(moving)
        target, source = (
            Volume(image[0, 0].cpu().numpy(), grid_about(centre, self.config))
            for image, centre in ((fixed, fixed_centre), (made, moving_centre))
        )
        mask = Volume(seen(fixed)[0, 0].cpu().numpy(), target.grid)
        return mean_squares(target, source, motion_of(np.zeros(6), fixed_centre, moving_centre), mask)


@dataclass(frozen=True, eq=False)
class InterestPoints(LearntMethod):
    """Zou et al.: learnt points and descriptors, and RANSAC.

    Parameters
    ----------
    network : Zou
    """

    network: Zou

    def motion(self, fixed_centre: Float, moving_centre: Float, fixed: Tensor, moving: Tensor) -> Rigid:
        """Return what most matches agree on; the middles of both heads laid together if too few do."""
        here = grid_about(np.zeros(3), self.config).world_from_voxel
        points = [
            points_of(self.network, image[0], here, which)
            for image, which in ((fixed, "fixed"), (moving, "moving"))
        ]
        pairs = matched(*points)
        found, _ = motion_by_consensus(
            points[0].places[pairs[:, 0]],
            points[1].places[pairs[:, 1]],
            np.random.default_rng(RANSAC_SEED),
            self.config.spacing_mm[0],
        )
        fixed_to_middle = Rigid.from_euler(np.zeros(3), -np.asarray(fixed_centre))
        return Rigid.from_euler(np.zeros(3), moving_centre) @ found @ fixed_to_middle
