"""A measurement is kept in the commit that makes its result durable, once, and judged by all that is known of it."""

from __future__ import annotations

import json
import uuid
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from checks.kit.model import Outcome
from collector.evidence import keeper
from collector.evidence.model import DAY, KEPT, Measurement
from collector.leases.model import SECOND, Lease
from collector.store import leases, measurements, schema
from collector.store.leases import Request
from tests.collector.bench import Bench
from tests.collector.evidence.measuring import BOTH, LEASE, NOW, REFLECTED, Pc, lease, record
from tests.collector.pushing import XOM_CHIEU, Sender, enrolled


class Field(Bench):
    """A bench at NOW with an enrolled device whose lease is granted."""

    @classmethod
    def of(cls, bench: Bench) -> tuple[Field, Sender, Pc]:
        sender = enrolled(bench.store, Sender())
        field = cls(bench.store, bench.ledger, NOW + 20 * SECOND)
        return field, sender, Pc(sender.signer)

    def granted(self, sender: Sender, records: list[dict[str, Any]] = BOTH, **changes: Any) -> Lease:
        """A lease of the device's, and what the server has seen under it by now."""
        found = lease(sender.device, **changes)
        with self.store.begin() as connection:
            leases.add(connection, found)
            for one in records:
                leases.record(connection, found.id, one["test"], one)
        return found

    def see(self, *records: dict[str, Any]) -> None:
        """The server keeps these, as the book does: row and evidence in one transaction."""
        for one in records:
            with self.store.begin() as connection:
                leases.record(connection, LEASE, one["test"], one)
                keeper.recorded(connection, LEASE, one["test"], one)

    def rows(self) -> list[Measurement]:
        with self.store.reader() as connection:
            return measurements.of_unit(connection, XOM_CHIEU, 0)[::-1]

    def valid(self) -> list[str]:
        return [one.valid for one in self.rows()]


def test_a_result_is_kept_whole_with_the_servers_records(bench: Bench) -> None:
    """Unit, provider and lease beside what the device sent, byte for byte."""
    field, sender, pc = Field.of(bench)
    field.granted(sender)
    result = pc.result()
    field.push(sender, result)
    (kept,) = field.rows()
    assert (kept.unit, kept.device, kept.provider, kept.check) == (XOM_CHIEU, sender.device, "VNPT", "bandwidth")
    assert (kept.at, kept.lease, kept.valid, kept.body) == (NOW, LEASE, "", msgspec.json.encode(result))
    assert [(one["test"], one["bytes"]) for one in json.loads(kept.server)] == [
        ("download", 40_862_500), ("upload", 18_025_000)
    ]  # fmt: skip


def test_only_speed_that_was_measured_is_kept(bench: Bench) -> None:
    """Other checks, errors and what does not apply are states, and no evidence."""
    field, sender, pc = Field.of(bench)
    field.granted(sender)
    others = [sender.result(NOW), pc.result(seq=2, outcome=Outcome.ERROR, reason="lease_refused")]
    field.push(sender, *others, pc.result(seq=3, outcome=Outcome.NOT_APPLICABLE))
    assert field.rows() == []


@pytest.mark.parametrize("first", ["result", "records"])
def test_result_and_records_meet_whichever_comes_first(bench: Bench, first: str) -> None:
    """Until both are there it counts for nothing."""
    field, sender, pc = Field.of(bench)
    field.granted(sender, [])
    if first == "records":
        field.see(*BOTH)
        field.push(sender, pc.result())
        assert field.valid() == [""]
        return
    field.push(sender, pc.result())
    assert field.valid() == ["unconfirmed"]
    field.see(BOTH[0])
    assert field.valid() == ["unconfirmed"]
    field.see(BOTH[1])
    assert field.valid() == [""]
    assert len(json.loads(field.rows()[0].server)) == 2


def test_a_later_record_can_take_a_measurement_back(bench: Bench) -> None:
    """Another connection of the same test, which the client lied on."""
    field, sender, pc = Field.of(bench)
    field.granted(sender)
    field.push(sender, pc.result())
    field.see(record("download", 1e6, end="client_lied"))
    assert field.valid() == ["server_ended"]
    field.see(record("download", 1e6))
    assert field.valid() == ["server_ended"]


def test_a_batch_that_comes_twice_is_one_measurement(bench: Bench) -> None:
    """Also to a ledger that remembers nothing, and where the device's numbers began anew."""
    field, sender, pc = Field.of(bench)
    field.granted(sender)
    field.push(sender, pc.result())
    field.push(sender, pc.result())
    again = field.again()
    again.push(sender, pc.result())
    again.push(sender, pc.result(), epoch=2)
    again.push(sender, pc.result(), epoch=3, sent_at=NOW + 900 * SECOND)  # by another clock, so at another time
    assert len(field.rows()) == 1


def test_a_lease_has_one_result(bench: Bench) -> None:
    """The second is kept, and counts for nothing, whatever comes after."""
    field, sender, pc = Field.of(bench)
    field.granted(sender)
    field.push(sender, pc.result(), pc.result(95.0, seq=2, at=NOW + SECOND))
    assert field.valid() == ["", "lease_used"]
    field.see(BOTH[0] | {"uuid": "v", "bytes": 0, "rate": 0.0, "samples": []})
    assert field.valid() == ["", "lease_used"]


def test_another_devices_lease_is_no_use(bench: Bench) -> None:
    """Neither does naming it first take it from its owner."""
    field, owner, pc = Field.of(bench)
    thief = enrolled(bench.store, Sender(key=2))
    field.granted(owner)
    field.push(thief, Pc(thief.signer).result())
    field.push(owner, pc.result(at=NOW + SECOND))
    assert [(one.device == owner.device, one.valid) for one in field.rows()] == [
        (False, "lease_foreign"), (True, "")
    ]  # fmt: skip
    assert field.rows()[0].server == ""


def test_a_device_on_probation_is_kept_and_not_counted(bench: Bench) -> None:
    """It may yet be approved: what it sent stays to be seen."""
    field, sender, pc = Field.of(bench)
    field.granted(sender)
    field.push(sender, pc.result(), counts=False)
    assert field.valid() == ["device"]


HOSTILE: list[dict[str, Any]] = [
    {},
    {"lease": "\x00" * 16},
    {"lease": "0" * 16},
    {"lease": 10**15, "evidence": "[" * 900, "signature": "\x00"},
    {"lease": LEASE, "evidence": "{}", "signature": "=" * 900},
    {"lease": LEASE, "evidence": None, "signature": None, "limited_by": "x" * 1000},
]


def test_no_fact_keeps_a_batch_from_being_durable(bench: Bench) -> None:
    """The other results of the batch are stored with it, and none of these counts."""
    field, sender, pc = Field.of(bench)
    field.granted(sender)
    results = [pc.result(facts=facts, seq=place, at=NOW + place) for place, facts in enumerate(HOSTILE, 1)]
    assert field.push(sender, *results, sender.result(NOW, seq=len(results) + 1)) == len(results) + 2
    assert len(field.rows()) == len(results)
    assert "" not in field.valid()


def test_a_call_is_kept_like_a_test_of_speed(bench: Bench) -> None:
    """Its server is the reflector, which tells more than once of a test that goes on."""
    field, sender, pc = Field.of(bench)
    field.granted(sender, [], check="realtime")
    field.push(sender, pc.call())
    field.see(REFLECTED | {"packets": 900, "reflected": 900})
    assert field.valid() == ["counts_disagree"]
    field.see(REFLECTED)
    assert field.valid() == [""]


def test_what_is_older_than_a_contract_year_is_forgotten(bench: Bench) -> None:
    """400 days, and the leases with it."""
    field, sender, pc = Field.of(bench)
    field.granted(sender)
    field.push(sender, pc.result())
    for now, left in ((NOW + KEPT - DAY, 1), (NOW + KEPT + DAY, 0)):
        with bench.store.begin() as connection:
            assert keeper.tidy(connection, now) == 1 - left
            assert connection.scalar(sa.select(sa.func.count()).select_from(schema.leases)) == left
        assert len(field.rows()) == left


def test_a_request_that_is_open_is_not_asked_twice(bench: Bench) -> None:
    """Another device's is another; one that ended is over."""
    wanted = Request(
        id="", unit=XOM_CHIEU, check="bandwidth", author="Lê An", created_at=NOW, expires_at=NOW + 60 * SECOND
    )  # fmt: skip
    with bench.store.begin() as connection:
        first = measurements.ask(connection, wanted)
        assert measurements.ask(connection, wanted) == first
        other = measurements.ask(connection, msgspec.structs.replace(wanted, device=str(uuid.UUID(int=3))))
        later = measurements.ask(connection, msgspec.structs.replace(wanted, created_at=NOW + 60 * SECOND))
        assert len({first.id, other.id, later.id}) == 3
        assert leases.request(connection, first.id) == first
        trail = list(connection.execute(sa.select(schema.audit.c.action, schema.audit.c.detail)))
    assert trail[0] == ("speed_requested", "unit 27259, bandwidth, device any, by Lê An")
    assert len(trail) == 3
