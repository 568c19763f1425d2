"""The drivers of the two assistants."""
