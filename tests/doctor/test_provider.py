"""What stands between us and a provider, named: each against a peer that really does it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from email.utils import formatdate
from pathlib import Path

import pytest
from msgspec.structs import replace

from sentra_tui.doctor.board import Board
from sentra_tui.doctor.check import Check, State
from sentra_tui.doctor.configuration import Chosen, choose
from sentra_tui.doctor.provider import ProviderExamination
from sentra_tui.domain.config import Config
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.provider.server import ProviderOptions, serving
from sentra_tui.services.key_origins import key_env_for
from tests.doctor.peers import PAGE, answering, reply, silent
from tests.services.openai.certificates import Authority

KEY = "sk-proj-0123456789abcdefKEY"
HTML = reply("200 OK", PAGE, "Content-Type: text/html")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)


async def examined(
    chosen: Chosen, environ: Mapping[str, str] | None = None, config: Config | None = None
) -> dict[str, Check]:
    board = Board()
    await ProviderExamination(board, chosen, config or Config(), environ or {}).run()
    assert not board.waiting
    checks = {check.name: check for check in board.checks}
    assert KEY not in repr(board.checks)
    return checks


async def at(url: str, *, keyed: bool = True) -> dict[str, Check]:
    return await examined(choose(Config(), url), {key_env_for(url): KEY} if keyed else {})


def private(port: int, ca_file: str = "") -> Chosen:
    url = f"https://127.0.0.1:{port}/v1"
    return Chosen("house", ProviderProfile(base_url=url, key_env="HOUSE_KEY", ca_file=ca_file))


def failing(checks: Mapping[str, Check]) -> list[str]:
    return [check.name for check in checks.values() if check.state is State.FAILED]


@pytest.mark.row(28)
async def test_a_name_that_does_not_resolve_is_named_and_nothing_behind_it_is_tried() -> None:
    checks = await at("https://nowhere.invalid/v1")
    assert failing(checks) == ["name (DNS)"]
    assert "nowhere.invalid cannot be resolved" in checks["name (DNS)"].found
    assert "nslookup nowhere.invalid" in checks["name (DNS)"].fix
    assert checks["answer"].state is checks["connection"].state is State.SKIPPED


async def test_a_port_where_nobody_listens_is_named() -> None:
    checks = await at("http://127.0.0.1:1/v1")
    assert failing(checks) == ["connection"]
    assert "Nobody listens at 127.0.0.1:1" in checks["connection"].found


@pytest.mark.row(28)
async def test_tls_that_somebody_reads_along_is_named_with_who_signed_it(tmp_path: Path) -> None:
    async with answering(HTML, Authority(tmp_path).server()) as port:
        checks = await examined(private(port), {"HOUSE_KEY": KEY})
    assert failing(checks) == ["certificate"]
    assert "not trusted" in checks["certificate"].found
    assert "A firm's own authority" in checks["certificate"].found
    assert "ca_file" in checks["certificate"].fix
    assert checks["answer"].state is State.SKIPPED


@pytest.mark.row(28)
async def test_a_captive_portal_behind_trusted_tls_is_named(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with answering(HTML, authority.server()) as port:
        checks = await examined(private(port, str(authority.ca_file)), {"HOUSE_KEY": KEY})
    assert checks["certificate"].state is State.OK
    assert failing(checks) == ["answer"]
    assert "web page came" in checks["answer"].found
    assert "sign in" in checks["answer"].fix


@pytest.mark.row(28)
async def test_a_proxy_that_wants_a_login_is_named_and_its_password_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    async with answering(reply("407 Proxy Authentication Required", b"")) as port:
        monkeypatch.setenv("https_proxy", f"http://me:hunter2@127.0.0.1:{port}")
        checks = await at("https://provider.invalid/v1")
    assert failing(checks) == ["answer"]
    assert "wants a login (407)" in checks["answer"].found
    assert "HTTPS_PROXY" in checks["answer"].fix
    assert f"127.0.0.1:{port}" in checks["proxy"].found
    assert "hunter2" not in repr(checks)


async def test_a_proxy_that_is_not_there_is_told_from_the_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    checks = await at("https://provider.invalid/v1")
    assert failing(checks) == ["connection"]
    assert "HTTPS_PROXY" in checks["connection"].fix


@pytest.mark.parametrize("value", ["socks5://127.0.0.1:9", "gopher://me:hunter2@x", "http://[::1"])
async def test_a_proxy_that_is_not_taken_ends_the_way_there(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", value)
    checks = await at("https://provider.invalid/v1")
    assert failing(checks) == ["proxy"]
    assert "hunter2" not in repr(checks)


async def test_a_broker_is_asked_for_its_health_beside_the_provider() -> None:
    async with answering(reply("200 OK", b"{}", "Content-Type: application/json")) as port:
        url = f"http://127.0.0.1:{port}"
        profile = ProviderProfile(base_url=f"{url}/v1", broker_url=f"{url}/api/realtime/session", key_env="X_KEY")
        well = await examined(Chosen("team", profile))
        gone = await examined(Chosen("team", replace(profile, broker_url="http://127.0.0.1:1/api/realtime/session")))
    assert failing(well) == []
    assert "127.0.0.1 is well" in well["broker"].found
    assert failing(gone) == ["broker"]


async def test_a_server_that_never_answers_does_not_hold_the_run_up() -> None:
    async with silent() as port:
        checks = await at(f"http://127.0.0.1:{port}/v1")
    assert failing(checks) == ["answer"]


async def test_a_provider_that_works_is_all_well() -> None:
    async with serving(ProviderOptions()) as started:
        chosen = choose(Config(), started.base_url)
        checks = await examined(chosen, {key_env_for(started.base_url): started.api_key})
        locked = await examined(chosen)
    assert failing(checks) == []
    assert checks["answer"].state is checks["clock"].state is checks["dialect"].state is State.OK
    assert "WebRTC" in checks["dialect"].found
    assert started.api_key not in repr(checks)
    assert failing(locked) == ["answer"]
    assert f"Set {key_env_for(started.base_url)}" in locked["answer"].fix


async def test_a_clock_that_is_off_and_models_that_end_or_are_not_there_are_told() -> None:
    listed = {"data": [{"id": "gpt-realtime-2.1", "shutdown_date": "2027-03-01"}, {"id": "gpt-transcribe"}, 7]}
    late = reply("200 OK", json.dumps(listed).encode(), "Content-Type: application/json", f"Date: {formatdate(1e9)}")
    async with answering(late) as port:
        chosen = choose(Config(), f"http://127.0.0.1:{port}/v1")
        absent = await examined(chosen)
        ending = await examined(replace(chosen, profile=replace(chosen.profile, main_model="")))
    assert "ahead of the server's" in absent["clock"].found
    assert absent["clock"].state is State.WARNING
    assert "does not list gpt-6.1-sol" in absent["models"].found
    assert "gpt-realtime-2.1 ends on 2027-03-01" in ending["models"].found


async def test_a_key_that_is_missing_or_for_another_host_is_told() -> None:
    missing = await examined(Chosen("x", ProviderProfile(base_url="http://127.0.0.1:1/v1", key_env="X_KEY")))
    assert "Set X_KEY" in missing["key"].fix
    profile = ProviderProfile(base_url="http://127.0.0.1:1/v1")
    config = Config(providers={"house": profile})
    other = await examined(Chosen("house", profile), {"OPENAI_API_KEY": KEY}, config)
    assert failing(other) == ["key"]
    assert "belongs to https://api.openai.com" in other["key"].found
    assert "connection" in other
