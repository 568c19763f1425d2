"""The roads of a call: which one a dial takes, and when a better one is tried again."""
