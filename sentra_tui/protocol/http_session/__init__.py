"""A realtime server made of three requests: write down, answer, speak. A machine without clock and wire."""
