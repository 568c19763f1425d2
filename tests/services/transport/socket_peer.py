"""The other end of a call over a WebSocket, in the test's own process: a real server on loopback."""

from __future__ import annotations

import asyncio
import json
import ssl
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from sentra_tui.domain.audio import SAMPLE_RATE_HZ
from sentra_tui.domain.config import DeadlinesConfig
from sentra_tui.domain.errors import CredentialRefused
from sentra_tui.domain.ports import Credential, Opening
from sentra_tui.domain.secret import Secret
from sentra_tui.media.resample import Resampler
from sentra_tui.services.transport.socket.address import SocketAddress
from sentra_tui.services.transport.websocket import WebSocketTransport
from tests.services.transport.lab_peer import tone

KEY = "sk-canary-5f3a"
CREDENTIAL = Credential(Secret(KEY))
PATIENT = DeadlinesConfig(offer_s=20, greeting_s=20)
SHORT = DeadlinesConfig(offer_s=0.4, greeting_s=0.3)
CREATED = '{"type":"session.created","session":{}}'
UPDATED = '{"type":"session.updated","session":{}}'

Refuse = Callable[[ServerConnection, Request], Response | None]


class Hello:
    """An opening in three steps: the server greets, the session is told, the server agrees."""

    def __init__(self) -> None:
        self.agreed = False

    def begin(self) -> Sequence[str]:
        return ()

    def hear(self, message: str) -> Sequence[str]:
        kind = json.loads(message)["type"]
        if kind == "error":
            raise CredentialRefused("The provider refused: no.")
        self.agreed = kind == "session.updated"
        return ['{"type":"session.update"}'] if kind == "session.created" else ()


class SocketPeer:
    """Answers calls; what it says first, and whether it goes on, is for the test to choose."""

    def __init__(self) -> None:
        self.greeting: Sequence[str] = (CREATED,)
        self.agreement: Sequence[str] = (UPDATED,)
        self.tone_hz = 0.0
        self.rate_hz = 24_000
        self.refuse: Refuse = lambda connection, request: None
        self.after_agreement: Callable[[ServerConnection], Any] = lambda connection: None
        self.requests: list[Request] = []
        self.messages: list[str | bytes] = []
        self.connection: ServerConnection | None = None
        self.port = 0

    @property
    def events(self) -> list[Any]:
        return [json.loads(message) for message in self.messages]

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    @property
    def heard(self) -> bytes:
        """The sound of all appends."""
        return b"".join(b64decode(event["audio"]) for event in self.events if event["type"].endswith("append"))

    async def say(self, *messages: str | bytes) -> None:
        assert self.connection is not None
        for message in messages:
            await self.connection.send(message)

    async def serve(self, connection: ServerConnection) -> None:
        self.connection = connection
        try:
            await self.say(*self.greeting)
            async for message in connection:
                self.messages.append(message)
                if message == '{"type":"session.update"}':
                    await self.say(*self.agreement)
                    await self.play()
                elif '"type":"ping"' in str(message):
                    await connection.send(message)
        except ConnectionClosed:
            return

    async def play(self) -> None:
        """Send two seconds of a tone at once, as servers do."""
        if self.tone_hz:
            await self.say(
                *spoken("resp_tone", b"".join(tone(self.tone_hz, index) for index in range(100)), self.rate_hz)
            )

    async def process(self, connection: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request)
        return self.refuse(connection, request)


@asynccontextmanager
async def running_peer(tls: ssl.SSLContext | None = None) -> AsyncIterator[SocketPeer]:
    peer = SocketPeer()
    async with serve(
        peer.serve, "127.0.0.1", 0, ssl=tls, process_request=peer.process, close_timeout=0.5, ping_interval=None
    ) as server:
        peer.port = next(iter(server.sockets)).getsockname()[1]
        yield peer


def transport_to(
    port: int,
    *,
    opening: Opening | None = None,
    deadlines: DeadlinesConfig = PATIENT,
    rate_hz: int = 24_000,
    scheme: str = "ws",
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
) -> WebSocketTransport:
    return WebSocketTransport(
        address=SocketAddress(f"{scheme}://{host}:{port}/v1/realtime?model=lab", "Lab"),
        authorize=bearer,
        opening=opening or Hello(),
        deadlines=deadlines,
        rate_hz=rate_hz,
        tls=tls,
    )


def bearer(secret: Secret) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret.reveal()}", "X-Project": "lab"}


def reply(
    status: int, body: str = "", content_type: str = "application/json", **headers: str
) -> Callable[[ServerConnection, Request], Response]:
    """Return what answers every handshake so; `_` in a header's name is `-`."""

    def refuse(connection: ServerConnection, request: Request) -> Response:
        data = body.encode()
        lines = {"Content-Type": content_type, "Content-Length": str(len(data)), "Connection": "close"}
        lines.update({name.replace("_", "-"): value for name, value in headers.items()})
        return Response(status, _phrase(status), Headers(lines), data)

    return refuse


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Odd"


def delta(response_id: str, pcm: bytes, kind: str = "response.output_audio.delta") -> str:
    return json.dumps({"type": kind, "response_id": response_id, "item_id": "i", "delta": b64encode(pcm).decode()})


def created(response_id: str) -> str:
    return json.dumps({"type": "response.created", "response": {"id": response_id}})


def done(response_id: str) -> str:
    return json.dumps({"type": "response.done", "response": {"id": response_id}})


def audio_done(response_id: str, kind: str = "response.output_audio.done") -> str:
    return json.dumps({"type": kind, "response_id": response_id})


def spoken(response_id: str, sound: bytes, rate_hz: int = 24_000, *, beta: bool = False, cut: int = 4_801) -> list[str]:
    """Return an answer as the server says it: `sound` (48 kHz) in pieces that may end in the middle of a sample."""
    pcm = Resampler(SAMPLE_RATE_HZ, rate_hz).feed(sound)
    prefix = "response.audio" if beta else "response.output_audio"
    return [
        created(response_id),
        *(delta(response_id, pcm[at : at + cut], f"{prefix}.delta") for at in range(0, len(pcm), cut)),
        audio_done(response_id, f"{prefix}.done"),
        done(response_id),
    ]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)
