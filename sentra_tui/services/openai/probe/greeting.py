"""What a server says first on its realtime WebSocket."""

from __future__ import annotations

import json
import logging
import ssl
from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException

from sentra_tui.domain.provider_config import DialectName
from sentra_tui.domain.text import clean_line
from sentra_tui.services.openai.network import network_error
from sentra_tui.services.openai.probe.findings import Finding, Offered
from sentra_tui.services.openai.status import redact

MAX_MESSAGES = 5
"""How many messages may come before the session is described."""
MAX_MESSAGE_BYTES = 1 << 20
_NO_ROUTE = (404, 405, 501)
_NO_KEY = (401, 403)
_KEY_CODES = ("invalid_api_key", "authentication_error", "unauthorized", "invalid_authentication")
_FLAT = ("modalities", "voice", "input_audio_format", "output_audio_format", "input_audio_transcription")


class Greeting(Struct, frozen=True):
    """What the socket showed."""

    finding: Finding
    dialect: DialectName = "ga"


async def greeting(
    url: str, host: str, headers: Mapping[str, str], tls: ssl.SSLContext | None, *, loopback: bool
) -> Greeting:
    """Open a socket at `url`, hear what the server says of its session, and leave."""
    for name in ("websockets.client", "websockets"):  # below WARNING they log headers
        logging.getLogger(name).setLevel(logging.WARNING)
    dial = _Dial(
        url,
        additional_headers=headers,
        ssl=tls,
        proxy=None if loopback else True,
        compression=None,
        max_size=MAX_MESSAGE_BYTES,
        close_timeout=0.5,
        open_timeout=None,
    )
    try:
        async with dial as socket:
            for _ in range(MAX_MESSAGES):
                heard = read_greeting(await socket.recv())
                if heard is not None:
                    return heard
            return Greeting(Finding(Offered.UNKNOWN, "opened, and described no session"))
    except InvalidStatus as error:
        return Greeting(_refused(error.response.status_code))
    except InvalidHandshake as error:
        return Greeting(Finding(Offered.UNKNOWN, f"no handshake ({type(error).__name__})"))
    except (ConnectionClosed, EOFError):
        return Greeting(Finding(Offered.UNKNOWN, "opened, and closed without a word"))
    except (WebSocketException, ValueError, ImportError) as error:  # an address or a proxy that the library cannot take
        return Greeting(Finding(Offered.UNKNOWN, f"not asked ({type(error).__name__})"))
    except OSError as error:
        return Greeting(Finding(Offered.UNKNOWN, clean_line(network_error(error, host).message, 100)))


def read_greeting(message: str | bytes) -> Greeting | None:
    """Return what a message tells, or None where it tells nothing."""
    try:
        event: Any = json.loads(message)
    except (ValueError, RecursionError):
        return Greeting(Finding(Offered.UNKNOWN, "opened, and said what is not JSON"))
    kind = event.get("type") if isinstance(event, dict) else None
    if kind == "error":
        return _error(event)
    if kind not in ("session.created", "transcription_session.created"):
        return None
    dialect = "beta" if kind.startswith("transcription") else _dialect(event.get("session"))
    return Greeting(Finding(Offered.YES, f"{kind}, in the words of {_WORDS[dialect]}"), dialect)


_WORDS: dict[DialectName, str] = {"ga": "Realtime GA", "beta": "the beta", "vllm": "vLLM"}


def _dialect(session: Any) -> DialectName:
    """Return whose session this is: GA's is nested, the beta's flat, and vLLM describes none."""
    if not isinstance(session, dict):
        return "vllm"
    if isinstance(session.get("audio"), dict):
        return "ga"
    return "beta" if any(name in session for name in _FLAT) else "ga"


def _error(event: dict[str, Any]) -> Greeting:
    error = event.get("error")
    details = error if isinstance(error, dict) else {"message": error, "code": event.get("code")}
    code = str(details.get("code") or details.get("type") or "")
    if code in _KEY_CODES:
        return Greeting(Finding(Offered.KEY_REFUSED, clean_line(f"opened: {code}", 100)))
    return Greeting(Finding(Offered.YES, clean_line(redact(f"opened: {details.get('message') or code}"), 100)))


def _refused(status: int) -> Finding:
    if status in _NO_KEY:
        return Finding(Offered.KEY_REFUSED, str(status))
    if status in _NO_ROUTE:
        return Finding(Offered.NO, str(status))
    return Finding(Offered.UNKNOWN, f"{status}, redirects" if 300 <= status < 400 else str(status))


class _Dial(connect):
    """Follows no redirect: it would carry the key."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Refuse."""
        return exc
