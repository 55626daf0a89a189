"""The check of bandwidth: what it asks, what it says, and that nothing but a whole test is a speed."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import msgspec
import pytest
from aiohttp import web

from checks.bandwidth import CHECK, THROUGHPUT, Params, planned, remember
from checks.kit import child
from checks.kit.child import ChildError
from checks.kit.host import Host
from checks.kit.leasing import Postponed
from checks.kit.model import Env, Outcome, Reading, Reason, decode_params
from checks.kit.speed import Probes, Report
from tests.checks.certs import Authority
from tests.checks.conftest import FixedClock, NoRoutes, environment, values
from tests.checks.ndt7_server import Manners, serving
from tests.checks.speedtests import Granted, Here, report, way
from tests.ports import free_port

QUICK: dict[str, Any] = {"seconds": 1.0, "least": 0.5, "early": False, "look": 0.05}


class Stepping(FixedClock):
    """A clock that somebody may set."""

    def __init__(self) -> None:
        super().__init__(1_790_000_000_000_000)

    def step(self, seconds: float) -> None:
        self._wall += int(seconds * 1e6)


def measure(leases: Any, told: Any = None, host: Host | None = None, **more: Any) -> Reading:
    env = environment(host=host or NoRoutes(), child=told or Here(), clock=more.pop("clock", None), seconds=60.0)
    kept = {name: more.pop(name) for name in ("lasting", "progress") if name in more}
    env = msgspec.structs.replace(env, leases=leases, **kept)
    reading: Reading = CHECK.run(decode_params(CHECK, QUICK | more), env)
    return reading


def canned(told: Report, leases: Granted | None = None, **more: Any) -> Reading:
    """The reading of a test that found `told`; the server is reached first."""
    with serving() as server:
        leases = leases or Granted()
        leases.address = server.url
        leases.grant = msgspec.structs.replace(
            leases.grant, server=msgspec.structs.replace(leases.grant.server, url=server.url)
        )
        return measure(leases, Here(told), **more)


def speeds(reading: Reading) -> list[float]:
    return [found.value * 8 for found in reading.samples if found.name == THROUGHPUT.name]


def test_a_whole_test_says_how_fast_each_way_is() -> None:
    """Against a server that gives and takes 40 Mbit/s; who watches is told five times a second."""
    shown: list[tuple[float, dict[str, float]]] = []
    with serving(Manners(rate=40e6)) as server:
        leases = Granted(server.url, streams=1)
        reading = measure(leases, progress=lambda share, numbers: shown.append((share, dict(numbers))))
    assert (reading.outcome, reading.detail) == (Outcome.OK, "")
    assert speeds(reading) == [pytest.approx(40e6, rel=0.75)] * 2
    facts = reading.facts
    assert (facts["server"], facts["protocol"], facts["lease"]) == ("city", "ndt7 0.11", "lease-1")
    assert (facts["stopped"], facts["latency_by"]) == ("seconds", "tcp_handshake")
    assert leases.signed == [str(facts["evidence"]).encode()]
    assert facts["signature"] == "c2lnbmF0dXJl"
    assert leases.released[0] > 0
    shares = [share for share, _ in shown]
    assert len(shares) >= 4
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] <= 1
    assert all(list(numbers) == [THROUGHPUT.name] for _, numbers in shown)


def test_a_lease_is_asked_with_what_others_move() -> None:
    """For both ways, with the interface's own speed where the system tells it."""
    leases = Granted("http://127.0.0.1:9", Postponed("line_busy", 900.0))
    with pytest.raises(Postponed):
        measure(leases, seconds=10.0, max_bytes=5_000_000)
    (want,) = leases.wants
    assert (want.check, want.seconds, want.bytes, want.rate) == ("bandwidth", 24.0, 5_000_000, 0.0)
    assert want.cross is not None
    assert want.cross >= 0
    assert leases.released == []


def test_every_number_has_its_metric() -> None:
    """Medians, added delay, round trips per minute, what it cost."""
    told = values(canned(report(cross=None, retransmitted=None)))
    assert told == {
        "bandwidth_latency:idle": 0.005, "bandwidth_latency:download": 0.020, "bandwidth_latency:upload": 0.020,
        "bandwidth_throughput:download": 47.8e6 / 8, "bandwidth_throughput:upload": 47.8e6 / 8,
        "bandwidth_error:download": 0.004, "bandwidth_error:upload": 0.004,
        "bandwidth_used:download": 18e6, "bandwidth_used:upload": 18e6,
        "bandwidth_streams:download": 1, "bandwidth_streams:upload": 1,
        "bandwidth_retransmitted:download": 0.001, "bandwidth_cross_traffic:download": 1_500,
        "bandwidth_responsiveness:download": pytest.approx(1050), "bandwidth_bufferbloat:download": 0.015,
        "bandwidth_responsiveness:upload": pytest.approx(1050), "bandwidth_bufferbloat:upload": 0.015,
        "bandwidth_cpu": 0.3,
    }  # fmt: skip


def test_the_facts_say_how_it_was_measured() -> None:
    """Of two ways the one that says less stands in front."""
    facts = canned(report(stopped="bytes", core=0.95, counted="server")).facts
    evidence = msgspec.json.decode(str(facts.pop("evidence")))
    assert facts == {
        "server": "city", "protocol": "ndt7 0.11", "lease": "lease-1",
        "parameters": '{"seconds":1000000,"bytes":500000000,"rate":0,"streams":4,"early":false,"least":500000,'
                      '"error":50000}',
        "stopped": "bytes", "limited_by": "pc", "latency_by": "tcp_handshake", "burst": None, "disturbed": "none",
        "interface_kind": None, "interface_speed": None, "signature": "c2lnbmF0dXJl",
        "download_stopped": "stable", "download_limited_by": "line", "download_streams_why": "one_fills",
        "download_counted_by": "kernel", "upload_stopped": "bytes", "upload_limited_by": "pc",
        "upload_streams_why": "one_fills", "upload_counted_by": "server",
    }  # fmt: skip
    assert evidence["download"]["rate"] == 47_800_000
    assert evidence["upload"]["limited"] == "pc"
    assert evidence["lease"] == "lease-1"
    assert set(facts) | {"evidence"} <= {fact.name for fact in CHECK.facts}


def test_a_result_that_the_pc_limited_is_still_sent() -> None:
    """The figure is true, only not the line's."""
    reading = canned(report(machine=0.99))
    assert reading.outcome is Outcome.OK
    assert speeds(reading) == [47.8e6, 47.8e6]
    assert (reading.facts["limited_by"], reading.facts["disturbed"]) == ("pc", "processor")


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        (Reason.TEST_CUT, Outcome.ERROR), (Reason.LEASE_REFUSED, Outcome.ERROR), (Reason.BAD_PARAMS, Outcome.ERROR),
        (Reason.HTTP_PROTOCOL, Outcome.FAILED), (Reason.CAPTIVE_PORTAL, Outcome.FAILED),
        (Reason.HTTP_STATUS, Outcome.FAILED),
    ],
)  # fmt: skip
def test_what_went_wrong_is_a_reason_and_never_a_speed(reason: Reason, outcome: Outcome) -> None:
    """Not even that of the way before; what it cost is given back all the same."""
    leases = Granted()
    reading = canned(report(rate=None, reason=reason, detail="why"), leases)
    assert (reading.outcome, reading.reason, reading.detail) == (outcome, reason, "why")
    assert reading.samples == ()
    assert "evidence" not in reading.facts
    assert leases.released == [36_000_000]


def test_one_way_alone_is_no_test() -> None:
    """The lease may end between the two."""
    reading = canned(Report(ways=(way("download"),)))
    assert (reading.outcome, reading.reason, reading.detail) == (
        Outcome.ERROR, Reason.TEST_CUT, "not both ways were measured",
    )  # fmt: skip


@pytest.mark.parametrize(("seconds", "stepped"), [(3600.0, True), (-0.6, True), (0.4, False)])
def test_a_clock_that_is_set_meanwhile_voids_the_test(seconds: float, stepped: bool) -> None:
    """When it was taken is part of what it proves; half a second is what NTP slews."""
    clock = Stepping()
    with serving() as server:
        reading = measure(
            Granted(server.url), Here(report(), then=lambda: clock.step(seconds)), clock=clock
        )  # fmt: skip
    assert (reading.reason is Reason.CLOCK_STEPPED) is stepped
    assert bool(speeds(reading)) is not stepped
    if stepped:
        assert (reading.outcome, reading.detail) == (Outcome.ERROR, "the clock was set while the test ran")


def test_without_a_collector_there_is_no_lease() -> None:
    """And so no load."""
    reading = measure(None)
    assert (reading.outcome, reading.reason, reading.detail) == (
        Outcome.ERROR, Reason.LEASE_REFUSED, "no collector is known that could grant a lease",
    )  # fmt: skip


def test_a_server_that_is_not_there_is_told_before_anything_is_loaded() -> None:
    """By the reasons of every other connection."""
    leases = Granted(f"http://127.0.0.1:{free_port()}")
    reading = measure(leases)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.TCP_REFUSED)
    assert reading.facts["lease"] == "lease-1"
    assert leases.released == [0]


def test_a_lease_that_names_no_server_is_said() -> None:
    """A collector whose settings are wrong."""
    reading = measure(Granted("gopher://x"))
    assert (reading.outcome, reading.reason, reading.detail) == (
        Outcome.ERROR, Reason.BAD_PARAMS, "the lease names a server that is none",
    )  # fmt: skip


def test_a_foreign_certificate_is_told_as_everywhere(authority: Authority, stranger: Authority) -> None:
    """The lease's authority is believed, another is not."""
    with serving(Manners(), stranger.server()[0]) as server:
        leases = Granted(server.url)
        leases.ca_file = authority.ca_file
        reading = measure(leases)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.TLS_UNTRUSTED)


def test_a_portal_in_the_server_s_place_is_no_speed() -> None:
    """Its page is not what was asked for."""
    with serving(Manners(answer=lambda: web.Response(text="<html>Please sign in"))) as server:
        reading = measure(Granted(server.url))
    assert (reading.outcome, reading.reason, reading.samples) == (Outcome.FAILED, Reason.CAPTIVE_PORTAL, ())


def test_a_test_whose_process_dies_is_an_error() -> None:
    """With the reason of every child."""
    with serving() as server:
        told = Here(ChildError(Reason.CHILD_HUNG, "no answer within 30 s"))
        reading = measure(Granted(server.url), told)
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, Reason.CHILD_HUNG)
    assert reading.detail == "the test's own process: no answer within 30 s"


def test_the_lease_and_the_parameters_both_bound_the_plan() -> None:
    """Whichever is less."""
    params = Params(max_bytes=50_000_000, streams=2)
    grant = Granted("http://127.0.0.1:1", bytes=80_000_000, seconds=12.0, streams=9, rate=5e6).grant
    plan = planned(params, grant, {}, "eth0", 70.0)
    assert (plan.bytes, plan.total, plan.streams, plan.rate, plan.early) == (50_000_000, 12.0, 2, 5e6, True)
    grant = Granted("http://127.0.0.1:1", bytes=20_000_000, seconds=90.0, streams=1).grant
    plan = planned(params, grant, {}, "eth0", 70.0)
    assert (plan.bytes, plan.total, plan.streams) == (20_000_000, 70.0, 1)


def test_every_seventh_test_is_full_and_a_burst_keeps_them_full() -> None:
    """Until a full one shows none any more."""
    params, grant = Params(), Granted("http://127.0.0.1:1").grant
    lasting: dict[str, Any] = {}
    full = [way("download", stopped="seconds", late=0.0), way("upload", stopped="seconds", late=0.0)]
    bursts = [way("download", stopped="seconds", late=0.4), full[1]]
    seen = []
    for run in range(9):
        plan = planned(params, grant, lasting, "", 70.0)
        seen.append(plan.early)
        found = report() if plan.early else Report(ways=tuple(bursts if run == 6 else full))
        remember(lasting, plan, found)
    assert seen == [True] * 6 + [False, False, True]


def test_a_test_that_failed_teaches_nothing() -> None:
    """Nor does a full one that was cut short by its bytes."""
    params, grant = Params(), Granted("http://127.0.0.1:1").grant
    lasting: dict[str, Any] = {"early_since": 6}
    plan = planned(params, grant, lasting, "", 70.0)
    remember(lasting, plan, report(rate=None, reason=Reason.TEST_CUT))
    remember(lasting, plan, report(stopped="bytes"))
    remember(lasting, plan, Report())
    assert lasting == {"early_since": 6}


def test_the_whole_of_it_in_processes_of_their_own() -> None:
    """As the agent runs it: the real children, numbers on the way, an answer at the end."""
    shown: list[float] = []
    with serving(Manners(rate=40e6)) as server:
        env: Env = environment(host=NoRoutes(), child=child, seconds=60.0)
        env = msgspec.structs.replace(
            env, leases=Granted(server.url), progress=lambda share, numbers: shown.append(numbers[THROUGHPUT.name] * 8)
        )
        reading = CHECK.run(Params(seconds=1.9, least=1.8, look=0.05), env)
    assert (reading.outcome, reading.detail) == (Outcome.OK, "")
    assert len(shown) >= 6
    assert max(shown) > 4e6


def test_importing_the_check_loads_no_client() -> None:
    """aiohttp, asyncio and psutil are the children's."""
    code = "import sys, checks.bandwidth; print(sorted({'aiohttp', 'asyncio', 'psutil'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_probes_without_a_figure_leave_the_metric_out() -> None:
    """What was not measured often enough is not there."""
    told = values(canned(report(probes=Probes())))
    assert not {name for name in told if name.endswith(":upload")} & {
        "bandwidth_latency:upload", "bandwidth_bufferbloat:upload", "bandwidth_responsiveness:upload",
    }  # fmt: skip
