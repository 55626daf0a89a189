"""The roster in force in a collector that runs: who stands where, how many are expected, how old a PC is."""

from __future__ import annotations

import datetime
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from collector import stations as module
from collector.office import Office
from collector.readiness.model import Verdict
from collector.roster.model import Station
from collector.roster.written import Written
from collector.stations import Stations, bought_at, moves
from collector.store import devices, roster
from collector.store.devices import Device
from tests.collector.pushing import XOM_CHIEU, Sender, Signer
from tests.collector.standing import Client, served
from tests.collector.test_sweep import Hands, healthy, push

COUNTER: dict[str, Any] = {"role": "counter", "agent": True}
ROUTER: dict[str, Any] = {"role": "router", "agent": True}


async def imported(client: Client, stations: Mapping[str, dict[str, Any]], **unit: Any) -> None:
    """The unit's roster, as an import would leave it."""
    parts = client.server.parts
    written = Written(units={XOM_CHIEU: unit} if unit else {}, stations={XOM_CHIEU: dict(stations)})
    await parts.store.write(lambda connection: roster.take(connection, written, now=parts.now(), source="test"))
    await parts.sweep.once()


async def token(client: Client, seats: int = 3) -> str:
    arguments = {"unit": XOM_CHIEU, "seats": seats, "days": 1.0}
    return str(await Office(client.server.parts).call("tokens.create", arguments))


def standing_at(client: Client) -> dict[str, str]:
    """Stations by device."""
    stations = client.server.parts.live.stations.of_unit(XOM_CHIEU)
    return {station.device: station.id for station in stations if station.device}


async def test_a_roster_that_takes_long_to_read_rests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a city enrols it changes with every device; reading it each time would take a core."""
    async with served(tmp_path) as client:
        parts = client.server.parts
        known = Stations(parts.store)
        await imported(client, {"Q1": COUNTER})
        monkeypatch.setattr(module, "LONG", 0.0)
        assert await known.refresh() == {XOM_CHIEU}
        await imported(client, {"Q1": COUNTER, "Q2": COUNTER})
        monkeypatch.setattr(known, "_rests_until", time.monotonic() + 60)
        assert await known.refresh() == set()
        monkeypatch.setattr(known, "_rests_until", 0.0)
        assert await known.refresh() == {XOM_CHIEU}
        assert known._rests_until > 0


async def test_a_device_enrols_at_a_station_of_its_unit(tmp_path: Path, database_url: str) -> None:
    """The technician names it; repeating it with the same key changes nothing."""
    async with served(tmp_path, database_url) as client:
        await imported(client, {"Q1": COUNTER, "Q2": COUNTER, "Q3": COUNTER})
        secret = await token(client)
        status, answer = await client.enrol(Signer(5), secret, station="Q2")
        assert status == 200
        assert await client.enrol(Signer(5), secret, station="Q2") == (200, answer)
        await client.server.parts.sweep.once()
        assert standing_at(client) == {answer["device"]: "Q2"}
        device = client.server.parts.live.device(answer["device"])
        assert device
        assert device.station == "Q2"


@pytest.mark.parametrize(
    ("station", "role", "code", "message"),
    [
        ("Q9", "pc", "unknown_station", f"unit {XOM_CHIEU} has no station 'Q9' in its roster"),
        ("R1", "pc", "station_role", "station 'R1' is for a router, not for a pc"),
        ("Q1", "pc", "station_taken", "another device stands at station 'Q1': free it first"),
    ],
)
async def test_a_station_that_does_not_fit_is_refused_and_takes_no_seat(
    tmp_path: Path, database_url: str, station: str, role: str, code: str, message: str
) -> None:
    """The same token serves for the right one."""
    async with served(tmp_path, database_url) as client:
        await imported(client, {"Q1": COUNTER, "Q2": COUNTER, "R1": ROUTER})
        secret = await token(client, seats=2)
        assert (await client.enrol(Signer(5), secret, station="Q1"))[0] == 200
        refused = await client.enrol(Signer(6), secret, station=station, role=role)
        assert refused == (403, {"error": code, "message": message})
        assert (await client.enrol(Signer(6), secret, station="Q2"))[0] == 200


async def test_what_the_roster_names_and_nobody_saw_is_missed(tmp_path: Path, database_url: str) -> None:
    """One PC reports where three are named; the import takes effect with the next sweep."""
    hands = Hands()
    async with served(tmp_path, database_url, now=hands) as client:
        live, sender = client.server.parts.live, await client.enrolled(Sender())
        await push(client, hands, sender)
        assert live.verdicts[XOM_CHIEU].verdict is Verdict.READY
        await imported(client, {"Q1": COUNTER, "Q2": COUNTER, "Q3": COUNTER | {"agent": False}, "Q4": COUNTER})
        found = live.verdicts[XOM_CHIEU]
        assert (found.verdict, found.expected, found.reporting) == (Verdict.UNKNOWN, 3, 1)
        assert await client.metric(f'sansang_unit_devices_expected{{unit="{XOM_CHIEU}"}}') == 3


async def test_the_router_in_the_roster_is_what_the_unit_is_told_to_ask(tmp_path: Path, database_url: str) -> None:
    """Address, community and contract, without a line of YAML; the configuration's name changes with them."""
    async with served(tmp_path, database_url) as client:
        catalog = client.server.parts.api._catalog
        before = catalog.etag(XOM_CHIEU, "router")
        line = {"contracted_down_mbps": 200.0, "contracted_up_mbps": 100.0}
        await imported(client, {}, snmp_host="10.1.0.1", snmp_community="canary-community", **line)
        job = next(job for job in catalog.jobs_for(XOM_CHIEU, "router") if job.check == "uplink")
        told = {name: job.params[name] for name in ("host", "community", "capacity_down_mbps", "capacity_up_mbps")}
        assert told == {
            "host": "10.1.0.1", "community": "canary-community", "capacity_down_mbps": 200.0, "capacity_up_mbps": 100.0
        }  # fmt: skip
        after = catalog.etag(XOM_CHIEU, "router")
        assert after != before
        assert [job.params for job in catalog.jobs_for("25747", "router") if job.check == "uplink"] == [{}]
        for path in ("/metrics", "/metrics/devices", f"/units/{XOM_CHIEU}", "/"):
            assert "canary-community" not in (await client.get(path))[1]
        contract = f'sansang_unit_contract_bytes_per_second{{unit="{XOM_CHIEU}",direction="receive"}}'
        assert await client.metric(contract) == 25_000_000


async def test_settings_that_do_not_fit_are_left_out(tmp_path: Path, database_url: str) -> None:
    """A key that is too short would have every agent of the unit refuse its whole configuration."""
    async with served(tmp_path, database_url) as client:
        catalog = client.server.parts.api._catalog
        before = catalog.etag(XOM_CHIEU, "router")
        await imported(client, {}, snmp_host="10.1.0.1", snmp_version="3", snmp_user="u", snmp_auth_key="short")
        assert catalog.etag(XOM_CHIEU, "router") == before


async def test_what_the_roster_counts_is_exported(tmp_path: Path, database_url: str) -> None:
    """People and equipment, and how many stations were ever heard of."""
    hands = Hands()
    async with served(tmp_path, database_url, now=hands) as client:
        sender = await client.enrolled(Sender())
        await push(client, hands, sender)
        await imported(client, {"Q1": COUNTER | {"purchase_date": "2020-03-14"}, "R1": ROUTER}, staff=12, signers=3)
        _, text = await client.get("/metrics")
        own = f'unit="{XOM_CHIEU}"'
        for row in (
            f'sansang_unit_roster{{{own},kind="staff"}} 12', f'sansang_unit_roster{{{own},kind="signers"}} 3',
            f'sansang_unit_stations{{{own},role="counter"}} 1', f'sansang_unit_stations{{{own},role="router"}} 1',
            f'sansang_unit_stations_seen{{{own},role="counter"}} 1',
            f'sansang_unit_stations_seen{{{own},role="router"}} 0',
        ):  # fmt: skip
            assert row in text.splitlines()
        _, text = await client.get("/metrics/devices")
        bought = datetime.datetime(2020, 3, 14, tzinfo=datetime.UTC).timestamp()
        assert f'sansang_device_purchase_timestamp_seconds{{{own},device="{sender.device}"}} {bought:.0f}' in text
        assert 'station="Q1"' in text


async def test_the_only_station_and_the_only_device_belong_together(tmp_path: Path, database_url: str) -> None:
    """No one has to say so; two of either are left to people."""
    hands = Hands()
    async with served(tmp_path, database_url, now=hands) as client:
        sender = await client.enrolled(Sender())
        await imported(client, {"Q1": COUNTER, "Q2": COUNTER})
        assert standing_at(client) == {}
        await imported(client, {"Q2": COUNTER | {"purchase_date": "2015"}})
        assert standing_at(client) == {sender.device: "Q2"}
        await client.push(sender.sealed(*healthy(sender, hands.at), sent_at=hands.at))
        await client.server.parts.sweep.once()
        age = next(line for line in client.server.parts.live.verdicts[XOM_CHIEU].requirements if line.id == "pc_age")
        assert (age.state, age.evidence[0].basis) == (Verdict.NOT_READY, "purchase_date")
        device = client.server.parts.live.device(sender.device)
        assert device
        assert device.purchase_date == "2015"


async def test_a_revoked_device_frees_its_station(tmp_path: Path, database_url: str) -> None:
    """Its successor may enrol there."""
    async with served(tmp_path, database_url) as client:
        await imported(client, {"Q1": COUNTER, "Q2": COUNTER})
        secret = await token(client)
        _, answer = await client.enrol(Signer(5), secret, station="Q1")
        await client.server.parts.sweep.once()
        await Office(client.server.parts).call("devices.revoke", {"device": answer["device"]})
        assert standing_at(client) == {}
        assert (await client.enrol(Signer(6), secret, station="Q1"))[0] == 200


async def test_an_unchanged_roster_is_not_read_again(tmp_path: Path, database_url: str) -> None:
    """Every sweep asks; thousands of rows are decoded once."""
    async with served(tmp_path, database_url) as client:
        stations = Stations(client.server.parts.store)
        await imported(client, {"Q1": COUNTER}, staff=12)
        assert await stations.refresh() == {XOM_CHIEU}
        kept = stations.of_unit(XOM_CHIEU)
        assert await stations.refresh() == set()
        assert stations.of_unit(XOM_CHIEU) is kept
        told = stations.told(XOM_CHIEU)
        assert told
        assert told.staff == 12


def device(name: str, *, role: str = "pc", status: str = devices.ACTIVE) -> Device:
    return Device(id=name, unit="27259", role=role, status=status, public_key=b"", name="", enrolled_at=0)


def station(name: str, at: str | None = None, **more: Any) -> Station:
    return Station(unit="27259", id=name, device=at, **({"role": "counter"} | more))


@pytest.mark.parametrize(
    ("stations", "enrolled", "found"),
    [
        ([station("Q1")], [device("a")], [("Q1", "a")]),
        ([station("Q1"), station("Q2", "b")], [device("a"), device("b")], [("Q1", "a")]),
        ([station("Q1"), station("Q2")], [device("a")], []),
        ([station("Q1")], [device("a"), device("b")], []),
        ([station("Q1")], [device("a", role="router")], []),
        ([station("Q1")], [device("a", status=devices.PENDING)], []),
        ([station("Q1", agent=False)], [device("a")], []),
        ([station("K", role="kiosk"), station("Q1")], [device("k", role="kiosk"), device("a")],
         [("K", "k"), ("Q1", "a")]),
        ([station("Q1", "a")], [device("a", status=devices.REVOKED)], [("Q1", None)]),
        ([station("Q1", "a")], [device("a", status=devices.REVOKED), device("b")], [("Q1", None), ("Q1", "b")]),
        ([station("Q1", "gone")], [], [("Q1", None)]),
    ],
)  # fmt: skip
def test_only_what_is_certain_is_matched(
    stations: list[Station], enrolled: list[Device], found: list[tuple[str, str | None]]
) -> None:
    """A wrong guess would give one PC another's purchase date."""
    assert [(key[1], at) for key, at in moves(stations, enrolled)] == found


def test_a_day_is_as_exact_as_it_was_told() -> None:
    """A bare year stands for its middle."""
    days = {text: bought_at(station("Q1", purchase_date=text)) for text in ("2020-03-14", "2020")}
    assert days == {
        "2020-03-14": int(datetime.datetime(2020, 3, 14, tzinfo=datetime.UTC).timestamp()),
        "2020": int(datetime.datetime(2020, 7, 2, tzinfo=datetime.UTC).timestamp()),
    }
    assert bought_at(station("Q1")) is None
    assert bought_at(None) is None
