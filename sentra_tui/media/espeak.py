"""espeak-ng as a library, from the package espeakng-loader, by ctypes.

It keeps one voice and one listener for the whole process and is not made for threads, so everybody who speaks does it
here, through one lock; a sentence takes a few milliseconds.
API: https://github.com/espeak-ng/espeak-ng/blob/master/src/include/espeak-ng/speak_lib.h
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable

from sentra_tui.domain.audio import SAMPLE_BYTES
from sentra_tui.domain.errors import SourceError

DEFAULT_VOICE = "en"

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_POS_CHARACTER = 1
_CHARS_UTF8 = 1
_RATE_PARAMETER = 1
_GO_ON, _STOP = 0, 1
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)

Take = Callable[[bytes, int], bool]
"""Takes a piece of sound, mono s16le, and its sample rate; returns whether more is wanted."""


class _Espeak:
    """The library, loaded once."""

    def __init__(self) -> None:
        try:
            import espeakng_loader
        except ImportError:
            raise SourceError(
                "Speaking needs the library espeakng-loader, which is not installed.",
                hint="Install the extra: pip install 'sentra-tui[local]'.",
            ) from None
        try:
            self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        except OSError:
            raise SourceError("The synthetic voice cannot be loaded.") from None
        data = espeakng_loader.get_data_path().encode()
        self._sample_rate_hz = int(self._library.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, data, 0))
        if self._sample_rate_hz <= 0:
            raise SourceError("The synthetic voice cannot be loaded.")
        self._take: Take | None = None
        self._callback = _CALLBACK(self._hear)
        self._library.espeak_SetSynthCallback(self._callback)

    def synthesize(self, text: str, voice: str, words_per_minute: int, take: Take) -> None:
        if self._library.espeak_SetVoiceByName(voice.encode()):
            self._library.espeak_SetVoiceByName(DEFAULT_VOICE.encode())
        self._library.espeak_SetParameter(_RATE_PARAMETER, words_per_minute, 0)
        data = text.encode()
        self._take = take
        self._library.espeak_Synth(data, len(data) + 1, 0, _POS_CHARACTER, 0, _CHARS_UTF8, None, None)

    def _hear(self, samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int | None) -> int:
        if count <= 0 or self._take is None:
            return _GO_ON
        sound = ctypes.string_at(samples, count * SAMPLE_BYTES)
        return _GO_ON if self._take(sound, self._sample_rate_hz) else _STOP


_lock = threading.Lock()
_espeak: _Espeak | None = None


def synthesize(text: str, voice: str, words_per_minute: int, take: Take) -> None:
    """Speak `text`, giving each piece of its sound to `take`; blocks until all is said, or no more is wanted.

    `voice` is a name of espeak-ng's, a language's for example; English takes the place of one that it does not know.
    Raises SourceError where the library is missing or broken.
    """
    global _espeak
    with _lock:
        _espeak = _espeak or _Espeak()
        _espeak.synthesize(text, voice, words_per_minute, take)
