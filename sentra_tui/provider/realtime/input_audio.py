"""The input audio buffer: what was heard since the last turn, and where turns begin and end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from sentra_tui.domain.audio import FRAME_MS, SAMPLE_RATE_HZ
from sentra_tui.media.resample import Resampler
from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.realtime.conversation import Conversation, Emit, new_id
from sentra_tui.provider.realtime.settings import TurnDetection
from sentra_tui.provider.realtime.transcriber import Transcriber
from sentra_tui.provider.realtime.turn_detector import TurnDetector
from sentra_tui.provider.recognition.worker_wire import SPEECH_RATE_HZ

_FRAME_BYTES = SPEECH_RATE_HZ * FRAME_MS // 1000 * 2
_LEAST_MS = 100
"""Less sound than this cannot be committed."""
_MANUAL_PREFIX_MS = 300
_EAGERNESS_SILENCE_MS = 800
"""Semantic detection, which this server does not have, is a longer silence."""


class InputAudio:
    """Hears frames, finds turns, and makes items of them.

    `on_speech` is called when the user begins to speak, `on_turn` with the item of each turn that ended by itself.
    """

    def __init__(
        self,
        emit: Emit,
        conversation: Conversation,
        on_speech: Callable[[], None],
        on_turn: Callable[[str], None],
    ) -> None:
        self._emit = emit
        self._conversation = conversation
        self._on_speech = on_speech
        self._on_turn = on_turn
        self._resampler = Resampler(SAMPLE_RATE_HZ, SPEECH_RATE_HZ)
        self._detector = TurnDetector()
        self._rest = b""
        self._heard_ms = 0
        self._buffered_ms = 0
        self._prefix: deque[bytes] = deque()
        self._item_id = ""
        self.transcriber: Transcriber | None = None
        self._detection: TurnDetection | None = None
        self.configure(TurnDetection())

    def configure(self, detection: TurnDetection | None) -> None:
        """Take the session's way to end turns; None leaves it to `commit`."""
        self._detection = detection
        prefix_ms = _MANUAL_PREFIX_MS if detection is None else detection.prefix_padding_ms
        self._prefix = deque(self._prefix, maxlen=max(1, prefix_ms // FRAME_MS))
        if detection is not None:
            semantic = detection.type == "semantic_vad"
            self._detector.silence_ms = _EAGERNESS_SILENCE_MS if semantic else detection.silence_duration_ms

    def hear(self, frame: bytes | None) -> None:
        """Take 20 ms of 48 kHz sound, or None when nothing came."""
        if frame is None:
            self._hear_speech(None)
            return
        if self._buffered_ms == 0 and self.transcriber is not None:
            self.transcriber.prepare()
        pcm = self._rest + self._resampler.feed(frame)
        while len(pcm) >= _FRAME_BYTES:
            self._hear_speech(pcm[:_FRAME_BYTES])
            pcm = pcm[_FRAME_BYTES:]
        self._rest = pcm

    def commit(self) -> None:
        """End the turn by hand; raises ApiError when there is less than 100 ms of sound."""
        if self._rest:
            self._hear_speech(self._rest.ljust(_FRAME_BYTES, b"\0"))
            self._rest = b""
        if self._buffered_ms < _LEAST_MS:
            raise ApiError(
                400,
                f"Error committing input audio buffer: buffer too small. Expected at least {_LEAST_MS}ms of audio, but "
                f"buffer only has {self._buffered_ms:.2f}ms of audio.",
                code="input_audio_buffer_commit_empty",
            )
        self._detector.reset()
        self._commit()

    def clear(self) -> None:
        """Forget what was heard since the last turn."""
        if self._item_id and self.transcriber is not None:
            self.transcriber.drop()
        self._item_id = ""
        self._buffered_ms = 0
        self._rest = b""
        self._prefix.clear()
        self._detector.reset()
        self._emit("input_audio_buffer.cleared")

    def _hear_speech(self, pcm: bytes | None) -> None:
        """Take one frame of 16 kHz."""
        self._heard_ms += FRAME_MS
        if pcm is not None:
            self._buffered_ms += FRAME_MS
        pcm = pcm or (bytes(_FRAME_BYTES) if self._detector.speaking else None)
        turn = self._detector.feed(pcm)
        if turn == "started":
            self._start()
        if pcm is not None and (self._detector.speaking or turn == "stopped"):
            self._feed(pcm)
        elif pcm is not None:
            self._prefix.append(pcm)
        if turn == "stopped" and self._detection is not None:
            self._emit("input_audio_buffer.speech_stopped", audio_end_ms=self._heard_ms, item_id=self._item_id)
            self._on_turn(self._commit())

    def _start(self) -> None:
        prefix = list(self._prefix)
        self._prefix.clear()
        fresh = not self._item_id
        if fresh:
            self._item_id = new_id("item")
            if self.transcriber is not None:
                self.transcriber.begin(self._item_id)
        if self._detection is not None:
            start_ms = max(0, self._heard_ms - (len(prefix) + 1) * FRAME_MS)
            self._emit("input_audio_buffer.speech_started", audio_start_ms=start_ms, item_id=self._item_id)
            self._on_speech()
        for pcm in prefix:
            self._feed(pcm)

    def _feed(self, pcm: bytes) -> None:
        if self.transcriber is not None:
            self.transcriber.feed(pcm)

    def _commit(self) -> str:
        spoken = bool(self._item_id)
        item_id = self._item_id or new_id("item")
        self._item_id = ""
        self._buffered_ms = 0
        self._emit("input_audio_buffer.committed", item_id=item_id, previous_item_id=self._conversation.last_id)
        item = {
            "id": item_id,
            "object": "realtime.item",
            "type": "message",
            "role": "user",
            "status": "completed",
            "content": [{"type": "input_audio", "transcript": None}],
        }
        self._conversation.insert(item)
        self._conversation.finish(item_id)
        if self.transcriber is not None:
            if spoken:
                self.transcriber.end()
            else:
                self.transcriber.complete(item_id)
        return item_id
