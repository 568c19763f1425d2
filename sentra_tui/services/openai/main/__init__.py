"""The main assistant, over the APIs that answer in writing."""
