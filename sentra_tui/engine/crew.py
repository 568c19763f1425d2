"""All drivers of one engine, put together: the calls, the two assistants, the bill and the journal."""

from __future__ import annotations

import asyncio

from sentra_tui.domain import actions as a
from sentra_tui.domain.changes import (
    AnswerVoiceChanged,
    Change,
    CommandsChanged,
    EconomyChanged,
    Noticed,
    SpeedChanged,
)
from sentra_tui.domain.config import Config
from sentra_tui.domain.ports import Talk
from sentra_tui.domain.state import MIC, Severity
from sentra_tui.engine.connections import ConnectionManager
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.cost import CostMeter
from sentra_tui.engine.journal import JournalDriver
from sentra_tui.engine.lanes.assistants import Assistants, LanePlan
from sentra_tui.engine.lanes.main_lane import MainLane
from sentra_tui.engine.lanes.notes import answer_for_notes
from sentra_tui.engine.lanes.ports import NoRunBook
from sentra_tui.engine.lanes.quick_lane import StreamQuickLane
from sentra_tui.engine.lanes.recap import RecapKeeper
from sentra_tui.engine.lanes.telling import told_apart
from sentra_tui.engine.recovery.crew import RecoveryCrew
from sentra_tui.engine.roads.climber import RoadClimber
from sentra_tui.engine.roads.detours import DetourTeller
from sentra_tui.engine.sound.bleed import BleedDriver
from sentra_tui.engine.sound.crew import SoundCrew
from sentra_tui.engine.sound.gaps import GapMarker
from sentra_tui.engine.sound.output import Output
from sentra_tui.engine.steady.crew import SteadyCrew
from sentra_tui.engine.store import Store
from sentra_tui.engine.wiring import Wiring
from sentra_tui.protocol.context import ContextEntry


class Crew:
    """Starts and ends the drivers in the order that they need."""

    def __init__(
        self,
        config: Config,
        store: Store,
        wiring: Wiring,
        journal: JournalDriver | None,
        context: EngineContext,
        *,
        started_at: float,
        spent_usd: float = 0.0,
    ) -> None:
        """`started_at` is the zero of the engine's clock, seconds since 1970; `spent_usd` is what an engine billed
        whose place this one takes.
        """
        self._config = config
        self._store = store
        self._wiring = wiring
        self._journal = journal
        self._context = context
        self._cost = CostMeter(store, wiring.prices(), config.cost, context, spent_usd=spent_usd)
        self._plans = wiring.plans()
        sound = wiring.sound()
        output = Output(sound.output, sound.open_sink, store.publish)
        ports = wiring.ports(self._cost.meter, output.open)
        self._manager = ConnectionManager(self._plans, store, config, ports, context)
        self._climber = RoadClimber(self._manager, store, context)
        DetourTeller(store)
        longest_ms = wiring.profile.session_max_minutes * 60_000
        self._steady = SteadyCrew(wiring.network(), config.reconnect, longest_ms, self._manager, store, context)
        recovery = wiring.recovery(started_at, self._cost.connects_allowed)
        self._recovery = RecoveryCrew(recovery, config.recovery, self._manager, self._cost.meter, store, context)
        self._sound = SoundCrew(sound, self._manager, output, store, context)
        self._main: MainLane | None = None
        self._assistants: Assistants | None = None
        self._minutes: RecapKeeper | None = None
        self._gaps: GapMarker | None = None

    def start(self, talk: Talk | None) -> None:
        """Bring the state to where `talk` stood, and begin."""
        self._manager.name_streams()
        self._tell_choices()
        if self._journal is not None:
            self._journal.start(self._context.now_ms())
        self._answer_for_actions()
        self._store.subscribe(self._save_money)
        self._cost.start({plan.name: (plan.model, plan.transcription_model) for plan in self._plans})
        self._sound.start()
        self._recovery.start()
        self._steady.start()
        self._manager.start()
        if talk is not None:
            self._go_on(talk)

    async def close(self) -> None:
        """End the answers and the calls, and erase the sound that is kept: that waits for nothing on the network."""
        if self._assistants is not None:
            self._assistants.close()
        self._climber.close()
        self._manager.hang_up_all()
        await asyncio.gather(self._recovery.close(), self._end())

    async def _end(self) -> None:
        if self._main is not None:
            await self._main.close()
        if self._minutes is not None:
            await self._minutes.close()
        await self._steady.close()
        await self._manager.close()
        if self._gaps is not None:
            self._gaps.close()
        await self._sound.close()

    def _tell_choices(self) -> None:
        self._store.publish(AnswerVoiceChanged(self._config.aux.voice))
        self._store.publish(SpeedChanged(self._config.aux.speed))
        if not self._config.commands.enabled:
            self._store.publish(CommandsChanged(False))

    def _answer_for_actions(self) -> None:
        """Only now, so that what was read back raises no question; echoes are marked before anybody answers them."""
        BleedDriver(self._store, self._context.now_ms, [plan.name for plan in self._plans if plan.name != MIC])
        self._gaps = GapMarker(self._store, self._context.now_ms)
        runs = self._journal or NoRunBook()
        self._main = MainLane(
            self._wiring.main_assistants(),
            self._config.main,
            self._store,
            self._context,
            runs,
            self._cost.meter,
        )
        stream = self._manager.stream(MIC)
        replay_tokens = self._config.aux.replay_tokens
        if self._config.aux.minutes:
            self._minutes = RecapKeeper(
                self._wiring.minutes_keeper(),
                self._wiring.profile.small_main_model,
                replay_tokens,
                self._store,
                self._context,
                self._cost.meter,
                self._cost.connects_allowed,
            )
        quick = StreamQuickLane(stream, self._lines_before, self._told_apart, replay_tokens, self._context)
        plan = LanePlan(self._config, self._wiring.profile, self._cost.connects_allowed)
        self._assistants = Assistants(plan, self._store, self._context, quick, self._main)
        self._assistants.start()
        answer_for_notes(self._store, self._context.now_ms)
        self._store.handle(a.SayText, lambda action: self._say(action.text))
        self._store.handle(a.ConnectStream, self._connect)
        self._store.handle(a.SetVoice, self._set_voice)
        self._store.handle(a.RetryNow, lambda _: self._retry())

    def _save_money(self, change: Change) -> None:
        if isinstance(change, EconomyChanged):
            self._manager.save_money(change.on)

    def _told_apart(self) -> list[ContextEntry]:
        minutes = "" if self._minutes is None else self._minutes.summary
        return told_apart(self._store.state, self._config.aux.replay_tokens, minutes)

    def _lines_before(self) -> list[ContextEntry]:
        return [] if self._assistants is None else self._assistants.context()

    def _say(self, text: str) -> None:
        if not self._manager.say(text) and self._assistants is not None:
            self._assistants.take_typed(text)

    def _connect(self, action: a.ConnectStream) -> None:
        if self._may_connect():
            self._manager.connect(action.stream)

    def _set_voice(self, action: a.SetVoice) -> None:
        if action.on and self._store.state.economy:
            text = "Answers stay written: the soft budget is spent."
            self._store.publish(Noticed(Severity.WARNING, text, "Raise cost.soft_usd in the configuration."))
        else:
            self._manager.set_voice(action.on)

    def _retry(self) -> None:
        if self._may_connect():
            self._manager.retry_now()
            self._climber.climb_now()

    def _may_connect(self) -> bool:
        allowed = self._cost.connects_allowed()
        if not allowed:
            text = "Not connected: the hard budget is spent."
            self._store.publish(Noticed(Severity.WARNING, text, "Raise cost.hard_usd in the configuration."))
        return allowed

    def _go_on(self, talk: Talk) -> None:
        if self._main is None:
            return
        if talk.conversation is not None:
            self._main.adopt(talk.conversation)
        for run in talk.runs:
            self._main.resume(run)
