"""What answers: a table of topics, or a language model elsewhere."""
