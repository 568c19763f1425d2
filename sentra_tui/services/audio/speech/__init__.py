"""Telling speech from other sound, on this machine."""
