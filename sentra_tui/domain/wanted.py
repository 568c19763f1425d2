"""What the user wants of an engine, so that another one can take its place."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.state import MIC


class Wanted(Struct, frozen=True):
    """The streams that shall be connected, the ones that are muted, and how answers are spoken."""

    connected: tuple[str, ...] = ()
    muted: tuple[str, ...] = ()
    voice: bool = False
    languages: tuple[tuple[str, str], ...] = ()
    """Stream and language, for each stream whose language was chosen."""
    answer_voice: str = ""
    speed: float | None = None
    commands: bool = True
    headphones: bool | None = None
    off_record: bool = False
    talking: bool = False
    """The key to talk is held: the microphone is muted otherwise."""
    sources: tuple[tuple[str, str], ...] = ()
    """Stream and source, for each stream whose source the user chose while it ran."""
    output: str | None = None
    started_at: float | None = None
    """When the first engine started, seconds since 1970: the next one goes on with its time."""
    spent_usd: float = 0.0
    """What was billed until now: the next one keeps to the same budget."""

    def after(self, change: c.Change) -> Wanted:
        """Return what is wanted once `change` was heard of."""
        match change:
            case c.StreamConnecting(stream=stream):
                return replace(self, connected=_with(self.connected, stream))
            case c.StreamClosed(stream=stream):
                return replace(self, connected=_without(self.connected, stream))
            case c.MuteChanged(stream=stream, muted=muted):
                talking = self.talking and not (muted and stream == MIC)
                return replace(self, muted=(_with if muted else _without)(self.muted, stream), talking=talking)
            case c.LanguageChanged(stream=stream, language=language):
                others = tuple(pair for pair in self.languages if pair[0] != stream)
                return replace(self, languages=(*others, (stream, language)))
            case c.SourceChosen(stream=stream, choice=choice, by_user=True):
                rest = tuple(pair for pair in self.sources if pair[0] != stream)
                return replace(self, sources=(*rest, (stream, choice)))
            case c.Billed(usd=usd) if usd is not None:
                return replace(self, spent_usd=self.spent_usd + usd)
            case c.EngineStarted(started_at=started_at) if self.started_at is None:
                return replace(self, started_at=started_at)
        return replace(self, **_choice(change))

    def asked(self, action: a.Action) -> Wanted:
        """Return what is wanted once the user asked for this, whether or not an engine lives to hear of it.

        Only what decides which sound may be heard: it must hold from the next engine's beginning on.
        """
        match action:
            case a.SetMute(stream=stream, muted=muted):
                return self.after(c.MuteChanged(stream, muted))
            case a.PushToTalk(on=on):
                return self.after(c.MuteChanged(MIC, not on)).after(c.TalkingChanged(on))
            case a.SetOffRecord(on=on):
                return self.after(c.OffRecordChanged(on, 0))
            case a.ChooseSource(stream=stream, source=source):
                return self.after(c.SourceChosen(stream, source, by_user=True))
        return self

    def actions(self) -> list[a.Action]:
        """Return what to ask of an engine that starts idle: mutes first, so that no sound slips out."""
        asked: list[a.Action] = [a.SetOffRecord(True)] if self.off_record else []
        asked.extend(a.SetMute(stream, True) for stream in self.muted)
        asked.extend(a.ChooseSource(stream, choice) for stream, choice in self.sources)
        if self.talking:
            asked.append(a.PushToTalk(True))
        asked.extend(self._sound())
        asked.extend(a.SetLanguage(stream, language) for stream, language in self.languages)
        if self.answer_voice:
            asked.append(a.SetAnswerVoice(self.answer_voice))
        if self.speed is not None:
            asked.append(a.SetSpeed(self.speed))
        if not self.commands:
            asked.append(a.SetCommands(False))
        if self.voice:
            asked.append(a.SetVoice(True))
        asked.extend(a.ConnectStream(stream) for stream in self.connected)
        return asked

    def _sound(self) -> list[a.Action]:
        asked: list[a.Action] = []
        if self.headphones is not None:
            asked.append(a.SetHeadphones(self.headphones))
        if self.output is not None:
            asked.append(a.ChooseOutput(self.output))
        return asked


def _choice(change: c.Change) -> dict[str, Any]:
    """Return what the user chose for all streams."""
    match change:
        case c.VoiceChanged(on=on):
            return {"voice": on}
        case c.AnswerVoiceChanged(voice=voice):
            return {"answer_voice": voice}
        case c.SpeedChanged(speed=speed):
            return {"speed": speed}
        case c.CommandsChanged(on=on):
            return {"commands": on}
        case c.HeadphonesChanged(on=on):
            return {"headphones": on}
        case c.OffRecordChanged(on=on):
            return {"off_record": on}
        case c.TalkingChanged(on=on):
            return {"talking": on}
        case c.OutputChosen(choice=choice, by_user=True):
            return {"output": choice}
    return {}


def _with(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return names if name in names else (*names, name)


def _without(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(other for other in names if other != name)
