"""Who stands where, from the command line, beside a collector that runs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from collector.office import Office, Socket
from tests.collector.pushing import XOM_CHIEU, Sender
from tests.collector.standing import Client, served
from tests.collector.test_main import call
from tests.collector.test_stations import COUNTER, ROUTER, imported, standing_at

NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest_asyncio.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    """A collector with two stations and a router's in one unit's roster, and its socket."""
    async with served(tmp_path) as client, Socket(Office(client.server.parts), tmp_path / "state"):
        await imported(client, {"Q1": COUNTER, "Q2": COUNTER | {"title": "Hộ tịch"}, "R1": ROUTER})
        yield client


async def test_a_device_is_put_at_a_station_and_taken_away(client: Client, tmp_path: Path) -> None:
    """It moves from one to the other, and is nowhere at the end."""
    file, sender = str(tmp_path / "collector.yaml"), await client.enrolled(Sender())
    told = (0, f"{sender.device} stands at {XOM_CHIEU}/Q2\n", "")
    assert await call("roster", "match", "--config", file, sender.device, "Q2") == told
    assert standing_at(client) == {sender.device: "Q2"}
    assert (await call("roster", "match", "--config", file, sender.device, "Q1"))[0] == 0
    assert standing_at(client) == {sender.device: "Q1"}
    assert await call("roster", "unmatch", "--config", file, sender.device) == (0, "", "")
    assert standing_at(client) == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("match", NOBODY, "Q1"), f"no device in force has the id '{NOBODY}'"),
        (("match", "{device}", "Q9"), f"unit {XOM_CHIEU} has no station 'Q9' in its roster"),
        (("match", "{device}", "R1"), "station 'R1' is for a router, not for a pc"),
        (("unmatch", "{device}"), "the device '{device}' stands at no station"),
        (("unmatched", "--unit", "00000"), "no unit has the code '00000' in this locality"),
    ],
)
async def test_what_does_not_fit_is_one_line(client: Client, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    """Nothing is changed."""
    file, sender = str(tmp_path / "collector.yaml"), await client.enrolled(Sender())
    given = [word.format(device=sender.device) for word in words]
    told = await call("roster", given[0], "--config", file, *given[1:])
    assert told == (1, "", f"sansang-collector: {said.format(device=sender.device)}\n")
    assert standing_at(client) == {}


async def test_a_device_is_called_by_its_station(client: Client, tmp_path: Path) -> None:
    """On its own page and on its unit's: an id says nothing to people."""
    sender = await client.enrolled(Sender())
    assert (await call("roster", "match", "--config", str(tmp_path / "collector.yaml"), sender.device, "Q2"))[0] == 0
    for path in (f"/devices/{sender.device}", f"/units/{XOM_CHIEU}"):
        assert "Q2 · Hộ tịch" in (await client.get(path))[1]


async def test_what_is_left_over_is_listed(client: Client, tmp_path: Path) -> None:
    """Devices without a station and stations without a device, for people and for programs."""
    file, sender = str(tmp_path / "collector.yaml"), await client.enrolled(Sender())
    other = await client.enrolled(Sender(key=9))
    assert (await call("roster", "match", "--config", file, other.device, "Q1"))[0] == 0
    code, text, _ = await call("roster", "unmatched", "--config", file, "--unit", XOM_CHIEU, "--json")
    found = json.loads(text)
    # one counter and one PC were left: they belong together
    assert (code, found["devices"]) == (0, [])
    assert [station["id"] for station in found["stations"]] == ["R1"]
    assert standing_at(client) == {other.device: "Q1", sender.device: "Q2"}
    _, text, _ = await call("roster", "unmatched", "--config", file, "--lang", "vi")
    assert "Thiết bị chưa có vị trí: 0" in text
    assert "Vị trí chưa có thiết bị: 1" in text
    _, text, _ = await call("roster", "unmatched", "--config", file, "--lang", "en")
    assert "Devices without a station: 0" in text
    assert "R1" in text
