"""The watcher of the sound server: PulseAudio, or PipeWire's pipewire-pulse.

libpulse aborts a process that uses a connection after it failed, and waits long for a server that hangs. So it has a
thread of its own, each connection is a new one and is never touched after its first error, and no other thread calls
into it. Reference: PulseAudio, introspect.h and subscribe.h.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any, ClassVar

from sentra_tui.services.audio.live.snapshot import Snapshot, read_snapshot, read_source_outputs

CHECK_S = 0.25
FIRST_RETRY_S = 0.1
LAST_RETRY_S = 0.5


Listener = Callable[[Snapshot | None], None]
"""Takes the newest snapshot, None while there is no server; in the watcher's thread, or in the one that joins."""
Doubt = Callable[[], None]
"""Told that streams or sources changed: what was known of them may be wrong until the next snapshot. In the watcher's
thread.
"""


class SoundServer:
    """Watches the sound server and tells all who joined; there is one in the process while anybody listens."""

    _shared: ClassVar[SoundServer | None] = None
    _sharing: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: list[tuple[Listener, Doubt | None]] = []
        self._snapshot: Snapshot | None = None
        self._known = False
        self._doubted = False
        self._stopped = threading.Event()
        self._changed = True

    @classmethod
    def join(cls, listener: Listener, doubt: Doubt | None = None) -> SoundServer:
        """Listen from now on; what is known already is told at once. The first to join starts the watcher."""
        with cls._sharing:
            server = cls._shared
            if server is None:
                server = cls._shared = cls()
                threading.Thread(target=server._run, name="sound-server", daemon=True).start()
            server._add(listener, doubt)
        return server

    def leave(self, listener: Listener) -> None:
        """Listen no more; the last to leave stops the watcher. May be called more than once."""
        with SoundServer._sharing:
            with self._lock:
                self._listeners = [each for each in self._listeners if each[0] != listener]
                last = not self._listeners
            if last:
                self._stopped.set()
                if SoundServer._shared is self:
                    SoundServer._shared = None

    def _add(self, listener: Listener, doubt: Doubt | None) -> None:
        with self._lock:
            self._listeners.append((listener, doubt))
            if self._known:
                listener(self._snapshot)

    def _run(self) -> None:
        retry_s = FIRST_RETRY_S
        while not self._stopped.is_set():
            with contextlib.suppress(Exception):  # the edge of a thread: what libpulse raises has no common base
                self._watch()
            if self._snapshot is not None:
                retry_s = FIRST_RETRY_S
            self._publish(None)
            self._stopped.wait(retry_s)
            retry_s = min(retry_s * 2, LAST_RETRY_S)

    def _watch(self) -> None:
        import pulsectl  # loads libpulse, which may be missing

        with pulsectl.Pulse("sentra-tui", connect=False) as pulse:
            pulse.connect(autospawn=False)  # libpulse itself gives up after 30 s; a timeout here would be waited out
            pulse.event_callback_set(self._on_event)
            pulse.event_mask_set("sink", "source", "sink_input", "source_output", "server")
            self._changed = True
            while not self._stopped.is_set():
                if self._changed:
                    self._changed = False
                    self._publish(read_snapshot(pulse))
                else:
                    pulse.event_listen(CHECK_S)
                if self._snapshot is not None and read_source_outputs(pulse) != self._snapshot.source_outputs:
                    self._changed = True

    def _on_event(self, event: Any) -> None:
        import pulsectl

        self._changed = True
        if event.facility in ("source", "source_output") and event.t != "new":
            with self._lock:
                self._doubted = True
                for _, doubt in self._listeners:
                    if doubt is not None:
                        doubt()
        raise pulsectl.PulseLoopStop

    def _publish(self, snapshot: Snapshot | None) -> None:
        with self._lock:
            if self._known and not self._doubted and snapshot == self._snapshot:
                return
            self._snapshot, self._known, self._doubted = snapshot, True, False
            for listener, _ in self._listeners:
                listener(snapshot)
