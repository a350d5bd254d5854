"""The networks of Tables 1 and 2, ours first."""

from __future__ import annotations

from collections.abc import Callable

import torch

from cephalign.errors import InputError
from cephalign.models.baselines.chee_wu import CheeWu
from cephalign.models.baselines.liu import Liu
from cephalign.models.baselines.miao import Miao
from cephalign.models.baselines.miao_hierarchy import MiaoHierarchy
from cephalign.models.baselines.sloan_cnn import SloanCnn
from cephalign.models.baselines.sloan_fcn import SloanFcn
from cephalign.models.baselines.zheng import Zheng
from cephalign.models.baselines.zou import Zou
from cephalign.models.pair_network import PairNetwork, StagedNetwork
from cephalign.study.methods import InterestPoints, LearntMethod, Regression, Synthesis
from cephalign.study.scale import Scale

DCNN = "DCNN"
NETWORKS: dict[str, Callable[[Scale], StagedNetwork]] = {
    DCNN: lambda scale: scale.images.network(torch.Generator().manual_seed(torch.initial_seed())),
    "Chee & Wu": lambda scale: CheeWu(scale.images),
    "Zheng et al.": lambda scale: Zheng(scale.images),
    "Miao et al.": lambda scale: Miao(scale.images),
    "Miao et al., hierarchy (not in the paper)": lambda scale: MiaoHierarchy(scale.images),
    "Sloan et al., CNN": lambda scale: SloanCnn(scale.images, scale.filters),
    "Sloan et al., FCN": lambda scale: SloanFcn(scale.images),
    "Liu et al.": lambda scale: Liu(scale.filters),
    "Zou et al.": lambda scale: Zou(scale.images),
}


def network_of(name: str, scale: Scale, seed: int) -> StagedNetwork:
    """Return a network before training, its first weights drawn from the seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return NETWORKS[name](scale)


def method_of(network: StagedNetwork, scale: Scale, device: torch.device) -> LearntMethod:
    """Return how a trained network registers."""
    match network:
        case PairNetwork():
            return Regression(scale.images, device, network)
        case Liu():
            return Synthesis(scale.images, device, network)
        case Zou():
            return InterestPoints(scale.images, device, network)
    raise InputError("no way to register with such a network", got=type(network).__name__)
