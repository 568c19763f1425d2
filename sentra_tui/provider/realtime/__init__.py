"""Realtime sessions: calls, what is heard in them, and what is answered."""
