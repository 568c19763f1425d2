"""Nouns, arithmetic and the reducer: the standard library and msgspec only."""
