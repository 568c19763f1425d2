"""The configuration, and which provider it means."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from sentra_tui.doctor.check import Outcome, failed, ok, skipped, warning
from sentra_tui.domain import config_file
from sentra_tui.domain.config import LOCAL, Config
from sentra_tui.domain.errors import ConfigError
from sentra_tui.domain.provider_config import ProviderProfile, names_a_server
from sentra_tui.services.key_origins import check_keys, key_env_for
from sentra_tui.services.keys import api_key, member_token
from sentra_tui.services.openai.endpoint import checked_url


class Chosen(Struct, frozen=True):
    """The provider that is looked at."""

    name: str
    profile: ProviderProfile
    by_url: bool = False
    """It is a server's URL, which no profile describes: whether it wants a key is not known."""

    @property
    def is_local(self) -> bool:
        """Whether it is the local one, which we start ourselves."""
        return self.name == LOCAL and not self.profile.base_url


def configuration(path: Path) -> tuple[Outcome, Config | None]:
    """Return what is to be said of the file at `path`, and what it says; None where it cannot be used."""
    try:
        config = config_file.load(path)
    except ConfigError as error:
        return failed(error.message, error.hint), None
    try:
        status = path.stat()
    except FileNotFoundError:
        return ok(f"There is no {path}: the defaults count."), config
    except OSError as error:
        return failed(f"{path}: {error.strerror}.", "Check the path and its rights."), config
    return changeable_by_others(path, status) or ok(str(path)), config


def changeable_by_others(path: Path, status: os.stat_result) -> Outcome | None:
    """Return what to say where others may change the file, and so where calls go; None where they may not."""
    if os.name == "nt":
        return None
    if status.st_mode & stat.S_IWOTH:
        return failed(f"Everybody on this machine may change {path}.", f"Run: chmod 600 {path}")
    if status.st_mode & stat.S_IWGRP and status.st_gid != os.getgid():
        return warning(f"A group may change {path}.", f"Run: chmod 600 {path}")
    return None


def choose(config: Config, wanted: str | None) -> Chosen:
    """Return the provider: `wanted` (a name or a URL), else the configured one, else the local one.

    Raises ConfigError where there is none of that name, and for a URL to which no key may go.
    """
    name = wanted or config.provider or LOCAL
    if not names_a_server(name):
        return Chosen(name, config.require_profile(name))
    url = checked_url(name, "The provider's URL")
    if url.count("/") == 2:
        url += "/v1"
    return Chosen(url, ProviderProfile(label="The server", base_url=url, key_env=key_env_for(url)), by_url=True)


def with_keys(config: Config, environ: Mapping[str, str]) -> list[str]:
    """Return the names of the providers whose key is set."""
    names = config.provider_names()
    return [name for name in names if (variable := config.require_profile(name).key_env) and environ.get(variable)]


def key(chosen: Chosen, config: Config, environ: Mapping[str, str]) -> Outcome:
    """Return whether the key is there, and may go where the profile says."""
    profile = chosen.profile
    if not chosen.by_url:
        check_keys(chosen.name, config.providers)
    if profile.broker_url:
        member_token(profile, environ)
        token = f"your token for it is in {profile.broker_key_env}" if profile.broker_key_env else "it wants no token"
        return ok(f"The broker has the key; {token}.")
    if not profile.key_env:
        return ok("It wants none.")
    if chosen.by_url and not environ.get(profile.key_env, "").strip():
        return skipped(f"{profile.key_env} is not set; the server may want none.")
    api_key(profile, environ)
    return ok(f"{profile.key_env} is set, and goes to {chosen.name if not chosen.by_url else 'this server'} alone.")
