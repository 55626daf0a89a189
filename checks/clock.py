"""Is this PC's clock right, who keeps it right, and does it say the local time of Viet Nam.

A wrong clock makes certificates and signatures fail, and nothing says so. The time servers, if any are configured,
and the kernel are asked in a child (ntplib, ctypes). How far the clock is from the collector's, and how fast it
drifts, the collector knows from every push.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from checks.kit import datagram, ntp, timekeeping
from checks.kit.child import ChildError
from checks.kit.datagram import NoReply, Used, endpoint
from checks.kit.model import Check, Env, Fact, Metric, Reading, Reason, Sample, Scalar, error, failed, ok, sample
from checks.kit.ntp import STATES, Packet, Polled
from checks.kit.timekeeping import Kernel, Local, Moved
from checks.kit.together import together

PORT = 123
VIETNAM = 7 * 3600
_NTP_EPOCH = 2_208_988_800  # seconds from 1900 to 1970
_COOKIE = slice(40, 48)
_ECHO = slice(24, 32)
_START = 4.0  # seconds a child may need on a busy PC before it asks, and after

OFFSET = Metric(
    name="clock_ntp_offset", title={"vi": "Lệch so với máy chủ thời gian", "en": "Off the time servers"},
    unit="seconds",
    help="How far this PC's clock is ahead of the time server that can be least wrong; below 0 it is behind.",
    distribution=True,
)  # fmt: skip
DELAY = Metric(
    name="clock_ntp_delay", title={"vi": "Đi về tới máy chủ thời gian", "en": "Round trip to the time server"},
    unit="seconds", help="Least round trip to that time server.",
)  # fmt: skip
BOUND = Metric(
    name="clock_ntp_error", title={"vi": "Sai số tối đa của phép so", "en": "Most the offset can be wrong"},
    unit="seconds", help="Root distance of that time server (RFC 5905 §11.2): the offset cannot be wrong by more.",
)  # fmt: skip
SERVERS = Metric(
    name="clock_ntp_servers", title={"vi": "Máy chủ thời gian", "en": "Time servers"}, unit="",
    help="Configured time servers by what became of them.", labels=("state",),
    words={
        "agreeing": {"vi": "khớp nhau", "en": "in agreement"},
        "disagreeing": {"vi": "trái với số đông", "en": "against the majority"},
        "unsynchronised": {"vi": "chưa đồng bộ", "en": "not synchronised"},
        "implausible": {"vi": "trả lời vô lý", "en": "impossible answers"},
        "silent": {"vi": "không trả lời", "en": "silent"},
    },
)  # fmt: skip
MAXIMUM = Metric(
    name="clock_maximum_error", title={"vi": "Sai số tối đa hệ thống tự tính", "en": "System's own error bound"},
    unit="seconds", help="The most the clock can be wrong, as the kernel reckons since it was last corrected (Linux).",
)  # fmt: skip
ESTIMATED = Metric(
    name="clock_estimated_error", title={"vi": "Sai số hệ thống ước tính", "en": "System's own error estimate"},
    unit="seconds", help="How wrong the kernel thinks the clock is (Linux).",
)  # fmt: skip
FREQUENCY = Metric(
    name="clock_frequency", title={"vi": "Mức chỉnh tốc độ đồng hồ", "en": "Rate correction"}, unit="ratio",
    help="Seconds per second by which the kernel makes the clock faster, to make up for its crystal (Linux).",
)  # fmt: skip
MOVED = Metric(
    name="clock_moved", title={"vi": "Đồng hồ bị chỉnh từ lần đo trước", "en": "Clock moved since the last run"},
    unit="seconds",
    help="How far the wall clock moved against the time since boot, since the run before; above 0 it was set forward.",
)  # fmt: skip
FACTS = (
    Fact(name="synchronised", title={"vi": "Đồng hồ được đồng bộ", "en": "Clock is synchronised"},
         help="Whether the kernel says that something keeps its clock right (Linux); unknown elsewhere."),
    Fact(name="service", title={"vi": "Dịch vụ đồng bộ", "en": "Synchronised by"},
         help="Which program corrects the clock: chrony, ntpd, timesyncd, w32time or none.",
         words={"chrony": {"vi": "chrony", "en": "chrony"}, "ntpd": {"vi": "ntpd", "en": "ntpd"},
                "timesyncd": {"vi": "systemd-timesyncd", "en": "systemd-timesyncd"},
                "w32time": {"vi": "Windows Time", "en": "Windows Time"}, "none": {"vi": "không có", "en": "none"}}),
    Fact(name="zone", title={"vi": "Múi giờ", "en": "Time zone"},
         help="Name of the time zone, as the system calls it; unknown when it has none."),
    Fact(name="utc_offset", title={"vi": "Chênh với giờ quốc tế (UTC)", "en": "East of UTC"}, unit="seconds",
         help="Seconds that local time is ahead of UTC now; 25200 in Viet Nam."),
    Fact(name="zone_vietnam", title={"vi": "Đúng giờ Việt Nam", "en": "Local time is Viet Nam's"},
         help="Whether local time is that of Asia/Ho_Chi_Minh now, whatever the zone is called."),
    Fact(name="steps", title={"vi": "Số lần đồng hồ bị chỉnh", "en": "Times the clock was set"},
         help="How often the clock was set, past what slewing explains, since the agent started; looked at every run."),
    Fact(name="ntp_server", title={"vi": "Máy chủ thời gian được chọn", "en": "Time server chosen"},
         help="The configured time server whose time was taken."),
    Fact(name="ntp_stratum", title={"vi": "Tầng của máy chủ thời gian", "en": "Its stratum"},
         help="Its distance from a reference clock, 1 to 15."),
)  # fmt: skip


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which time servers to compare with; without any, only the system itself is asked."""

    servers: Annotated[
        tuple[Annotated[str, Meta(max_length=253)], ...],
        Meta(max_length=6, description="Time servers (NTP) by name or address, with a port if not 123."),
    ] = ()
    samples: Annotated[int, Meta(ge=1, le=8, description="Questions to each; the answer with least delay counts.")] = 4
    spacing: Annotated[float, Meta(ge=0, le=4, description="Seconds between them: servers refuse the hasty.")] = 2.0
    timeout: Annotated[float, Meta(gt=0, le=5, description="Seconds to wait for an answer.")] = 2.0

    def __post_init__(self) -> None:
        for text in self.servers:
            try:
                endpoint(text, PORT)
            except ValueError as why:
                raise ValueError(f"servers: {why}") from None


class Order(Struct, frozen=True):
    """What the child is to do within ``seconds``."""

    params: Params
    seconds: float


class Told(Struct):
    """What the child found."""

    polled: tuple[Polled, ...]
    kernel: Kernel | None
    local: Local
    used: Used


def run(params: Params, env: Env) -> Reading:
    """Asks the time servers and the kernel in a child, and compares the clocks with those of the run before."""
    moved = timekeeping.moved(env.memory, env.clock.wall(), env.clock.mono())
    order = Order(params, max(0.5, env.left() - _START))
    try:
        told: Told = env.child.call("checks.clock:ask", order, answer=Told, timeout=env.left())
    except ChildError as why:
        return error(why.reason, f"asking the clock failed: {why.detail}")
    env.meter.add(sockets=told.used.sockets, sent=told.used.sent, received=told.used.received)
    windows = env.host.system().name == "windows"
    service = timekeeping.windows_service(env.host) if windows else timekeeping.service(env.host)
    if windows:
        told.local = timekeeping.windows_local(env.host)
    return summarise(told, service, moved)


def summarise(told: Told, service: str, moved: Moved) -> Reading:
    """The reading of what the servers, the kernel and the two clocks say. How far the clock is off is not judged here,
    only whether the servers can be believed."""
    selected = ntp.select(told.polled)
    trouble = judge(selected.polled)
    stated = facts(told, service, moved, selected.chosen)
    samples = tuple(_samples(told.kernel, moved, selected))
    return failed(trouble[0], samples, stated, trouble[1]) if trouble else ok(samples, stated)


def judge(polled: tuple[Polled, ...]) -> tuple[Reason, str] | None:
    """What is wrong with the time servers: any that cannot be right, or none that can be used."""
    states = {one.state for one in polled}
    if "implausible" in states:
        return Reason.NTP_IMPLAUSIBLE, "a time server's answer cannot be right"
    if "disagreeing" in states:
        alone = "agreeing" in states
        return Reason.NTP_IMPLAUSIBLE, (
            "a time server contradicts the majority" if alone else "the time servers contradict each other"
        )
    if not polled or "agreeing" in states:
        return None
    if "unsynchronised" in states:
        return Reason.NTP_UNSYNCHRONISED, "no time server that answers is synchronised"
    return Reason.NTP_TIMEOUT, "no time server answers"


def facts(told: Told, service: str, moved: Moved, chosen: Polled | None) -> dict[str, Scalar]:
    """Every fact of FACTS; what is unknown is None."""
    east = told.local.utc_offset
    return {
        "synchronised": told.kernel.synchronised if told.kernel else None,
        "service": service,
        "zone": told.local.zone,
        "utc_offset": east,
        "zone_vietnam": None if east is None else east == VIETNAM,
        "steps": moved.steps,
        "ntp_server": chosen.server if chosen else None,
        "ntp_stratum": chosen.best.stratum if chosen and chosen.best else None,
    }


def _samples(kernel: Kernel | None, moved: Moved, selected: ntp.Selected) -> Iterator[Sample]:
    if selected.chosen and (best := selected.chosen.best):
        yield sample(OFFSET, best.offset)
        yield sample(DELAY, best.delay)
        yield sample(BOUND, best.distance)
    states = [one.state for one in selected.polled]
    for state in STATES if states else ():
        yield sample(SERVERS, states.count(state), state=state)
    if kernel:
        yield sample(MAXIMUM, kernel.maximum_error)
        yield sample(ESTIMATED, kernel.estimated_error)
        yield sample(FREQUENCY, kernel.frequency)
    if moved.by is not None:
        yield sample(MOVED, moved.by)


def ask(order: dict[str, Any]) -> Told:
    """In the child: does an :class:`Order`. A server whose name nobody resolves in time is silent: its thread ends
    with the child."""
    wanted = msgspec.convert(order, Order)
    until = time.perf_counter() + wanted.seconds
    talks = [_Talk(text, wanted.params, until) for text in wanted.params.servers]
    together([talk.run for talk in talks], until + 0.2)
    used = Used()
    for talk in talks:
        used.add(talk.used)
    polled = tuple(ntp.settle(talk.server, tuple(talk.found)) for talk in talks)
    return Told(polled, timekeeping.kernel(), timekeeping.local(), used)


class _Talk:
    def __init__(self, server: str, params: Params, until: float) -> None:
        self.server, self._params, self._until = server, params, until
        self.found: list[ntp.Measured | str] = []
        self.used = Used()

    def run(self) -> None:
        silent = 0
        for number in range(self._params.samples):
            if number:
                time.sleep(max(0.0, min(self._params.spacing, self._until - time.perf_counter())))
            found = self._exchange(max(0.0, min(self._params.timeout, self._until - time.perf_counter())))
            silent += found is None
            if found is not None:
                self.found.append(found)
            if isinstance(found, str) or (silent > 1 and not self.found):
                return

    def _exchange(self, timeout: float) -> ntp.Measured | str | None:
        """One question. Its transmit time is a random number, which the server must give back: it tells nobody this
        PC's clock, and nobody who cannot read it can answer."""
        import ntplib

        if not timeout:
            return None
        question = bytearray(ntplib.NTPPacket(version=4).to_data())
        question[_COOKIE] = os.urandom(8)

        def accept(data: bytes) -> bool:
            return len(data) >= len(question) and data[_ECHO] == question[_COOKIE]

        try:
            reply = datagram.udp(endpoint(self.server, PORT), bytes(question), accept, timeout, self.used)
        except NoReply as why:
            return "implausible" if why.why == "junk" else None
        answer = ntplib.NTPPacket()
        answer.from_data(reply.data)
        return ntp.measure(
            Packet(
                leap=answer.leap, mode=answer.mode, stratum=answer.stratum, precision=answer.precision,
                root_delay=answer.root_delay, root_dispersion=answer.root_dispersion,
                received=answer.recv_timestamp, transmitted=answer.tx_timestamp,
            ),
            reply.sent + _NTP_EPOCH, reply.took,
        )  # fmt: skip


CHECK = Check(
    name="clock",
    title={"vi": "Đồng hồ máy", "en": "This PC's clock"},
    params=Params,
    metrics=(OFFSET, DELAY, BOUND, SERVERS, MAXIMUM, ESTIMATED, FREQUENCY, MOVED),
    facts=FACTS,
    run=run,
    every=3600.0,
    timeout=30.0,
)
