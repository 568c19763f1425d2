"""An hour of a bad network in virtual time: 5 % of packets lost each way, each delayed by up to 200 ms more.

What a call shows of its life over such a network, and how often it is suspected for that.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from random import Random

from sentra_tui.domain.config import ReconnectConfig
from sentra_tui.protocol.liveness import Liveness, Pulse

HOUR_S = 3600.0
LOSS = 0.05
DELAY_S, JITTER_S = 0.05, 0.2
OBSERVE_S = 0.25
POLICY = ReconnectConfig()

Signs = tuple[list[float], list[float]]
"""When something was heard, and when something was answered, in order."""


class Way:
    """One direction of the network."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def travel(self, sent_s: float) -> float | None:
        """Return when a packet arrives; None if it does not."""
        if self.random.random() < LOSS:
            return None
        return sent_s + DELAY_S + self.random.uniform(0, JITTER_S)


def times(step_s: float) -> Iterator[float]:
    count = int(HOUR_S / step_s)
    yield from (index * step_s for index in range(count))


def over_webrtc(random: Random, *, packets: bool) -> Signs:
    """Checks each half second, asked again after 0.5 and 1.5 s; a report each second; sound from the peer or none."""
    way = Way(random)
    heard, answers = [], []
    for asked_s in times(0.5):
        answered_s = asked_s + 3.5
        for again_s in (0.0, 0.5, 1.5):
            if asked_s + again_s >= answered_s:
                break
            arrived_s = way.travel(asked_s + again_s)
            back_s = None if arrived_s is None else way.travel(arrived_s)
            if back_s is not None and back_s < answered_s:
                answered_s = back_s
        if answered_s < asked_s + 3.5:
            answers.append(answered_s)
    for sent_s in times(1.0):
        reported_s = way.travel(sent_s + random.uniform(-0.5, 0.5))
        if reported_s is not None:
            heard.append(reported_s)
    if packets:
        heard += [came_s for sent_s in times(0.02) if (came_s := way.travel(sent_s)) is not None]
    return sorted(heard + answers), sorted(answers)


class TcpStream:
    """One direction of a TCP connection: in order, with lost segments sent again (RFC 6298, RFC 8985).

    A segment is sent again once one that was sent later is acknowledged, and the reordering window is over, or after
    a timeout that doubles.
    """

    RTO_S = 0.6
    REORDERING_S = 0.08

    def __init__(self, random: Random, sent_s: list[float]) -> None:
        self._way = Way(random)
        self._sent_s = sent_s
        self._acknowledged = [self._acknowledgement(at_s) for at_s in sent_s]

    def deliver(self) -> list[float]:
        """Return when each segment is read at the other end."""
        read_s, delivered = 0.0, []
        for sent_s in self._sent_s:
            read_s = max(read_s, self._arrival(sent_s))
            delivered.append(read_s)
        return delivered

    def _arrival(self, sent_s: float) -> float:
        timeout_s = self.RTO_S
        while (arrived_s := self._way.travel(sent_s)) is None:
            noticed_s = self._noticed(sent_s)
            if noticed_s < sent_s + timeout_s:
                sent_s = noticed_s
            else:
                sent_s += timeout_s
                timeout_s *= 2
        return arrived_s

    def _noticed(self, sent_s: float) -> float:
        """Return when one that was sent later, of the next few, is acknowledged."""
        later = bisect.bisect_right(self._sent_s, sent_s)
        return min(self._acknowledged[later : later + 20], default=sent_s + 60) + self.REORDERING_S

    def _acknowledgement(self, sent_s: float) -> float:
        arrived_s = self._way.travel(sent_s)
        back_s = None if arrived_s is None else self._way.travel(arrived_s)
        return sent_s + 60 if back_s is None else back_s


def over_websocket(random: Random, *, ping_s: float = 0.25) -> Signs:
    """Sound goes up ten times a second, pings between; nothing comes down but pongs, which is the worst case."""
    pings = list(times(ping_s))
    up_s = sorted([*times(0.1), *pings])
    arrived = dict(zip(up_s, TcpStream(random, up_s).deliver(), strict=True))
    pongs = TcpStream(random, [arrived[ping] for ping in pings]).deliver()
    return pongs, pongs


def alarms(signs: Signs, policy: ReconnectConfig = POLICY, *, over_tcp: bool = False) -> int:
    """Return how often the call was suspected."""
    liveness, suspected, was = Liveness(policy), 0, Pulse.ALIVE
    liveness.began(0, over_tcp=over_tcp)
    for now_s in times(OBSERVE_S):
        heard_s, answered_s = (_last(each, now_s) for each in signs)
        verdict = liveness.observe(round(now_s * 1000), now_s - heard_s, now_s - answered_s)
        suspected += verdict.pulse is not Pulse.ALIVE and was is Pulse.ALIVE
        was = verdict.pulse
    return suspected


def _last(signs: list[float], now_s: float) -> float:
    index = bisect.bisect_right(signs, now_s)
    return signs[index - 1] if index else 0.0
