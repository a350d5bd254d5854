"""Regressors on frozen features, with scikit-learn's contract."""

from cephalign.models.heads.ann import Ann
from cephalign.models.heads.gaussian_process import GaussianProcesses
from cephalign.models.heads.head import Head
from cephalign.models.heads.support_vectors import SupportVectors

__all__ = ["Ann", "GaussianProcesses", "Head", "SupportVectors"]
