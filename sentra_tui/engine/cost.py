"""The bill: what the provider counts becomes money, and money has limits."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sentra_tui.domain.actions import HangUp, SetVoice
from sentra_tui.domain.budget import Budget, Limit
from sentra_tui.domain.changes import Billed, EconomyChanged, Noticed
from sentra_tui.domain.config import CostConfig
from sentra_tui.domain.prices import Prices
from sentra_tui.domain.state import Connection, Severity
from sentra_tui.domain.text import clean_line
from sentra_tui.domain.usage import Usage
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.idle import IdleWatch
from sentra_tui.engine.store import Store


class CostMeter:
    """Prices what is counted, and keeps to the budget.

    The sum is that of the whole talk, of what was billed before it was reopened, too. `spent_usd` is what was billed
    before this engine took another's place, in case no journal knows of it.
    """

    def __init__(
        self, store: Store, prices: Prices, config: CostConfig, context: EngineContext, *, spent_usd: float = 0.0
    ) -> None:
        self._store = store
        self._prices = prices
        self._config = config
        self._context = context
        self._budget = Budget(config.soft_usd, config.hard_usd)
        self._unpriced: set[str] = set()
        self._spent_usd = spent_usd
        self._unknown_usd = 0.0
        """What of that the state does not know."""

    def start(self, models: Mapping[str, Collection[str]]) -> None:
        """Begin to watch; `models` are those of each stream's calls."""
        self._unknown_usd = max(0.0, self._spent_usd - self._store.state.cost.usd)
        self._check_budget()
        timed = [name for name, used in models.items() if any(map(self._prices.billed_by_time, used))]
        if timed and self._config.idle_minutes > 0:
            idle = IdleWatch(self._store, timed, self._config.idle_minutes, self._context.now_ms)
            self._context.tasks.start(idle.run(), self._failed, "idle watch")

    def meter(self, stream: str, lane: str, model: str, usage: Usage) -> None:
        """Write on the bill what `model` used: in the call of `stream`, or, where that is empty, outside of calls."""
        usd = self._prices.price(model, usage)
        self._store.publish(Billed(self._context.now_ms(), model, usage, stream, lane, usd))
        if usd is None and model not in self._unpriced:
            self._unpriced.add(model)
            text = f"The price of {clean_line(model, 60) or 'a model without a name'} is unknown: the bill lacks it."
            self._store.publish(Noticed(Severity.WARNING, text, "Add it to prices.toml."))
        self._check_budget()

    def connects_allowed(self) -> bool:
        """Return whether there is money left for calls."""
        return not self._budget.exhausted

    def _check_budget(self) -> None:
        limits = self._budget.spent(self._store.state.cost.usd + self._unknown_usd)
        if limits:
            self._context.tasks.start(self._keep_to(limits), self._failed, "budget")

    async def _keep_to(self, limits: list[Limit]) -> None:
        """Act on limits that were reached: in a task, because whoever counts is in the middle of its own work."""
        for limit in limits:
            self._tell(limit)
            if limit is Limit.SOFT:
                self._store.publish(EconomyChanged(True))
                self._store.dispatch(SetVoice(False))
            elif limit is Limit.HARD:
                self._hang_up()

    def _tell(self, limit: Limit) -> None:
        soft, hard = (f"${usd:.2f}" for usd in (self._config.soft_usd, self._config.hard_usd))
        texts = {
            Limit.SOFT: f"The soft budget of {soft} is spent: answers are written now, by smaller models.",
            Limit.NEAR_HARD: f"The bill comes near {hard}, the hard budget: there, every call is hung up.",
            Limit.HARD: f"The hard budget of {hard} is spent: every call is hung up.",
        }
        severity = Severity.ERROR if limit is Limit.HARD else Severity.WARNING
        key = "cost.soft_usd" if limit is Limit.SOFT else "cost.hard_usd"
        self._store.publish(Noticed(severity, texts[limit], f"Raise {key} in the configuration for more."))

    def _hang_up(self) -> None:
        for stream in self._store.state.streams:
            if stream.connection is not Connection.FAILED:  # one that is off may wait for its source
                self._store.dispatch(HangUp(stream.name))

    def _failed(self, _: BaseException) -> None:
        text = "Internal error in the cost meter: budgets are not kept."
        self._store.publish(Noticed(Severity.ERROR, text, "The log has the details."))
