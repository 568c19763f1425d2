"""What was heard and is not yet words: spans of time, and where the speech in them is."""
