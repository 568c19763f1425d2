"""What can be set while it runs: languages, the voice, its speed, voice commands, headphones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from sentra_tui.domain.actions import Action, SetAnswerVoice, SetCommands, SetHeadphones, SetLanguage, SetSpeed
from sentra_tui.domain.state import AppState, Stream
from sentra_tui.domain.text import clean_line
from sentra_tui.ui.messages import Asked
from sentra_tui.ui.screens.live import LiveScreen
from sentra_tui.ui.tongues import LANGUAGES, SPEEDS, VOICES
from sentra_tui.ui.widgets.choice import Choice
from sentra_tui.ui.widgets.line import Line
from sentra_tui.ui.widgets.prompt import PromptInput

VOICE_CHARS = 128
_CODE = re.compile(r"([a-z]{2,3}(-[A-Za-z0-9]{2,8})?)?")
NO_CODE = "is no language code: en, de, pt-BR, or nothing."


class Field(PromptInput):
    """A short text that counts once the user has left it, or pressed enter."""

    def __init__(self, value: str, suggestions: Sequence[str], placeholder: str, *, widget_id: str) -> None:
        value = clean_line(value, VOICE_CHARS)
        suggester = SuggestFromList(suggestions)
        super().__init__(
            value,
            placeholder=placeholder,
            suggester=suggester,
            compact=True,
            max_length=VOICE_CHARS,
            id=widget_id,
        )
        self.held = value
        """What holds now."""

    def show_held(self, value: str) -> None:
        """Take the value that holds; what is being typed stays."""
        value = clean_line(value, VOICE_CHARS)
        if self.value == self.held or not self.has_focus:
            self.value = value
        self.held = value


class SettingsScreen(LiveScreen):
    """Each change is asked for at once; what holds is shown, once the engine says so."""

    CSS_PATH = "modal.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "leave", "Back"),
        Binding("up", "app.focus_previous", "The one before"),
        Binding("down", "app.focus_next", "The next one"),
    ]

    def __init__(self, state: AppState) -> None:
        super().__init__()
        self._state = state
        self._languages = {stream.name: _language_field(stream) for stream in state.streams}
        self._voice = Field(state.answer_voice, VOICES, "the provider's own", widget_id="set-voice")
        speeds = sorted({*SPEEDS, state.speed})
        self._speed = Choice[float]([(speed, f"{speed:g}×") for speed in speeds], state.speed, widget_id="set-speed")
        self._commands = Choice[bool]([(True, "on"), (False, "off")], state.commands, widget_id="set-commands")
        self._headphones = Choice[bool]([(True, "on"), (False, "off")], state.headphones, widget_id="set-headphones")
        self._remark = Line(Content(""), widget_id="set-remark")

    def compose(self) -> ComposeResult:
        """Yield a row for each setting."""
        with Vertical(classes="dialog -settings-dialog"):
            yield Static(Content("Settings of this session"), classes="heading")
            with VerticalScroll(can_focus=False):
                for name, field in self._languages.items():
                    yield from _row(f"Language · {name}", field)
                yield Line(Content(f"  {' '.join(LANGUAGES)} …"), classes="offers -quiet")
                yield from _row("Voice", self._voice)
                yield Line(Content(f"  {' '.join(VOICES)} …"), classes="offers -quiet")
                yield from _row("Speed", self._speed)
                yield from _row("Voice commands", self._commands)
                yield from _row("Headphones", self._headphones)
                yield self._remark
            yield Static(
                Content.assemble(
                    *(("↑ ↓", "$accent bold"), " move   ", ("← →", "$accent bold"), " choose   "),
                    *(("⏎", "$accent bold"), " set   ", ("esc", "$accent bold"), " back"),
                ),
                classes="footing",
            )

    def show_state(self, state: AppState, now_ms: int) -> None:
        """Take what the engine changed; what was asked for stands until it says otherwise."""
        before, self._state = self._state, state
        for stream in state.streams:
            was = before.stream(stream.name)
            if was is not None and was.language != stream.language and stream.name in self._languages:
                self._languages[stream.name].show_held(stream.language)
        if state.answer_voice != before.answer_voice:
            self._voice.show_held(state.answer_voice)
        if state.speed != before.speed:
            self._speed.show(state.speed)
        if state.commands != before.commands:
            self._commands.show(state.commands)
        if state.headphones != before.headphones:
            self._headphones.show(state.headphones)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Set what was typed."""
        event.stop()
        self._take(event.input)

    def on_input_blurred(self, event: Input.Blurred) -> None:
        """Set what was typed, and left."""
        self._take(event.input)

    def on_choice_chosen(self, event: Choice.Chosen) -> None:
        """Set what was chosen."""
        if event.choice is self._speed:
            self._ask(SetSpeed(self._speed.value))
        elif event.choice is self._headphones:
            self._ask(SetHeadphones(self._headphones.value))
        else:
            self._ask(SetCommands(self._commands.value))

    def action_leave(self) -> None:
        """Set what was typed last, and go back."""
        if isinstance(self.focused, Field):
            self._take(self.focused)
        self.dismiss()

    def _take(self, field: Input) -> None:
        value = field.value.strip()
        if not isinstance(field, Field) or value == field.held:
            return
        if field is self._voice:
            if value:
                self._set(field, SetAnswerVoice(value))
            return
        stream = next(name for name, each in self._languages.items() if each is field)
        if _CODE.fullmatch(value):
            self._set(field, SetLanguage(stream, value))
        else:
            self._remark.show(Content.assemble("“", value, "” ", NO_CODE), "bad")

    def _set(self, field: Field, action: Action) -> None:
        field.held = field.value = field.value.strip()
        self._remark.show(Content(""))
        self._ask(action)

    def _ask(self, action: Action) -> None:
        self.post_message(Asked(action))


def _language_field(stream: Stream) -> Field:
    return Field(stream.language, tuple(LANGUAGES), "the provider finds out", widget_id=f"set-language-{stream.name}")


def _row(name: str, field: Field | Choice[float] | Choice[bool]) -> ComposeResult:
    with Horizontal(classes="setting"):
        yield Line(Content(name), classes="-name")
        yield field
