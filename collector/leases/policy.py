"""Who may load the line, when, and with how much. Pure: the same facts and the same `now` give the same answer.

What is asked by the schedule waits for the unit's turn in the quiet hours, and gives way to whoever uses the line. A
technician at the PC waits for the end of closed hours only, an engineer for nothing but room. Budgets and the shares of
server and provider hold for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from msgspec import Struct

from checks.kit.leasing import Denial, Denied, Want
from collector.leases import calendar
from collector.leases.calendar import DAY, Turn
from collector.leases.model import DONE, SECOND, Lease, Line, Policy, Slot
from collector.leases.slots import full, gap

SLACK = 5
"""Seconds that a lease lasts beyond the load, for a start that is late: a child process, a TLS handshake."""
HEADROOM = 1.25
"""A lease is that much faster than the line is thought to be: a pace equal to the line's could not be told from it."""
SOON = 60 * SECOND
"""A turn at most so far ahead is granted. Further ahead nobody knows whether the PC will be on and the line quiet."""
PATIENCE = 600 * SECOND
"""How long a person is made to wait for a slot."""
LEAST_PART = 0.25
"""A lease is granted fewer bytes than were asked for where the budget leaves that part of them at least."""
TRIES, TRIES_OF_ONE = 3, 3
"""Leases of one period under which a unit may have loaded its line without a result, and that one device may let lapse:
a PC that always fails does not measure all day, nor keep its siblings from it."""


class Room(Struct, frozen=True):
    """What all tests together may use of the server ``name`` (bit/s each way)."""

    name: str
    rate: int


class Case(Struct, frozen=True, kw_only=True):
    """All that is decided by. ``held`` are the leases of everyone that end after ``now``, ``past`` all of the unit's
    since the beginning of its month and of its period, those that hold among them."""

    want: Want
    device: str
    line: Line
    held: Sequence[Lease]
    past: Sequence[Lease]
    policy: Policy
    room: Room
    now: int

    @property
    def length(self) -> int:
        return int((self.want.seconds + SLACK) * SECOND)

    @property
    def key(self) -> str:
        return f"{self.line.unit} {self.want.check}"

    @property
    def period(self) -> int:
        """Seconds in which the unit is measured once: more where the router's counters tell how full the line is."""
        counted = self.line.traffic is not None
        return max(self.policy.period, self.policy.period_with_counters) if counted else self.policy.period

    @property
    def share(self) -> int | None:
        """Of the unit's provider; None where nobody set one."""
        return self.policy.providers.get(self.line.provider)

    @property
    def rate(self) -> int:
        """What is reserved: what the line is contracted for, else gave the last time, with HEADROOM; never more than is
        asked for, or the server and the provider have at all. A test that was held back makes no later one slower."""
        known = self.line.contracted or self.line.measured
        line = (known or max(self.policy.line, self.line.proven)) * HEADROOM
        given = [line, self.room.rate, self.share, self.want.rate or None]
        return max(1, int(min(most for most in given if most is not None)))

    def jitter(self, seconds: float) -> float:
        """From 0 to `seconds`, another for each device and minute, so that none who are refused together return so."""
        return calendar.share_of(self.device, self.want.check, self.now // (60 * SECOND)) * seconds


def decide(case: Case) -> Slot | Denied:
    """The slot that `case` is granted, or why none."""
    return _scheduled(case) if case.want.asked == "schedule" else _instant(case)


FOREKNOWN = (Denial.CLOSED_WINDOW, Denial.REHEARSAL, Denial.TURN, Denial.PASSIVE)
"""What the schedule is refused for whatever leases there are: known without a look at them."""


def _scheduled(case: Case) -> Slot | Denied:
    refused = _measured(case)
    if refused:
        return refused
    turn = next(_turns(case), None)
    closed = calendar.shut(case.policy.calendar, case.now)
    if closed:
        reason, _, what = closed
        return _later(case, reason, turn, what)
    if turn is None or turn.at > case.now + SOON:
        passive = case.line.traffic is not None and (turn is None or turn.at > case.now + case.policy.period * SECOND)
        return _later(case, Denial.PASSIVE if passive else Denial.TURN, turn)
    why = busy(case)
    if why:
        return _again(case, Denial.LINE_BUSY, 300, 600, why)
    return _slot(case, max(case.now, turn.at), turn.end)


def _instant(case: Case) -> Slot | Denied:
    """What a person asked for. Traffic of others does not stop it (ThousandEyes and SamKnows: instant tests override
    thresholds); it stands beside the result."""
    until = case.now + PATIENCE + case.length
    if case.want.asked == "technician":
        closed = calendar.shut(case.policy.calendar, case.now)
        if closed:
            reason, end, what = closed
            return _denied(case, reason, (end - case.now) / SECOND + case.jitter(60), what)
        until = calendar.open_until(case.policy.calendar, case.now, until)
    return _slot(case, case.now, until)


def _measured(case: Case) -> Denied | None:
    """Why the unit needs no measurement now, or not by this device."""
    same = [lease for lease in case.past if lease.check == case.want.check]
    holding = [lease.ends_at for lease in same if lease.holds(case.now)]
    if holding:
        seconds = (max(holding) - case.now) / SECOND
        return _denied(case, Denial.ENOUGH, seconds + 60 + case.jitter(540), "another device of the unit holds a lease")
    for seconds, reason in ((case.policy.period, Denial.ENOUGH), (case.period, Denial.PASSIVE)):
        _, begin, end = calendar.period(case.policy.calendar, seconds, case.now)
        here = [lease for lease in same if lease.starts_at >= begin]
        tried = [lease for lease in here if lease.used or lease.state == DONE]
        done = any(lease.used and lease.state == DONE for lease in tried)
        own = sum(lease.device == case.device for lease in here)
        if done or len(tried) >= TRIES or own >= TRIES_OF_ONE:
            return _later(case, reason, next((turn for turn in _turns(case) if turn.begin >= end), None))
    return None


def busy(case: Case) -> str:
    """Whose traffic a test would meet; empty where none to speak of.

    A PC is busy above ``cross`` (250 kbit/s, ThousandEyes' default, once SamKnows' 64) or ``cross_share`` of its own
    link, if that is less. The line carries a whole office, so that there it is ``cross_share`` of its capacity, and
    ``cross`` where nobody knows that or it is less. A reading in which the unit's own test shows says nothing.
    """
    policy, want, traffic = case.policy, case.want, case.line.traffic
    own = min(policy.cross, policy.cross_share * want.capacity) if want.capacity else policy.cross
    if want.cross is not None and want.cross > own:
        return f"the PC moves {_mbit(want.cross)} Mbit/s of its own, more than {_mbit(own)}"
    if traffic is None or any(_in(lease, traffic.begin, traffic.end) for lease in case.past):
        return ""
    capacity = traffic.capacity or case.line.contracted or case.line.measured
    most = max(policy.cross, policy.cross_share * capacity)
    if traffic.rate > most:
        return f"the line carries {_mbit(traffic.rate)} Mbit/s of others, more than {_mbit(most)}"
    return ""


def _in(lease: Lease, begin: int, end: int) -> bool:
    return lease.starts_at < end and lease.ends_at > begin and (lease.used > 0 or lease.ends_at > end)


def _slot(case: Case, since: int, until: int) -> Slot | Denied:
    """The earliest from `since` on that ends by `until`."""
    held, length, rate = case.held, case.length, case.rate
    own = [(lease.starts_at, lease.ends_at) for lease in held if lease.unit == case.line.unit]
    loads = [(one.starts_at, one.ends_at, int(one.rate)) for one in held if one.server == case.room.name]
    server = full(loads, rate, case.room.rate)
    shared: list[tuple[int, int]] = []
    if case.share is not None:
        same = [(one.starts_at, one.ends_at, int(one.rate)) for one in held if one.provider == case.line.provider]
        shared = full(same, rate, case.share)
    at = gap([*own, *server, *shared], length, since, until)
    over = _budget(case)
    if isinstance(over, Denied):
        return over
    if at is None:
        provider = gap([*own, *server], length, since, until) is not None
        return _again(case, Denial.PROVIDER_FULL if provider else Denial.SERVER_FULL, 120, 420)
    return Slot(at, at + length, rate, over)


def _budget(case: Case) -> int | Denied:
    """The bytes that a lease may use, or the budget that is used up: today's, for one past midnight too."""
    policy, wanted = case.policy, case.want.bytes
    day, month = calendar.days_since(policy.calendar, case.now)
    left = []
    for reason, budget, since in (
        (Denial.BUDGET_DAY, policy.bytes_per_day, day), (Denial.BUDGET_MONTH, policy.bytes_per_month, month),
    ):  # fmt: skip
        spent = sum(lease.spent(case.now) for lease in case.past if lease.starts_at >= since)
        left.append((budget - spent, reason, spent, budget))
    least, reason, spent, budget = min(left)
    if least < max(1, wanted * LEAST_PART):
        tomorrow = calendar.midnight(policy.calendar, case.now)
        turn = next((turn for turn in _turns(case) if turn.begin >= tomorrow), None)
        return _later(case, reason, turn, f"{spent / 1e6:.0f} of {budget / 1e6:.0f} MB are used")
    return min(wanted, least)


def _turns(case: Case) -> islice[Turn]:
    found = calendar.turns(case.policy.calendar, case.period, case.key, case.length, case.now)
    return islice(found, 512)


def _again(case: Case, reason: Denial, least: float, most: float, detail: str = "") -> Denied:
    """In a while, or, where the quiet time ends before, at the next turn; a person need not wait for that."""
    seconds = least + case.jitter(most - least)
    turn = next(_turns(case), None)
    if case.want.asked == "schedule" and turn is not None and case.now + seconds * SECOND > turn.end - case.length:
        turn = next((later for later in _turns(case) if later.begin >= turn.end), None)
        return _later(case, reason, turn, detail)
    return _denied(case, reason, seconds, detail)


def _later(case: Case, reason: Denial, turn: Turn | None, detail: str = "") -> Denied:
    """At the unit's turn."""
    at = case.now + DAY * SECOND if turn is None else max(turn.at, case.now)
    return _denied(case, reason, (at - case.now) / SECOND + case.jitter(60), detail)


def _denied(case: Case, reason: Denial, seconds: float, detail: str = "") -> Denied:
    """Never sooner than in a minute; within a day, so that a changed configuration is heard of."""
    if seconds > DAY:
        seconds = DAY - case.jitter(3600)
    return Denied(reason=reason, retry_in=round(max(60.0, seconds), 1), detail=detail)


def _mbit(rate: float) -> str:
    return f"{rate / 1e6:.3g}"
