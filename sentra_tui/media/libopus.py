"""libopus by ctypes: the one inside PyAV's wheel, else the system's.

FFmpeg's wrapper, which PyAV offers, can neither recover a lost frame from the next packet nor conceal one; libopus
can. API: https://opus-codec.org/docs/opus_api-1.5/ (opus_encoder.h, opus_decoder.h, opus_defines.h).
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator
from pathlib import Path

import av

_STATE = ctypes.c_void_p
_PCM = ctypes.c_char_p
_SIGNATURES = {
    "opus_encoder_get_size": [ctypes.c_int],
    "opus_encoder_init": [_STATE, ctypes.c_int32, ctypes.c_int, ctypes.c_int],
    # Variadic: only the fixed arguments are declared, so that ctypes passes the rest as the platform wants it.
    "opus_encoder_ctl": [_STATE, ctypes.c_int],
    "opus_encode": [_STATE, _PCM, ctypes.c_int, ctypes.c_void_p, ctypes.c_int32],
    "opus_decoder_get_size": [ctypes.c_int],
    "opus_decoder_init": [_STATE, ctypes.c_int32, ctypes.c_int],
    "opus_decode": [_STATE, _PCM, ctypes.c_int32, ctypes.c_void_p, ctypes.c_int, ctypes.c_int],
}


def load() -> ctypes.CDLL | None:
    """Return libopus with its signatures declared, or None where there is none."""
    for name in _candidates():
        try:
            library = ctypes.CDLL(name)
            _declare(library)
        except (OSError, AttributeError):
            continue
        return library
    return None


def _candidates() -> Iterator[str]:
    """Yield where libopus may be, PyAV's own first: its layout is that of auditwheel, delocate or delvewheel."""
    package = Path(av.__file__).parent
    for folder in (package.parent / "av.libs", package / ".dylibs", package):
        yield from sorted(str(path) for path in folder.glob("*opus*") if _is_library(path))
    yield from ("libopus.so.0", "libopus.0.dylib", "opus.dll")
    if (found := ctypes.util.find_library("opus")) is not None:
        yield found


def _is_library(path: Path) -> bool:
    return path.is_file() and (".so" in path.suffixes or path.suffix in (".dylib", ".dll"))


def _declare(library: ctypes.CDLL) -> None:
    for name, argument_types in _SIGNATURES.items():
        function = getattr(library, name)
        function.argtypes = argument_types
        function.restype = ctypes.c_int
