"""Whether to believe a registration: what speaks for it, how far off it may be, and the word for that."""
