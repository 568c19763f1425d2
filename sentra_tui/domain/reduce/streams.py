"""What the changes of streams mean."""

from __future__ import annotations

from msgspec.structs import replace

from sentra_tui.domain import changes as c
from sentra_tui.domain.reduce.arms import CALL_OVER, arm, call_over, with_source, with_stream
from sentra_tui.domain.sound import SIGNAL_DBFS
from sentra_tui.domain.state import MIC, AppState, Connection, Source, SourceStatus, Stream


@arm.register
def _stream_added(change: c.StreamAdded, state: AppState) -> AppState:
    if state.stream(change.stream) is not None:
        return state
    return replace(state, streams=(*state.streams, Stream(change.stream)))


@arm.register
def _source_opened(change: c.SourceOpened, state: AppState) -> AppState:
    def opened(source: Source) -> Source:
        return replace(source, label=change.label, status=SourceStatus.OPEN, cause="")

    return with_source(state, change.stream, opened)


@arm.register
def _source_ended(change: c.SourceEnded, state: AppState) -> AppState:
    return with_source(state, change.stream, lambda source: replace(source, status=SourceStatus.ENDED))


@arm.register
def _source_failed(change: c.SourceFailed, state: AppState) -> AppState:
    return with_source(
        state,
        change.stream,
        lambda source: replace(source, status=SourceStatus.FAILED, cause=f"{change.cause} {change.hint}".strip()),
    )


@arm.register
def _stream_connecting(change: c.StreamConnecting, state: AppState) -> AppState:
    def connecting(stream: Stream) -> Stream:
        again = change.attempt > 1 or stream.connection is Connection.RECONNECTING
        connection = Connection.RECONNECTING if again else Connection.CONNECTING
        return replace(stream, connection=connection, attempt=change.attempt, retry_at_ms=None)

    return with_stream(state, change.stream, connecting)


@arm.register
def _stream_connected(change: c.StreamConnected, state: AppState) -> AppState:
    return with_stream(
        state,
        change.stream,
        lambda stream: replace(
            stream,
            connection=Connection.LIVE,
            transport=change.transport,
            detour=change.detour,
            attempt=0,
            retry_at_ms=None,
            cause="",
            hint="",
            contact_at_ms=change.at_ms,
            suspected="",
            ends_ms=None,
            **{**call_over(stream, change.at_ms), "connected_ms": change.at_ms},
        ),
    )


@arm.register
def _stream_reconnecting(change: c.StreamReconnecting, state: AppState) -> AppState:
    return with_stream(
        state,
        change.stream,
        lambda stream: replace(
            stream,
            connection=Connection.RECONNECTING,
            attempt=change.attempt,
            retry_at_ms=change.retry_at_ms,
            cause=change.cause,
            hint=change.hint,
            suspected="",
            ends_ms=None,
            **call_over(stream, change.at_ms),
        ),
    )


@arm.register
def _stream_failed(change: c.StreamFailed, state: AppState) -> AppState:
    return with_stream(
        state,
        change.stream,
        lambda stream: replace(
            stream,
            connection=Connection.FAILED,
            cause=change.cause,
            hint=change.hint,
            **CALL_OVER,
            **call_over(stream, change.at_ms),
        ),
    )


@arm.register
def _stream_closed(change: c.StreamClosed, state: AppState) -> AppState:
    return with_stream(
        state,
        change.stream,
        lambda stream: replace(
            stream, connection=Connection.OFF, cause="", hint="", **CALL_OVER, **call_over(stream, change.at_ms)
        ),
    )


@arm.register
def _contact_heard(change: c.ContactHeard, state: AppState) -> AppState:
    return with_stream(state, change.stream, lambda stream: replace(stream, contact_at_ms=change.at_ms))


@arm.register
def _quality_measured(change: c.QualityMeasured, state: AppState) -> AppState:
    return with_stream(state, change.stream, lambda stream: replace(stream, quality=change.quality))


@arm.register
def _level_measured(change: c.LevelMeasured, state: AppState) -> AppState:
    def measured(stream: Stream) -> Stream:
        stream = replace(stream, rms_dbfs=change.rms_dbfs, peak_dbfs=change.peak_dbfs)
        if change.peak_dbfs < SIGNAL_DBFS:
            return stream
        return replace(stream, source=replace(stream.source, signal_at_ms=change.at_ms))

    return with_stream(state, change.stream, measured)


@arm.register
def _mute_changed(change: c.MuteChanged, state: AppState) -> AppState:
    muted = with_stream(state, change.stream, lambda stream: replace(stream, muted=change.muted))
    return replace(muted, talking=False) if change.muted and change.stream == MIC else muted


@arm.register
def _voice_changed(change: c.VoiceChanged, state: AppState) -> AppState:
    return replace(state, voice=change.on)


@arm.register
def _language_changed(change: c.LanguageChanged, state: AppState) -> AppState:
    return with_stream(state, change.stream, lambda stream: replace(stream, language=change.language))


@arm.register
def _answer_voice_changed(change: c.AnswerVoiceChanged, state: AppState) -> AppState:
    return replace(state, answer_voice=change.voice)


@arm.register
def _speed_changed(change: c.SpeedChanged, state: AppState) -> AppState:
    return replace(state, speed=change.speed)


@arm.register
def _economy_changed(change: c.EconomyChanged, state: AppState) -> AppState:
    return replace(state, economy=change.on)


@arm.register
def _commands_changed(change: c.CommandsChanged, state: AppState) -> AppState:
    return replace(state, commands=change.on)
