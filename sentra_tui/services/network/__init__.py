"""What happens to this machine's network, that it slept, and whether a provider's host can be reached."""
