import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.errors import ConfigError
from sentra_tui.domain.provider_config import IceServer, ProviderProfile, shipped_providers
from sentra_tui.services.key_origins import check_keys, check_shipped_key, key_env_for, origin


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com"),
        ("HTTPS://API.OpenAI.com:443/v1", "https://api.openai.com"),
        ("https://api.openai.com./v1", "https://api.openai.com"),
        ("https://api.openai.com:8443/v1", "https://api.openai.com:8443"),
        ("http://127.0.0.1:80/v1", "http://127.0.0.1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000"),
        ("https://münchen.example/v1", "https://xn--mnchen-3ya.example"),
    ],
)
def test_an_origin_is_written_in_one_way(url: str, place: str) -> None:
    assert origin(url) == place


@pytest.mark.parametrize(
    ("url", "variable"),
    [
        ("https://api.openai.com/v1", "OPENAI_API_KEY"),
        ("https://api.x.ai/v1", "XAI_API_KEY"),
        ("https://api.example.com/v1", "SENTRA_KEY_API_EXAMPLE_COM"),
        ("https://api-example.com/v1", "SENTRA_KEY_API__EXAMPLE_COM"),
        ("https://api_example.com/v1", "SENTRA_KEY_API___EXAMPLE_COM"),
        ("https://api.example.com:8443/v1", "SENTRA_KEY_API_EXAMPLE_COM_8443"),
        ("http://127.0.0.1:8000/v1", "SENTRA_KEY_127_0_0_1_8000"),
        ("http://[::1]:8000/v1", "SENTRA_KEY___1_8000"),
    ],
)
def test_a_server_without_a_profile_has_a_variable_of_its_own(url: str, variable: str) -> None:
    assert key_env_for(url) == variable


_HOST = st.from_regex(r"[a-z]([a-z0-9-]{0,4}[a-z0-9])?(\.[a-z]([a-z0-9-]{0,4}[a-z0-9])?){0,2}", fullmatch=True)


@given(_HOST, _HOST)
def test_no_two_hosts_share_a_variable(one: str, other: str) -> None:
    same = key_env_for(f"https://{one}/v1") == key_env_for(f"https://{other}/v1")
    assert same == (one == other)


@pytest.mark.parametrize(
    "url",
    ["https://api.openai.com.evil.example/v1", "https://api.openai.com:444/v1", "https://openai.com/v1",
     "https://api-openai.com/v1", "http://127.0.0.1:8000/v1", "https://evil.example/api.openai.com",
     "https://my.openai.azure.com/openai/v1"],
)  # fmt: skip
def test_the_key_of_openai_goes_nowhere_else(url: str) -> None:
    with pytest.raises(ConfigError, match=r"OPENAI_API_KEY belongs to https://api.openai.com") as caught:
        check_shipped_key("OPENAI_API_KEY", url)
    assert key_env_for(url) in caught.value.hint


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://mine.openai.azure.com/openai/v1", True),
        ("https://mine.services.ai.azure.com/openai/v1", True),
        ("https://mine.cognitiveservices.azure.com/openai/v1", True),
        ("https://mine.openai.azure.com:444/openai/v1", False),
        ("https://mine.openai.azure.com.evil.example/v1", False),
        ("https://openai.azure.com/v1", False),
        ("https://a.b.openai.azure.com/v1", False),
        ("https://mineopenai.azure.com/v1", False),
        ("https://mine.blob.core.windows.net/v1", False),
        ("https://api.openai.com/v1", False),
    ],
)
def test_the_key_of_azure_goes_to_resources_of_azure(url: str, fits: bool) -> None:
    if fits:
        check_shipped_key("AZURE_OPENAI_API_KEY", url)
    else:
        with pytest.raises(ConfigError, match="AZURE_OPENAI_API_KEY belongs to Azure"):
            check_shipped_key("AZURE_OPENAI_API_KEY", url)


def test_every_shipped_profile_may_use_its_own_key() -> None:
    for name in shipped_providers():
        check_keys(name, {})


def profile(url: str, key_env: str, **more: str) -> ProviderProfile:
    return ProviderProfile(base_url=url, key_env=key_env, **more)  # type: ignore[arg-type]


def test_two_places_of_one_variable_are_both_named() -> None:
    profiles = {"one": profile("https://one.example/v1", "KEY"), "two": profile("https://two.example/v1", "KEY")}
    for name in profiles:
        with pytest.raises(ConfigError) as caught:
            check_keys(name, profiles)
        assert {"providers.one", "providers.two", "https://one.example", "https://two.example"} <= set(
            str(caught.value).replace("(", " ").replace(")", " ").replace(".\n", " ").split()
        )
        assert "key_env of its own" in caught.value.hint


def test_one_place_may_have_many_profiles() -> None:
    profiles = {"one": profile("https://one.example/v1", "KEY"), "two": profile("https://one.example:443/v2", "KEY")}
    check_keys("one", profiles)


def test_profiles_that_are_not_used_may_quarrel() -> None:
    profiles = {
        "one": profile("https://one.example/v1", "KEY"),
        "two": profile("https://two.example/v1", "KEY"),
        "three": profile("https://three.example/v1", "OTHER"),
        "odd": profile("nowhere", "OTHER"),
    }
    check_keys("three", profiles)
    check_keys("openai", profiles)
    check_keys("unknown", profiles)


def test_a_profile_of_ones_own_does_not_get_the_key_of_openai_by_default() -> None:
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        check_keys("mine", {"mine": ProviderProfile(base_url="https://mine.example/v1")})


def test_the_token_of_a_broker_goes_to_the_broker_alone() -> None:
    mine = profile("https://mine.example/v1", "KEY", broker_url="https://broker.example/x", broker_key_env="TOKEN")
    check_keys("mine", {"mine": mine})
    shared = profile("https://mine.example/v1", "TOKEN", broker_url="https://broker.example/x", broker_key_env="TOKEN")
    with pytest.raises(ConfigError, match=r"the broker of providers\.mine"):
        check_keys("mine", {"mine": shared})
    with pytest.raises(ConfigError, match="TOKEN would go to two places"):
        check_keys("mine", {"mine": mine, "other": profile("https://other.example/v1", "TOKEN")})
    openai = profile("", "", broker_url="https://broker.example/x", broker_key_env="OPENAI_API_KEY")
    with pytest.raises(ConfigError, match="OPENAI_API_KEY belongs to"):
        check_keys("mine", {"mine": openai})


def test_a_key_that_is_called_after_a_host_goes_nowhere_else() -> None:
    check_shipped_key("SENTRA_KEY_VOICE_EXAMPLE", "https://voice.example/v1")
    for url in ("https://evil.example/v1", "https://voice.example:8443/v1", "https://api.openai.com/v1"):
        with pytest.raises(ConfigError, match="is for another host"):
            check_shipped_key("SENTRA_KEY_VOICE_EXAMPLE", url)


def test_the_key_of_a_provider_is_no_credential_of_a_turn_server() -> None:
    server = IceServer(urls=["turn:turn.example"], username="me", credential_env="OPENAI_API_KEY")
    with pytest.raises(ConfigError, match="TURN"):
        check_keys("mine", {"mine": ProviderProfile(base_url="https://api.openai.com/v1", ice_servers=[server])})
