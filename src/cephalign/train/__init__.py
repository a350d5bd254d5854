"""Training of the networks: a configuration in, weights with their card out."""
