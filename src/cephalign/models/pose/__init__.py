"""Where a head lies in one scan, from any orientation."""
