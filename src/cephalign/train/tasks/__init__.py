"""What networks learn, one file each."""
