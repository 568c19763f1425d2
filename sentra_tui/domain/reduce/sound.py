"""What the changes of sound mean."""

from __future__ import annotations

from msgspec.structs import replace

from sentra_tui.domain import changes as c
from sentra_tui.domain.reduce.arms import arm, with_source, with_transcript
from sentra_tui.domain.sound import Recording
from sentra_tui.domain.state import AppState, Source
from sentra_tui.domain.transcript import LineKey, Transcript


@arm.register
def _source_chosen(change: c.SourceChosen, state: AppState) -> AppState:
    return with_source(state, change.stream, lambda _: Source(choice=change.choice))


@arm.register
def _source_troubled(change: c.SourceTroubled, state: AppState) -> AppState:
    return with_source(
        state, change.stream, lambda source: replace(source, trouble=change.trouble, advice=change.advice)
    )


@arm.register
def _devices_listed(change: c.DevicesListed, state: AppState) -> AppState:
    kept = {device.source for device in change.devices}
    levels = tuple(level for level in state.devices.levels if level.source in kept)
    devices = replace(
        state.devices, devices=change.devices, levels=levels, backend=change.backend, reason=change.reason
    )
    return replace(state, devices=devices)


@arm.register
def _devices_measured(change: c.DevicesMeasured, state: AppState) -> AppState:
    return replace(state, devices=replace(state.devices, levels=change.levels))


@arm.register
def _devices_watched(change: c.DevicesWatched, state: AppState) -> AppState:
    levels = state.devices.levels if change.on else ()
    return replace(state, devices=replace(state.devices, watched=change.on, levels=levels))


@arm.register
def _output_chosen(change: c.OutputChosen, state: AppState) -> AppState:
    return replace(state, output_choice=change.choice)


@arm.register
def _output_opened(change: c.OutputOpened, state: AppState) -> AppState:
    return replace(state, output=change.label)


@arm.register
def _echo_changed(change: c.EchoChanged, state: AppState) -> AppState:
    return replace(state, echo=change.echo)


@arm.register
def _headphones_changed(change: c.HeadphonesChanged, state: AppState) -> AppState:
    return replace(state, headphones=change.on)


@arm.register
def _off_record_changed(change: c.OffRecordChanged, state: AppState) -> AppState:
    return replace(state, off_record=change.on)


@arm.register
def _talking_changed(change: c.TalkingChanged, state: AppState) -> AppState:
    return replace(state, talking=change.on)


@arm.register
def _recording_changed(change: c.RecordingChanged, state: AppState) -> AppState:
    since_ms = change.at_ms if change.on and not state.recording.on else state.recording.since_ms
    return replace(state, recording=Recording(change.on, change.files, since_ms, change.cause))


@arm.register
def _line_echoed(change: c.LineEchoed, state: AppState) -> AppState:
    key = LineKey(change.session, change.item_id)

    def mark(transcript: Transcript) -> Transcript:
        line = transcript.find(key)
        if line is None or (line.echo_judged and not change.by_user):
            return transcript
        return transcript.update(replace(line, echo=change.echo, echo_judged=line.echo_judged or change.by_user))

    return with_transcript(state, change.stream, mark)
