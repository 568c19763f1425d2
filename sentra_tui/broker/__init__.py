"""A token service, so that a team's key stays on one host."""
