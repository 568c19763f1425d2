"""Where a connection to a URL goes first."""

import pytest

from sentra_tui.services.network.doors import Door, door_to


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)


@pytest.mark.parametrize(
    ("url", "door"),
    [
        ("https://api.example.com/v1", Door("api.example.com", 443)),
        ("https://api.example.com:8443/v1", Door("api.example.com", 8443)),
        ("http://127.0.0.1:4000/v1", Door("127.0.0.1", 4000)),
        ("https://[2001:db8::7]/v1", Door("2001:db8::7", 443)),
    ],
)
def test_without_a_proxy_it_is_the_host(url: str, door: Door) -> None:
    assert door_to(url) == door


@pytest.mark.parametrize("url", ["", "nonsense", "https://", "https://x:99999/v1", "http://[::1", "gopher://x"])
def test_what_is_no_url_leads_nowhere(url: str) -> None:
    assert door_to(url) is None


@pytest.mark.parametrize(
    ("name", "proxy", "door"),
    [
        ("https_proxy", "http://user:word@proxy.example:3128", Door("proxy.example", 3128)),
        ("HTTPS_PROXY", "http://proxy.example", Door("proxy.example", 80)),
        ("all_proxy", "socks5h://proxy.example", Door("proxy.example", 1080)),
        ("https_proxy", "proxy.example:3128", Door("proxy.example", 3128)),
        ("http_proxy", "http://proxy.example:3128", Door("api.example.com", 443)),
        ("https_proxy", "http://x:99999", Door("api.example.com", 443)),
    ],
)
def test_with_a_proxy_it_is_the_proxy(name: str, proxy: str, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, proxy)
    assert door_to("https://api.example.com/v1") == door


def test_no_proxy_leads_to_this_machine_or_to_hosts_that_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "example.com")
    assert door_to("http://127.0.0.1:4000/v1") == Door("127.0.0.1", 4000)
    assert door_to("https://localhost:4000/v1") == Door("localhost", 4000)
    assert door_to("https://api.example.com/v1") == Door("api.example.com", 443)
    assert door_to("https://api.example.org/v1") == Door("proxy.example", 3128)
