"""Other people's programs and ours, one file each: settings, how it is called, where its answer lies."""
