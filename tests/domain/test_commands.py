from __future__ import annotations

import tomllib
from importlib import resources

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sentra_tui.domain.actions import Action, Ask, CancelAnswer, NoteLine, RepeatAnswer, SetMute, StepSpeed
from sentra_tui.domain.commands import command_in

CANCEL, REPEAT, NOTE, MUTE = CancelAnswer(), RepeatAnswer(), NoteLine(), SetMute("mic", True)
SLOWER, FASTER = StepSpeed(-1), StepSpeed(1)

COMMANDS: list[tuple[str, str, Action]] = [
    ("en", "stop", CANCEL),
    ("en", "Stop.", CANCEL),
    ("en", "okay stop please", CANCEL),
    ("en", "Sentra, stop talking!", CANCEL),
    ("en", "cancel", CANCEL),
    ("en", "cancel that, thank you", CANCEL),
    ("en", "that’s enough", CANCEL),
    ("en", "repeat that", REPEAT),
    ("en", "Could you repeat that, please?", REPEAT),
    ("en", "say that again", REPEAT),
    ("en", "again please", REPEAT),
    ("en", "slower", SLOWER),
    ("en", "Speak more slowly, please.", SLOWER),
    ("en", "faster please", FASTER),
    ("en", "can you talk faster", FASTER),
    ("en", "mute", MUTE),
    ("en", "mute my microphone please", MUTE),
    ("en", "note that", NOTE),
    ("en", "please make a note of that", NOTE),
    ("en", "ask the assistant", Ask()),
    ("en", "ask the assistant please", Ask()),
    ("en", "ask the assistant why it is slow", Ask(question="why it is slow")),
    ("en", "Okay, ask the assistant: why is p99 slow in Frankfurt?", Ask(question="why is p99 slow in Frankfurt?")),
    ("en", "ask the assistant to summarise the decision", Ask(question="to summarise the decision")),
    ("en", "ask the assistant why it is slow please", Ask(question="why it is slow")),
    ("fi", "stop", CANCEL),
    ("", "repeat that", REPEAT),
    ("en-GB", "slower", SLOWER),
    ("de", "Stopp!", CANCEL),
    ("de", "hör bitte auf", CANCEL),
    ("de", "wiederhole das bitte", REPEAT),
    ("de", "bitte noch einmal", REPEAT),
    ("de", "langsamer bitte", SLOWER),
    ("de", "sprich schneller", FASTER),
    ("de", "Mikrofon aus", MUTE),
    ("de", "notiere das", NOTE),
    ("de", "frag den Assistenten, warum das so langsam ist", Ask(question="warum das so langsam ist")),
    ("fr", "Arrête, s'il te plaît.", CANCEL),
    ("fr", "annule", CANCEL),
    ("fr", "répète ça", REPEAT),
    ("fr", "plus lentement s'il vous plaît", SLOWER),
    ("fr", "parle plus vite", FASTER),
    ("fr", "coupe le micro", MUTE),
    ("fr", "note ça", NOTE),
    ("fr", "demande à l'assistant pourquoi c'est lent", Ask(question="pourquoi c'est lent")),
    ("es", "para", CANCEL),
    ("es", "cancela eso por favor", CANCEL),
    ("es", "repite eso", REPEAT),
    ("es", "más despacio por favor", SLOWER),
    ("es", "habla más rápido", FASTER),
    ("es", "silencia el micrófono", MUTE),
    ("es", "anota eso", NOTE),
    ("es", "pregúntale al asistente por qué es lento", Ask(question="por qué es lento")),
]

SPEECH = [
    ("en", "don't stop there"),
    ("en", "stop the deployment"),
    ("en", "we should mute that alert"),
    ("en", "we had to stop"),
    ("en", "stop it from restarting"),
    ("en", "can you stop the server please"),
    ("en", "cancel the meeting on friday"),
    ("en", "please cancel my order"),
    ("en", "please don't repeat that"),
    ("en", "do not repeat that mistake"),
    ("en", "could you repeat that number for the others"),
    ("en", "it got slower"),
    ("en", "faster than before"),
    ("en", "the new index is faster"),
    ("en", "slower reads are fine"),
    ("en", "note that the cache is cold"),
    ("en", "please note that we are late"),
    ("en", "let me note that"),
    ("en", "mute the alert"),
    ("en", "you are on mute"),
    ("en", "we should ask the assistant"),
    ("en", "ask the assistant director"),
    ("en", "did you ask the assistant why it is slow"),
    ("en", "ask the team why it is slow"),
    ("en", "please"),
    ("en", "okay thank you"),
    ("en", "no"),
    ("en", ""),
    ("en", "..."),
    ("de", "hör nicht auf"),
    ("de", "stoppt die auslieferung"),
    ("de", "das ist schneller als vorher"),
    ("de", "wir sollten den alarm stumm schalten"),
    ("de", "notiere das passwort nicht"),
    ("de", "halt die leitung offen"),
    ("de", "bitte"),
    ("fr", "n'arrête pas"),
    ("fr", "arrête le serveur"),
    ("fr", "c'est plus vite qu'avant"),
    ("fr", "note que le cache est froid"),
    ("fr", "il faut annuler la réunion"),
    ("es", "no pares"),
    ("es", "no para"),
    ("en", "no mute"),
    ("es", "para el servidor"),
    ("es", "para mí está bien"),
    ("es", "es más rápido que antes"),
    ("es", "anota el número de la orden"),
]

RULES = tomllib.loads(resources.files("sentra_tui.domain").joinpath("commands.toml").read_text(encoding="utf-8"))
LINES = [
    (language, line)
    for language, rules in RULES.items()
    for command, lines in rules["commands"].items()
    for line in lines
]
SENTENCE_WORDS = ["we", "should", "the", "deployment", "server", "there", "don't", "never", "said", "alert", "cache"]


@pytest.mark.parametrize(("language", "line", "action"), COMMANDS)
def test_a_command_is_an_ordinary_action(language: str, line: str, action: Action) -> None:
    assert command_in(line, language) == action


@pytest.mark.parametrize(("language", "line"), SPEECH)
def test_ordinary_speech_is_no_command(language: str, line: str) -> None:
    assert command_in(line, language) is None


@pytest.mark.parametrize(("language", "line"), LINES)
def test_every_line_of_the_table_is_a_command(language: str, line: str) -> None:
    assert command_in(line, language) is not None
    assert command_in(line.capitalize() + ".", language) == command_in(line, language)


@given(st.sampled_from(LINES), st.data())
def test_politeness_changes_nothing(entry: tuple[str, str], data: st.DataObject) -> None:
    language, line = entry
    around = st.lists(st.sampled_from(RULES[language]["around"]), max_size=3).map(" ".join)
    said = f"{data.draw(around)} {line} {data.draw(around)}"
    assert command_in(said, language) == command_in(line, language)


@given(
    st.sampled_from(LINES),
    st.lists(st.sampled_from(SENTENCE_WORDS), max_size=4),
    st.lists(st.sampled_from(SENTENCE_WORDS), max_size=4),
)
def test_words_of_a_sentence_around_a_command_make_it_none(
    entry: tuple[str, str], before: list[str], behind: list[str]
) -> None:
    assume(before or behind)
    language, line = entry
    assert command_in(" ".join([*before, line, *behind]), language) is None


@given(st.text(max_size=300), st.sampled_from(["", *RULES]))
def test_any_text_has_an_answer(text: str, language: str) -> None:
    command_in(text, language)


def test_a_speech_is_no_command() -> None:
    assert command_in("ask the assistant why " + "it is slow " * 2000) is None
