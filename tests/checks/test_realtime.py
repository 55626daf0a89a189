"""The check of calls against a reflector on loopback: what it tells, asks for and gives back, and what may go wrong."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from checks.kit.leasing import Grant, Postponed
from checks.kit.model import Outcome, Reading, Reason, decode_params
from checks.kit.speed import Look
from checks.realtime import CHECK, Params, allowed, profiles, wanted
from tests.checks.datagrams import Said
from tests.checks.reflectors import (
    SHORT,
    SYNCHRONISED,
    Lent,
    Peer,
    Reflecting,
    device,
    measured,
    values,
)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less is waited for than on a line, and the pace is not judged: this machine may be busy."""
    monkeypatch.setattr("checks.kit.videocall.PATIENCE", 0.6)
    monkeypatch.setattr("checks.kit.videocall.ASKED_RATE", 100.0)
    monkeypatch.setattr("checks.kit.videocall.STALLED", 60.0)
    monkeypatch.setattr("checks.kit.videocall.LATE", 1.0)


def test_a_call_on_a_good_line_is_told_whole() -> None:
    """Every metric with its ways, facts about how, numbers for a gauge, and what was used goes back."""
    shown: list[tuple[float, dict[str, float]]] = []
    with Peer(Reflecting()) as server:
        leases = Lent(server.port)
        params = decode_params(CHECK, {**SHORT, "calls": ("1500k", "3000k")})
        reading: Reading = CHECK.run(params, device(leases, shown=shown))
    found = values(reading)
    assert (reading.outcome, reading.detail) == (Outcome.OK, "")
    for call in ("1500k", "3000k"):
        for way in ("up", "down", "round_trip"):
            assert found[f"realtime_loss/{call}/{way}"] == 0
            assert found[f"realtime_burst/{call}/{way}"] == 0
            assert 0 <= found[f"realtime_jitter/{call}/{way}"] < 0.05
            assert 0 <= found[f"realtime_variation/{call}/{way}"] < 0.05
        assert 0 < found[f"realtime_delay/{call}/round_trip"] < 0.05
        assert found[f"realtime_reordered/{call}/up"] == found[f"realtime_duplicated/{call}/down"] == 0
        assert found[f"realtime_mos/{call}"] > 4.2
    assert f"realtime_delay/{call}/up" not in found
    facts = reading.facts
    assert facts["profile"] == "1500k: 50/s x 4 x 938 B, 0.4 s; 3000k: 50/s x 7 x 1071 B, 0.4 s"
    assert (facts["reflector"], facts["mode"], facts["clocks"]) == ("stateful", "authenticated", "unknown")
    assert (facts["server"], facts["lease"], facts["protocol"]) == ("city", "L7", "stamp")
    assert (facts["clock_stepped"], facts["pace"], facts["foreign_packets"]) == ("no", "kept", 0)
    assert str(facts["mos_inputs_1500k"]).startswith("way ")
    # 80 and 140 packets, and three times ten small ones, there and back
    assert leases.used == [facts["bytes_used"]] == [2 * (80 * 938 + 140 * 1071 + 30 * 112)]
    shares = [share for share, _ in shown]
    assert shares == sorted(shares)
    assert 0 < shares[0] <= shares[-1] <= 1
    assert set(shown[-1][1]) == {"realtime_loss", "realtime_delay"}


def test_the_device_signs_exactly_what_it_shows_as_evidence() -> None:
    """Canonical JSON in ASCII: whole numbers, keys sorted, short enough for a fact."""
    with Peer(Reflecting()) as server:
        leases = Lent(server.port)
        reading = measured(leases, calls=("1500k", "3000k"))
    text = str(reading.facts["evidence"])
    assert leases.signed == [text.encode("ascii")]
    assert reading.facts["signature"] == "signature"
    told = msgspec.json.decode(text)
    assert msgspec.json.encode(told, order="sorted").decode() == text
    assert len(text) <= 1024
    assert (told["check"], told["lease"], told["server"], told["protocol"]) == ("realtime", "L7", "city", "stamp")
    found = values(reading)
    sent, lost, delay, jitter, variation = told["3000k"]["round_trip"]
    assert (sent, lost) == (140, 0)
    for name, micros in (("delay", delay), ("jitter", jitter), ("variation", variation)):
        assert micros == round(found[f"realtime_{name}/3000k/round_trip"] * 1e6)
    assert told["1500k"]["mos"] == round(found["realtime_mos/1500k"] * 100)


def test_the_lease_is_asked_for_what_is_needed() -> None:
    """Two calls of ten seconds both ways, a tenth to spare, and what others move on the interface now."""
    asked = wanted(Params(), Look(interface="eth0", speed=1e9, receive=1000.0, transmit=2000.0))
    assert asked.bytes == round(1.1 * sum(2 * (500 * burst * size + 2240) for burst, size in ((4, 938), (7, 1071))))
    assert (asked.check, asked.seconds, asked.cross, asked.capacity) == ("realtime", 25.0, 2000.0, 1e9)
    assert asked.rate == pytest.approx(1.1 * 50 * 7 * (1071 + 28) * 8)


def grant(**changes: Any) -> Grant:
    return msgspec.structs.replace(Lent(1).grant, **changes)


@pytest.mark.parametrize(
    ("changes", "left", "names"),
    [
        ({}, 60.0, ["1500k", "3000k"]), ({"bytes": 3_760_000}, 60.0, ["1500k"]), ({"bytes": 3_700_000}, 60.0, []),
        ({"rate": 2e6}, 60.0, ["1500k"]), ({"seconds": 14.0}, 60.0, ["1500k"]), ({"seconds": 12.0}, 60.0, []),
        ({}, 14.0, ["1500k"]),
    ],
)  # fmt: skip
def test_only_calls_that_the_lease_bears_are_held(changes: dict[str, Any], left: float, names: list[str]) -> None:
    """By its octets, its rate and its seconds, and by the time that the run has."""
    small = msgspec.structs.replace(Params(), seconds=10.0)
    found = allowed(profiles(small), grant(**changes), left)
    assert [one.name for one in found] == names


@pytest.mark.parametrize(
    ("leases", "detail"),
    [
        (None, "no collector is known that could grant a lease"),
        (Lent(0), "the lease names no reflector"),
        (Lent(1, host=""), "the lease names no reflector"),
        (Lent(1, bytes=1000), "the lease is too small for a call"),
        (Lent(1, key="no base64!"), "the lease's key is not base64"),
    ],
)
def test_a_lease_that_is_of_no_use_is_an_error_and_given_back(leases: Lent | None, detail: str) -> None:
    reading = measured(leases)
    assert (reading.outcome, reading.reason, reading.detail) == (Outcome.ERROR, Reason.LEASE_REFUSED, detail)
    assert leases is None or leases.used == [0]


def test_a_run_without_a_lease_is_put_off() -> None:
    """The runner brings it again; nothing was held, so nothing is given back."""
    leases = Lent(1, put_off=Postponed("line_busy", 600.0))
    with pytest.raises(Postponed) as raised:
        measured(leases)
    assert (raised.value.seconds, leases.used) == (600.0, [])


def test_a_name_that_leads_nowhere_is_an_error() -> None:
    """Of what surrounds the test, not of the line's calls."""
    reading = measured(Lent(9, host="reflector.invalid"))
    assert reading.outcome == Outcome.ERROR
    assert str(reading.reason).startswith("dns_")


def test_a_reflector_that_repeats_our_numbers_tells_of_round_trips_alone() -> None:
    """Stateless: which way a packet was lost on is not known, and not told."""
    dropped: list[int] = []

    def some(seen: int, answer: bytes) -> Said:
        if seen % 9 == 0:
            dropped.append(seen)
        return None if seen % 9 == 0 else answer

    with Peer(Reflecting(stateful=False, changed=some)) as server:
        reading = measured(Lent(server.port))
    found = values(reading)
    assert reading.facts["reflector"] == "stateless"
    lost = sum(10 < seen <= 90 for seen in dropped)
    assert found["realtime_loss/1500k/round_trip"] == lost / 80
    assert not [name for name in found if name.startswith(("realtime_loss/1500k/up", "realtime_reordered"))]
    assert found["realtime_mos/1500k"] < 4


def test_losses_on_the_way_back_are_told_from_those_there() -> None:
    """The reflector answered all: what is missing of its numbers was lost on the way back."""
    with Peer(Reflecting(changed=lambda seen, answer: None if 30 < seen <= 36 else answer)) as server:
        reading = measured(Lent(server.port))
    found = values(reading)
    assert found["realtime_loss/1500k/down"] == 6 / 80
    assert found["realtime_burst/1500k/down"] == 6
    assert found["realtime_loss/1500k/up"] == found["realtime_burst/1500k/up"] == 0
    assert reading.facts["burst_mean_1500k"] == 6


def test_unauthenticated_peers_are_measured_and_named() -> None:
    """Without a key in the lease: any RFC 8762 reflector."""
    with Peer(Reflecting(key=b"")) as server:
        reading = measured(Lent(server.port, key="", session=0))
    assert (reading.outcome, reading.facts["mode"]) == (Outcome.OK, "unauthenticated")


def test_one_way_delay_is_told_where_both_clocks_are_vouched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.realtime.clock", lambda: SYNCHRONISED)
    with Peer(Reflecting(error=SYNCHRONISED)) as server:
        reading = measured(Lent(server.port))
    found = values(reading)
    assert reading.facts["clocks"] == "synchronised"
    assert found["realtime_delay/1500k/up"] + found["realtime_delay/1500k/down"] < 0.05


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"calls": ()}, "Expected `array` of length >= 1 - at `$.calls`"),
        ({"calls": ("9000k",)}, "Invalid enum value '9000k' - at `$.calls[0]`"),
        ({"seconds": 60.0}, "Expected `float` <= 15.0 - at `$.seconds`"),
        ({"codec": "opus"}, "Invalid enum value 'opus' - at `$.codec`"),
        ({"dscp": 64}, "Expected `int` <= 63 - at `$.dscp`"),
        ({"rate": 1}, "Object contains unknown field `rate`"),
    ],
)
def test_parameters_out_of_range_are_named(params: dict[str, Any], message: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        decode_params(CHECK, params)
    assert str(raised.value) == message


def test_every_metric_and_fact_that_is_told_is_declared() -> None:
    with Peer(Reflecting()) as server:
        reading = measured(Lent(server.port), calls=("1500k", "3000k"))
    assert {found.name for found in reading.samples} <= {metric.name for metric in CHECK.metrics}
    assert set(reading.facts) <= {fact.name for fact in CHECK.facts}
