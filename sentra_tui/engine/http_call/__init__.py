"""HTTP mode: a call that is made of three requests."""
