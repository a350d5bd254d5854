"""What a scan needs before it is aligned: another grid, and where the head is."""
