"""The bill on the log screen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from textual.content import Content

from sentra_tui.domain.budget import per_hour
from sentra_tui.domain.state import AppState
from sentra_tui.domain.text import clean_line
from sentra_tui.domain.usage import BillRow, Usage
from sentra_tui.ui.words import cost_words

Part: TypeAlias = str | tuple[str, str]
NO_BILLS = "Nothing was billed yet."
UNKNOWN_PRICES = "+ and what has no known price: "


def cost_listing(state: AppState, now_ms: int) -> Content:
    """Return the bill by stream, lane and model, with its sum and what an hour would cost."""
    cost = state.cost
    if not cost.rows:
        return Content(NO_BILLS)
    hourly = per_hour(cost, now_ms)
    parts: list[Part] = [(cost_words(state), "bold"), " so far"]
    if hourly is not None:
        parts.append(f"   about ${hourly:.2f} an hour at this rate")
    if state.economy:
        parts.append(("   economy: written answers, smaller models", "$warning"))
    if cost.unpriced:
        names = ", ".join(clean_line(name, 60) for name in cost.unpriced)
        parts.append((f"\n{UNKNOWN_PRICES}{names}", "$warning"))
    for row in cost.rows:
        parts += ["\n\n", *_bill(row)]
    parts.append(("\n\nCached tokens are a part of what goes in, and cost less.", "$muted"))
    return Content.assemble(*parts)


def _bill(row: BillRow) -> Iterable[Part]:
    who = " · ".join(part for part in (row.stream, row.lane or "transcription", clean_line(row.model, 60)) if part)
    yield (f"{who}\n", "bold")
    if row.unpriced and not row.usd:
        yield ("  price unknown", "$warning")
    else:
        yield f"  ${row.usd:.4f}{'+' if row.unpriced else ''}"
    yield ("".join(f"\n  {words}" for words in _usage(row.usage)), "$muted")


def _usage(usage: Usage) -> Iterable[str]:
    ways = (
        ("in", (("text", usage.text_in), ("audio", usage.audio_in), ("image", usage.image_in))),
        ("out", (("text", usage.text_out), ("audio", usage.audio_out))),
    )
    for way, counts in ways:
        words = " + ".join(f"{count:,} {kind}" for kind, count in counts if count)
        cached = usage.cached_text_in + usage.cached_audio_in + usage.cached_image_in if way == "in" else 0
        if words:
            yield f"{way.ljust(3)} {words}" + (f" ({cached:,} cached)" if cached else "")
    if usage.seconds:
        yield f"{usage.seconds / 60:.1f} min"
