"""From sound to words, in a process of its own."""
