"""The local, OpenAI-compatible peer: good for trying and testing."""
