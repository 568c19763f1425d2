"""Runs the front end over a recorded session, for the tests that need a real terminal.

python -m tests.ui.stage SCENE LOG [crash]
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from sentra_tui.domain.changes import StreamConnected
from sentra_tui.ui.app import run
from sentra_tui.ui.options import AppOptions, ProviderChoice
from tests.ui.hostile import hostile
from tests.ui.replay import ReplayLink
from tests.ui.scenes import SCENES, hostile_session


class StageLink(ReplayLink):
    """A link whose closing leaves a trace."""

    def __init__(self, trace: Path, scene: str) -> None:
        session = hostile_session(hostile()) if scene == "hostile" else SCENES[scene]()
        super().__init__(session)
        self._trace = trace

    async def close(self) -> None:
        await super().close()
        self._trace.write_text("closed")


class CrashingLink(StageLink):
    """A link whose changes end in an error of the program."""

    async def changes(self):  # type: ignore[no-untyped-def]
        api_key = "sk-verysecretlocalvalue"
        yield StreamConnected("mic", 1, "webrtc")
        raise ValueError(f"a mistake beside the key {api_key} and {len(api_key)} characters")


def main() -> int:
    scene, log = sys.argv[1], Path(sys.argv[2])
    mode = sys.argv[3] if len(sys.argv) > 3 else ""
    kind = CrashingLink if mode == "crash" else StageLink
    choices = (ProviderChoice("local", "Local\x1b]0;PWNED\x07", "\x1b[31mruns here"),) if mode == "choices" else ()
    if mode == "noise":
        threading.Timer(1.0, _make_noise).start()
    link = kind(log.with_suffix(".trace"), scene)
    return run(AppOptions(start=lambda name: link, choices=choices, log_path=log))


def _make_noise() -> None:
    """Print as native libraries do, on the descriptors themselves."""
    os.write(2, b"ALSA lib pcm.c:2721: NOISE on 2\n")
    os.write(1, b"NOISE on 1\n")
    time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
