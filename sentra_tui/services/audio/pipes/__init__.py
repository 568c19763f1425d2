"""Sound that another program writes: standard input and FIFOs."""
