"""The methods that the paper compares itself with, each from its own paper, made three-dimensional.

Every one of the networks that regress a motion is a `PairNetwork`; what its paper leaves open stands under
Notes. All see the same images: those of `models.features`.
"""
