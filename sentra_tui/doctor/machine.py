"""The machine: Python, the libraries, the terminal, its addresses."""

from __future__ import annotations

import os
import platform
import socket
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

from sentra_tui import __version__
from sentra_tui.doctor.check import Outcome, failed, ok, skipped, warning

LIBRARIES = ("textual", "aiortc", "aioice", "av", "httpx", "websockets", "msgspec", "numpy", "sounddevice")
SMALLEST = (60, 20)
_OUT = (("IPv4", socket.AF_INET, "192.0.2.1"), ("IPv6", socket.AF_INET6, "2001:db8::1"))
"""Documentation addresses (RFC 5737, RFC 3849): where the default route leads."""
_UTF8_FIX = "Set LANG to a UTF-8 locale, such as LANG=C.UTF-8."


def python() -> Outcome:
    """Return which Python runs, and on what."""
    found = f"{platform.python_version()}, sentra-tui {__version__}, {platform.system()} {platform.release()}"
    return ok(f"{found} on {platform.machine()}")


def libraries(names: Sequence[str] = LIBRARIES) -> Outcome:
    """Return the versions of what we stand on."""
    found, missing = [], []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return failed(f"Missing: {', '.join(missing)}.", f"Run: {sys.executable} -m pip install --upgrade sentra-tui")
    return ok(", ".join(found))


def terminal(environ: Mapping[str, str], size: os.terminal_size | None, encoding: str) -> Outcome:
    """Return what can be drawn; `size` is None where there is no terminal, `encoding` that of standard output."""
    if size is None:
        return skipped("Standard output is no terminal.")
    term = environ.get("TERM", "")
    utf8 = encoding.lower().replace("-", "") == "utf8"
    found = f"{term or 'TERM unset'}, {colours(environ)}, {size.columns}×{size.lines}, {encoding}"
    if term in ("", "dumb"):
        return failed(f"{found}: no screen can be drawn.", "Set TERM, such as TERM=xterm-256color, or use another one.")
    if not utf8:
        return failed(f"{found}: signs cannot be shown.", _UTF8_FIX)
    if size.columns < SMALLEST[0] or size.lines < SMALLEST[1]:
        return warning(f"{found}: it is small.", f"Make it {SMALLEST[0]}×{SMALLEST[1]} or larger.")
    return ok(found)


def colours(environ: Mapping[str, str]) -> str:
    """Return how many colours the terminal says that it has."""
    if environ.get("NO_COLOR"):
        return "no colours (NO_COLOR is set)"
    term = environ.get("TERM", "")
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or term.endswith("-direct"):
        return "16 million colours"
    return "256 colours" if "256" in term else "16 colours"


def network() -> Outcome:
    """Return our addresses on the default routes. Nothing is sent: a UDP socket is only pointed outwards."""
    found = [f"{name} {address}" for name, family, far in _OUT if (address := _address(family, far))]
    if found:
        return ok(f"{', '.join(found)} on the default route")
    return warning("There is no default route: nothing outside of this machine can be reached.", "Join a network.")


def _address(family: socket.AddressFamily, far: str) -> str:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))
            return str(probe.getsockname()[0])
    except OSError:
        return ""
