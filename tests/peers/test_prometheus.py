"""Debian's Prometheus scrapes the collector, and answers a query on a unit's verdict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.kit.model import Outcome, Result, Sample
from checks.kit.wire import CONTENT_TYPE
from collector.store.engine import Store
from tests.collector.pushing import XOM_CHIEU, Sender, enrolled, wall
from tests.faults.proxy import ask
from tests.faults.records import target_of
from tests.faults.rig import Rig, rig, wait_until
from tests.peers.observability import ask_promql, prometheus


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Rig]:
    """A collector with one device that has told everything which the profile asks for."""
    with rig(tmp_path, sweep=0.2, targets=2) as made:
        store = Store(made.database)
        store.open()
        sender = enrolled(store, Sender())
        store.close()
        made.start()
        push(made, sender)
        yield made


def push(collector: Rig, sender: Sender) -> None:
    """Both systems answer in 20 ms, several times; the PC has memory and disk."""
    at, results = wall() - 60_000_000, []
    for number in range(20):
        results.append(reached(sender, at + number * 1_000_000, target_of(number % 2)))
    facts = {"memory_bytes": 8_000_000_000, "disk_free_ratio": 0.5}
    results.append(sender.result(check="device", target="", at=at, samples=(), facts=facts))
    sealed = sender.sealed(*results)
    headers = f"Host: x\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {len(sealed)}"
    request = f"POST /v1/results HTTP/1.1\r\n{headers}\r\n\r\n".encode() + sealed
    assert ask(collector.port, request).startswith(b"HTTP/1.1 200")


def reached(sender: Sender, at: int, target: str) -> Result:
    phases = tuple(Sample("connectivity_phase", 0.02, {"phase": phase}) for phase in ("tcp", "http"))
    return sender.result(target=target, at=at, outcome=Outcome.OK, samples=(Sample("connectivity_up", 1.0), *phases))


def test_promql_answers_with_the_verdict_and_the_name_of_the_unit(collector: Rig, tmp_path: Path) -> None:
    """The state set joined with the unit's information, as a dashboard does it."""
    with prometheus(tmp_path, collector.port) as port:
        verdict = f'sansang_unit_verdict{{unit="{XOM_CHIEU}",verdict="ready"}} == 1'
        query = f"{verdict} and on(unit) sansang_unit_info"
        wait_until(lambda: bool(ask_promql(port, query)), "no verdict arrives", collector.log)
        (joined,) = ask_promql(port, f"({verdict}) * on(unit) group_left(name, province) sansang_unit_info")
        told = f'sansang_check_outcome{{unit="{XOM_CHIEU}",outcome="ok"}} == 1'
        wait_until(lambda: bool(ask_promql(port, told)), "no device arrives", collector.log)
        devices = ask_promql(port, told)
        up = ask_promql(port, "min(up)")
        others = ask_promql(port, f'sansang_unit_verdict{{unit="{XOM_CHIEU}"}} == 1')
    assert joined["value"][1] == "1"
    assert joined["metric"]["name"] == "Phường Xóm Chiếu"
    assert joined["metric"]["province"] == "Thành phố Hồ Chí Minh"
    assert {each["metric"]["check"] for each in devices} == {"connectivity", "device"}
    assert len(others) == 1
    assert up[0]["value"][1] == "1"
