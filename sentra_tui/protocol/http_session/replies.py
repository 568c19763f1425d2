"""The responses of one session: one in the conversation at a time, others beside it; and what of them is heard."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from sentra_tui.domain.errors import SentraError
from sentra_tui.domain.usage import Usage
from sentra_tui.domain.voice_ports import TextEnded, TextEvent
from sentra_tui.protocol.http_session.conversation import Conversation, system_message
from sentra_tui.protocol.http_session.draft import Draft
from sentra_tui.protocol.http_session.guesses import Guesses
from sentra_tui.protocol.http_session.refused import Refused
from sentra_tui.protocol.http_session.reply import CancelReason, Reply, ReplyPlan
from sentra_tui.protocol.http_session.requests import Names, Outcome
from sentra_tui.protocol.http_session.voicing import Track, Voicing
from sentra_tui.protocol.response_queue import ALREADY_ACTIVE, CANCEL_NOT_ACTIVE

NOTHING_SAID = "nothing was said"


class Replies:
    """Makes the responses. `make_voicing` begins the voice of an answer, where answers are spoken."""

    def __init__(
        self,
        names: Names,
        conversation: Conversation,
        guesses: Guesses,
        make_voicing: Callable[[Track | None], Voicing],
    ) -> None:
        self._names = names
        self._conversation = conversation
        self._guesses = guesses
        self._make_voicing = make_voicing
        self._active: Reply | None = None
        self._beside: list[Reply] = []
        self._sounding: deque[Voicing] = deque()
        """What is heard, and behind it what is to be heard."""

    @property
    def active_id(self) -> str:
        """The conversation's response under way; empty where there is none."""
        return self._active.id if self._active is not None else ""

    def create(self, plan: ReplyPlan, waits_for: set[str]) -> Outcome:
        """Begin a response, once these turns have their words. Raises Refused while the conversation has one."""
        if plan.in_conversation and self._active is not None:
            text = f"Conversation already has an active response in progress: {self._active.id}."
            raise Refused(text, code=ALREADY_ACTIVE)
        reply = Reply(plan, self._names, self._conversation, waits_for)
        if plan.in_conversation:
            self._active = reply
        else:
            self._beside.append(reply)
        return [*reply.begin(), *self._answer(reply)]

    def words_known(self, item_id: str) -> Outcome:
        """A turn has its words, or will have none."""
        outcome: Outcome = []
        for reply in list(self._under_way()):
            if item_id in reply.waits_for:
                reply.waits_for.discard(item_id)
                outcome += self._answer(reply)
        return outcome

    def knows(self, request_id: str) -> bool:
        """Return whether an answer is written by this request."""
        return self._by_request(request_id) is not None

    def wrote(self, request_id: str, event: TextEvent) -> Outcome:
        """An answer grows."""
        reply = self._by_request(request_id)
        if reply is None:
            return []
        return [*reply.wrote(event), *(self._complete(reply) if isinstance(event, TextEnded) else [])]

    def failed(self, request_id: str, failure: SentraError) -> Outcome:
        """An answer will not come."""
        reply = self._by_request(request_id)
        if reply is None or reply.draft is None:
            return []
        spoken = reply.draft.failed(failure)
        self._forget(reply)
        return [*spoken, *reply.fail(failure, self._usage(reply)), *self.advance()]

    def cancel(self, response_id: str, reason: CancelReason) -> Outcome:
        """Stop writing a response, by default the conversation's; raises Refused where there is none."""
        wanted = response_id or self.active_id
        reply = next((reply for reply in self._under_way() if reply.id == wanted), None)
        if reply is None:
            raise Refused("Cancellation failed: no active response found", code=CANCEL_NOT_ACTIVE)
        stopped = reply.draft.cut_short() if reply.draft is not None else self._guesses.drop_draft()
        self._forget(reply)
        return [*stopped, *reply.cancel(reason, self._usage(reply)), *self.advance()]

    def interrupt(self) -> Outcome:
        """The user speaks: be silent, and stop answering."""
        silenced = self.silence()
        return [*silenced, *(self.cancel("", "turn_detected") if self._active is not None else [])]

    def silence(self) -> Outcome:
        """Let nothing more of what was answered be heard; what of it was not heard was not said."""
        outcome: Outcome = []
        for voicing in self._sounding:
            heard_text = voicing.heard_text
            outcome += voicing.close()
            if voicing.started:
                outcome.append(self._names.say("output_audio_buffer.cleared", response_id=voicing.response_id))
            if voicing.response_id and self._conversation.holds(voicing.item_id):
                outcome += self._conversation.cut(voicing.item_id, heard_text, voicing.heard_ms)
        self._sounding.clear()
        return outcome

    def voicings(self) -> list[Voicing]:
        """Return all that speak, told or not."""
        drafts = [self._guesses.draft, *(reply.draft for reply in self._under_way())]
        spoken = [draft.voicing for draft in drafts if draft is not None and draft.voicing is not None]
        return list(dict.fromkeys([*self._sounding, *spoken]))

    def advance(self) -> Outcome:
        """Let the next answer be heard, where one has come to its end."""
        outcome: Outcome = []
        while self._sounding and self._sounding[0].stopped:
            self._sounding.popleft()
            if self._sounding:
                outcome += self._sounding[0].release()
        return outcome

    def _under_way(self) -> Iterator[Reply]:
        if self._active is not None:
            yield self._active
        yield from self._beside

    def _by_request(self, request_id: str) -> Reply | None:
        replies = (reply for reply in self._under_way() if reply.draft is not None)
        return next((reply for reply in replies if reply.draft and reply.draft.request_id == request_id), None)

    def _answer(self, reply: Reply) -> Outcome:
        if reply.waits_for or reply.draft is not None:
            return []
        turn_id = reply.plan.turn_id
        words = self._conversation.text(turn_id) if turn_id else ""
        if turn_id and not words.strip():
            self._forget(reply)
            return reply.give_up(NOTHING_SAID)
        guessed = self._guesses.take(words) if turn_id else None
        if guessed is not None:
            return self._attach(reply, guessed)
        ahead, dropped = self._guesses.release() if turn_id else (None, [])
        draft = self._draft(reply.plan, ahead)
        begun = [] if reply.plan.read_aloud else draft.begin()
        return [*dropped, *begun, *self._attach(reply, draft)]

    def _draft(self, plan: ReplyPlan, ahead: Track | None) -> Draft:
        voicing = self._make_voicing(ahead) if plan.spoken else None
        if plan.input is not None:
            messages = (*system_message(plan.instructions), *plan.input)
        else:
            messages = self._conversation.messages(plan.instructions, plan.turn_id)
        return Draft(self._names, messages, plan.max_tokens, voicing)

    def _attach(self, reply: Reply, draft: Draft) -> Outcome:
        told = reply.attach(draft)
        if draft.voicing is not None and not reply.plan.spoken:
            told += draft.voicing.close()
            draft.voicing = None
        elif draft.voicing is not None:
            told += self._enqueue(draft.voicing, reply)
        if reply.plan.read_aloud:
            told += reply.wrote(TextEnded(reply.plan.read_aloud, Usage()))
        return [*told, *(self._complete(reply) if draft.ended is not None else [])]

    def _enqueue(self, voicing: Voicing, reply: Reply) -> Outcome:
        voicing.response_id, voicing.item_id = reply.id, reply.item_id
        self._sounding.append(voicing)
        return voicing.release() if len(self._sounding) == 1 else []

    def _complete(self, reply: Reply) -> Outcome:
        self._forget(reply)
        return [*reply.complete(self._usage(reply)), *self.advance()]

    def _forget(self, reply: Reply) -> None:
        if self._active is reply:
            self._active = None
        else:
            self._beside.remove(reply)

    def _usage(self, reply: Reply) -> Usage:
        """Return what a response cost, with the answers that were thrown away before it."""
        wasted, self._guesses.wasted = self._guesses.wasted, Usage()
        return wasted + reply.draft.usage() if reply.draft is not None else wasted
