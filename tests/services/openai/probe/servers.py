"""Servers on loopback that answer empty requests as known ones do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler
from msgspec import Struct

KEY = "sk-proj-0123456789abcdefKEY"
GA_SESSION = {"type": "realtime", "audio": {"input": {"format": {"type": "audio/pcm", "rate": 24000}}}}
BETA_SESSION = {"modalities": ["audio", "text"], "voice": "alloy", "input_audio_format": "pcm16"}


class Behaviour(Struct):
    """What a server answers."""

    posts: dict[str, tuple[int, Any]] = {}
    """Status and body, by path; other paths are not found."""
    models: tuple[str, ...] = ()
    greets: tuple[Any, ...] = ()
    """What it says on its WebSocket; without, it has none."""
    key: str = ""
    everywhere: tuple[int, Any] | None = None
    """What it answers to whatever it does not know."""


def said(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}}


_FASTAPI = {"detail": [{"loc": ["body"], "msg": "Field required", "type": "missing"}]}

SERVERS = {
    "openai": Behaviour(
        posts={
            "/realtime/client_secrets": (200, {"value": "ek_x"}),
            "/realtime/calls": (400, said("Unsupported content type.", code="unsupported_content_type")),
            "/audio/transcriptions": (400, said("Send multipart/form-data.")),
            "/audio/speech": (400, said("Missing required parameter: 'model'.")),
            "/chat/completions": (400, said("We could not parse the JSON body of your request.")),
            "/responses": (400, said("Missing required parameter: 'model'.", param="model")),
        },
        models=("gpt-6-luna", "gpt-6.1-sol", "gpt-realtime-2.1", "gpt-realtime-2.1-mini", "gpt-transcribe", "tts-1"),
        greets=({"type": "session.created", "session": GA_SESSION},),
        key=KEY,
    ),
    "speech-to-speech": Behaviour(
        posts={"/realtime/calls": (415, "Content-Type must be application/sdp")},
        greets=({"type": "session.created", "session": {"type": "realtime", "audio": {}}},),
    ),
    "localai": Behaviour(
        posts={
            "/realtime/calls": (400, {"error": "sdp is required"}),
            "/audio/transcriptions": (400, said("no file")),
            "/audio/speech": (400, said("no model")),
            "/chat/completions": (400, said("no model")),
        },
        models=("gpt-4", "gpt-realtime", "whisper-1", "tts-1", "silero-vad"),
        greets=({"type": "session.created", "session": GA_SESSION},),
    ),
    "speaches": Behaviour(
        posts={
            "/realtime": (422, _FASTAPI),
            "/audio/transcriptions": (422, _FASTAPI),
            "/audio/speech": (422, _FASTAPI),
            "/chat/completions": (422, _FASTAPI),
        },
        models=("Systran/faster-distil-whisper-small.en", "speaches-ai/Kokoro-82M-v1.0-ONNX"),
        greets=({"type": "session.created", "session": BETA_SESSION},),
    ),
    "vllm": Behaviour(
        posts={
            "/audio/transcriptions": (422, _FASTAPI),
            "/chat/completions": (400, said("no body")),
            "/responses": (400, said("no body")),
        },
        models=("mistralai/Voxtral-Mini-4B-Realtime-2602",),
        greets=({"type": "session.created", "id": "sess-1", "created": 1},),
    ),
    "xai": Behaviour(
        posts={
            "/realtime/client_secrets": (200, {"value": "x"}),
            "/chat/completions": (422, {"error": "missing field `model`"}),
            "/responses": (422, {"error": "missing field `model`"}),
        },
        models=("grok-4", "grok-4-fast", "grok-voice-latest", "grok-transcribe"),
        greets=({"type": "ping"}, {"type": "conversation.created"}, {"type": "session.created", "session": GA_SESSION}),
        key=KEY,
    ),
    "text only": Behaviour(posts={"/chat/completions": (400, said("no messages"))}, models=("llama3.2",)),
}


class _Server:
    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour

    async def post(self, request: web.Request) -> web.Response:
        assert await request.read() == b""
        path = request.path.removeprefix("/v1")
        status, body = self._behaviour.posts.get(path) or self._behaviour.everywhere or (404, {"detail": "Not Found"})
        headers = {"Location": "http://elsewhere.example/"} if 300 <= status < 400 else {}
        if isinstance(body, str):
            kind = "text/html" if body.startswith("<") else "text/plain"
            return web.Response(status=status, text=body, content_type=kind, headers=headers)
        return web.json_response(body, status=status, headers=headers)

    async def models(self, request: web.Request) -> web.Response:
        if not self._behaviour.models:
            raise web.HTTPNotFound
        return web.json_response({"object": "list", "data": [{"id": name} for name in self._behaviour.models]})

    async def socket(self, request: web.Request) -> web.StreamResponse:
        if not self._behaviour.greets:
            raise web.HTTPNotFound
        assert request.query["model"]
        opened = web.WebSocketResponse()
        await opened.prepare(request)
        for message in self._behaviour.greets:
            await opened.send_json(message)
        async for _ in opened:
            raise AssertionError("A probe says nothing.")
        return opened

    @web.middleware
    async def check_key(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        shown = request.headers.get("Authorization")
        if self._behaviour.key and shown != f"Bearer {self._behaviour.key}":
            return web.json_response(said("Incorrect API key provided.", code="invalid_api_key"), status=401)
        return await handler(request)


@asynccontextmanager
async def serving(behaviour: Behaviour) -> AsyncIterator[str]:
    answering = _Server(behaviour)
    app = web.Application(middlewares=[answering.check_key])
    app.router.add_get("/v1/models", answering.models)
    app.router.add_get("/v1/realtime", answering.socket)
    app.router.add_post("/{path:.*}", answering.post)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    try:
        yield f"http://127.0.0.1:{server.port}/v1"
    finally:
        await server.close()
