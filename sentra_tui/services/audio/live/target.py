"""What a stream is to capture, and which source of the sound server that is just now."""

from __future__ import annotations

from msgspec import Struct

from sentra_tui.domain.sound import DeviceKind
from sentra_tui.services.audio.live.snapshot import PulseSink, PulseSource, Snapshot

CHOOSE = "Press d to choose another."


class Target(Struct, frozen=True):
    """A microphone (`DeviceKind.INPUT`) or what an output plays (`DeviceKind.MONITOR`).

    An empty name is the default one, which is followed when it changes; otherwise it is the sound server's own name
    of a source, or of a sink for a monitor, and nothing else will do.
    """

    kind: DeviceKind
    name: str = ""


class Found(Struct, frozen=True):
    """The source that a target is just now."""

    source: PulseSource
    label: str
    remark: str = ""
    """What to know of the choice, one line."""


class Missing(Struct, frozen=True):
    """There is no source that the target could be."""

    advice: str


def find(target: Target, snapshot: Snapshot) -> Found | Missing:
    """Return the one source that may be captured for `target`, or why there is none; never a substitute."""
    if target.kind is DeviceKind.MONITOR:
        return _monitor(target, snapshot)
    return _pinned_input(target, snapshot) if target.name else _default_input(snapshot)


def plays_elsewhere(target: Target, snapshot: Snapshot) -> PulseSink | None:
    """Return another sink that plays while the one that `target` hears does not; None where that is not so."""
    heard = snapshot.sink(target.name or snapshot.default_sink)
    playing = {each.sink for each in snapshot.sink_inputs if not each.corked}
    if target.kind is not DeviceKind.MONITOR or heard is None or heard.index in playing:
        return None
    return next((each for each in snapshot.sinks if each.index in playing), None)


def _default_input(snapshot: Snapshot) -> Found | Missing:
    """Return the server's default, but a real microphone before one that a program made; it is said which."""
    default = snapshot.source(snapshot.default_source)
    if default is None:
        return Missing(f"There is no microphone: connect one. {CHOOSE}")
    if default.monitor_of:
        return Missing(f"There is no microphone: the default input hears an output. {CHOOSE}")
    if not default.virtual:
        return Found(default, default.description)
    real = next((each for each in snapshot.sources if not (each.virtual or each.monitor_of)), None)
    if real is None:
        return Found(default, default.description, f"{default.description} is a virtual device. {CHOOSE}")
    remark = f"the default, {default.description}, is a virtual device: {real.description} is heard. {CHOOSE}"
    return Found(real, real.description, remark)


def _pinned_input(target: Target, snapshot: Snapshot) -> Found | Missing:
    source = snapshot.source(target.name)
    if source is None:
        return Missing(f"It is not plugged in; it is taken again when it is back. {CHOOSE}")
    return Found(source, source.description)


def _monitor(target: Target, snapshot: Snapshot) -> Found | Missing:
    sink = snapshot.sink(target.name or snapshot.default_sink)
    source = snapshot.source(sink.monitor) if sink is not None else None
    if sink is not None and source is not None:
        return Found(source, sink.description)
    if target.name:
        return Missing(f"This output is not plugged in; it is taken again when it is back. {CHOOSE}")
    return Missing(f"There is no output to listen to. {CHOOSE}")
