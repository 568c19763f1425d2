"""The members of a team, and the tokens by which they are known.

A token is 256 random bits, so its SHA-256 tells nothing: there is no dictionary to try, and a slow hash, which is for
passwords, would only make every request slow. Whoever reads the file cannot ask for anything with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from sentra_tui.broker.private_file import locked, make_private_directory, open_private, replace_private
from sentra_tui.domain.errors import ConfigError
from sentra_tui.domain.secret import Secret
from sentra_tui.domain.text import clean_line

TOKEN_BYTES = 32
TOKEN_PREFIX = "smt_"
"""So that a token that leaked can be found by those who look for them."""
DAY_S = 86_400
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
_MAX_FILE_BYTES = 16 << 20


class Member(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One who may ask. Times are seconds since 1970."""

    name: str
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    """Of the token, in hexadecimal."""
    created_at: int
    expires_at: int
    revoked_at: int | None = None

    def state(self, epoch_s: float) -> str:
        """Return `active`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if epoch_s < self.expires_at else "expired"


class _Roster(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    members: list[Member] = msgspec.field(default_factory=list)


class MembersFile:
    """The members as they are written down. `path` is a file of its own directory."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> tuple[Member, ...]:
        """Return all members, none where nothing is written yet; raises ConfigError."""
        try:
            os.lstat(self.path)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be read: {error.strerror}.") from error
        with os.fdopen(open_private(self.path, os.O_RDONLY), "rb") as file:
            raw = file.read(_MAX_FILE_BYTES)
        try:
            return tuple(msgspec.json.decode(raw, type=_Roster).members)
        except msgspec.MsgspecError as error:
            what = f"{self.path} is not a list of members: {clean_line(str(error))}."
            raise ConfigError(what, hint="Restore it, or delete it and add the members again.") from error

    def add(self, name: str, days: float, epoch_s: float) -> Secret:
        """Write a new member down and return the token, which nobody can find out later.

        One whose token was revoked or has expired may be added again. Raises ConfigError.
        """
        if not _NAME.fullmatch(name):
            raise ConfigError(
                f"{clean_line(name, 60)} is not a name.", hint="Letters, digits, _ . @ and -: at most 64 of them."
            )
        token = Secret(TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES))
        with self._changing():
            members = self.read()
            known = _named(members, name)
            if known and known.state(epoch_s) == "active":
                raise ConfigError(f"{name} is a member already.", hint=f"Revoke the token first: revoke {name}.")
            added = Member(
                name=name,
                sha256=digest(token.reveal().encode()),
                created_at=int(epoch_s),
                expires_at=int(epoch_s + days * DAY_S),
            )
            self._write([*(member for member in members if member.name != name), added])
        return token

    def revoke(self, name: str, epoch_s: float) -> Member:
        """Make a member's token worthless and return the member; raises ConfigError where there is none."""
        with self._changing():
            members = self.read()
            known = _named(members, name)
            if known is None:
                raise ConfigError(f"There is no member called {clean_line(name, 60)}.", hint="See: members.")
            revoked = msgspec.structs.replace(known, revoked_at=known.revoked_at or int(epoch_s))
            self._write([revoked if member is known else member for member in members])
        return revoked

    def _changing(self) -> contextlib.AbstractContextManager[None]:
        make_private_directory(self.path.parent)
        return locked(self.path)

    def _write(self, members: Sequence[Member]) -> None:
        raw = msgspec.json.format(msgspec.json.encode(_Roster(list(members))), indent=2)
        replace_private(self.path, raw + b"\n")


def digest(token: bytes) -> str:
    """Return what is written down of a token."""
    return hashlib.sha256(token).hexdigest()


def _named(members: Iterable[Member], name: str) -> Member | None:
    return next((member for member in members if member.name == name), None)
