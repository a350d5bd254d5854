"""The `features` start: the paper's whole method, its DCNN's features and the regression network on them.

Islam et al. 2021, 'Registration of multi-modal images'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from cephalign.errors import InputError
from cephalign.geometry import Modality, Rigid, Volume
from cephalign.geometry.grid import Float
from cephalign.models.dcnn import PairRegressor
from cephalign.models.features import FeaturesConfig, image_about, motion_of
from cephalign.models.heads import Ann
from cephalign.models.weights import Weights, load_shipped
from cephalign.parallel import undivided_operations
from cephalign.prep.coarse import FoundHead


@dataclass(frozen=True, eq=False)
class FeaturesStart:
    """The networks.

    Parameters
    ----------
    network : PairRegressor
        Its features are used, its own last layer is not.
    config : FeaturesConfig
    regression : Ann
    """

    network: PairRegressor
    config: FeaturesConfig
    regression: Ann

    @classmethod
    def of(cls, features: Weights, regression: Weights) -> FeaturesStart:
        """Build the networks of a training.

        Raises
        ------
        InputError
            The weights are those of something else, or the regression was fitted to other features.
        """
        config = FeaturesConfig(**features.of("features").card.arguments)
        network = config.network(torch.Generator())
        features.put_into(network)
        fitted_to = regression.of("regression").card.config.get("features")
        if fitted_to != features.sha256:
            raise InputError(
                f"{regression.source} was fitted to other features than those of {features.source}",
                expected=f"SHA-256 {features.sha256[:12]}...",
                got=f"{str(fitted_to)[:12]}...",
                do="take both from one `python -m benchmarks.regressors`",
            )
        return cls(network.eval(), config, Ann.from_arrays(as_arrays(regression.tensors)))

    def motion(self, fixed: Volume, fixed_head: Volume, moving: Volume, moving_head: Volume) -> Rigid:
        """Return `moving_from_fixed` of an MR and a CT, in either order.

        Parameters
        ----------
        fixed, moving : Volume
            Their modalities decide which is the MR.
        fixed_head, moving_head : Volume
            The `head_mask` of each.

        Raises
        ------
        InputError
            Not an MR and a CT.
        """
        kinds = fixed.modality, moving.modality
        if kinds[0] is Modality.CT and kinds[1].is_mr:
            return ~self.motion(moving, moving_head, fixed, fixed_head)
        if not (kinds[0].is_mr and kinds[1] is Modality.CT):
            raise InputError(
                "the features start has learnt from pairs of MR and CT only",
                expected="an MR and a CT",
                got=" and ".join(kinds),
                do="take another method, such as auto",
            )
        finest = min(self.config.spacing_mm)
        heads = FoundHead.of(fixed, finest, fixed_head), FoundHead.of(moving, finest, moving_head)
        images = [torch.from_numpy(image_about(one, one.centre, self.config))[None] for one in heads]
        with undivided_operations(), torch.inference_mode():
            features = self.network.features(*images).double().numpy()  # (1, 256)
        (responses,) = self.regression.predict(features)
        return motion_of(responses, heads[0].centre, heads[1].centre)


@lru_cache(1)
def shipped_start() -> FeaturesStart:
    """Return the networks that ship with the program."""
    return FeaturesStart.of(load_shipped("features"), load_shipped("regression"))


def as_tensors(regression: Ann) -> dict[str, Tensor]:
    """Return a fitted regression network as a file of weights holds it."""
    return {name: torch.from_numpy(values) for name, values in regression.to_arrays().items()}


def as_arrays(tensors: Mapping[str, Tensor]) -> dict[str, Float]:
    """Return the arrays that `as_tensors` was given."""
    return {name: values.double().numpy() for name, values in tensors.items()}
