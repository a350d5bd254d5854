"""Finding the pose: where to start, and how to refine to the end."""
