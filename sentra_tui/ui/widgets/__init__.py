"""One widget a noun."""
