"""The transport on the local provider, with the opening that the engine gives it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import numpy as np
import pytest

from sentra_tui.domain.errors import CredentialRefused
from sentra_tui.domain.ports import Credential
from sentra_tui.domain.secret import Secret
from sentra_tui.protocol.dialects import Dialect
from sentra_tui.protocol.opening import SessionOpening
from sentra_tui.provider.faults import Plan
from sentra_tui.provider.server import ProviderOptions, ProviderStarted, serving
from sentra_tui.services.transport.socket.address import SocketAddress
from sentra_tui.services.transport.websocket import WebSocketTransport
from tests.ready import ready
from tests.services.transport.socket_peer import PATIENT

SESSION: dict[str, Any] = {"type": "realtime", "model": "sentra-local", "output_modalities": ["audio"]}
QUESTION = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "who are you"}]}


def transport_to(started: ProviderStarted, dialect: Dialect) -> WebSocketTransport:
    def authorize(secret: Secret) -> dict[str, str]:
        beta = {"OpenAI-Beta": "realtime=v1"} if dialect is Dialect.BETA else {}
        return {"Authorization": f"Bearer {secret.reveal()}", **beta}

    url = started.base_url.replace("http:", "ws:", 1) + "/realtime?model=sentra-local"
    opening = SessionOpening(SESSION, dialect)
    return WebSocketTransport(address=SocketAddress(url, "Local"), authorize=authorize, opening=opening)


async def listen(transport: WebSocketTransport, sound: list[bytes]) -> None:
    while True:
        frame = transport.receive_audio()
        if frame is None:
            await transport.audio_arrives()
        else:
            sound.append(frame)
        await asyncio.sleep(0)


@pytest.mark.parametrize("dialect", [Dialect.GA, Dialect.BETA])
async def test_a_spoken_answer_starts_is_heard_and_stops(dialect: Dialect) -> None:
    sound: list[bytes] = []
    types: list[str] = []
    async with serving(ProviderOptions(plan=Plan(dialects=["ga", "beta"]))) as started:
        transport = transport_to(started, dialect)
        await transport.connect(ready(Credential(Secret(started.api_key))))
        transport.send(json.dumps({"type": "conversation.item.create", "item": QUESTION}))
        transport.send('{"type":"response.create"}')
        listening = asyncio.create_task(listen(transport, sound))
        async with asyncio.timeout(PATIENT.offer_s):
            async for message in transport.messages():
                types.append(json.loads(message)["type"])
                if types[-1] == "output_audio_buffer.stopped":
                    break
        listening.cancel()
        await asyncio.wait({listening})
        await transport.close()
    assert types.index("output_audio_buffer.started") > types.index("response.created")
    assert np.abs(np.frombuffer(b"".join(sound), "<i2")).max() > 1_000
    assert not [each for each in types if each.endswith("audio.delta")]


async def test_a_key_that_the_provider_does_not_know_is_refused() -> None:
    async with serving(ProviderOptions()) as started:
        with pytest.raises(CredentialRefused):
            await transport_to(started, Dialect.GA).connect(ready(Credential(Secret("sk-wrong"))))
