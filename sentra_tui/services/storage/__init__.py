"""Talks written down: an SQLite file, with one thread that owns it."""
