"""Whose token is shown to a running broker."""

from __future__ import annotations

import hashlib
import hmac
import logging
from itertools import repeat

from sentra_tui.broker.members import Member, MembersFile
from sentra_tui.domain.errors import ConfigError

_log = logging.getLogger(__name__)


class Roster:
    """The members that a running broker knows: those of the file as it is now, since every look asks when it changed.

    A file that cannot be read has no members: nobody comes in.
    """

    def __init__(self, file: MembersFile) -> None:
        self._file = file
        self._seen: tuple[int, ...] | None = None
        self._members: tuple[Member, ...] = ()
        self._digests: tuple[bytes, ...] = ()
        self._known: frozenset[Member] = frozenset()

    def find(self, token: bytes) -> Member | None:
        """Return whose token this is, active or not; None where it is nobody's.

        Every member is compared with, in constant time, whoever it is.
        """
        members = self._current()
        equal = list(map(hmac.compare_digest, self._digests, repeat(hashlib.sha256(token).digest())))
        return members[equal.index(True)] if True in equal else None

    def has(self, member: Member) -> bool:
        """Return whether this member, found before, is still there and the same."""
        self._current()
        return member in self._known

    def _current(self) -> tuple[Member, ...]:
        try:
            status = self._file.path.stat()
            seen = (status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size)
        except OSError:
            self._seen = None
            self._take(())
            return ()
        if seen != self._seen:
            self._take(self._read())
            self._seen = seen
        return self._members

    def _take(self, members: tuple[Member, ...]) -> None:
        self._members = members
        self._digests = tuple(bytes.fromhex(member.sha256) for member in members)
        self._known = frozenset(members)

    def _read(self) -> tuple[Member, ...]:
        try:
            return self._file.read()
        except ConfigError as error:
            _log.error("nobody is let in: %s", error)
            return ()
