"""A terminal voice copilot with two live streams."""

__version__ = "0.1.0"
