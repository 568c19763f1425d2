"""The outputs that can be heard on this system, beside those of a sound server."""

from __future__ import annotations

import sys

from sentra_tui.domain.sound import SoundDevice


def list_loopbacks(platform: str = sys.platform) -> tuple[SoundDevice, ...]:
    """Return the outputs that can be heard; on systems other than Windows and macOS there are none.

    Blocks; raises SourceError where the library for it is missing.
    """
    if platform == "win32":
        from sentra_tui.services.audio.loopback import windows

        return windows.list_monitors()
    if platform == "darwin":
        from sentra_tui.services.audio.loopback import macos  # loads numpy

        return macos.list_monitors()
    return ()
