"""Ways to carry a call."""
