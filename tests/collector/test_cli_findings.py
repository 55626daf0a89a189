"""``sansang-collector findings``, ``waivers``, ``devices``, word for word: beside a collector that runs, and alone."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from checks.kit.segment import Segment
from collector.attribution.model import Cause, Finding
from collector.roster.written import Written
from collector.store import roster
from tests.collector.commanding import (
    CON_DAO,
    KHANH_HOI,
    UNITS,
    XOM_CHIEU,
    Pc,
    call,
    in_days,
    rows,
    running,
    shown,
    town,
    troubled,
)  # fmt: skip

SHORT = (
    "expected a reason of 10 to 500 characters, got 2",
    "no requirement of small@1 is called 'memry'; did you mean memory?",
    'expected a day such as "2026-12-31" or a time such as "2026-12-31T17:00", got \'soon\'',
)


@pytest.fixture
def file(tmp_path: Path) -> str:
    return town(tmp_path)


@pytest_asyncio.fixture(params=["running", "alone"])
async def city(file: str, request: pytest.FixtureRequest) -> AsyncIterator[list[Pc]]:
    async with troubled(file, request.param) as found:
        yield found


async def done(*words: str) -> str:
    """What a command that succeeds prints."""
    code, out, err = await call(*words)
    assert (code, err) == (0, "")
    return out


async def refused(*words: str) -> str:
    """The one line of a command that fails."""
    code, out, err = await call(*words)
    assert (code, out) == (1, "")
    return err.removeprefix("sansang-collector: ").removesuffix("\n")


@pytest.mark.usefixtures("city")
async def test_a_provider_that_fails_is_one_finding_with_all_its_units(file: str) -> None:
    """In a table, and in a sentence that says whose it is; of a unit that it does not stop, nothing."""
    told = rows(await done("findings", "--config", file, "--lang", "en"))
    name = told[1].split()[0]
    assert told[:2] == [
        "id fault units since status whose",
        f"{name} VNPT: no way through 3 HH:MM present the provider VNPT",
    ]
    assert told[2].startswith(f"{name} The network of VNPT (Internet): no way through since HH:MM (the server does")
    assert told[2].endswith(
        ". To be mended by: the provider VNPT. Tell the provider once, with the list of units; nobody need visit them."
    )
    vi = rows(await done("findings", "--config", file, "--lang", "vi", "--unit", XOM_CHIEU))
    assert vi[:2] == [
        "mã số sự cố số đơn vị từ tình trạng ai xử lý",
        f"{name} VNPT: không thông 3 HH:MM đang xảy ra nhà cung cấp VNPT",
    ]
    assert rows(await done("findings", "--config", file, "--unit", "27316")) == ["Không có sự cố nào."]
    [found] = json.loads(await done("findings", "--config", file, "--json", "--days", "7"))
    assert (found["id"], found["subject"], found["units"]) == (name, "VNPT", sorted(UNITS[:3]))


async def test_a_finding_names_a_device_as_people_do(file: str) -> None:
    """By its place in the roster, where an id says nothing."""
    async with running(file) as client:
        parts, pc = client.server.parts, await Pc(client, XOM_CHIEU, 1).enrol()
        stations = {"Q1": {"role": "counter", "agent": True, "title": "Hộ tịch"}}
        written = Written(units={XOM_CHIEU: {}}, stations={XOM_CHIEU: stations})
        await parts.store.write(lambda connection: roster.take(connection, written, now=parts.now(), source="test"))
        await parts.sweep.once()
        await pc.push()
        await done("roster", "match", "--config", file, pc.id, "Q1")
        parts.live.show_findings([
            Finding(
                segment=Segment.DEVICE, subject=pc.id, cause=Cause.CAPTIVE_PORTAL, units=(XOM_CHIEU,),
                devices=(pc.id,), first=parts.now(), id="a1", confidence=0.9,
            )
        ])  # fmt: skip
        told = rows(await done("findings", "--config", file, "--lang", "en"))
        assert told[1] == "a1 Q1 · Hộ tịch: held by a login page 1 HH:MM present the unit's technician"
        assert told[2].startswith("a1 PC Q1 · Hộ tịch (Phường Xóm Chiếu): held by a login page since HH:MM")


@pytest.mark.usefixtures("city")
async def test_a_waiver_is_granted_shown_wherever_the_unit_is_and_ended(file: str) -> None:
    day = in_days(5)
    order = ("--until", day, "--author", "Lê An", "--reason", "máy mới về tuần sau")
    out = await done("waivers", "grant", "--config", file, "--unit", XOM_CHIEU, "memory", *order)
    name = out.split(":")[0]
    assert out == f"{name}: waiver of memory for 27259 Phường Xóm Chiếu until {shown(day)}\n"
    assert rows(await done("waivers", "--config", file, "--lang", "en")) == [
        "id unit requirement kind until author why",
        f"{name} 27259 Phường Xóm Chiếu Memory of a PC waiver {shown(day)} Lê An máy mới về tuần sau",
    ]
    unit = rows(await done("readiness", "--config", file, "--unit", XOM_CHIEU, "--lang", "vi"))
    assert "Bộ nhớ máy trạm ✕ chưa sẵn sàng ✎ 2 GB ≥ 8 GB [A] Thử" in unit
    assert unit[-1] == f"✎ Bộ nhớ máy trạm: miễn trừ {name} đến hết {shown(day)}, Lê An: máy mới về tuần sau"
    again = await refused("waivers", "grant", "--config", file, "--unit", XOM_CHIEU, "memory", *order)
    assert again == f"the waiver {name} holds already on memory of 27259: revoke it first, or let it expire"
    assert await done("waivers", "revoke", "--config", file, name, "--author", "Lê An") == f"{name}: ended\n"
    assert rows(await done("waivers", "--config", file, "--lang", "en")) == ["No waivers or approvals."]
    told = rows(await done("waivers", "--config", file, "--lang", "vi", "--all"))
    assert told[0] == "mã số đơn vị yêu cầu loại đến hết tình trạng người quyết định lý do"
    assert re.fullmatch(rf"{name} 27259 Phường Xóm Chiếu Bộ nhớ .* HH:MM đã thu hồi Lê An máy mới về tuần sau", told[1])


@pytest.mark.usefixtures("city")
async def test_an_approval_is_granted_until_an_hour(file: str) -> None:
    until = f"{in_days(2)}T17:00"
    order = ("--until", until, "--author", "Lê An", "--reason", "đã xem tại chỗ hôm nay")
    out = await done("waivers", "approve", "--config", file, "--unit", KHANH_HOI, "age", *order)
    name = out.split(":")[0]
    assert out == f"{name}: approval of age for 27265 Phường Khánh Hội until {shown(in_days(2))} 17:00\n"
    [found] = json.loads(await done("waivers", "--config", file, "--unit", KHANH_HOI, "--json"))
    assert (found["id"], found["kind"], found["author"]) == (name, "approval", "Lê An")


@pytest.mark.usefixtures("city")
async def test_what_a_waiver_must_say_for_itself_is_asked_in_one_line(file: str) -> None:
    good = {"--until": in_days(5), "--author": "Lê An", "--reason": "máy mới về tuần sau"}
    for name, change, why in (
        ("memory", {"--reason": "ok"}, SHORT[0]),
        ("memry", {}, SHORT[1]),
        ("memory", {"--until": "soon"}, SHORT[2]),
    ):
        told = [word for pair in (good | change).items() for word in pair]
        assert await refused("waivers", "grant", "--config", file, "--unit", XOM_CHIEU, name, *told) == why
    assert await refused("waivers", "revoke", "--config", file, "zz", "--author", "An") == (
        "no waiver or approval with the id 'zz' is in force"
    )


async def test_a_device_is_moved_and_both_units_are_named(file: str, city: list[Pc]) -> None:
    device = city[0].id
    told = await done("devices", "move", "--config", file, device, "--unit", CON_DAO, "--reason", "chuyển trụ sở")
    assert told == f"{device}: from 27259 Phường Xóm Chiếu to 26732 Đặc khu Côn Đảo\n"
    listed = rows(await done("devices", "--config", file, "--unit", CON_DAO, "--lang", "en"))
    assert listed[0] == "id unit role status last measured clock (s)"
    assert re.fullmatch(rf"{device} 26732 Đặc khu Côn Đảo PC active \d\d/\d\d/\d{{4}} HH:MM [+-]0\.\d", listed[1])
    assert await refused("devices", "move", "--config", file, "zz", "--unit", CON_DAO) == "no device has the id 'zz'"
    assert await refused("devices", "move", "--config", file, device, "--unit", "1") == (
        "no unit has the code '1' in this locality"
    )
