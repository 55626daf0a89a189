"""How a test of ndt7 goes: round trips without load, then each direction until it is enough. No aiohttp in here.

Received bytes are the kernel's count at the receiver, which tells within a message too: here for a download, in the
server's messages for an upload; where a kernel tells nothing, the WebSocket payload. A TLS record's 22 bytes in 16,406
are taken off again. One connection, unless one alone does not fill the line: see :func:`crowded`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Awaitable, Callable

from checks.kit import child, crosstraffic, steady
from checks.kit.model import Reason
from checks.kit.ndt7 import Measurement, TCPInfo
from checks.kit.probing import Prober
from checks.kit.speed import Plan, Report, Way
from checks.kit.steady import Point
from checks.kit.url import Url

TICK = 0.05
"""Seconds between two looks at the count."""
SHOW = 0.2
"""Seconds between two numbers for who watches."""
ENDING = 1.0
"""Seconds before the end of its time in which a server may end a test by itself."""
SURE = 3
"""How often in a row they must seem too few, or enough: after the losses of a slow start a queue stands empty for a
moment."""
GROWN = 1.05
"""By what more streams must bring more, or none are added after them."""
IDLE = 10
EVERY = 0.25
"""Seconds between two messages of ours, and between two round trips of a kind: the least that ndt7 allows."""
SHARE = 0.97
"""Part of the lease's bytes that is used: the server counts what is under way too."""
WAITED = 0.2
"""Part of its busy time for which a sender waited for the receiver's window."""
RECORD = 16384 / 16406
FINER, ROUGH = 5, 0.1
"""Where bytes or the server end a test before there are intervals enough, so many times shorter ones are taken; the
error is then not told to be less than ROUGH, because a second says nothing of the next."""
_SLACK, _QUICK = 64 * 1024, 1.25


class Stream:
    """One connection. ``points`` are its received bytes in time; ``given`` what was handed to it, ``payload`` what it
    took or brought (WebSocket payload); ``told`` what the server says it received; ``records`` whether TLS records are
    among what is counted. Once there is ``enough``, it brings and takes no more. ``moved`` is the payload of all
    streams of the test, which share its rate."""

    def __init__(self, direction: str, *, secure: bool = False, reason: Reason | None = None, detail: str = "") -> None:
        self.direction, self.secure, self.reason, self.detail = direction, secure, reason, detail
        self.points: list[Point] = []
        self.round_trips: list[tuple[float, float]] = []
        self.given = self.payload = self.told = 0
        self.counted = ""
        self.ended = self.lied = self.records = False
        self.server: TCPInfo | None = None
        self.ours: TCPInfo | None = None
        self._began = self._offset = 0.0
        self._base: int | None = None
        self.enough: Callable[[], bool] = lambda: False
        self.moved: Callable[[], int] = lambda: self.payload

    def start(self, began: float) -> None:
        """Its time is counted from `began` (``time.monotonic``)."""
        self._began = began
        self.points.append((time.monotonic() - began, 0.0))

    def info(self) -> TCPInfo | None:
        """The kernel's account of it; None where there is none."""
        return None

    async def ping(self) -> None: ...

    async def report(self, now: float) -> None: ...

    async def close(self) -> None: ...

    def fail(self, reason: Reason, detail: str) -> None:
        """It is over, and not as it should be."""
        self.reason, self.detail, self.ended = self.reason or reason, self.detail or detail, True

    def look(self, now: float) -> None:
        """Counts, `now` seconds after the beginning, where this end is the one that counts."""
        if self.ended:
            return
        self.ours = self.info() or self.ours
        if self.direction == "download":
            # what came before the first look is the answer to the opening
            received = self.ours.bytes_received if self.ours else 0
            self._base = received if self._base is None else self._base
            self.counted, self.records = ("kernel", self.secure) if received else ("client", False)
            self.points.append((now, float(received - self._base if received else self.payload)))
        elif not self.told and self.ours and self.ours.bytes_acked:
            self.counted, self.records = "acknowledged", self.secure
            self.points.append((now, float(self.ours.bytes_acked)))

    def hear(self, said: Measurement, at: float) -> None:
        """What the server measured, heard `at` (``time.monotonic``)."""
        self.server = said.tcp_info or self.server
        if self.direction != "upload" or said.app_info is None:
            return
        elapsed, count = said.app_info.elapsed_time / 1e6, said.app_info.num_bytes
        if not self.told:
            self.points = self.points[:1]  # of two who count, only one
            self._offset = at - self._began - elapsed
        if count > self.given or count < self.told or abs(elapsed + self._offset - (at - self._began)) > _QUICK:
            self.lied = True
            return
        self.told, self.counted = count, "server"
        exact = said.tcp_info.bytes_received if said.tcp_info else 0
        # its kernel tells within a message what its count tells at the end of one
        whole = count <= exact <= self.given * 1.01 + _SLACK
        self.records = self.secure and whole
        self.points.append((elapsed + self._offset, float(exact if whole else count)))

    def heard(self, now: float) -> float:
        """Until when its count is known."""
        return self.points[-1][0] if self.direction == "upload" and len(self.points) > 1 else now

    def used(self) -> int:
        """Bytes on the connection in its direction, what was sent again included where the kernel tells."""
        ours = self.ours
        kernel = (ours.bytes_sent if self.direction == "upload" else ours.bytes_received) if ours else 0
        return max(kernel, self.payload)


def sender(one: Stream) -> TCPInfo | None:
    """The account of the end that sends."""
    return one.server if one.direction == "download" else one.ours


def retransmitted(found: list[Stream]) -> float | None:
    """The part of the bytes that were sent again; None when no sender's kernel tells."""
    known = [info for info in map(sender, found) if info and info.bytes_sent]
    sent = sum(info.bytes_sent for info in known)
    return sum(info.bytes_retrans for info in known) / sent if sent else None


def queued(found: list[Stream]) -> bool:
    """Whether a queue stands on the way: round trips are longer than the shortest by an eighth and 2 ms."""
    known = [info for info in map(sender, found) if info and info.min_rtt]
    return any(info.rtt > 1.125 * info.min_rtt + 2000 for info in known)


def crowded(found: list[Stream]) -> str:
    """Why these streams may not fill the line: the receiver's window is too small, packets are lost with no queue
    before them, or there is no queue at all. Empty when they seem to, or when no sender's kernel tells."""
    known = [info for info in map(sender, found) if info and info.min_rtt]
    if any(info.rwnd_limited > WAITED * info.busy_time for info in known if info.busy_time):
        return "receive_window"
    if not known or queued(found):
        return ""
    return "loss" if (retransmitted(found) or 0) > 0.0005 else "no_queue"


Opens = Callable[[str], Awaitable[Stream]]


class Test:
    """The whole of a plan against `url`; `opens` gives a stream in a direction, with a ``reason`` if it is none."""

    def __init__(self, plan: Plan, url: Url, context: ssl.SSLContext | None, opens: Opens) -> None:
        self._plan, self._url, self._context, self._opens = plan, url, context, opens

    async def run(self) -> Report:
        """Ends after the first way that fails."""
        plan, ways, began, used = self._plan, list[Way](), time.monotonic(), 0
        idle = Prober(self._url, self._context, plan.patience)
        for _ in range(IDLE):
            idle.start()
            await asyncio.sleep(plan.pause)
        await idle.finish(plan.patience)
        for index, direction in enumerate(plan.ways):
            seconds = min(plan.seconds, plan.total - (time.monotonic() - began))
            most = int((plan.bytes * SHARE - used) / (len(plan.ways) - index))
            prober = Prober(self._url, self._context, plan.patience)
            run = Run(plan, direction, prober, self._opens, seconds, most, index)
            try:
                ways.append(await run.run())
            finally:
                await prober.finish(0.0)
                await asyncio.gather(*(one.close() for one in run.streams))
            used += ways[-1].used
            if ways[-1].reason:
                break
        return Report(idle=idle.since(0.0), ways=tuple(ways))


class Run:
    """One direction, the `index`-th of the plan: for `seconds` and `most` bytes."""

    def __init__(
        self, plan: Plan, direction: str, prober: Prober, opens: Opens, seconds: float, most: int, index: int
    ) -> None:
        self._plan, self._direction, self._prober, self._opens = plan, direction, prober, opens
        self._seconds, self._most, self._index = seconds, most, index
        self.streams: list[Stream] = []
        self._began = time.monotonic()
        self._shown = self._asked = self._changed = 0.0
        self._since, self._before, self._signs = 0, 0.0, 0
        self._why, self._settled = "one_fills", plan.streams < 2

    async def run(self) -> Way:
        import psutil  # here: the modules of checks are imported where there is no psutil

        first = await self._opens(self._direction)
        if first.reason:
            return Way(direction=self._direction, reason=first.reason, detail=first.detail)
        process, before = psutil.Process(), self._counters()
        cpu = process.cpu_times()
        psutil.cpu_percent()
        self._began = time.monotonic()
        self._join(first)
        stopped = await self._watch()
        passed, spent, after = self._now(), process.cpu_times(), self._counters()
        way = self._told(stopped, passed)
        way.machine = min(1.0, psutil.cpu_percent() / 100)
        way.core = (spent.user + spent.system - cpu.user - cpu.system) / passed
        if before is not None and after is not None:
            way.cross = crosstraffic.others(after - before, way.used, passed)
        return way

    def _join(self, one: Stream) -> None:
        one.enough, one.moved = self._spent, self._moved
        self.streams.append(one)
        one.start(self._began)

    def _spent(self) -> bool:
        return self._moved() >= self._most

    def _moved(self) -> int:
        return sum(one.payload for one in self.streams)

    def _now(self) -> float:
        return time.monotonic() - self._began

    def _counters(self) -> int | None:
        found = crosstraffic.counters(self._plan.interface)
        return found[self._direction == "upload"] if found else None

    async def _watch(self) -> str:
        """Until it is enough; why it was."""
        while True:
            await asyncio.sleep(TICK)
            now = self._now()
            for one in self.streams:
                one.look(now)
            if now - self._asked >= EVERY:
                self._asked = now
                self._prober.start()
                await asyncio.gather(*(one.report(now) for one in self.streams), self.streams[0].ping())
            if any(one.ended or one.lied for one in self.streams):
                return "server" if now < self._seconds - ENDING else "seconds"
            if self._spent():
                return "bytes"
            if now >= self._seconds:
                return "seconds"
            if now - self._shown >= SHOW and await self._judge(now):
                return "stable"

    def _rates(self, now: float, finer: int = 1) -> list[float]:
        # a server tells an upload every 250 ms: what it has not told yet must not pass for a gap
        until = min(one.heard(now) for one in self.streams)
        return steady.rates([one.points for one in self.streams], until, self._plan.grid / finer)

    async def _judge(self, now: float) -> bool:
        """Shows what is measured; whether it is enough."""
        found, self._shown = self._rates(now), now
        recent, part = found[-2:], 1 / len(self._plan.ways)
        share = part * (self._index + min(1.0, now / self._seconds))
        with contextlib.suppress(RuntimeError):  # nobody watches any more
            child.say((share, 8 * sum(recent) / len(recent) if recent else 0.0))
        if self._plan.early and now >= self._plan.least and steady.stable(found, self._since, self._plan.error):
            return True
        await self._judge_streams(now, found)
        return False

    async def _judge_streams(self, now: float, found: list[float]) -> None:
        """Adds streams while those there are do not fill the line: twice as many, as long as that brings more."""
        if self._settled or now - self._changed < self._plan.settle or len(found) < 4:
            return
        latest = sum(found[-2:]) / 2
        if latest > GROWN * sum(found[-4:-2]) / 2:
            return  # it still grows by itself
        why = crowded(self.streams)
        slow = len(self.streams) > 1 and latest < GROWN * self._before
        near = self._plan.rate and latest * 8 >= 0.9 * self._plan.rate
        room = min(self._plan.streams - len(self.streams), len(self.streams))
        self._signs = max(1, self._signs + 1) if why else min(-1, self._signs - 1)
        if slow or near or room < 1 or self._signs <= -SURE:
            self._settled = True
            self._since = 0 if slow else self._since  # they brought nothing, so what was before holds too
        if self._settled or self._signs < SURE:
            return
        self._signs = 0
        for _ in range(room):
            one = await self._opens(self._direction)
            if one.reason:
                self._settled = True
                break
            self._join(one)
        self._why, self._before, self._changed = why, latest, self._now()
        self._since = len(found) + 2

    def _rough(self, now: float) -> steady.Estimate | None:
        best = steady.estimate(self._rates(now, FINER), least=2 * FINER)
        if best is None:
            return None
        return steady.Estimate(best.rate, max(best.error, ROUGH), best.start // FINER, best.count // FINER)

    def _told(self, stopped: str, now: float) -> Way:
        found = self._rates(now)
        since = min(self._since, max(0, len(found) - steady.LEAST))
        best = steady.estimate(found, since) or self._rough(now)
        way = Way(
            direction=self._direction, stopped=stopped, seconds=now, streams=len(self.streams), streams_why=self._why,
            used=sum(one.used() for one in self.streams), counted=self.streams[0].counted,
            given=sum(one.given for one in self.streams), told=sum(one.told for one in self.streams),
            retransmitted=retransmitted(self.streams), queued=queued(self.streams),
            late=steady.late(found, round(self._plan.least / self._plan.grid), self._plan.error),
        )  # fmt: skip
        warm = self._began + (best.start if best else 0) * self._plan.grid
        way.probes = self._prober.since(warm)
        way.probes.self = [took for one in self.streams for at, took in one.round_trips if at >= warm]
        # at the end of its own time a server may not wait until our queue has drained
        over = () if stopped == "server" else (Reason.TEST_CUT,)
        failed = next((one for one in self.streams if one.reason and one.reason not in over), None)
        if any(one.lied for one in self.streams):
            way.reason, way.detail = Reason.HTTP_PROTOCOL, "the server counts more than was sent, or in another time"
        elif failed and failed.reason:
            way.reason, way.detail = failed.reason, failed.detail
        elif best is None:
            way.reason, way.detail = Reason.TEST_CUT, "it ended too early to tell a speed"
        else:
            way.rate, way.error = best.rate * 8 * (RECORD if self.streams[0].records else 1), best.error
        return way
