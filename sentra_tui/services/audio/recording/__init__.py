"""Sound written down: one private file a stream, each on a thread of its own."""
