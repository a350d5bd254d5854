"""Where a head lies in one scan, from any orientation: networks, and the fit of what they say."""
