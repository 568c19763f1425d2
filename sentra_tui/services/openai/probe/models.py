"""What models are for, as far as their names tell.

Where a server lists none at all, each is the usual one; where it lists some, and none of the kind, there is none: "".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sentra_tui.domain.provider_config import ProviderProfile

_NOT_TALK = r"transcri|whisper|translat|diariz|\basr\b|\bstt\b|voxtral|parakeet"
_REALTIME = re.compile(rf"^(?!.*({_NOT_TALK})).*(realtime|voice-|-voice|omni|speech-to-speech)", re.IGNORECASE)
_TRANSCRIPTION = re.compile(
    r"^(?!.*(live|realtime)).*(transcri|whisper|diariz|\basr\b|\bstt\b|parakeet)", re.IGNORECASE
)
_ANY_TRANSCRIPTION = re.compile(_NOT_TALK, re.IGNORECASE)
_SPEECH = re.compile(r"\btts\b|kokoro|piper|bark|xtts|orpheus|chatterbox", re.IGNORECASE)
_OTHER = re.compile(
    r"embed|rerank|moderation|image|dall-e|sora|audio|\bvad\b|silero|realtime|search|codex|davinci|babbage|clip|bge-",
    re.IGNORECASE,
)


def realtime_model(names: Sequence[str]) -> str:
    """Return a model that talks."""
    return _first(_REALTIME, names, ProviderProfile().model)


def transcription_model(names: Sequence[str]) -> str:
    """Return a model that writes down what it hears."""
    return _first(_TRANSCRIPTION, names, "gpt-transcribe") or _first(_ANY_TRANSCRIPTION, names, "")


def speech_model(names: Sequence[str]) -> str:
    """Return a model that says text aloud."""
    return _first(_SPEECH, names, "gpt-4o-mini-tts")


def chat_model(names: Sequence[str]) -> str:
    """Return a model that answers in writing, which is one that is nothing else."""
    others = (_REALTIME, _ANY_TRANSCRIPTION, _SPEECH, _OTHER)
    written = [name for name in names if not any(kind.search(name) for kind in others)]
    usual = ProviderProfile().http.chat_model
    return usual if usual in names or not names else next(iter(written), "")


def _first(kind: re.Pattern[str], names: Sequence[str], usual: str) -> str:
    """Return the usual name where it is listed or nothing is, else the first of the kind, else none."""
    if usual and (usual in names or not names):
        return usual
    return next(filter(kind.search, names), "")
