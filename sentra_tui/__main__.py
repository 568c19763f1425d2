"""`python -m sentra_tui` is `sentra-tui`."""

from sentra_tui.cli import main

main()
