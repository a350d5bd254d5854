"""The paper's data augmentation: rigid copies of scans and of pairs of scans, whose motion is known."""
