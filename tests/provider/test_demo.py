from __future__ import annotations

import io

import pocketsphinx
import pytest

from sentra_tui.provider.demo import Side, language_model, load_talk, recordings, words
from sentra_tui.provider.models.reply import load_answerer
from sentra_tui.provider.recognition.sphinx import SphinxEngine
from tests.provider.client import read_wav, words_right
from tests.provider.hearing import utterances


def test_the_recogniser_has_all_words_of_the_demo_talk_in_its_dictionary() -> None:
    pocketsphinx.set_loglevel("FATAL")
    decoder = pocketsphinx.Decoder(lm=None)
    spoken = {word for turn in load_talk().turns for word in words(turn.text)}
    assert not {word for word in spoken if decoder.lookup_word(word) is None}


@pytest.mark.parametrize("side", ["mic", "speaker"])
def test_the_demo_talk_is_recognised_through_opus(side: Side) -> None:
    pcm, sample_rate_hz = read_wav(io.BytesIO(recordings()[side]))
    engine = SphinxEngine(language_model())
    heard = []
    for utterance in utterances(pcm, sample_rate_hz):
        engine.begin()
        engine.feed(utterance)
        heard.append(engine.finish())
    assert words_right(" ".join(words(load_talk().text(side))), " ".join(heard)) >= 0.85
    assert len(heard) == sum(turn.who == side for turn in load_talk().turns)


def test_the_answerer_has_something_on_every_turn_of_the_microphone() -> None:
    answerer = load_answerer()
    answers = [answerer.answer(turn.text) for turn in load_talk().turns if turn.who == "mic"]
    assert answerer.unknown not in answers
    assert len(set(answers)) == len(answers)
