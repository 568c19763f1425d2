"""Everything the screen shows, as one frozen value."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from sentra_tui.domain.audio import SILENCE_DBFS
from sentra_tui.domain.metrics import Series
from sentra_tui.domain.question import Question
from sentra_tui.domain.sound import Devices, Echo, Recording, Trouble
from sentra_tui.domain.transcript import Transcript
from sentra_tui.domain.usage import Cost

MIC = "mic"
SPEAKER = "speaker"


class Connection(StrEnum):
    """Where a stream's call stands."""

    OFF = "off"
    CONNECTING = "connecting"
    LIVE = "live"
    RECONNECTING = "reconnecting"
    FAILED = "failed"


class SourceStatus(StrEnum):
    """What is known of a stream's source of sound."""

    UNKNOWN = "unknown"
    OPEN = "open"
    ENDED = "ended"
    FAILED = "failed"


class AnswerStatus(StrEnum):
    """How far an answer has come; all but the first two are final, and one that is unknown may still become known."""

    PROCESSING = "processing"
    DRAFT = "draft"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It may have come to its end, and nobody can tell."""


UNFINISHED = (AnswerStatus.PROCESSING, AnswerStatus.DRAFT)
"""An answer in one of these may still change."""


class Lane(StrEnum):
    """Who answers: the auxiliary assistant at once, the main one a little later."""

    AUX = "aux"
    MAIN = "main"


class Verdict(StrEnum):
    """What the main assistant says of a draft."""

    NONE = ""
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"


class Severity(StrEnum):
    """How much a notice matters."""

    INFORMATION = "information"
    WARNING = "warning"
    ERROR = "error"


class Quality(Struct, frozen=True):
    """How well a call travels; None is not known yet.

    `loss_up` and `loss_down` are shares of packets, 0 to 1; the rest is in milliseconds.
    """

    round_trip_ms: float | None = None
    jitter_ms: float | None = None
    loss_up: float | None = None
    loss_down: float | None = None
    playout_ms: float | None = None
    repaired: float | None = None
    """The share of the frames played that were repaired from the packet after them, 0 to 1."""
    concealed: float | None = None
    """The share of the frames played that were made up, 0 to 1."""


class Source(Struct, frozen=True):
    """Where a stream's sound comes from."""

    choice: str = ""
    """What chose it, as in `StreamConfig.source`."""
    label: str = ""
    status: SourceStatus = SourceStatus.UNKNOWN
    cause: str = ""
    trouble: Trouble = Trouble.NONE
    """What is wrong with it while it is open."""
    advice: str = ""
    """What the trouble means and what helps, one line."""
    signal_at_ms: int | None = None
    """When it last gave more than silence, in milliseconds since the engine started."""


class Stream(Struct, frozen=True):
    """One live stream."""

    name: str
    source: Source = Source()
    connection: Connection = Connection.OFF
    transport: str = ""
    """The road of the call that stands, as in `sentra_tui.domain.roads.Road`."""
    detour: str = ""
    """Why that is not a better road, a few words; empty where it is the best."""
    attempt: int = 0
    """The dial that runs or waits, counted from 1 since the last live call."""
    retry_at_ms: int | None = None
    """When the next dial is due, in milliseconds since the engine started."""
    cause: str = ""
    """Why the call failed or broke, one line; empty when it did not."""
    hint: str = ""
    """What helps, one line."""
    contact_at_ms: int | None = None
    """When the peer was last heard, in milliseconds since the engine started."""
    connected_ms: int | None = None
    """When the session that stands began, in milliseconds since the engine started."""
    live_ms: int = 0
    """How long the calls before it stood, together."""
    suspected: str = ""
    """Why the call that stands is believed dead, one line; empty while it is not."""
    ends_ms: int | None = None
    """When the session that stands ends at the latest, in milliseconds since the engine started."""
    recovering_ms: int = 0
    """How much sound was kept over a break and is not yet written down."""
    muted: bool = False
    language: str = ""
    """The language that is expected, as ISO 639-1; empty lets the provider find out."""
    rms_dbfs: float = SILENCE_DBFS
    peak_dbfs: float = SILENCE_DBFS
    quality: Quality = Quality()
    transcript: Transcript = Transcript()


class Answer(Struct, frozen=True):
    """One answer of an assistant."""

    answer_id: str
    lane: Lane
    started_ms: int
    status: AnswerStatus = AnswerStatus.PROCESSING
    text: str = ""
    cause: str = ""
    """Why it failed or stopped short, one line."""
    hint: str = ""
    """What helps, one line."""
    question_id: str = ""
    verdict: Verdict = Verdict.NONE
    """What became of the draft: of this answer in the auxiliary lane, by this answer in the main one."""
    expired: bool = False
    """It is older than its time to live."""
    heard_chars: int | None = None
    """Up to where a spoken answer was heard, about; None where it was not cut."""
    model: str = ""


class Notice(Struct, frozen=True):
    """Something the user should know: what happened, and what helps."""

    number: int
    severity: Severity
    text: str
    hint: str = ""


class Engine(Struct, frozen=True):
    """The engine as the front end knows it."""

    running: bool = False
    version: str = ""
    started_at: float = 0.0
    """The wall clock at its start, seconds since 1970: shows times of day, never measures durations."""
    provider: str = ""
    provider_note: str = ""
    """What the user should know of this provider, one line."""
    cause: str = ""
    """Why it is not running."""


class LogRow(Struct, frozen=True):
    """One line of the event log."""

    at_ms: int
    source: str
    text: str


class WireRow(Struct, frozen=True):
    """One event that crossed the provider's wire, without its words."""

    at_ms: int
    stream: str
    outgoing: bool
    event: str
    detail: str


class AppState(Struct, frozen=True):
    """The whole state. Streams stand in the order in which they were named."""

    engine: Engine = Engine()
    streams: tuple[Stream, ...] = ()
    answers: tuple[Answer, ...] = ()
    questions: tuple[Question, ...] = ()
    voice: bool = False
    answer_voice: str = ""
    """The name of the voice of spoken answers."""
    speed: float = 1.0
    economy: bool = False
    """Money is saved: answers are written, and smaller models give them."""
    commands: bool = True
    """Voice commands are obeyed."""
    devices: Devices = Devices()
    output: str = ""
    """Where answers are heard."""
    output_choice: str = ""
    """What chose that, as in `SoundConfig.output`."""
    echo: Echo = Echo()
    headphones: bool = False
    off_record: bool = False
    """No sound is sent or kept."""
    talking: bool = False
    """Push-to-talk: the user talks now."""
    recording: Recording = Recording()
    cost: Cost = Cost()
    log: tuple[LogRow, ...] = ()
    wire: tuple[WireRow, ...] = ()
    """The newest events on the wire, while they are watched."""
    metrics: tuple[Series, ...] = ()
    network_down: bool = False
    """There is no way out of this machine."""
    notices: tuple[Notice, ...] = ()
    now_ms: int = 0
    """The newest moment that a change told, in milliseconds since the engine started."""

    def stream(self, name: str) -> Stream | None:
        """Return the stream called `name`."""
        return next((stream for stream in self.streams if stream.name == name), None)

    def lane(self, lane: Lane) -> tuple[Answer, ...]:
        """Return the answers of one assistant, oldest first."""
        return tuple(answer for answer in self.answers if answer.lane == lane)

    def question(self, question_id: str) -> Question | None:
        """Return this question, if it is among the newest."""
        return next((each for each in reversed(self.questions) if each.question_id == question_id), None)
