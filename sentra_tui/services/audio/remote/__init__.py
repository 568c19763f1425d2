"""Another machine's microphone and loudspeaker, over ssh: the near side, and the far one, `sentra-tui audio`."""
