"""Well-known classifiers, made three-dimensional: what the paper's Table 3 compares its own with.

Each is for one image, of one channel, and returns the logits of its classes. Two-dimensional layers became
three-dimensional ones of the same width. Where slices are few, a pooling leaves an axis of fewer than four
cells alone. Weights are not pre-trained: how the paper's two-dimensional ones became three-dimensional is not
stated.
"""
