"""Every number the project promises, repeatable: `python -m bench NAME… --json`."""
