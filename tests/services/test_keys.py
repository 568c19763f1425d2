import traceback

import pytest

from sentra_tui.domain.errors import CredentialRefused
from sentra_tui.domain.provider_config import IceServer, ProviderProfile
from sentra_tui.services.keys import api_key, ice_credential

PROFILE = ProviderProfile(key_env="MY_KEY")
KEY = "sk-proj-0123456789abcdefKEY"


@pytest.mark.parametrize("value", [KEY, f" {KEY}\n", f"\t{KEY}\r\n"])
def test_a_key_is_found_without_the_space_around_it(value: str) -> None:
    key = api_key(PROFILE, {"MY_KEY": value})
    assert key.reveal() == KEY
    assert KEY not in f"{key} {key!r}"


@pytest.mark.parametrize("environ", [{}, {"MY_KEY": ""}, {"MY_KEY": " \n"}])
def test_a_missing_key_names_its_variable(environ: dict[str, str]) -> None:
    with pytest.raises(CredentialRefused) as caught:
        api_key(PROFILE, environ)
    assert str(caught.value) == "No API key. Set MY_KEY, or choose the local provider."


@pytest.mark.parametrize("middle", ["\n", "\0", "\x1b", " ", "é", "\x7f"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(middle: str) -> None:
    environ = {"MY_KEY": f"sk-first{middle}second"}
    with pytest.raises(CredentialRefused, match="MY_KEY") as caught:
        api_key(PROFILE, environ)
    shown = "".join(traceback.TracebackException.from_exception(caught.value).format())
    assert "first" not in shown
    assert "second" not in shown


def test_a_provider_that_names_no_variable_wants_no_key() -> None:
    assert not api_key(ProviderProfile(key_env=""), {"": "x"})


def test_a_turn_server_has_its_credential_in_the_environment() -> None:
    server = IceServer(urls=["turn:turn.example"], username="me", credential_env="TURN")
    credential = ice_credential(server, {"TURN": " secret "})
    assert credential is not None
    assert credential.reveal() == "secret"
    assert ice_credential(IceServer(urls=["stun:stun.example"]), {}) is None
    with pytest.raises(CredentialRefused, match="Set TURN"):
        ice_credential(server, {})
