"""What every network that says how a moving image lies against a fixed one has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn

from cephalign.errors import InputError

RESPONSES = 6  # three Euler angles, three translations: `models.features.responses_of`


class StagedNetwork(nn.Module, ABC):
    """A network that learns from pairs, one stage after the other.

    A batch of pairs has `fixed`, `moving` and `mono`, (B, 1, I, J, K) images, and `responses` (B, 6). `mono`
    is the fixed scan, lying as the moving one does: a partner of the same modality.
    """

    STAGES: ClassVar[tuple[str, ...]]

    def begin(self, stage: int) -> None:
        """Get ready for a stage: freeze or untie weights."""

    @abstractmethod
    def loss(self, batch: Mapping[str, Tensor], stage: int) -> Tensor:
        """Return the mean loss of a batch."""

    def validation_loss(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Return what is to be small in the end, for a batch: by default the last stage's loss."""
        return self.loss(batch, len(self.STAGES) - 1)


class PairNetwork(StagedNetwork):
    """Two images in, the six numbers of a motion out; and before its last layer, features of the pair.

    Some learn from pairs of one modality first: `STAGES` says which image they are shown as the moving one.
    """

    STAGES: ClassVar[tuple[str, ...]] = ("moving",)

    @abstractmethod
    def features(self, fixed: Tensor, moving: Tensor) -> Tensor:
        """Return the (B, F) numbers that a regressor of another kind may learn from."""

    @abstractmethod
    def forward(self, fixed: Tensor, moving: Tensor) -> Tensor:
        """Return (B, 6) responses, or the numbers that `responses` makes these of."""

    def loss(self, batch: Mapping[str, Tensor], stage: int) -> Tensor:
        """Return the mean loss of a batch; by default half the mean squared error."""
        said = self(batch["fixed"], batch[self.STAGES[stage]]).float()
        return half_mean_squared_error(said, batch["responses"])

    def validation_loss(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Return half the mean squared error of the responses, whatever else is learnt by."""
        said = self.responses(self(batch["fixed"], batch["moving"])).float()
        return half_mean_squared_error(said, batch["responses"])

    def responses(self, said: Tensor) -> Tensor:
        """Return (B, 6) responses from what `forward` returned."""
        return said


def half_mean_squared_error(predicted: Tensor, target: Tensor) -> Tensor:
    """Return half the sum of squares over (B, K) responses, averaged over B.

    The loss of MATLAB's regression layer: K / 2 times the mean over all.
    """
    if predicted.shape != target.shape:
        raise InputError(
            "predictions and targets differ in shape",
            expected=f"{tuple(target.shape)}",
            got=f"{tuple(predicted.shape)}",
        )
    return 0.5 * (predicted - target).square().sum(dim=1).mean()
