"""How exact what is known of sound is, and how late it comes."""

from __future__ import annotations

LINGER_MS = 10_000
"""How long it may take until sound that was believed to have arrived is told to have been lost: keep it for longer."""
LOSS_PATIENCE_MS = 8_000
"""How long after lost sound a line may open that holds it: what tells of the line may be lost, too, more than once."""
LONGEST_LOSS_MS = 20_000
"""Sound that is lost on and on is repaired in such parts, and else in one."""
SLACK_MS = 200
"""How far a line may be from where the server says that it is."""
PAD_MS = 300
"""How much of the silence around a hole belongs to it."""
HOLE_MIN_MS = 60
"""What is shorter holds no word."""
TAIL_MS = 2_000
"""How much lost sound behind a line is written down with it."""
SEAM_MS = 240
"""How far the rest of a word may reach into a session that began in its midst."""
