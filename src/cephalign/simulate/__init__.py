"""Simulated heads: scans whose motion is known, because it was given to them."""
