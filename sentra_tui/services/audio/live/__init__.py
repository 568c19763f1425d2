"""Live capture that supervises itself: what is captured is what was asked for, or silence."""
