"""Chains, pins of keys, certificates that vouch for themselves, and whose clock is wrong."""

from __future__ import annotations

import datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from checks.connectivity import CHECK
from checks.kit.model import Outcome, Reading, Reason, decode_params
from checks.kit.net import Net
from tests.checks.certs import DAY, NOW, Authority, self_signed
from tests.checks.conftest import FixedClock, Reach, environment, values
from tests.checks.servers import Answer, Server, http, say

OK = say(http(200, b"ok"))


def test_the_chain_is_described(reach: Reach, authority: Authority) -> None:
    """How long it is, who stands at its end, and when its first certificate ends."""
    context, _ = authority.server(("hethong.example", "khac.example"), end=NOW + 3651 * DAY)
    with Server(OK, context) as server:
        reading = reach(f"https://hethong.example:{server.port}/", ca_file=authority.ca_file)
    assert reading.outcome is Outcome.OK
    assert (reading.facts["chain_length"], reading.facts["chain_root"]) == (2, "Ban Cơ yếu Chính phủ")
    assert reading.facts["tls_name"] == "hethong.example"
    found = values(reading)
    assert 3649.9 < found["connectivity_chain_left"] / 86400 <= 3650
    assert 3650.9 < found["connectivity_certificate_left"] / 86400 <= 3651


def test_a_pinned_key_outlives_its_certificate(reach: Reach, authority: Authority) -> None:
    """Written as curl's --pinnedpubkey takes it, with or without its prefix; another key is an interception."""
    context, _ = authority.server()
    pin = authority.key_pin
    other = "sha256//" + "A" * 43 + "="
    with Server(OK, context) as server:
        url = f"https://127.0.0.1:{server.port}/"
        right = reach(url, ca_file=authority.ca_file, keys=[other, pin])
        bare = reach(url, ca_file=authority.ca_file, keys=[pin.removeprefix("sha256//")])
        swapped = reach(url, ca_file=authority.ca_file, keys=[other])
    assert (right.outcome, bare.outcome) == (Outcome.OK, Outcome.OK)
    assert (swapped.reason, swapped.detail) == (
        Reason.TLS_INTERCEPTED, "the certificate is valid but its key is not the pinned one",
    )  # fmt: skip


def test_a_certificate_that_vouches_for_itself_is_named(reach: Reach, authority: Authority, tmp_path: Path) -> None:
    """A router's own page, mostly; where another certificate was expected it is an interception."""
    with Server(OK, self_signed(tmp_path)) as server:
        url = f"https://127.0.0.1:{server.port}/"
        plain = reach(url, ca_file=authority.ca_file)
        pinned = reach(url, ca_file=authority.ca_file, keys=["A" * 43 + "="])
    assert (plain.reason, plain.detail) == (
        Reason.TLS_SELF_SIGNED, "the certificate is signed by nobody but itself",
    )  # fmt: skip
    assert pinned.reason is Reason.TLS_INTERCEPTED
    assert not any(server.requests)


def _at(moment: datetime.datetime) -> Answer:
    return say(http(200, b"", f"Date: {format_datetime(moment, usegmt=True)}"))


def _check(authority: Authority, port: int, **params: object) -> Reading:
    url = f"https://127.0.0.1:{port}/trang"
    env = environment(Net(), clock=FixedClock(int(NOW.timestamp()) * 1_000_000))
    reading: Reading = CHECK.run(decode_params(CHECK, {"url": url, "ca_file": authority.ca_file, **params}), env)
    return reading


@pytest.mark.parametrize(("begin", "end", "server_is"), [(-400, -300, -350), (300, 400, 350)])
def test_a_certificate_that_is_valid_by_the_servers_clock_names_ours(
    authority: Authority, begin: int, end: int, server_is: int
) -> None:
    """In both directions; the offset is a fact, and only HEAD was sent."""
    context, _ = authority.server(begin=NOW + begin * DAY, end=NOW + end * DAY)
    with Server(_at(NOW + server_is * DAY), context) as server:
        reading = _check(authority, server.port)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.CLOCK_WRONG)
    assert reading.facts["clock_offset"] == -server_is * 86400
    assert reading.facts["tls_not_after"] == int((NOW + end * DAY).timestamp())
    assert [request.split(b"\r\n")[0] for request in server.requests if request] == [b"HEAD /trang HTTP/1.1"]


@pytest.mark.parametrize(
    ("begin", "end", "answer", "reason"),
    [
        (-400, -300, _at(NOW), Reason.TLS_EXPIRED),
        (-400, -0.5, _at(NOW - 0.9 * DAY), Reason.TLS_EXPIRED),
        (-400, -300, say(http()), Reason.TLS_EXPIRED),
        (-400, -300, say(http(200, b"", "Date: yesterday")), Reason.TLS_EXPIRED),
        (-400, -300, say(b""), Reason.TLS_EXPIRED),
        (-400, -300, _at(NOW - 500 * DAY), Reason.TLS_EXPIRED),
        (300, 400, _at(NOW), Reason.TLS_NOT_YET_VALID),
    ],
    ids=["both-clocks-agree", "within-a-day", "no-date", "no-such-date", "no-answer", "nor-then", "future"],
)
def test_a_certificate_that_the_servers_clock_does_not_excuse_is_to_blame(
    authority: Authority, begin: float, end: float, answer: Answer, reason: Reason
) -> None:
    """Also when the clocks differ by less than a day: such a certificate was renewed too late."""
    context, _ = authority.server(begin=NOW + begin * DAY, end=NOW + end * DAY)
    with Server(answer, context) as server:
        reading = _check(authority, server.port)
    assert reading.reason is reason
    assert "clock_offset" not in reading.facts


def test_a_stranger_is_not_asked_for_the_time(authority: Authority, stranger: Authority) -> None:
    """Without a chain that we believe, and without the pinned key, nobody's Date counts."""
    for signer, params in ((stranger, {}), (authority, {"keys": ["A" * 43 + "="]})):
        context, _ = signer.server(begin=NOW - 400 * DAY, end=NOW - 300 * DAY)
        with Server(_at(NOW - 350 * DAY), context) as server:
            reading = _check(authority, server.port, **params)
        assert reading.reason in {Reason.TLS_EXPIRED, Reason.TLS_UNTRUSTED}
        assert not any(server.requests)
        assert "clock_offset" not in reading.facts
