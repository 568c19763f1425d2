"""A provider that knows nothing: it takes the engine's calls over HTTP and hands them to the bench, which scripts them.

What it does takes no time of its own, so what is measured is ours; and it runs in the bench's process, whose clock the
measurement is on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from bench.peer import Peer

NAME = "scripted"
MODEL = "scripted"


class ScriptedProvider:
    """Serves one profile on loopback. `make_peer` makes the other end of a call to a session of the given type."""

    def __init__(self, make_peer: Callable[[str], Peer]) -> None:
        self._make_peer = make_peer
        self._peers: list[Peer] = []
        application = web.Application()
        application.add_routes(
            [
                web.post("/v1/realtime/client_secrets", self._mint),
                web.post("/v1/realtime/calls", self._answer),
                web.post("/v1/realtime/calls/{call_id}/hangup", self._hang_up),
            ]
        )
        self._runner = web.AppRunner(application, access_log=None)
        self._port = 0

    async def start(self) -> None:
        """Listen on a free port."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]

    def write_config(self, path: Path) -> None:
        """Write a configuration that has this provider, under `NAME`."""
        path.write_text(
            f'[providers.{NAME}]\nbase_url = "http://127.0.0.1:{self._port}/v1"\nkey_env = ""\nmodel = "{MODEL}"\n',
            encoding="utf-8",
        )

    async def close(self) -> None:
        """Hang up and stop listening."""
        for peer in self._peers:
            await peer.close()
        await self._runner.cleanup()

    async def _mint(self, request: web.Request) -> web.Response:
        session = (await request.json())["session"]
        return web.json_response({"value": f"ek_{session['type']}", "expires_at": 0, "session": session})

    async def _answer(self, request: web.Request) -> web.Response:
        session_type = request.headers["Authorization"].rpartition("ek_")[2]
        peer = self._make_peer(session_type)
        peer.on_open = lambda: peer.say({"type": "session.created", "session": {"type": session_type}})
        self._peers.append(peer)
        answer = await peer.offer((await request.read()).decode())
        headers = {"Location": f"/v1/realtime/calls/rtc_{len(self._peers)}"}
        return web.Response(status=201, body=answer.sdp.encode(), content_type="application/sdp", headers=headers)

    async def _hang_up(self, request: web.Request) -> web.Response:
        return web.Response()
