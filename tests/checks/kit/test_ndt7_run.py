"""How a test goes over connections that are told what they bring: when more are opened, and who is believed."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from checks.kit.model import Reason
from checks.kit.ndt7 import AppInfo, Measurement, TCPInfo
from checks.kit.ndt7_run import Run, Stream, crowded, queued, retransmitted
from checks.kit.probing import Prober
from checks.kit.speed import Plan, Way
from checks.kit.url import parse

CALM = TCPInfo(rtt=20_000, min_rtt=20_000, bytes_sent=10**6, busy_time=10**6)
FULL = TCPInfo(rtt=60_000, min_rtt=20_000, bytes_sent=10**6, busy_time=10**6)
LOSSY = TCPInfo(rtt=20_500, min_rtt=20_000, bytes_sent=10**6, bytes_retrans=2_000, busy_time=10**6)
NARROW = TCPInfo(rtt=60_000, min_rtt=20_000, bytes_sent=10**6, busy_time=10**6, rwnd_limited=300_000)


class Line:
    """Gives each connection `each` bytes a second, and all of them `most`."""

    def __init__(self, info: TCPInfo | None, each: float, most: float, refuses: int = 100) -> None:
        self.info, self.each, self.most, self._left = info, each, most, refuses
        self.opened: list[Stream] = []

    async def open(self, direction: str) -> Stream:
        self._left -= 1
        if self._left < 0:
            return Stream(direction, reason=Reason.LEASE_REFUSED, detail="lease_used")
        self.opened.append(_Carried(direction, self))
        return self.opened[-1]


class _Carried(Stream):
    def __init__(self, direction: str, line: Line) -> None:
        super().__init__(direction)
        self._line, self._at, self._sum = line, 0.0, 0.0

    def look(self, now: float) -> None:
        line = self._line
        self._at = self._at or self.points[-1][0]
        self._sum += (now - self._at) * min(line.each, line.most / len(line.opened))
        self._at, self.server = now, line.info
        self.points.append((now, self._sum))


def run(line: Line, streams: int = 8, **plan: Any) -> Way:
    told = Plan(
        url="http://127.0.0.1:1", streams=streams, settle=0.2, grid=0.05, early=False,
        **({"seconds": 2.0, "least": 0.5} | plan),
    )  # fmt: skip
    prober = Prober(parse(told.url), None, 0.1)
    return asyncio.run(Run(told, "download", prober, line.open, told.seconds, 10**12, 0).run())


def test_streams_double_while_that_brings_more() -> None:
    """A line of 4 MB/s on which each connection reaches 1: four fill it, and a fifth is not tried for nothing twice."""
    way = run(Line(CALM, 1e6, 4e6))
    assert way.streams_why == "no_queue"
    assert way.streams in (4, 8)
    assert way.rate == pytest.approx(32e6, rel=0.1)


@pytest.mark.parametrize(
    ("info", "streams", "why"),
    [
        (FULL, 1, "one_fills"), (None, 1, "one_fills"), (CALM, 2, "no_queue"), (LOSSY, 2, "loss"),
        (NARROW, 2, "receive_window"),
    ],
    ids=["a queue stands", "no kernel tells", "no queue", "loss", "receive window"],
)  # fmt: skip
def test_why_one_connection_may_not_fill_the_line(info: TCPInfo | None, streams: int, why: str) -> None:
    """Where a second brings nothing, it stays at two; the speed is the line's either way."""
    way = run(Line(info, 1e6, 1e6), seconds=1.5)
    assert (way.streams, way.streams_why) == (streams, why)
    assert way.rate == pytest.approx(8e6, rel=0.1)


def test_bytes_that_last_for_a_second_tell_a_speed_that_is_called_rough() -> None:
    """Too few intervals for an estimate that is believed to less than a tenth."""
    told = Plan(url="http://127.0.0.1:1", early=False, grid=0.25)
    line = Line(FULL, 1e6, 1e6)

    async def lasts() -> Way:
        return await Run(told, "download", Prober(parse(told.url), None, 0.1), line.open, 0.8, 10**12, 0).run()

    way = asyncio.run(lasts())
    assert way.rate == pytest.approx(8e6, rel=0.1)
    assert way.error is not None
    assert way.error >= 0.1


def test_the_lease_bounds_the_streams() -> None:
    """By number, and by refusing one more."""
    assert run(Line(CALM, 1e6, 9e6), streams=1, seconds=1.0).streams == 1
    assert run(Line(CALM, 1e6, 9e6), streams=2, seconds=1.5).streams == 2
    assert run(Line(CALM, 1e6, 9e6, refuses=1), seconds=1.0).streams == 1


def test_near_the_lease_s_rate_no_more_are_opened() -> None:
    """There is no queue, because the server does not send faster."""
    assert run(Line(CALM, 1e6, 9e6), seconds=1.0, rate=8.5e6).streams == 1


def test_signs_are_read_from_the_sender() -> None:
    """Of a download the server, of an upload this kernel."""
    down, up = Stream("download"), Stream("upload")
    down.server, up.ours = LOSSY, NARROW
    assert retransmitted([down]) == pytest.approx(0.002)
    assert (crowded([down]), queued([down])) == ("loss", False)
    assert (crowded([up]), queued([up])) == ("receive_window", True)
    assert retransmitted([Stream("download")]) is None
    assert crowded([Stream("upload")]) == ""


def uploaded(*said: tuple[float, int], given: int = 10_000) -> Stream:
    """An upload of which the server tells (seconds, bytes), each message heard when it was sent."""
    one = Stream("upload")
    one.start(time.monotonic())
    one.given = given
    for elapsed, count in said:
        one.hear(Measurement(app_info=AppInfo(int(elapsed * 1e6), count)), one._began + elapsed + 0.1)
    return one


def test_an_upload_is_what_the_server_received_in_its_own_time() -> None:
    """The way of its messages back is not in it."""
    one = uploaded((0.25, 2_500), (0.5, 5_000), (0.75, 7_500))
    assert not one.lied
    assert [round(count) for _, count in one.points[1:]] == [2_500, 5_000, 7_500]
    assert [round(later[0] - sooner[0], 3) for sooner, later in zip(one.points[1:], one.points[2:], strict=False)] == [
        0.25
    ] * 2


@pytest.mark.parametrize(
    "said",
    [((0.25, 10_001),), ((0.25, 5_000), (0.5, 4_999))],
    ids=["more than was sent", "less than before"],
)
def test_a_count_that_cannot_be_is_not_believed(said: tuple[tuple[float, int], ...]) -> None:
    """It stays out of the points, and is told."""
    one = uploaded(*said)
    assert one.lied
    assert len(one.points) == len(said)


def test_the_kernel_s_count_is_taken_only_where_it_can_be_true() -> None:
    """It tells within a message, but a server that inflates it is held to what it received."""
    one = Stream("upload")
    one.start(time.monotonic())
    one.given = 10_000
    for exact in (9_500, 10**9):
        one.hear(Measurement(app_info=AppInfo(1, 9_000), tcp_info=TCPInfo(bytes_received=exact)), time.monotonic())
    assert [count for _, count in one.points[1:]] == [9_500.0, 9_000.0]
