"""Which of espeak-ng's voices speaks, and how fast."""

from __future__ import annotations

import re

from sentra_tui.media.espeak import DEFAULT_VOICE

WORDS_PER_MINUTE = 170
WPM_MIN, WPM_MAX = 80, 450
"""What espeak-ng takes."""
_LANGUAGE = re.compile(r"[a-z]{2}(?:-[a-z0-9]{2,8}){0,3}(?:\+[a-z0-9]{1,16})?", re.IGNORECASE)


def voice_name(voice: str, language: str) -> str:
    """Return the name by which espeak-ng knows a voice: `voice` where it is a language (`en-gb`, `de+f2`), else that.

    The names of a provider's voices mean nothing here.
    """
    for name in (voice, language):
        if _LANGUAGE.fullmatch(name):
            return name.lower()
    return DEFAULT_VOICE


def words_per_minute(speed: float) -> int:
    """Return how fast to speak, 1.0 being as usual."""
    return min(max(round(WORDS_PER_MINUTE * speed), WPM_MIN), WPM_MAX)
