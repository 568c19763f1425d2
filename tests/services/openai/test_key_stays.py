"""A key goes to the origin that it is for, whatever a server answers, and however an address is written."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from sentra_tui.domain.errors import ConfigError, TransportError
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.secret import ClientSecret, Secret
from sentra_tui.services.bearer import BearerAuth, auth_headers
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import Endpoint, endpoint
from sentra_tui.services.openai.status import refusal
from tests.services.openai.peer import Peer, running_peer

KEY = Secret("sk-proj-0123456789abcdefKEY")


@asynccontextmanager
async def stranger() -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server of somebody else, with all that it was told."""
    heard: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", heard
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_no_redirect_is_followed(peer: Peer, status: int, method: str) -> None:
    async with stranger() as (place, heard):
        for location in (f"http://{place}/v1/x", f"//{place}/v1/x", f"http://user@{place}/", "/v1/elsewhere"):
            peer.answer("/x", status, "", Location=location)
            ask = {"GET": peer.client.get, "POST": peer.client.post, "DELETE": peer.client.delete}[method]
            reply = await ask("/x", KEY)
            assert (reply.status, heard) == (status, [])
            assert "redirects to another address" in refusal(reply, peer.client.endpoint).message
    assert [asked.path for asked in peer.asked] == ["/v1/x"] * 4


@pytest.mark.parametrize("challenge", ['Basic realm="x"', 'Digest realm="x", nonce="y"', "Bearer", "Negotiate"])
async def test_a_challenge_is_not_answered(peer: Peer, challenge: str) -> None:
    peer.answer("/x", 401, "", WWW_Authenticate=challenge)
    assert (await peer.client.get("/x", KEY)).status == 401
    assert len(peer.asked) == 1


async def test_a_netrc_of_the_user_is_not_read(peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hidden\n")
    monkeypatch.setenv("NETRC", str(netrc))
    peer.answer("/x", 200)
    await peer.client.get("/x", Secret(""))
    assert "Authorization" not in peer.asked[0].headers


@pytest.mark.parametrize("auth", ["bearer", "api-key"])
async def test_a_key_is_shown_as_the_profile_has_it_and_a_minted_secret_as_a_bearer_token(auth: str) -> None:
    async with running_peer() as peer:
        peer.answer("/x", 200)
        place = Endpoint(peer.base_url, auth=auth, headers={"X-Team": "blue"})  # type: ignore[arg-type]
        client = ApiClient(place)
        for secret in (KEY, ClientSecret("ek_1"), Secret("")):
            await client.get("/x", secret)
        await client.close()
    of_key, minted, none = (asked.headers for asked in peer.asked)
    shown = {"bearer": "Authorization", "api-key": "api-key"}[auth]
    assert of_key[shown] == ("Bearer " if auth == "bearer" else "") + KEY.reveal()
    assert ("api-key" in of_key, "Authorization" in of_key) == (auth == "api-key", auth == "bearer")
    assert minted["Authorization"] == "Bearer ek_1"
    assert "api-key" not in minted
    assert not {"Authorization", "api-key"} & set(none)
    assert [headers["X-Team"] for headers in (of_key, minted, none)] == ["blue"] * 3


def test_a_socket_is_authorized_like_a_request() -> None:
    place = Endpoint("https://mine.example/v1", auth="api-key", headers={"X-Team": "blue"})
    assert place.authorize(KEY) == {"X-Team": "blue", "api-key": KEY.reveal()}
    assert place.authorize(ClientSecret("ek_1")) == {"X-Team": "blue", "Authorization": "Bearer ek_1"}


def test_no_caller_holds_the_headers() -> None:
    assert KEY.reveal() not in repr(vars(BearerAuth(KEY)))
    assert auth_headers(Secret("")) == {}


ELSEWHERE = [
    "https://api.openai.com@evil.example/v1", "https://api.openai.com:x@evil.example/v1",
    "https://evil.example#@api.openai.com/v1", "https://evil.example?@api.openai.com/v1",
    "https://evil.example\\@api.openai.com/v1", "https://api.openai.com\\@evil.example/v1",
    "https://api.openai.com%2eevil.example/v1", "https://api.openai.com%00.evil.example/v1",
    "https://api.openai.com%40evil.example/v1", "https://api.openai.com.evil.example/v1",
    "https://api.openai.com:8443/v1", "https://api-openai.com/v1", "https://apiXopenai.com/v1",
    "https://xapi.openai.com/v1", "https://openai.com/v1", "https://api.openai.co/v1",
    "https://api.openai.com-evil.example/v1", "https://api.openaı.com/v1", "https://аpi.openai.com/v1",
    "http://api.openai.com/v1", "http://127.0.0.1:1/v1", "https://127.0.0.1/v1", "https://[::1]/v1",
    "https://2130706433/v1", "https:evil.example/v1", "https:///evil.example/v1", "//evil.example/v1",
    "https://evil.example/https://api.openai.com/v1", "https://evil.example;api.openai.com/v1",
    "https://evil.example,api.openai.com/v1", "https://api.openai.com\t.evil.example/v1",
    "https://api.openai.com\n.evil.example/v1", "ws://api.openai.com/v1", "javascript:alert(1)",
]  # fmt: skip


@pytest.mark.parametrize("url", ELSEWHERE)
def test_an_address_that_only_looks_like_that_of_the_key_does_not_get_it(url: str) -> None:
    with pytest.raises(ConfigError):
        endpoint(ProviderProfile(base_url=url))


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1",
        "https://API.OPENAI.COM/v1/",
        "https://api.openai.com:443/v1",
        "https://api.openai.com.",
    ],
)
def test_the_address_of_the_key_may_be_written_in_many_ways(url: str) -> None:
    place = endpoint(ProviderProfile(base_url=url))
    assert httpx.URL(place.base_url + "/models").host.rstrip(".") == "api.openai.com"


@pytest.mark.parametrize("path", ["@evil.example/", "//evil.example/", "/../..//evil.example", ":1@evil.example"])
async def test_no_path_leads_elsewhere(peer: Peer, path: str) -> None:
    """What a server names (a call, a run) becomes part of a path."""
    async with stranger() as (place, heard):
        with suppress(TransportError, httpx.InvalidURL):
            await peer.client.get(path.replace("evil.example", place), KEY)
        assert heard == []
