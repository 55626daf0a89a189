"""The ndt7 client against a server written from the specification, in order and in every kind of disorder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from checks.kit import ndt7_client
from checks.kit.leasing import PROOF
from checks.kit.model import Reason
from checks.kit.speed import Plan, Report, Way
from tests.checks.certs import Authority
from tests.checks.ndt7_server import Manners, serving
from tests.ports import free_port

QUICK: dict[str, Any] = {
    "seconds": 0.8, "least": 0.5, "grid": 0.05, "pause": 0.01, "settle": 0.2, "early": False, "patience": 2.0,
    "interface": "lo",
}  # fmt: skip
NEAR = pytest.approx(40e6, rel=0.75)
"""A server that is held to 40 Mbit/s, on a machine that may be busy: what is not held passes a hundred times more."""


def measure(manners: Manners, **plan: Any) -> Report:
    with serving(manners) as server:
        return ndt7_client.measure(msgspec.to_builtins(Plan(url=server.url, **(QUICK | plan))))


def one(manners: Manners, way: str = "download", **plan: Any) -> Way:
    (found,) = measure(manners, ways=(way,), **plan).ways
    return found


def test_both_ways_are_measured_by_who_receives() -> None:
    """A server that sends and reads 40 Mbit/s: the kernel here counts the one, the server the other."""
    manners = Manners(rate=40e6)
    report = measure(manners, token="a.token", proof="a+proof=")
    down, up = report.ways
    assert (down.direction, down.counted, down.stopped, down.reason) == ("download", "kernel", "seconds", "")
    assert (up.direction, up.counted, up.stopped, up.reason) == ("upload", "server", "seconds", "")
    for way in (down, up):
        assert way.rate == NEAR
        assert way.error is not None
        assert way.used > 0
        assert way.streams == 1
        assert 0 <= way.machine <= 1
        assert way.retransmitted is not None
    assert 0 < up.told <= up.given
    assert min(len(report.idle.tcp), len(report.idle.http)) >= 4
    assert min(report.idle.tcp) < 0.05
    assert report.idle.tls == []
    assert [query["access_token"] for query in manners.queries] == ["a.token"] * 2
    assert [headers[PROOF] for headers in manners.headers] == ["a+proof="] * 2


def test_round_trips_are_taken_under_load() -> None:
    """On connections of their own, and by pings on the one that carries the load."""
    probes = one(Manners(rate=40e6), seconds=1.2).probes
    assert probes.tcp
    assert probes.http
    assert probes.self
    assert max(probes.tcp) < 1


def test_a_server_that_tells_nothing_is_measured_by_acknowledgements() -> None:
    """What the other kernel has acknowledged has been received."""
    found = one(Manners(rate=40e6, silent=True), "upload")
    assert found.counted == "acknowledged"
    assert found.rate == NEAR  # a receive buffer's worth is acknowledged unread


def test_the_test_stops_once_the_estimate_is_stable() -> None:
    """Long before its time is over."""
    found = one(Manners(rate=40e6), early=True, error=0.5, seconds=5.0)
    assert found.stopped == "stable"
    assert found.seconds < 3
    assert found.error is not None
    assert found.error <= 0.5


@pytest.mark.parametrize("way", ["download", "upload"])
def test_the_bytes_of_the_lease_end_the_test(way: str) -> None:
    """No more than was granted, plus what is in one message."""
    found = one(Manners(rate=80e6), way, bytes=4_000_000, seconds=3.0)
    assert found.stopped == "bytes"
    assert found.used < 5_500_000


def test_an_upload_keeps_to_the_lease_s_rate() -> None:
    """Whatever the line would take."""
    found = one(Manners(), "upload", rate=20e6, seconds=1.0)
    assert found.rate is not None
    assert found.rate < 1.15 * 20e6


def test_a_lease_for_several_streams_lets_one_have_all_of_its_rate() -> None:
    """Streams share it as they are opened, so that a line one stream can fill does not read as an eighth of it."""
    found = one(Manners(rate=40e6), "upload", rate=60e6, streams=8, seconds=1.0)
    assert found.rate == NEAR
    assert found.streams == 1


def test_a_server_that_ends_in_order_leaves_a_speed() -> None:
    """It may stop early by itself (the specification allows it), with the normal code."""
    found = one(Manners(rate=40e6, run=0.6), seconds=3.0)
    assert (found.stopped, found.reason) == ("server", "")
    assert found.rate == NEAR


CUT = "the connection ended in the middle of the test (WebSocket code %s)"


@pytest.mark.parametrize(
    ("manners", "way", "reason", "detail"),
    [
        (Manners(rate=40e6, cut=0.3), "download", Reason.TEST_CUT, CUT % 1006),
        (Manners(rate=40e6, cut=0.3), "upload", Reason.TEST_CUT, CUT % 1006),
        (Manners(rate=40e6, run=0.3, code=1001), "download", Reason.TEST_CUT, CUT % 1001),
        (Manners(rate=40e6, run=0.1), "download", Reason.TEST_CUT, "it ended too early to tell a speed"),
        (Manners(inflate=3.0), "upload", Reason.HTTP_PROTOCOL,
         "the server counts more than was sent, or in another time"),
        (Manners(rate=40e6, drift=9.0), "upload", Reason.HTTP_PROTOCOL,
         "the server counts more than was sent, or in another time"),
        (Manners(chatter=True), "upload", Reason.HTTP_PROTOCOL, "the server sends data during an upload"),
        (Manners(protocol=False), "download", Reason.WEBSOCKET_REFUSED, "the server does not speak ndt7"),
        (Manners(answer=lambda: web.json_response({"error": "lease_expired", "message": "…"}, status=403)), "download",
         Reason.LEASE_REFUSED, "the server refuses the lease: lease_expired"),
        (Manners(answer=lambda: web.Response(status=401)), "upload", Reason.LEASE_REFUSED,
         "the server refuses the lease (status 401)"),
        (Manners(answer=lambda: web.Response(text="<html>Sign in")), "download", Reason.CAPTIVE_PORTAL,
         "a page was answered in the server's place (status 200)"),
        (Manners(answer=lambda: web.Response(status=302, headers={"Location": "/portal"})), "download",
         Reason.CAPTIVE_PORTAL, "the answer leads elsewhere"),
        (Manners(answer=lambda: web.Response(status=511)), "download", Reason.CAPTIVE_PORTAL,
         "a page was answered in the server's place (status 511)"),
        (Manners(answer=lambda: web.Response(status=503, text="{")), "download", Reason.HTTP_STATUS,
         "the server answered with status 503"),
    ],
    ids=[
        "cut", "cut upload", "going away", "at once", "counts too much", "fast clock", "data in an upload",
        "no subprotocol", "lease expired", "401", "page", "redirect", "511", "full",
    ],
)  # fmt: skip
def test_disorder_has_a_reason_and_no_speed(manners: Manners, way: str, reason: Reason, detail: str) -> None:
    """Whatever came before it."""
    found = one(manners, way, seconds=2.0)
    assert (found.reason, found.detail, found.rate) == (reason, detail, None)


def test_nobody_there_is_a_reason() -> None:
    """A port that nobody listens on."""
    plan = Plan(url=f"http://127.0.0.1:{free_port()}", **QUICK)
    (found,) = ndt7_client.measure(msgspec.to_builtins(plan)).ways
    assert (found.reason, found.rate) == (Reason.TCP_REFUSED, None)


def test_over_tls_the_records_are_taken_off_again(authority: Authority) -> None:
    """The certificate is verified against the file that was named, and handshakes are timed."""
    with serving(Manners(rate=40e6), authority.server(("localhost",))[0]) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        told = msgspec.to_builtins(Plan(url=url, ca_file=authority.ca_file, ways=("download",), **QUICK))
        report = ndt7_client.measure(told)
        stranger = ndt7_client.measure(told | {"ca_file": ""})
        missing = ndt7_client.measure(told | {"ca_file": "/nonexistent.pem"})
    (found,) = report.ways
    assert found.rate == NEAR
    assert len(report.idle.tls) >= 4
    assert [(way.reason, way.rate) for way in stranger.ways] == [(Reason.TLS_HANDSHAKE, None)]
    assert [(way.reason, way.detail) for way in missing.ways] == [
        (Reason.BAD_PARAMS, "ca_file cannot be used: no such file or directory")
    ]


def test_only_this_module_of_the_kit_has_aiohttp() -> None:
    """And no check loads it by being imported."""
    kit = Path(ndt7_client.__file__).parent
    having = sorted(file.name for file in kit.glob("*.py") if "import aiohttp" in file.read_text("utf-8"))
    assert having == ["ndt7_client.py"]
