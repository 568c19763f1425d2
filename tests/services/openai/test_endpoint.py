from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.errors import ConfigError
from sentra_tui.domain.provider_config import ProviderProfile, shipped_providers
from sentra_tui.services.openai.endpoint import broker, checked_url, endpoint


@pytest.mark.parametrize(
    "url",
    ["https://api.openai.com/v1", "https://10.0.0.5:8443/v1", "http://127.0.0.1:8080/v1", "http://localhost/v1",
     "http://[::1]:9/v1", "http://127.9.9.9/v1", "https://[2001:db8::1]/v1"],
)  # fmt: skip
def test_https_anywhere_and_http_to_this_machine_are_taken(url: str) -> None:
    assert checked_url(f" {url}/ ", "base_url") == url


@pytest.mark.parametrize(
    "url",
    ["", "api.openai.com/v1", "ftp://x/v1", "wss://x/v1", "https://", "https://u:p@x/v1", "https://key@x/v1",
     "https://x/v1?key=1", "https://x/v1#a", "https://x:99999999/v1", "https://[::1/v1", "http://[v1]/",
     "http://api.openai.com/v1", "http://10.0.0.5/v1", "http://0.0.0.0/v1", "http://localhost.example/v1",
     "https://169.254.169.254/latest", "https://[fe80::1]/v1", "https://[::ffff:169.254.169.254]/v1",
     "https://2852039166/v1", "https://0xa9fea9fe/v1", "https://0251.0376.0251.0376/v1",
     "https://metadata.google.internal/v1", "https://METADATA.google.internal./v1", "https://[fd00:ec2::254]/v1",
     "https://100.100.100.200/v1"],
)  # fmt: skip
def test_no_key_goes_to_an_address_like_this(url: str) -> None:
    with pytest.raises(ConfigError, match="base_url"):
        checked_url(url, "base_url")


@given(st.text(max_size=40))
def test_any_text_is_a_clean_address_or_an_error(text: str) -> None:
    try:
        assert checked_url(text, "base_url").startswith(("http://", "https://"))
    except ConfigError as error:
        assert "\n" not in str(error)


def test_a_profile_gives_its_endpoint_and_the_running_local_provider_its_own() -> None:
    openai = endpoint(shipped_providers()["openai"])
    assert (openai.label, openai.host, openai.key_env) == ("OpenAI", "api.openai.com", "OPENAI_API_KEY")
    assert endpoint(shipped_providers()["local"], "http://127.0.0.1:4242/v1").base_url == "http://127.0.0.1:4242/v1"


def test_a_broker_is_checked_like_a_provider() -> None:
    assert broker(ProviderProfile(broker_url="https://tokens.example/mint")).label == "The token broker"
    with pytest.raises(ConfigError, match="broker_url is plain http"):
        broker(ProviderProfile(broker_url="http://tokens.example/mint"))


@pytest.mark.parametrize(
    "url",
    ["https://api.openai.com%2eevil.example/v1", "https://api.openai.com%40evil.example/v1",
     "https://evil.example\\.openai.com/v1", "https://evil.example/\\api.openai.com", "https://a b.example/v1",
     "https://*.openai.azure.com/v1", "https://-x.example/v1", "https://x..example-/v1"],
)  # fmt: skip
def test_an_address_that_readers_may_read_differently_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="base_url"):
        checked_url(url, "base_url")


def test_a_profile_without_an_address_says_what_to_write() -> None:
    with pytest.raises(ConfigError, match=r"Azure OpenAI has no address.*RESOURCE.openai.azure.com/openai/v1"):
        endpoint(shipped_providers()["azure"])
    with pytest.raises(ConfigError, match=r"The provider has no address.*https://example.com/v1"):
        endpoint(ProviderProfile())


def test_the_key_of_a_known_provider_is_for_its_address_alone() -> None:
    with pytest.raises(ConfigError, match=r"belongs to https://api\.openai\.com and is not sent to https://mine"):
        endpoint(ProviderProfile(base_url="https://mine.example/v1"))
    with pytest.raises(ConfigError, match="belongs to"):
        endpoint(shipped_providers()["openai"], "http://127.0.0.1:9/v1")
    with pytest.raises(ConfigError, match="belongs to"):
        broker(ProviderProfile(broker_url="https://tokens.example/mint", broker_key_env="OPENAI_API_KEY"))


@pytest.mark.parametrize(
    "name",
    ["Authorization", "api-key", "API-Key", "X-Api-Key", "Cookie", "Proxy-Authorization", "authorization", "apikey",
     "X-Auth-Token", "X-Goog-Api-Key", "Ocp-Apim-Subscription-Key", "X_Secret", "Set-Cookie", "X-Amz-Security-Token"],
)  # fmt: skip
def test_a_key_among_the_headers_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"headers may not have {name}"):
        endpoint(ProviderProfile(base_url="http://localhost/v1", key_env="", headers={name: "x"}))


@pytest.mark.parametrize("value", ["sk-proj-0123", "Bearer 0123", "a, openai-insecure-api-key.sk-0123", "ek_0123"])
def test_a_key_as_the_value_of_another_header_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match="headers may not have X-Team") as caught:
        endpoint(ProviderProfile(base_url="http://localhost/v1", key_env="", headers={"X-Team": value}))
    assert value not in str(caught.value)


@pytest.mark.parametrize("name", ["OpenAI-Organization", "OpenAI-Project", "X-Team", "User-Agent", "X-Keyboard"])
def test_other_headers_are_taken(name: str) -> None:
    place = endpoint(ProviderProfile(base_url="http://localhost/v1", key_env="", headers={name: "blue, task-7"}))
    assert place.headers == {name: "blue, task-7"}


@pytest.mark.parametrize("name", ["Sec-WebSocket-Key", "sec-websocket-protocol", "TE", "Expect", "Accept-Encoding"])
def test_a_header_that_is_not_a_profiles_to_choose_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be sent"):
        endpoint(ProviderProfile(base_url="http://localhost/v1", key_env="", headers={name: "x"}))


@pytest.mark.parametrize(
    ("name", "value"),
    [("a b", "x"), ("", "x"), ("x", "a\r\nb: c"), ("x", " a"), ("é", "x"), ("x", "é"), ("Host", "x"), ("x:", "y")],
)
def test_a_header_that_cannot_be_sent_is_refused(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match="cannot be sent"):
        endpoint(ProviderProfile(base_url="http://localhost/v1", key_env="", headers={name: value}))


def test_a_file_of_authorities_is_looked_at_before_anything_is_asked(tmp_path: Path) -> None:
    for make in (endpoint, broker):
        profile = ProviderProfile(
            base_url="http://localhost/v1", broker_url="http://localhost/", key_env="", ca_file=str(tmp_path / "ca.pem")
        )
        with pytest.raises(ConfigError, match="ca_file cannot be read"):
            make(profile)


def test_what_the_profile_says_of_requests_is_kept_and_headers_are_not_for_the_broker() -> None:
    profile = ProviderProfile(
        base_url="http://localhost/v1",
        broker_url="http://localhost/",
        key_env="K",
        auth="api-key",
        headers={"X-A": "b"},
    )
    place = endpoint(profile)
    assert (place.key_env, place.auth, place.headers) == ("K", "api-key", {"X-A": "b"})
    assert (broker(profile).auth, broker(profile).headers) == ("bearer", {})


@pytest.mark.parametrize(
    "url",
    ["https://xn--a/v1", "https://xn--/v1", "https://a..b.example/v1", "https://api.openai.com../v1",
     f"https://{'a' * 64}.example/v1", "https://x.example:0/v1", "https://x.example:-1/v1", "http://[::1%25lo]/v1",
     "http://[::127.0.0.1]/v1", "http://[2002:7f00:1::]/v1", "http://[64:ff9b::7f00:1]/v1"],
)  # fmt: skip
def test_an_address_that_nothing_can_be_asked_at_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="base_url"):
        checked_url(url, "base_url")


@pytest.mark.parametrize(
    "host", ["[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]", "[::169.254.169.254]", "192.0.0.192", "168.63.129.16"]
)
def test_the_services_of_clouds_for_their_machines_get_no_key_however_they_are_written(host: str) -> None:
    with pytest.raises(ConfigError, match="link-local or metadata address"):
        checked_url(f"https://{host}/v1", "base_url")


def test_a_password_in_an_address_is_not_repeated() -> None:
    for url in ("https://me:hunter2@x.example/v1", "https://me:hunter2@[::1", "ftp://me:hunter2@x.example/"):
        with pytest.raises(ConfigError) as caught:
            checked_url(url, "base_url")
        assert "hunter2" not in str(caught.value)
