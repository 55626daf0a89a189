"""A device that moves to another unit: its key, its status and both units' pasts stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from collector.moving import Moving
from collector.readiness.model import Silence
from collector.roster.written import Written
from collector.store import devices, moves, roster
from collector.store.devices import Refused
from collector.store.engine import Store
from collector.store.moves import Move
from collector.store.schema import audit, tokens
from tests.collector.pushing import Sender, enrolled, wall
from tests.collector.standing import served
from tests.collector.test_sweep import Hands, push

XOM_CHIEU, KHANH_HOI = "27259", "27262"
OTHER = "25747"
WHY = "Chuyển theo cán bộ"


class Desk:
    """The office's calls over a store, with a clock that stands until it is moved."""

    def __init__(self, store: Store) -> None:
        self.store, self.at, self.judged = store, wall() + 60_000_000, 0
        self.calls = Moving(store, {XOM_CHIEU, KHANH_HOI}, lambda: self.at, self._judge).calls

    async def _judge(self) -> None:
        self.judged += 1

    async def move(self, device: str, unit: str = KHANH_HOI, reason: str = WHY) -> Move:
        done = await self.calls["devices.move"](device=device, unit=unit, reason=reason)
        assert isinstance(done, Move)
        return done

    async def refused(self, device: str, unit: str = KHANH_HOI, reason: str = WHY) -> tuple[str, str]:
        before = self.devices(), self.mark()
        with pytest.raises(Refused) as why:
            await self.move(device, unit, reason)
        assert (self.devices(), self.mark()) == before
        return why.value.code, str(why.value)

    def devices(self) -> list[devices.Device]:
        with self.store.reader() as connection:
            return devices.list_devices(connection)

    def mark(self) -> tuple[int, int]:
        with self.store.reader() as connection:
            return devices.mark(connection)


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    store = Store(database_url)
    store.open()
    yield Desk(store)
    store.close()


async def test_a_device_stands_in_its_new_unit_with_its_key_and_status(desk: Desk) -> None:
    """What follows from where it stands is read anew: the directory's mark has changed. Its token is not another."""
    sender = enrolled(desk.store, Sender(), XOM_CHIEU, review=True)
    [before], mark = desk.devices(), desk.mark()
    done = await desk.move(sender.device)
    assert done == Move(device=sender.device, old=XOM_CHIEU, new=KHANH_HOI, at=desk.at, reason=WHY)
    [after] = desk.devices()
    assert (after.unit, after.status, after.public_key) == (KHANH_HOI, "pending", before.public_key)
    assert desk.mark() != mark
    assert desk.judged == 1
    with desk.store.reader() as connection:
        assert connection.execute(sa.select(tokens.c.unit, tokens.c.used)).all() == [(XOM_CHIEU, 1)]
        last = connection.execute(sa.select(audit).order_by(audit.c.id.desc()).limit(1)).one()
    assert (last.action, last.subject) == ("device_moved", sender.device)
    assert last.detail == f"from {XOM_CHIEU} to {KHANH_HOI}: {WHY}"


async def test_its_way_is_told_oldest_first(desk: Desk) -> None:
    """Of this device only, there and back."""
    sender, other = enrolled(desk.store, Sender(key=1)), enrolled(desk.store, Sender(key=2))
    first = await desk.move(sender.device)
    desk.at += 1_000_000
    second = await desk.move(sender.device, XOM_CHIEU, "")
    third = await desk.move(other.device)
    assert await desk.calls["devices.moves"](device=sender.device) == [first, second]
    assert await desk.calls["devices.moves"](device="nobody") == []
    with desk.store.reader() as connection:
        assert moves.since(connection, desk.at) == [second, third]


@pytest.mark.parametrize("back", [0, 3_600_000_000])
async def test_a_move_is_seen_though_the_clock_stands_or_was_set_back(desk: Desk, back: int) -> None:
    """Two moves in one instant are two changes to who looks for the newest."""
    sender = enrolled(desk.store, Sender())
    await desk.move(sender.device)
    mark = desk.mark()
    desk.at -= back
    await desk.move(sender.device, XOM_CHIEU)
    assert desk.mark() > mark


async def test_its_station_is_free_for_another(desk: Desk) -> None:
    """The roster of the old unit keeps the place."""
    sender = enrolled(desk.store, Sender())
    written = Written(stations={XOM_CHIEU: {"Q1": {"role": "counter", "agent": True}}})
    with desk.store.begin() as connection:
        roster.take(connection, written, now=desk.at, source="test")
        roster.assign(connection, (XOM_CHIEU, "Q1"), sender.device, now=desk.at)
        mark = roster.mark(connection)
    await desk.move(sender.device)
    with desk.store.reader() as connection:
        [station] = roster.load(connection).stations[XOM_CHIEU]
        assert (station.device, station.retired_at) == (None, None)
        assert roster.mark(connection) != mark


async def test_what_cannot_move_is_refused(desk: Desk) -> None:
    """With one line, and nothing is stored."""
    sender = enrolled(desk.store, Sender())
    device = sender.device
    unknown = "no unit has the code '99999' in this locality"
    assert await desk.refused(device, "99999") == ("unknown_unit", unknown)
    assert await desk.refused("beef") == ("unknown_device", "no device has the id 'beef'")
    same = f"the device '{device}' stands in 27259 already"
    assert await desk.refused(device, XOM_CHIEU) == ("same_unit", same)
    control = "expected a reason of letters and signs: it holds a control character"
    assert await desk.refused(device, reason="a\0b") == ("bad_reason", control)
    with desk.store.begin() as connection:
        devices.set_status(connection, device, devices.REVOKED, desk.at)
    revoked = f"the device '{device}' was revoked: it has to enrol anew, with a token of 27262"
    assert await desk.refused(device) == ("revoked", revoked)
    assert desk.judged == 0


async def test_a_collector_that_serves_goes_on_with_the_device_in_its_new_unit(
    tmp_path: Path, database_url: str
) -> None:
    """Both units are judged anew, the pushes of the same key count there, and the old unit keeps its past."""
    hands = Hands()
    async with served(tmp_path, database_url, now=hands) as client:
        parts, sender = client.server.parts, await client.enrolled(Sender())
        live = parts.live
        await push(client, hands, sender)
        before = await live.history(XOM_CHIEU, 0)
        hands.at += 60_000_000
        calls = Moving(parts.store, live.units, parts.now, parts.sweep.once).calls
        await calls["devices.move"](device=sender.device, unit=OTHER, reason=WHY)
        assert [device.id for device in live.devices_of(OTHER)] == [sender.device]
        assert live.devices_of(XOM_CHIEU) == []
        assert live.verdicts[XOM_CHIEU].silence is Silence.NEVER_ENROLLED
        assert live.verdicts[OTHER].reporting == 1
        hands.at += 60_000_000
        await push(client, hands, sender)
        assert live.verdicts[OTHER].last_seen == hands.at
        known = {(change.subject, change.at) for change in await live.history(XOM_CHIEU, 0)}
        assert known >= {(change.subject, change.at) for change in before}
        _, text = await client.get("/metrics/devices")
        assert f'unit="{OTHER}",device="{sender.device}"' in text
        assert f'unit="{XOM_CHIEU}",device="{sender.device}"' not in text


async def test_what_it_found_of_the_old_units_way_says_nothing_of_the_new_one(
    tmp_path: Path, database_url: str
) -> None:
    """Its own state goes with it; the systems it reached there are measured anew here."""
    hands = Hands()
    async with served(tmp_path, database_url, now=hands) as client:
        parts, sender = client.server.parts, await client.enrolled(Sender())
        await push(client, hands, sender)
        assert {check for check, _ in parts.live.devices_of(XOM_CHIEU)[0].results} >= {"connectivity", "device"}
        hands.at += 60_000_000
        calls = Moving(parts.store, parts.live.units, parts.now, parts.sweep.once).calls
        await calls["devices.move"](device=sender.device, unit=OTHER, reason=WHY)
        assert {check for check, _ in parts.live.devices_of(OTHER)[0].results} == {"device"}
        hands.at += 60_000_000
        await push(client, hands, sender)
        assert {check for check, _ in parts.live.devices_of(OTHER)[0].results} >= {"connectivity", "device"}
