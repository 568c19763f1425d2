"""The audio endpoints: recordings written down, and text said aloud."""
