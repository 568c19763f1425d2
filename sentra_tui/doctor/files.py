"""Our files: the journal, and the directories that we write in."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import tempfile
from contextlib import closing
from pathlib import Path

from sentra_tui.doctor.check import Outcome, failed, ok, warning
from sentra_tui.services.storage import migrations

LOW_BYTES, FULL_BYTES = 500 << 20, 20 << 20
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_BUSY_S = 1.0


def journal(path: Path, *, enabled: bool) -> Outcome:
    """Return whether the journal at `path` opens and is whole. Blocks; raises JournalError, OSError."""
    if not enabled:
        return ok("Off: talks are not written down ([journal] enabled).")
    if not path.exists():
        return ok(f"None yet: the first talk makes {path}.")
    fix = f"It is set aside at the next start; a copy first: cp {path} {path.name}.copy"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_S)) as connection:
            migrations.check(connection, migrations.shipped())
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            return warning(f"{path} is in use and was not looked at.", "Look again when no talk runs.")
        return failed(f"{path} cannot be read ({error}).", fix)
    if verdict != "ok":
        return failed(f"{path} is damaged.", fix)
    open_to_others = not_private(path)
    if open_to_others is not None:
        return open_to_others
    size_mb = path.stat().st_size / 1e6
    newest = migrations.shipped()[-1].number
    later = "" if version == newest else f" (the next start brings it to {newest})"
    return ok(f"{path}, version {version}{later}, {size_mb:.1f} MB, whole")


def directory(path: Path) -> Outcome:
    """Return whether we may write in `path`, or make it, and nobody else may look in. Blocks; raises OSError."""
    place = next(each for each in (path, *path.parents) if each.exists())
    if not place.is_dir():
        return failed(f"{place} is no directory.", f"Move it away: mv {place} {place}.old")
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        fix = f"Run: sudo chown -R $USER {place} && chmod u+rwx {place}"
        return failed(f"{place} cannot be written in: {os.strerror(error.errno or 0)}.", fix)
    if place != path:
        return ok(f"None yet: {path} is made when it is needed.")
    return not_private(path) or ok(str(path))


def not_private(path: Path) -> Outcome | None:
    """Return what to say where others may look into what is ours alone; None where they may not."""
    if os.name == "nt":
        return None
    status = path.stat()
    if status.st_uid != os.getuid():
        return warning(f"{path} belongs to another user.", f"Run: sudo chown -R $USER {path}")
    if status.st_mode & _OTHERS:
        return warning(f"Others may look into {path}.", f"Run: chmod {'700' if path.is_dir() else '600'} {path}")
    return None


def room(path: Path) -> Outcome:
    """Return how much room there is where `path` is. Blocks; raises OSError."""
    place = next(each for each in (path, *path.parents) if each.exists())
    free = shutil.disk_usage(place).free
    found = f"{free / 1e9:.1f} GB free at {place}"
    fix = f"Make room; an hour of two recorded streams takes 700 MB. See: du -sh {path}"
    if free < FULL_BYTES:
        return failed(f"{found}.", fix)
    return warning(f"{found}.", fix) if free < LOW_BYTES else ok(found)
