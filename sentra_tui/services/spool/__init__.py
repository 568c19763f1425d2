"""Sound on the disk until it is words: for its owner only, gone when the talk is."""
