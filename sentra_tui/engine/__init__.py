"""One state, many tasks: the only place that orchestrates."""
