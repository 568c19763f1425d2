"""The three requests of HTTP mode: write down, answer, speak."""
