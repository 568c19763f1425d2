"""One Realtime session: what the client says, what is heard, what is answered.

The GA dialect of the Realtime API, of both kinds: `realtime` (a conversation with answers) and `transcription` (turns
written down). https://platform.openai.com/docs/api-reference/realtime
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct

from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.faults import SessionFault
from sentra_tui.provider.models.text_model import TextMessage, TextModel
from sentra_tui.provider.realtime import client_events as client
from sentra_tui.provider.realtime.appended_audio import AppendedAudio
from sentra_tui.provider.realtime.conversation import Conversation, new_id
from sentra_tui.provider.realtime.input_audio import InputAudio
from sentra_tui.provider.realtime.output_audio import OutputAudio
from sentra_tui.provider.realtime.responder import Responder
from sentra_tui.provider.realtime.response_run import ResponsePlan
from sentra_tui.provider.realtime.settings import SessionSettings, Transcription
from sentra_tui.provider.realtime.streamed_audio import StreamedAudio
from sentra_tui.provider.realtime.transcriber import Transcriber
from sentra_tui.provider.recognition.recogniser import RecogniserChoice
from sentra_tui.provider.voice import Voice


class Staff(Struct, frozen=True):
    """What all sessions share."""

    model: TextModel
    """What answers in sessions."""
    voice: Voice
    whisper: Path | None = None
    """The directory of a Whisper model, in place of PocketSphinx."""


class RealtimeSession:
    """Drives one session. `say` sends a message to the client, `send_frame` a frame of sound; neither blocks.

    Without `send_frame` sound goes in the messages, both ways, as over a WebSocket.
    """

    def __init__(
        self,
        settings: SessionSettings,
        staff: Staff,
        fault: SessionFault,
        expires_at: int,
        say: Callable[[str], None],
        send_frame: Callable[[bytes], None] | None = None,
        session_id: str = "",
    ) -> None:
        self.id = session_id or new_id("sess")
        self.settings = settings
        self._staff = staff
        self._fault = fault
        self._expires_at = expires_at
        self._say = say
        self._conversation = Conversation(self._emit)
        self._output: OutputAudio | StreamedAudio = (
            StreamedAudio(self._emit, lambda: self.settings.output_rate_hz)
            if send_frame is None
            else OutputAudio(self._emit, send_frame)
        )
        self._responder = Responder(self._emit, self._conversation, self._output, staff.model, staff.voice, fault)
        self._input = InputAudio(self._emit, self._conversation, self._on_speech, self._on_turn)
        self._appended = AppendedAudio(self._input.hear) if send_frame is None else None
        self._retired: set[asyncio.Task[None]] = set()
        self._apply()

    def begin(self) -> None:
        """Greet the client, once its channel is open."""
        self._emit("session.created", session=self.settings.describe(self.id, self._expires_at))

    def hear(self, frame: bytes | None) -> None:
        """Take 20 ms of what the client sends, or of its silence."""
        self._input.hear(frame)

    def tick(self) -> None:
        """Send what is due; to be called each 20 ms."""
        self._output.tick()

    def handle(self, message: str) -> None:
        """Do what a client's message says; what cannot be done is answered with an error event."""
        event_id = None
        try:
            event = client.parse(message)
            event_id = event.event_id
            self._dispatch(event)
        except ApiError as error:
            event_id = error.event_id if isinstance(error, client.RefusedEvent) else event_id
            self.refuse(error, event_id)

    def refuse(self, error: ApiError, event_id: str | None = None) -> None:
        """Send an error event."""
        details = {
            "type": error.kind,
            "code": error.code,
            "message": error.message,
            "param": error.param,
            "event_id": event_id,
        }
        self._emit("error", error=details)

    def expire(self, lifetime_s: float) -> None:
        """Tell the client that the session is at its end."""
        message = f"Your session hit the maximum duration of {lifetime_s / 60:g} minutes."
        self.refuse(ApiError(400, message, code="session_expired"))

    async def close(self) -> None:
        """End everything that the session started."""
        await self._responder.close()
        if self._input.transcriber is not None:
            await self._input.transcriber.close()
        await asyncio.gather(*self._retired)

    def _emit(self, kind: str, **fields: Any) -> None:
        self._say(json.dumps({"type": kind, "event_id": new_id("event"), **fields}, ensure_ascii=False))

    def _dispatch(self, event: client.ClientEvent) -> None:
        match event:
            case client.SessionUpdate(session=update):
                self._update(update)
            case client.InputAudioAppend(audio=pcm):
                self._append(pcm)
            case client.InputAudioCommit():
                self._commit()
            case client.InputAudioClear():
                self._clear_input()
            case _ if self.settings.type == "transcription":
                raise ApiError(400, "A transcription session has no conversation.", code="invalid_value", param="type")
            case client.ResponseCreate(response=options):
                self._create_response(options or client.ResponseOptions())
            case client.ResponseCancel(response_id=response_id):
                self._responder.cancel("client_cancelled", response_id)
            case client.OutputAudioClear() if self._appended is not None:
                raise _wrong_transport("What was said in messages is with the client: stop playing it there.")
            case client.OutputAudioClear():
                self._clear_output()
            case _:
                self._dispatch_item(event)

    def _dispatch_item(self, event: client.ClientEvent) -> None:
        match event:
            case client.ItemCreate(item=item, previous_item_id=previous):
                self._conversation.create(item, previous)
            case client.ItemRetrieve(item_id=item_id):
                self._conversation.retrieve(item_id)
            case client.ItemDelete(item_id=item_id):
                self._conversation.delete(item_id)
            case client.ItemTruncate(item_id=item_id, audio_end_ms=audio_end_ms):
                self._conversation.truncate(item_id, audio_end_ms)

    def _append(self, pcm: bytes) -> None:
        if self._appended is None:
            raise _wrong_transport("Over WebRTC sound is sent on the media track.")
        sound = self.settings.input_format
        if sound.type != "audio/pcm":
            raise ApiError(400, f"This server takes no {sound.type} sound.", code="invalid_value", param="audio")
        self._appended.append(pcm, sound.rate)

    def _commit(self) -> None:
        if self._appended is not None:
            self._appended.complete()
        self._input.commit()

    def _clear_input(self) -> None:
        if self._appended is not None:
            self._appended.clear()
        self._input.clear()

    def _update(self, update: dict[str, Any]) -> None:
        if "type" not in update:
            raise ApiError(
                400,
                "Missing required parameter: 'session.type'.",
                code="missing_required_parameter",
                param="session.type",
            )
        updated = self.settings.updated(update)
        if updated.voice != self.settings.voice and self._output.sounded:
            raise ApiError(
                400,
                "Cannot update a conversation's voice if assistant audio is present.",
                code="cannot_update_voice",
            )
        self.settings = updated
        self._apply()
        self._emit("session.updated", session=self.settings.describe(self.id, self._expires_at))

    def _apply(self) -> None:
        """Make the settings true: how turns end, and who writes them down."""
        self._input.configure(self.settings.turn_detection)
        wanted = self.settings.transcription or Transcription()
        choice = RecogniserChoice.of_model(wanted.model, self._staff.whisper)
        current = self._input.transcriber
        if current is not None and current.choice == choice:
            return
        self._input.transcriber = Transcriber(
            choice,
            self._conversation,
            self._emit,
            lambda: self.settings.transcription is not None,
            self._fault.late_transcripts_s,
        )
        if current is not None:
            task = asyncio.create_task(current.close())
            self._retired.add(task)
            task.add_done_callback(self._retired.discard)

    def _on_speech(self) -> None:
        """The user speaks: what is being said to them stops, unless the session does not want that."""
        detection = self.settings.turn_detection
        if self.settings.type != "realtime" or detection is None or not detection.interrupt_response:
            return
        self._clear_output()
        with contextlib.suppress(ApiError):
            self._responder.cancel("turn_detected")

    def _clear_output(self) -> None:
        item_id = self._output.item_id
        heard_ms = self._output.clear()
        if heard_ms is not None and self._conversation.holds(item_id):
            with contextlib.suppress(ApiError):
                self._conversation.truncate(item_id, heard_ms)

    def _on_turn(self, item_id: str) -> None:
        detection = self.settings.turn_detection
        if self.settings.type != "realtime" or detection is None or not detection.create_response:
            return
        plan = ResponsePlan.of(self.settings, client.ResponseOptions())
        try:
            self._responder.create(plan, lambda: self._turn(item_id))
        except ApiError as error:
            self.refuse(error)

    def _create_response(self, options: client.ResponseOptions) -> None:
        plan = ResponsePlan.of(self.settings, options)
        self._responder.create(plan, lambda: self._question(options))

    async def _question(self, options: client.ResponseOptions) -> list[TextMessage]:
        """Return what a response without a turn of its own is about: by default the last thing that the user said."""
        if options.input is None:
            return await self._turn(self._conversation.last_of("user"), options.instructions)
        messages = [TextMessage(item.role, self._input_text(item)) for item in options.input]
        said = [message for message in messages if message.text]
        asked = said or [TextMessage("user", options.instructions or "")]
        return [*self._instructions(options.instructions), *asked]

    async def _turn(self, item_id: str, instructions: str | None = None) -> list[TextMessage]:
        """Return what was said in the conversation, and last of all the words of this turn, once they are known."""
        text = await self._text_of(item_id) if item_id else ""
        before = self._conversation.said(without=item_id)
        return [*self._instructions(instructions), *before, TextMessage("user", text)]

    def _instructions(self, own: str | None) -> list[TextMessage]:
        told = own or self.settings.instructions
        return [TextMessage("system", told)] if told else []

    def _input_text(self, item: client.Item) -> str:
        return self._conversation.item_text(item.id or "") if item.type == "item_reference" else item.text

    async def _text_of(self, item_id: str) -> str:
        if self._input.transcriber is None:
            return self._conversation.item_text(item_id)
        return await self._input.transcriber.text(item_id)


def _wrong_transport(message: str) -> ApiError:
    return ApiError(400, message, code="invalid_event_for_transport", param="type")
