"""Miao et al.'s hierarchy for two volumes: three regressors in turn, and the image warped anew after each.

S. Miao, Z. J. Wang, R. Liao, 'A CNN regression approach for real-time 2D/3D registration', IEEE Trans. Med.
Imaging 35:1352 (2016). The flat network of its ablation is `miao`, a regressor on patches `miao_patches`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cephalign.models.baselines.miao_patches import PatchRegressor
from cephalign.models.baselines.motions import inverse_of, motions_of, responses_of_motions, warped
from cephalign.models.features import FeaturesConfig
from cephalign.models.pair_network import RESPONSES, PairNetwork, half_mean_squared_error

# Of the six responses: shifts within slices and the turn about z; turns about x and y; the shift along z.
GROUPS = ((3, 4, 2), (0, 1), (5,))
PASSES = 3


@dataclass(frozen=True, eq=False)
class Step:
    """What one regressor says of a pair.

    Parameters
    ----------
    group : tuple of int
        Of which responses, G of the six.
    moving_from_warped : (B, 4, 4) tensor
        The motion so far, by which the moving image was warped.
    hidden : (B, 250) tensor
        The units before the regressor's last layer.
    said : (B, G) tensor
        Responses of the motion that is left.
    """

    group: tuple[int, ...]
    moving_from_warped: Tensor
    hidden: Tensor
    said: Tensor

    def after(self) -> Tensor:
        """Return the (B, 4, 4) motion with what was said; no gradient goes from one step to the next."""
        responses = self.said.new_zeros(len(self.said), RESPONSES)
        responses[:, self.group] = self.said.detach()
        return self.moving_from_warped @ motions_of(responses)

    def left(self, moving_from_fixed: Tensor) -> Tensor:
        """Return the (B, G) responses that should have been said, where (B, 4, 4) motions are the truth."""
        warped_from_fixed = inverse_of(self.moving_from_warped) @ moving_from_fixed
        return responses_of_motions(warped_from_fixed)[:, self.group]


class MiaoHierarchy(PairNetwork):
    """The paper's regression in groups of parameters, three times over.

    Parameters
    ----------
    config : FeaturesConfig

    Notes
    -----
    As published: the three groups and their order; a network of its own for each; three passes with the same
    networks; in each network convolutions with 20 filters, 100 units a patch, 250 units on all 18. Chosen
    here, for two volumes:

    - Convolutions of 5 x 5 x 5 instead of 5 x 5.
    - Instead of residuals between an X-ray and a simulated one, patches of the fixed image and of the warped
      moving one as two channels, at 18 fixed places; instead of 324 zones of orientation, none.
    - In the original each network learns alone, from 25 000 simulated pairs whose poses are drawn evenly from
      ranges of its own: 3 to 15 degrees and 1.5 to 15 mm for the first, less of what is found before for the
      others. Here all three learn at once from the pairs that the other methods have, at the poses where
      their own estimates bring these: so no range is chosen, and the second and the third learn to find what
      those before them leave, in each pass. Each learns from its own error alone: no gradient goes through
      a motion.
    - The last layers begin at nothing instead of Xavier's first weights, so that the first motions are none.
    """

    def __init__(self, config: FeaturesConfig) -> None:
        super().__init__()
        self.spacing_mm = config.spacing_mm
        self.regressors = nn.ModuleList(PatchRegressor(config.shape, len(group)) for group in GROUPS)

    def features(self, fixed: Tensor, moving: Tensor) -> Tensor:
        """Return the (B, 750) units before the last layers of all three in the first pass.

        What they say, and so the motion after the pass, is a function of these.
        """
        return torch.cat([step.hidden for step in self.steps(fixed, moving, passes=1)], dim=1)

    def forward(self, fixed: Tensor, moving: Tensor) -> Tensor:
        """Return (B, 6) responses."""
        *_, last = self.steps(fixed, moving)
        return responses_of_motions(last.after())

    def loss(self, batch: Mapping[str, Tensor], stage: int) -> Tensor:
        """Return half the mean squared error of what is said in a pass, averaged over the passes."""
        truth = motions_of(batch["responses"])
        steps = self.steps(batch["fixed"], batch[self.STAGES[stage]])
        losses = [half_mean_squared_error(step.said.float(), step.left(truth)) for step in steps]
        return torch.stack(losses).sum() / PASSES

    def steps(self, fixed: Tensor, moving: Tensor, passes: int = PASSES) -> Iterator[Step]:
        """Yield each step, from no motion on."""
        motion = torch.eye(4, dtype=moving.dtype, device=moving.device).expand(len(moving), 4, 4)
        for _ in range(passes):
            for group, regressor in zip(GROUPS, self.regressors, strict=True):
                pair = torch.cat([fixed, warped(moving, motion, self.spacing_mm)], dim=1)
                step = Step(group, motion, *regressor(pair))
                yield step
                motion = step.after()
