"""Finds out what a server speaks, by asking things that cost nothing."""
