"""One outside thing each, behind a port of the domain."""
