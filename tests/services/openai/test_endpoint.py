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
