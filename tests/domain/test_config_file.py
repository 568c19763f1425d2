from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.config import Config
from sentra_tui.domain.config_file import load, parse
from sentra_tui.domain.errors import ConfigError
from sentra_tui.domain.provider_config import IceServer, ProviderProfile, shipped_providers
from sentra_tui.domain.toml_file import FILE_BYTES_MAX


def refused(text: str | bytes) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse(text.encode() if isinstance(text, str) else text, "config.toml")
    assert "\n" not in str(caught.value)
    assert "config.toml" in caught.value.message
    return caught.value


def test_no_file_and_an_empty_file_give_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path / "absent.toml") == Config()
    assert parse(b"", "config.toml") == Config()


def test_what_the_file_says_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        """
        provider = "lab"
        [mic]
        source = "talk.wav"
        loop = true
        [aux]
        silence_ms = 800
        [reconnect]
        base_s = 1
        [providers.lab]
        base_url = "http://127.0.0.1:8000/v1"
        [[providers.lab.ice_servers]]
        urls = ["stun:stun.example.org"]
        [keys]
        mute = "m,f4"
        """
    )
    config = load(path)
    assert (config.provider, config.mic.source, config.mic.loop) == ("lab", "talk.wav", True)
    assert (config.aux.silence_ms, config.reconnect.base_s, config.keys) == (800, 1.0, {"mute": "m,f4"})
    servers = [IceServer(urls=["stun:stun.example.org"])]
    assert config.profile("lab") == ProviderProfile(base_url="http://127.0.0.1:8000/v1", ice_servers=servers)


@pytest.mark.parametrize(
    ("text", "key", "nearest"),
    [
        ("provder = 'local'", "provder", "provider"),
        ("[micc]\nloop = true", "micc", "mic"),
        ("[aux]\nsilence = 5", "aux.silence", "aux.silence_ms"),
        ("[providers.lab]\nbaseurl = 'x'", "providers.lab.baseurl", "providers.lab.base_url"),
        (
            "[[providers.lab.ice_servers]]\nurls = []\nuser = 'x'",
            "providers.lab.ice_servers[0].user",
            "providers.lab.ice_servers[0].username",
        ),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(text: str, key: str, nearest: str) -> None:
    error = refused(text)
    assert f"unknown key {key}." in error.message
    assert error.hint == f"Did you mean {nearest}?"


def test_an_unknown_key_that_resembles_none_is_to_be_removed() -> None:
    assert refused("zzzz = 1").hint == "Remove it."


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("provider = 5", "provider", "expected str, got int"),
        ("mic = 5", "mic", "expected object, got int"),
        ("[mic]\nloop = 'yes'", "mic.loop", "expected bool, got str"),
        ("[aux]\nsilence_ms = 5", "aux.silence_ms", ">= 200"),
        ("[reconnect]\ncap_s = -1", "reconnect.cap_s", ">= 0"),
        ("[aux]\nttl_s = inf", "aux.ttl_s", "<= 86400"),
        ("[main]\nttl_s = inf", "main.ttl_s", "<= 86400"),
        ("[cost]\nidle_minutes = inf", "cost.idle_minutes", "<= 1440"),
        ("[cost]\nhard_usd = nan", "cost.hard_usd", ">= 0"),
        ("[providers]\nlab = 5", "providers", "expected object, got int"),
        ("[providers.lab]\noffer = 'pigeon'", "offer", "pigeon"),
        ("[providers.lab]\ntransports = []", "transports", ">= 1"),
        ("[[providers.lab.ice_servers]]\nusername = 'x'", "ice_servers[0]", "urls"),
        ("[keys]\nmute = 5", "keys", "expected str, got int"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_its_place(text: str, where: str, what: str) -> None:
    error = refused(text)
    assert where in error.message
    assert what in error.message
    assert error.hint


def test_a_file_that_is_no_toml_says_which_line() -> None:
    assert "line 2" in refused("provider = 'local'\nwhat is this").message


def test_a_file_that_is_not_utf_8_says_so() -> None:
    assert refused(b"provider = '\xff'").message == "config.toml is not UTF-8 text."


def test_a_key_that_would_move_the_terminal_is_shown_harmlessly() -> None:
    assert "\x1b" not in str(refused('"\\u001b[31m" = 1'))


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)


def test_a_file_that_is_far_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"#" * (FILE_BYTES_MAX + 1))
    with pytest.raises(ConfigError, match="larger"):
        load(path)


_toml = st.text(st.sampled_from("[]mic.aux=\"'5\n {},-:_\x00é"), max_size=60)


@given(_toml.map(str.encode) | st.binary(max_size=60))
def test_any_file_gives_a_configuration_or_one_clear_line(raw: bytes) -> None:
    try:
        assert isinstance(parse(raw, "config.toml"), Config)
    except ConfigError as error:
        assert "\n" not in str(error)


def test_profiles_are_the_users_before_the_shipped_ones() -> None:
    config = parse(b"[providers.lab]\nlabel = 'Lab'\n[providers.openai]\nlabel = 'Mine'", "config.toml")
    assert config.provider_names() == [*shipped_providers(), "lab"]
    labels = [config.require_profile(name).label for name in ("openai", "local", "lab")]
    assert labels == ["Mine", "local", "Lab"]
    assert config.profile("unheard of") is None


def test_what_a_profile_does_not_say_is_as_the_shipped_one_of_its_name_has_it() -> None:
    config = parse(b"[providers.azure]\nbase_url = 'https://mine.example/openai/v1'", "config.toml")
    azure = config.require_profile("azure")
    assert (azure.base_url, azure.auth, azure.key_env) == (
        "https://mine.example/openai/v1",
        "api-key",
        "AZURE_OPENAI_API_KEY",
    )


def test_a_profile_may_be_like_another_and_differ_in_a_nested_table() -> None:
    text = b"[providers.den]\nlike = 'speaches'\n[providers.den.supports]\ncancel = true"
    den = parse(text, "config.toml").require_profile("den")
    assert (den.dialect, den.supports.cancel, den.supports.truncate) == ("beta", True, False)


def test_a_profile_like_an_unknown_one_is_refused() -> None:
    assert "is like nowhere" in refused("[providers.den]\nlike = 'nowhere'").message


@pytest.mark.parametrize("key", ["pattern", "unless"])
def test_a_route_that_is_no_regular_expression_is_refused(key: str) -> None:
    error = refused(f"[[main.routes]]\nmax_words = 3\n[[main.routes]]\n{key} = '(why'")
    assert f"main.routes[1].{key} is not a regular expression" in error.message


def test_a_route_that_is_a_regular_expression_is_taken() -> None:
    config = parse(b"[[main.routes]]\npattern = 'wh(y|o)'", "config.toml")
    assert [route.pattern for route in config.main.routes] == ["wh(y|o)"]


def test_a_value_in_a_table_that_the_user_named_is_found() -> None:
    error = refused("[providers.good]\nmodel = 'x'\n[providers.lab]\nmodel = 5")
    assert "providers.lab.model: expected str, got int" in error.message


@pytest.mark.parametrize("name", ["Room", "two words", "", "9", "x" * 33, "room\\n"])
def test_a_stream_with_a_name_that_no_stream_can_have_is_refused_in_words(name: str) -> None:
    error = refused(f'[streams."{name}"]\nsource = "device"')
    assert "is not a name" in error.message
    assert "letter" in error.hint


def test_a_stream_may_have_any_other_name() -> None:
    config = parse(b"[streams.room-2_b]\nsource = 'device'", "config.toml")
    assert list(config.streams) == ["room-2_b"]
