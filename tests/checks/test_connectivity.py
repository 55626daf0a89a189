"""The pure parts of the connectivity check: parameters, ranges, judgement."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from checks.connectivity import CHECK, FAMILY_UP, PHASE, PHASES, accepts, summarise
from checks.kit.failure import NetError
from checks.kit.journey import FAMILIES, LEAST_WINDOW, MOST_WINDOW, OF_FAMILY, Trace, clean
from checks.kit.model import Outcome, Reason, decode_params
from tests.checks.conftest import values


def test_phases_and_families_have_words() -> None:
    """Every label value, and both ways an address can be reached."""
    facts = {fact.name: fact for fact in CHECK.facts}
    assert tuple(PHASE.words) == PHASES
    assert tuple(FAMILY_UP.words) == tuple(facts["address_family"].words) == FAMILIES
    assert tuple(facts["ipv4"].words) == tuple(facts["ipv6"].words) == OF_FAMILY


def test_the_documented_defaults_are_these() -> None:
    """Changing one is a change of behaviour for every target."""
    assert msgspec.to_builtins(decode_params(CHECK, {"url": "https://dichvucong.example"})) == {
        "url": "https://dichvucong.example", "ca_file": "", "issuers": (), "sha256": (), "expect_status": "200-399",
        "expect_body": "", "timeout": 10.0, "max_redirects": 5, "max_bytes": 2097152, "enough": 0, "keys": (),
        "proxy": "system", "known_good": "", "known_good_body": "", "anchors": (),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "Object missing required field `url`"),
        ({"url": "ftp://x/"}, "url: expected http://host[:port]/path or https://… or ws://… or wss://…"),
        ({"url": "https://một-cửa.example/"},
         "url: an address holds no spaces and only ASCII: write the host's xn-- form"),
        ({"url": "https://x:99999/"}, "url: a port is 1 to 65535"),
        ({"url": "https://x/", "proxy": "http://user:secret@proxy:3128"}, "proxy: expected http://host[:port]/path"),
        ({"url": "https://x/", "proxy": "http://proxy/x"}, "proxy: a proxy is http://host:port, nothing behind it"),
        ({"url": "https://x/", "proxy": "socks5://proxy:1080"}, "proxy: expected http://host[:port]/path"),
        ({"url": "https://x/", "anchors": ["x"]},
         "anchors: expected http://host[:port]/path, https://… or host:port"),
        ({"url": "https://x/", "anchors": ["x:70000"]}, "anchors: a port is 1 to 65535"),
        ({"url": "https://x/", "anchors": ["x:1"] * 5}, "Expected `array` of length <= 4 - at `$.anchors`"),
        ({"url": "https://x/", "known_good": "http://x/"}, "known_good: the page and known_good_body go together"),
        ({"url": "https://x/", "known_good": "ws://x/", "known_good_body": "x"},
         "known_good: expected http://host[:port]/path or https://…"),
        ({"url": "https://x/", "enough": 20, "max_bytes": 10}, "enough: no more than max_bytes can be read"),
        ({"url": "ws://x/", "expect_body": "x"}, "expect_body: a WebSocket has no body"),
        ({"url": "https://x/", "keys": ["c2hvcnQ="]},
         "Expected `str` matching regex '^(sha256//)?[A-Za-z0-9+/]{43}=$' - at `$.keys[0]`"),
        ({"url": "https://x/", "timeout": 0}, "Expected `float` > 0.0 - at `$.timeout`"),
        ({"url": "https://x/", "max_redirects": 11}, "Expected `int` <= 10 - at `$.max_redirects`"),
        ({"url": "https://x/", "verify": False}, "Object contains unknown field `verify`"),
        ({"url": "https://x/", "expect_status": 200}, "Expected `str`, got `int` - at `$.expect_status`"),
    ],
)  # fmt: skip
def test_wrong_parameters_are_refused_by_name(params: dict[str, Any], message: str) -> None:
    """Strict: no unknown key, no coercion, no way to turn verification off."""
    with pytest.raises(msgspec.ValidationError) as caught:
        decode_params(CHECK, params)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("params", "window"),
    [({}, 0), ({"enough": 1}, LEAST_WINDOW), ({"enough": 16384}, 16384), ({"enough": MOST_WINDOW + 1}, 0),
     ({"enough": 16384, "expect_body": "x"}, 0)],
)  # fmt: skip
def test_a_server_is_held_back_only_where_little_is_read(params: dict[str, Any], window: int) -> None:
    """A certificate chain always fits, and what is read whole comes as fast as it can."""
    assert decode_params(CHECK, {"url": "https://x/", **params}).way.window == window


@pytest.mark.parametrize("ranges", ["", "2xx", "200-", "99", "600", "200,", "200 - 299"])
def test_a_malformed_range_is_refused(ranges: str) -> None:
    """A range that reads otherwise would accept something else than meant."""
    with pytest.raises(msgspec.ValidationError, match="expect_status"):
        decode_params(CHECK, {"url": "https://x/", "expect_status": ranges})


@pytest.mark.parametrize(
    ("ranges", "status", "accepted"),
    [("200-399", 200, True), ("200-399", 399, True), ("200-399", 400, False), ("401", 401, True),
     ("200-299,401", 401, True), ("200-299,401", 400, False)],
)  # fmt: skip
def test_ranges_are_inclusive(ranges: str, status: int, accepted: bool) -> None:
    """Both ends count."""
    assert accepts(ranges, status) is accepted


@pytest.mark.parametrize("reason", [Reason.PERMISSION, Reason.BAD_PARAMS, Reason.INTERNAL])
def test_what_says_nothing_of_the_system_is_an_error_without_samples(reason: Reason) -> None:
    """Otherwise a firewall on this PC would look like a system that is down."""
    params = decode_params(CHECK, {"url": "https://x/"})
    reading = summarise(params, Trace(phases={"tcp": 1.0}), NetError(reason, "why"), 1.0, 0.0)
    assert (reading.outcome, reading.reason, reading.detail, reading.samples) == (Outcome.ERROR, reason, "why", ())


def test_a_failure_keeps_the_phases_that_ended() -> None:
    """They tell how far it came."""
    params = decode_params(CHECK, {"url": "https://x/"})
    reading = summarise(params, Trace(phases={"dns": 0.5}), NetError(Reason.TCP_TIMEOUT, "why"), 1.0, 0.0)
    assert values(reading) == {"connectivity_up": 0.0, "phase:dns": 0.5}


def test_a_phase_counts_the_first_time_it_ran() -> None:
    """A redirect to another server does not change how far away the first one is."""
    trace = Trace()
    for took in (0.1, 0.9):
        trace.phase("tcp", took)
    trace.phase("dns", None)
    assert trace.phases == {"tcp": 0.1}


def test_text_of_a_certificate_is_printable_and_bounded() -> None:
    """It comes from a stranger."""
    assert clean("A\x00B\x1b[31m\x85" + "x" * 200) == "A B [31m " + "x" * 119


def test_the_declared_facts_cover_what_is_stated() -> None:
    """A fact nobody declared would have no documentation."""
    declared = {fact.name for fact in CHECK.facts}
    assert {"tls_issuer", "tls_not_after", "address_family", "http_version", "redirects"} <= declared
    assert len(PHASES) == len(set(PHASES)) == 7
