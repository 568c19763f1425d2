"""Languages and voices that are offered; others are typed."""

from __future__ import annotations

from sentra_tui.domain.provider_config import ProviderProfile

LANGUAGES = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "pt": "Portuguese",
    "nl": "Dutch",
    "pl": "Polish",
    "ja": "Japanese",
    "zh": "Chinese",
}
"""By ISO 639-1 code."""

VOICES = tuple(ProviderProfile().voices)
SPEEDS = (0.5, 0.75, 1.0, 1.25, 1.5)
