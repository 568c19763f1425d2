"""What keys ask of the engine, whatever the screen looks like."""

from __future__ import annotations

from sentra_tui.domain.actions import (
    Action,
    AnswerNow,
    Ask,
    AskAgain,
    ConnectStream,
    HangUp,
    PushToTalk,
    RepeatAnswer,
    RetryNow,
    SetHeadphones,
    SetMute,
    SetOffRecord,
    SetRecording,
    SetVoice,
)
from sentra_tui.domain.question import Question
from sentra_tui.domain.sound import Trouble
from sentra_tui.domain.state import (
    MIC,
    UNFINISHED,
    AnswerStatus,
    AppState,
    Connection,
    Lane,
    Severity,
    SourceStatus,
    Stream,
)
from sentra_tui.ui.internals import StyledOnceScreen
from sentra_tui.ui.keys import face_of
from sentra_tui.ui.messages import Asked, Told

_WAITING = (Connection.RECONNECTING, Connection.FAILED)


def to_ask_again(state: AppState) -> Question | None:
    """Return the newest question that the main assistant has not answered, and that it is not busy with."""
    taken = {
        answer.question_id
        for answer in state.lane(Lane.MAIN)
        if answer.status in UNFINISHED or answer.status is AnswerStatus.COMPLETED
    }
    free = (each for each in reversed(state.questions) if not each.waiting and each.question_id not in taken)
    return next(free, None)


def lacks_sound(stream: Stream) -> bool:
    """Return whether a stream's source failed, or something is wrong with it: opening it again may help."""
    return stream.source.status is SourceStatus.FAILED or stream.source.trouble is not Trouble.NONE


class AskingScreen(StyledOnceScreen):
    """Turns keys into requests; what it may ask for depends on the newest state."""

    def __init__(self, keymap: dict[str, str], *, classes: str) -> None:
        super().__init__(id="main-screen", classes=classes)
        self._keymap = keymap
        self.state = AppState()

    def request(self, action: Action) -> None:
        """Ask the engine for an action."""
        if self.engine_runs():
            self.post_message(Asked(action))

    def hold_back(self, action: Action, what: str) -> None:
        """Ask for an action that keeps sound back: while one engine takes another's place, of the next."""
        if self.state.engine.running or not self.state.engine.cause:
            self.request(action)
            return
        self.post_message(Asked(action))
        self.tell("The engine is not running yet.", f"{what} when it is.")

    def engine_runs(self) -> bool:
        """Return whether there is an engine that could take an action; say so where there is none."""
        if not self.state.engine.running:
            self.tell("The engine is not running yet.", "It starts by itself; try again in a moment.")
        return self.state.engine.running

    def tell(self, text: str, hint: str = "", severity: Severity = Severity.INFORMATION) -> None:
        """Let the user know something."""
        self.post_message(Told(text, hint, severity))

    def action_toggle_stream(self, name: str) -> None:
        """Call, or hang up."""
        stream = self.state.stream(name)
        if stream is None and self.state.engine.running:
            self.tell(f"There is no {name} stream in this session.")
            return
        off = stream is not None and stream.connection in (Connection.OFF, Connection.FAILED)
        self.request(ConnectStream(name) if off else HangUp(name))

    def action_toggle_mute(self) -> None:
        """Mute the microphone, or unmute it: before a call, too."""
        stream = self.state.stream(MIC)
        muted = stream is not None and stream.muted
        if muted:
            self.request(SetMute(MIC, False))
        else:
            self.hold_back(SetMute(MIC, True), "The microphone is muted")

    def action_toggle_voice(self) -> None:
        """Have answers spoken, or only written."""
        self.request(SetVoice(not self.state.voice))

    def action_push_to_talk(self) -> None:
        """Open the microphone and hush the assistant; or end that, muted."""
        self.request(PushToTalk(not self.state.talking))

    def action_toggle_headphones(self) -> None:
        """Say that headphones are worn, or no longer."""
        self.request(SetHeadphones(not self.state.headphones))

    def action_toggle_recording(self) -> None:
        """Record, or stop."""
        self.request(SetRecording(not self.state.recording.on))

    def action_toggle_off_record(self) -> None:
        """Send and keep no sound, or do again."""
        if self.state.off_record:
            self.request(SetOffRecord(False))
        else:
            self.hold_back(SetOffRecord(True), "The talk is off the record")

    def action_retry(self) -> None:
        """Dial again what waits or failed, and open again what gives no sound."""
        waits = any(stream.connection in _WAITING for stream in self.state.streams)
        silent = any(map(lacks_sound, self.state.streams))
        if not (waits or silent):
            self.tell("Nothing waits to be dialled again, and nothing is wrong with the sound.")
            return
        self.request(RetryNow())
        if silent and self.state.engine.running:
            self.tell("Trying the sound again.", f"{self._face('devices')} chooses another device.")

    def action_ask(self) -> None:
        """Ask the main assistant something, or what to say now."""
        from sentra_tui.ui.screens.ask import AskScreen

        def send(ask: Ask | None) -> None:
            if ask is not None:
                self.request(ask)

        self.app.push_screen(AskScreen(), send)

    def action_answer_now(self) -> None:
        """Have both assistants answer what was said until now."""
        self.request(AnswerNow())

    def action_ask_again(self) -> None:
        """Have the main assistant asked once more what it did not answer."""
        question = to_ask_again(self.state)
        if question is None:
            self.tell("Every question is answered, or will be.", f"Press {self._face('ask')} to ask another one.")
        else:
            self.request(AskAgain(question.question_id))

    def action_repeat(self) -> None:
        """Have the last answer said once more."""
        self.request(RepeatAnswer())

    def _face(self, command_id: str) -> str:
        return face_of(command_id, self._keymap)

    def action_devices(self) -> None:
        """Let the user choose where sound comes from and goes to."""
        from sentra_tui.ui.screens.devices import DevicesScreen

        self.app.push_screen(DevicesScreen(self.state))

    def action_settings(self) -> None:
        """Show what can be set while it runs."""
        from sentra_tui.ui.screens.settings import SettingsScreen

        self.app.push_screen(SettingsScreen(self.state))

    def action_show_log(self) -> None:
        """Show what it costs, how it travels, and what happened."""
        from sentra_tui.ui.screens.log import LogScreen

        self.app.push_screen(LogScreen(self.state))

    def action_help(self) -> None:
        """Show the keys."""
        from sentra_tui.ui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self._keymap, self.state.engine))
