"""espeak-ng: a voice on this machine."""
