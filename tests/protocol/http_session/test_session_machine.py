"""A user, a client and a provider that do what they like, in any order; and what must hold all the same."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sentra_tui.domain.config import READ_ALOUD
from sentra_tui.domain.errors import CredentialRefused, NotSupported, SentraError, TransportLost, TransportRefused
from sentra_tui.domain.usage import Usage
from sentra_tui.domain.voice_ports import TextEnded, TextExtended
from sentra_tui.protocol import codec
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.http_session import requests as r
from sentra_tui.protocol.http_session.session import HttpSession

WORDS = st.sampled_from(["", "what is it", "What is it?", "what is it now", "One two three. ", "Yes, that is so, and "])
FAILURES = st.sampled_from(
    [
        TransportLost("lost"),
        TransportRefused("refused"),
        TransportRefused("no such voice", param="voice"),
        NotSupported("absent"),
        CredentialRefused("no key"),
    ]
)
MOSTLY = st.sampled_from([True, True, True, True, False])
IDS = st.sampled_from(["", "item_1", "item_2", "resp_1", "typed_1", "nobody"])
CLIENT = st.one_of(
    st.just({"type": "input_audio_buffer.commit"}),
    st.just({"type": "input_audio_buffer.clear"}),
    st.just({"type": "output_audio_buffer.clear"}),
    st.just({"type": "response.create"}),
    st.just({"type": "response.create", "response": {"metadata": {"question_id": "q"}}}),
    st.just(
        {
            "type": "response.create",
            "response": {
                "conversation": "none",
                "instructions": READ_ALOUD,
                "input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Say it."}]}],
            },
        }
    ),
    st.builds(lambda name: {"type": "response.cancel", "response_id": name}, IDS),
    st.builds(lambda name: {"type": "conversation.item.delete", "item_id": name}, IDS),
    st.builds(lambda name: {"type": "conversation.item.retrieve", "item_id": name}, IDS),
    st.builds(
        lambda name, ms: {
            "type": "conversation.item.truncate",
            "item_id": name,
            "content_index": 0,
            "audio_end_ms": ms,
        },
        IDS,
        st.integers(0, 3_000),
    ),
    st.builds(
        lambda name, text: {
            "type": "conversation.item.create",
            "item": {"type": "message", "role": "user", "id": name, "content": [{"type": "input_text", "text": text}]},
        },
        IDS,
        WORDS,
    ),
    st.builds(
        lambda mode: {"type": "session.update", "session": {"type": "realtime", "output_modalities": [mode]}},
        st.sampled_from(["text", "audio", "smell"]),
    ),
    st.sampled_from([None, 7, {}, {"type": "nonsense"}, {"type": "response.create", "response": 7}]),
)


class Unruly(RuleBasedStateMachine):
    """What was asked for is answered in any order, in part, twice, or not at all."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: dict[str, r.HttpEffect] = {}
        self.over: set[str] = set()
        self.playing: list[str] = []
        self.sound: dict[str, int] = {}
        self.events: list[dict[str, Any]] = []
        self.speaking = False

    @initialize(voice=MOSTLY, turns=MOSTLY, interrupt=st.booleans(), speaks=MOSTLY)
    def begin(self, voice: bool, turns: bool, interrupt: bool, speaks: bool) -> None:
        detection = {"type": "server_vad", "silence_duration_ms": 400, "interrupt_response": interrupt}
        self.session = HttpSession(
            {
                "type": "realtime",
                "model": "m",
                "output_modalities": ["audio" if voice else "text"],
                "audio": {"input": {"turn_detection": detection if turns else None}},
            },
            longest_turn_ms=3_000,
            speaks=speaks,
        )
        self.perform(self.session.begin())

    def perform(self, outcome: r.Outcome) -> None:
        for effect in outcome:
            match effect:
                case r.Say(event=event):
                    assert not isinstance(codec.decode(json.dumps(event)), s.Unknown) or "content_part" in str(
                        event["type"]
                    )
                    self.events.append(event)
                case r.Transcribe() | r.Complete():
                    assert effect.request_id not in self.asked
                    self.asked[effect.request_id] = effect
                case r.Speak():
                    self.asked[effect.request_id] = effect
                    self.over.discard(effect.request_id)
                    self.sound[effect.request_id] = 0
                case r.Drop(request_id=request_id):
                    assert request_id in self.asked
                    self.over.add(request_id)
                    self.sound.pop(request_id, None)
                    if request_id in self.playing:
                        self.playing.remove(request_id)
                case r.Play(request_id=request_id):
                    assert request_id in self.sound
                    assert self.told("response.created") > 0
                    self.playing.append(request_id)

    def told(self, kind: str) -> int:
        return sum(event["type"] == kind for event in self.events)

    @property
    def open_requests(self) -> list[str]:
        return [request_id for request_id in self.asked if request_id not in self.over]

    @rule(steps=st.integers(1, 60))
    def somebody_speaks(self, steps: int) -> None:
        for _ in range(steps):
            self.perform(self.session.hear(True))

    @rule(steps=st.sampled_from([3, 11, 25, 45]))
    def nobody_speaks(self, steps: int) -> None:
        for _ in range(steps):
            self.perform(self.session.hear(False))

    @rule(message=CLIENT)
    def the_client_says(self, message: Any) -> None:
        self.perform(self.session.handle(message))

    @rule(data=st.data(), text=WORDS)
    @precondition(lambda self: self.asked)
    def words_come(self, data: st.DataObject, text: str) -> None:
        """Also of requests that are over: nothing may come of that."""
        request_id = data.draw(st.sampled_from(list(self.asked)))
        before = len(self.events)
        self.perform(self.session.wrote(request_id, TextExtended(text)))
        if request_id in self.over:
            assert len(self.events) == before

    @rule(data=st.data(), text=WORDS, cut=st.booleans())
    @precondition(lambda self: self.open_requests)
    def a_request_ends(self, data: st.DataObject, text: str, cut: bool) -> None:
        self.end(data.draw(st.sampled_from(self.open_requests)), text, cut)

    @rule()
    @precondition(lambda self: self.open_requests)
    def the_oldest_request_ends_well(self) -> None:
        self.end(self.open_requests[0], "It is what it is. And so on.")

    def end(self, request_id: str, text: str, cut: bool = False) -> None:
        self.over.add(request_id)
        if isinstance(self.asked[request_id], r.Speak):
            self.sound[request_id] += 400
            self.session.sound_arrived(request_id, self.sound[request_id])
            self.session.sound_ended(request_id)
        else:
            self.perform(self.session.wrote(request_id, TextEnded(text, Usage(text_in=3, text_out=1), cut)))

    @rule(data=st.data(), failure=FAILURES)
    @precondition(lambda self: len(self.open_requests) > 1)
    def a_request_fails(self, data: st.DataObject, failure: SentraError) -> None:
        request_id = data.draw(st.sampled_from(self.open_requests))
        self.over.add(request_id)
        self.perform(self.session.failed(request_id, failure))

    @rule(frames=st.integers(1, 25))
    @precondition(lambda self: self.playing)
    def sound_is_heard(self, frames: int) -> None:
        for _ in range(frames):
            if self.playing:
                self.hear_frame()

    def hear_frame(self) -> None:
        request_id = self.playing[0]
        if self.sound[request_id] >= 20:
            self.sound[request_id] -= 20
            self.perform(self.session.sound_taken(request_id, 20))
        elif request_id in self.over:
            self.playing.pop(0)
            del self.sound[request_id]
            self.perform(self.session.sound_played(request_id))

    @invariant()
    def each_response_is_told_in_order(self) -> None:
        stages: dict[str, str] = {}
        active = 0
        for event in self.events:
            kind, response_id = event["type"], event.get("response_id", event.get("response", {}).get("id", ""))
            if kind == "response.created":
                assert response_id not in stages
                stages[response_id] = "begun"
                active += 1
            elif kind == "response.done":
                assert stages[response_id] == "begun"
                stages[response_id] = "done"
            elif kind.startswith("response."):
                assert stages[response_id] == "begun"

    @invariant()
    def sound_begins_once_and_ends_once(self) -> None:
        stages: dict[str, list[str]] = {}
        for event in self.events:
            if event["type"].startswith("output_audio_buffer."):
                stages.setdefault(event["response_id"], []).append(event["type"].rpartition(".")[2])
        for told in stages.values():
            assert told in (["started"], ["stopped"], ["started", "stopped"], ["started", "cleared"])

    @invariant()
    def each_turn_has_its_words_at_most_once(self) -> None:
        ends = ("input_audio_transcription.completed", "input_audio_transcription.failed")
        settled = [event["item_id"] for event in self.events if event["type"].endswith(ends)]
        committed = [event["item_id"] for event in self.events if event["type"] == "input_audio_buffer.committed"]
        assert len(settled) == len(set(settled))
        assert set(settled) <= set(committed)
        assert len(committed) == len(set(committed))

    @invariant()
    def little_is_guessed_at_a_time(self) -> None:
        kinds = [type(self.asked[request_id]) for request_id in self.open_requests]
        assert kinds.count(r.Transcribe) <= 3
        assert kinds.count(r.Speak) <= 3 + self.told("response.created")

    def teardown(self) -> None:
        if not hasattr(self, "session"):
            return
        self.nobody_speaks(100)
        for _ in range(2_000):
            if self.open_requests:
                self.end(self.open_requests[0], "All that was said.")
            elif self.playing:
                self.hear_frame()
            else:
                break
        assert not self.open_requests
        assert self.told("response.created") == self.told("response.done")
        ends = self.told("conversation.item.input_audio_transcription.completed")
        ends += self.told("conversation.item.input_audio_transcription.failed")
        assert ends == self.told("input_audio_buffer.committed")
        started = [event["response_id"] for event in self.events if event["type"] == "output_audio_buffer.started"]
        ended = [event["response_id"] for event in self.events if event["type"].startswith("output_audio_buffer.")]
        assert all(ended.count(response_id) == 2 for response_id in started)


Unruly.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestUnruly = Unruly.TestCase
