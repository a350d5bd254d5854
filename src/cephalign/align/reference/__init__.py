"""Reference transforms: answers to hold others against, by the paper's procedure and by ours."""
