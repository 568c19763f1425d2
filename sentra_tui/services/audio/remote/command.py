"""The command that reaches another machine."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Mapping, Sequence

from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.text import clean_line

SSH_VARIABLE = "SENTRA_SSH"
"""The environment variable with another command than `ssh`."""
FAR_VARIABLE = "SENTRA_FAR"
"""The environment variable with another command than `sentra-tui` on the far side."""
FAR_STREAM = "mic"
"""What the far side calls the one stream that it is asked for."""

# A password cannot be asked for, and a network that died is noticed within 15 s.
_OPTIONS = ("-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=5",
            "-o", "ServerAliveCountMax=2")  # fmt: skip
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:%\[\]-]{0,254}")


def far_source(name: str) -> tuple[str, str]:
    """Return the host and the source on it, which `HOST` or `HOST/SOURCE` names: its microphone by default.

    Raises SourceError for what cannot be a host.
    """
    host, _, source = name.partition("/")
    if not _HOST.fullmatch(host):
        shown = clean_line(host, 60) or "nothing"
        raise SourceError(f"ssh: needs the name of a host, not {shown}.", hint="For example: ssh:devbox")
    return host, source or "device"


def far_command(host: str, source: str, environ: Mapping[str, str]) -> Sequence[str]:
    """Return the command that runs the far side on `host`, with this source or `none`; raises SourceError."""
    ssh = _words(environ, SSH_VARIABLE) or ["ssh"]
    if shutil.which(ssh[0]) is None:
        raise SourceError(f"{clean_line(ssh[0], 60)} is not installed here.", hint="Install an ssh client.")
    far = _words(environ, FAR_VARIABLE) or ["sentra-tui"]
    return [*ssh, *_OPTIONS, host, shlex.join([*far, "audio", f"--{FAR_STREAM}={source}"])]


def _words(environ: Mapping[str, str], variable: str) -> list[str]:
    try:
        return shlex.split(environ.get(variable, ""))
    except ValueError as error:
        hint = "Close its quotation marks, as in a shell."
        raise SourceError(f"{variable} is not a command: {clean_line(str(error)).lower()}", hint=hint) from error
