"""The check ``uplink`` against a router of the tests' own: rates over wraps and reboots, reasons, secrets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from agent import clean
from checks.kit import child, line
from checks.kit.model import Env, Outcome, Reading, Reason, decode_params
from checks.kit.survey import Answer
from checks.uplink import CHECK
from tests.checks.conftest import NoChild, environment
from tests.checks.snmp_peers import C32, C64, COMMUNITY, IF, IFX, TEXT, TICK, WHOLE, Responder, router
from tests.ports import free_port

IN, OUT, IN32, OUT32, UPTIME = f"{IFX}6.2", f"{IFX}10.2", f"{IF}10.2", f"{IF}16.2", "1.3.6.1.2.1.1.3.0"


class Bench:
    """A job of ``uplink`` on one responder: its memory lives from run to run, and the router's clock can be moved."""

    def __init__(self, peer: Responder, **params: Any) -> None:
        self.peer = peer
        self.memory: dict[str, Any] = {}
        self._params = {
            "host": "127.0.0.1", "port": peer.port, "community": COMMUNITY, "settle": 0.0, "timeout": 1.0,
            "capacity_down_mbps": 100, "capacity_up_mbps": 20, **params,
        }  # fmt: skip

    def run(self) -> Reading:
        env = replace(environment(child=child), memory=self.memory)
        reading: Reading = CHECK.run(decode_params(CHECK, self._params), env)
        assert COMMUNITY not in repr(reading)
        return reading

    def elapse(self, seconds: float, received: int, transmitted: int) -> None:
        """What `seconds` of traffic do to the router; here they are over at once, so the memory is set back."""
        values = self.peer.values
        for oid, passed in ((IN, received), (OUT, transmitted), (IN32, received), (OUT32, transmitted)):
            if oid in values:
                width = 2 ** (64 if isinstance(values[oid], C64) else 32)
                values[oid] = type(values[oid])((int(values[oid]) + passed) % width)
        values[UPTIME] = TICK((int(values[UPTIME]) + round(seconds * 100)) % 2**32)
        past = msgspec.convert(self.memory["uplink"], line.Past)
        aged = replace(past.count, mono=past.count.mono - round(seconds * 1e6))
        self.memory["uplink"] = msgspec.to_builtins(line.Past(past.survey, past.asked, aged))


@pytest.fixture
def peer() -> Iterator[Responder]:
    with Responder(router()) as found:
        yield found


def numbers(reading: Reading) -> dict[str, float]:
    """Samples as ``name`` or ``name:direction``."""
    return {":".join([found.name, *found.labels.values()]): found.value for found in reading.samples}


def test_a_first_run_reads_twice_and_has_a_rate_at_once(peer: Responder) -> None:
    """But no sample of utilisation: a second is no five minutes."""

    def ticking(answer: bytes) -> bytes:
        peer.values[UPTIME] = TICK(int(peer.values[UPTIME]) + 10)
        peer.values[IN] = C64(int(peer.values[IN]) + 500)
        return answer

    peer.spoil = ticking
    reading = Bench(peer, settle=0.3).run()
    found = numbers(reading)
    assert (reading.outcome, reading.facts["interval"], reading.facts["interval_clock"]) == ("ok", "measured", "router")
    assert found["uplink_throughput:receive"] == pytest.approx(5_000)
    assert found["uplink_throughput:transmit"] == 0
    assert found["uplink_up"] == 1
    assert "uplink_utilisation:receive" not in found


def test_the_next_run_has_the_exact_rate_and_utilisation(peer: Responder) -> None:
    bench = Bench(peer)
    assert bench.run().facts["interval"] == "first"
    bench.elapse(300.5, 1_878_125_000, 75_125)
    found = numbers(bench.run())
    assert found["uplink_interval"] == 300.5
    assert found["uplink_throughput:receive"] == 6_250_000.0
    assert found["uplink_throughput:transmit"] == 250.0
    assert found["uplink_utilisation:receive"] == 0.5
    assert found["uplink_utilisation:transmit"] == 0.0001
    assert found["uplink_capacity:receive"] == 12_500_000


@pytest.mark.parametrize(
    ("uptime", "received", "transmitted"),
    [(500_000, 2**64 - 1_000, 2**64 - 1), (2**32 - 10_000, 5, 6)],
    ids=["counters of 64 bits", "the router's clock"],
)
def test_a_wrap_is_exact_to_the_byte(peer: Responder, uptime: int, received: int, transmitted: int) -> None:
    peer.values |= {UPTIME: TICK(uptime), IN: C64(received), OUT: C64(transmitted)}
    bench = Bench(peer)
    bench.run()
    bench.elapse(300, 123_456_789, 987_654)
    reading = bench.run()
    found = numbers(reading)
    assert reading.facts["interval"] == "measured"
    assert found["uplink_throughput:receive"] * 300 == pytest.approx(123_456_789, abs=1e-3)
    assert found["uplink_throughput:transmit"] * 300 == pytest.approx(987_654, abs=1e-3)


def only_32_bits(peer: Responder, mbps: int) -> None:
    for oid in (IN, OUT):
        del peer.values[oid]
    peer.values |= {IN32: C32(2**32 - 100), OUT32: C32(2**32 - 1), f"{IFX}15.2": WHOLE(mbps)}


def test_32_bit_counters_are_exact_on_a_slow_interface_and_said_so(peer: Responder) -> None:
    only_32_bits(peer, 100)
    bench = Bench(peer)
    bench.run()
    bench.elapse(300, 3_700_000_000, 5)
    reading = bench.run()
    assert reading.facts["counter_bits"] == 32
    assert numbers(reading)["uplink_throughput:receive"] * 300 == pytest.approx(3_700_000_000, abs=1e-3)


def test_32_bit_counters_of_a_fast_interface_give_no_rate(peer: Responder) -> None:
    only_32_bits(peer, 1000)
    bench = Bench(peer)
    bench.run()
    bench.elapse(300, 1_000, 5)
    reading = bench.run()
    assert reading.facts["interval"] == "ambiguous"
    assert not [name for name in numbers(reading) if "throughput" in name or "utilisation" in name]


def test_a_reboot_costs_one_interval_and_no_byte_of_the_next(peer: Responder) -> None:
    bench = Bench(peer)
    bench.run()
    bench.elapse(300, 5_000_000, 5_000_000)
    peer.values |= {UPTIME: TICK(7_000), IN: C64(60), OUT: C64(70)}
    peer.values["1.3.6.1.4.1.14988.1.1.4.4.0"] = TEXT("7.16")
    rebooted = bench.run()
    assert (rebooted.outcome, rebooted.facts["interval"]) == (Outcome.OK, "reboot")
    assert not [name for name in numbers(rebooted) if "throughput" in name or "utilisation" in name]
    bench.elapse(300, 4_242_424, 31)
    after = bench.run()
    assert numbers(after)["uplink_throughput:receive"] * 300 == pytest.approx(4_242_424, abs=1e-3)
    assert numbers(after)["uplink_throughput:transmit"] * 300 == pytest.approx(31, abs=1e-6)
    assert after.facts["firmware"] == "7.16", "what it is was asked again"


@pytest.mark.parametrize(("seconds", "sampled"), [(149, False), (151, True), (449, True), (451, False)])
def test_only_an_interval_of_about_five_minutes_is_a_sample(peer: Responder, seconds: int, sampled: bool) -> None:
    """TT 06/2026 asks for 5-minute samples: the mean of a night is none, nor is a burst of seconds."""
    bench = Bench(peer)
    bench.run()
    bench.elapse(seconds, 1_000, 1_000)
    found = numbers(bench.run())
    assert found["uplink_throughput:receive"] == pytest.approx(1_000 / seconds)
    assert ("uplink_utilisation:receive" in found) is sampled


def test_a_run_without_answer_keeps_the_last_count(peer: Responder) -> None:
    """The next one tells what passed in both intervals, exactly."""
    bench = Bench(peer)
    bench.run()
    peer.spoil = lambda _: None
    silent = bench.run()
    assert (silent.outcome, silent.reason) == (Outcome.FAILED, Reason.SNMP_TIMEOUT)
    assert numbers(silent) == {"uplink_up": 0}
    peer.spoil = lambda answer: answer
    bench.elapse(600, 777, 888)
    found = numbers(bench.run())
    assert (found["uplink_interval"], found["uplink_throughput:receive"]) == (600, 777 / 600)


def test_an_interface_that_is_down_is_named(peer: Responder) -> None:
    peer.values[f"{IF}8.2"] = WHOLE(7)
    reading = Bench(peer).run()
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.INTERFACE_DOWN)
    assert reading.detail == "the line's interface is lower layer down"
    assert numbers(reading)["uplink_up"] == 0


def test_missing_counters_are_named(peer: Responder) -> None:
    for oid in (IN, OUT):
        del peer.values[oid]
    assert Bench(peer).run().reason is Reason.SNMP_MISSING


def test_what_the_child_says_becomes_the_reading(peer: Responder) -> None:
    """Reasons of the router are failures of it; what the device lacks is not."""
    assert Bench(peer, interface="nope").run().reason is Reason.INTERFACE_MISSING
    peer.spoil = lambda answer: answer[:20]
    assert Bench(peer).run().reason is Reason.SNMP_MALFORMED
    gone = Bench(peer, host="127.0.0.1", port=free_port()).run()
    assert (gone.outcome, gone.reason) == (Outcome.FAILED, Reason.SNMP_TIMEOUT)


class Failing:
    """A child that ends in a given way."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def call(self, function: str, argument: Any, *, answer: type[Any], timeout: float, **_: Any) -> Any:
        assert COMMUNITY.encode() in msgspec.json.encode(argument), "the child is told what to ask with"
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (child.ChildError(Reason.CHILD_MEMORY, COMMUNITY), Reason.CHILD_MEMORY),
        (Answer(problem="unsupported", detail="pysnmp is not installed"), Reason.UNSUPPORTED),
        (Answer(problem="internal", detail="the SNMP library raised KeyError"), Reason.INTERNAL),
    ],
)
def test_what_this_device_lacks_is_no_fault_of_the_router(answer: Any, reason: Reason) -> None:
    env = environment(child=Failing(answer))
    reading = CHECK.run(decode_params(CHECK, {"host": "127.0.0.1", "community": COMMUNITY}), env)
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, reason)
    assert COMMUNITY not in repr(reading)


def test_a_name_that_cannot_be_resolved_has_the_dns_reason() -> None:
    from checks.kit.net import Net

    def lookup(_host: bytes, _port: int, **_: object) -> list[tuple[Any, ...]]:
        raise __import__("socket").gaierror(__import__("socket").EAI_NONAME, "no")

    env = environment(Net(lookup))
    reading = CHECK.run(decode_params(CHECK, {"host": "router.example", "community": "x"}), env)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.DNS_NXDOMAIN)


def test_a_device_without_gateway_says_so(tmp_path: Path) -> None:
    from checks.kit.host import Host

    env = environment(host=Host(str(tmp_path)))
    reading = CHECK.run(decode_params(CHECK, {"community": "x"}), env)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.GATEWAY_MISSING)


@pytest.mark.parametrize("params", [{}, {"host": "192.0.2.1"}, {"version": "3"}, {"version": "3", "community": "x"}])
def test_without_access_to_a_router_it_does_not_apply(params: dict[str, Any]) -> None:
    """No community is ever guessed, and no packet is sent."""
    env: Env = environment(child=NoChild())
    assert CHECK.run(decode_params(CHECK, params), env).outcome is Outcome.NOT_APPLICABLE


def test_secrets_may_stand_in_a_file_of_the_device(peer: Responder, tmp_path: Path) -> None:
    from checks.kit.host import Host

    (tmp_path / "router.secret").write_text(f"# chỉ tác tử đọc\n\ncommunity = {COMMUNITY}\n", "utf-8")
    params = {"host": "127.0.0.1", "port": peer.port, "secret_file": "/router.secret", "settle": 0, "timeout": 1}
    env = environment(host=Host(str(tmp_path)), child=child)
    assert CHECK.run(decode_params(CHECK, params), env).outcome is Outcome.OK


@pytest.mark.parametrize("text", [None, "root:x:0:0", "user = a\npassword = geheim", "community = " + "x" * 200])
def test_a_file_that_is_no_secret_file_is_refused_unread(tmp_path: Path, text: str | None) -> None:
    """So nobody can have /etc/shadow sent to a "router": nothing is asked, and nothing of it is quoted."""
    from checks.kit.host import Host

    if text is not None:
        (tmp_path / "file").write_text(text, "utf-8")
    env = environment(host=Host(str(tmp_path)), child=NoChild())
    reading = CHECK.run(decode_params(CHECK, {"host": "192.0.2.1", "secret_file": "/file"}), env)
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, Reason.BAD_PARAMS)
    assert not any(word in repr(reading) for word in ("geheim", "root", "xxxx"))


@pytest.mark.parametrize(
    "params", [{"auth_key": "short"}, {"privacy_key": "12345678"}, {"capacity_up_mbps": 0}, {"version": "1"}]
)
def test_bad_parameters_are_refused_without_repeating_them(params: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        decode_params(CHECK, params)
    assert "short" not in str(caught.value)
    assert "12345678" not in str(caught.value)


def test_parameters_show_no_secret() -> None:
    shown = repr(decode_params(CHECK, {"community": COMMUNITY, "auth_key": "12345678", "privacy_key": "87654321"}))
    assert not any(secret in shown for secret in (COMMUNITY, "12345678", "87654321"))


def test_a_ups_is_told_where_there_is_one(peer: Responder) -> None:
    base = "1.3.6.1.2.1.33.1."
    peer.values |= {f"{base}2.1.0": WHOLE(2), f"{base}2.2.0": WHOLE(95), f"{base}2.3.0": WHOLE(12),
                    f"{base}2.4.0": WHOLE(80), f"{base}4.1.0": WHOLE(5)}  # fmt: skip
    reading = Bench(peer).run()
    assert (reading.facts["ups"], reading.facts["ups_battery"], reading.facts["ups_source"]) == (
        "yes",
        "normal",
        "battery",
    )
    found = numbers(reading)
    assert (found["uplink_ups_charge"], found["uplink_ups_runtime"], found["uplink_ups_on_battery"]) == (0.8, 720, 95)


def test_what_a_router_says_of_itself_is_bounded_and_printable(peer: Responder) -> None:
    """And the alias its owner wrote is not sent."""
    peer.values |= {
        "1.3.6.1.2.1.1.1.0": TEXT("RouterOS evil\x00\x1b[31m" + "A" * 500),
        f"{IFX}1.2": TEXT("w\x07an" * 60),
    }
    reading = Bench(peer).run()
    assert reading.outcome is Outcome.OK
    for value in reading.facts.values():
        assert not isinstance(value, str) or (value.isprintable() and len(value) <= 64)
    assert "alias" not in repr(reading)
    assert clean.facts(reading) == reading.facts


def test_the_bytes_used_are_counted(peer: Responder) -> None:
    env = environment(child=child)
    params = {"host": "127.0.0.1", "port": peer.port, "community": COMMUNITY, "settle": 0}
    assert CHECK.run(decode_params(CHECK, params), env).outcome is Outcome.OK
    assert env.meter.sockets == 1
    assert env.meter.received > env.meter.sent > 500


def test_a_silent_router_costs_no_more_than_its_deadline() -> None:
    with Responder(router(), lambda _: None) as peer:
        env = environment(child=child, seconds=4.0)
        started = time.monotonic()
        params = {"host": "127.0.0.1", "port": peer.port, "community": "x", "timeout": 10}
        assert CHECK.run(decode_params(CHECK, params), env).reason is Reason.SNMP_TIMEOUT
        assert time.monotonic() - started < 5.0
