"""The profile and the prices that are edited while the collector runs."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from collector.readiness.model import Verdict
from tests.collector.commanding import PRICES, PROFILE, XOM_CHIEU, Pc, running, town, troubled

HARDER = PROFILE.replace("version: 1", "version: 2").replace('ready: ">= 8", at_risk: ">= 4"', 'ready: ">= 32"')
AN_DONG = "27316"


@pytest.fixture
def file(tmp_path: Path) -> str:
    return town(tmp_path)


@pytest_asyncio.fixture
async def city(file: str) -> AsyncIterator[list[Pc]]:
    async with troubled(file) as found:
        yield found


GONE = "no such file or directory"


async def edited(city: list[Pc], file: str, name: str, text: str) -> None:
    """Another text in a file, and two sweeps."""
    (Path(file).parent / name).write_text(text, "utf-8")
    for _ in range(2):
        await city[0].client.server.parts.sweep.once()


async def test_an_edited_profile_is_taken_within_two_sweeps(file: str, city: list[Pc]) -> None:
    """Every unit is judged by it, the metrics and the board name it."""
    client = city[0].client
    live = client.server.parts.live
    assert await client.metric('sansang_profile_info{profile="small@1"}') == 1
    assert live.verdicts[AN_DONG].verdict is Verdict.READY
    await edited(city, file, "profiles/small.yaml", HARDER)
    assert {verdict.profile for verdict in live.verdicts.values()} == {"small@2"}
    assert live.verdicts[AN_DONG].verdict is Verdict.NOT_READY
    assert await client.metric('sansang_profile_info{profile="small@2"}') == 1
    assert await client.metric('sansang_profile_info{profile="small@1"}') is None
    assert await client.metric("sansang_profile_loaded") == 1


async def test_a_broken_profile_leaves_the_old_in_force_and_says_so(file: str, city: list[Pc]) -> None:
    """In the metrics, and with its place on every page; until it is mended."""
    client = city[0].client
    live, place = client.server.parts.live, Path(file).parent / "profiles/small.yaml"
    await edited(city, file, "profiles/small.yaml", HARDER.replace("unit: GB", "unit: litres"))
    assert live.verdicts[AN_DONG].profile == "small@1"
    assert live.verdicts[AN_DONG].verdict is Verdict.READY
    assert await client.metric("sansang_profile_loaded") == 0
    assert await client.metric('sansang_profile_info{profile="small@1"}') == 1
    why = f"{place}:23:3: requirements[1].unit: expected a unit for bytes: MB, GB, got 'litres'"
    assert live.trouble("en").startswith("The new configuration (profile, prices) is refused since ")
    assert live.trouble("en").endswith(f", small@1 stays in force: {why}")
    assert live.trouble("vi").startswith("Cấu hình mới (bộ tiêu chí, bảng giá) bị từ chối từ ")
    assert live.trouble("vi").endswith(f", small@1 vẫn được dùng: {why}")
    assert live.trouble("vi") in html.unescape((await client.get("/"))[1])
    await edited(city, file, "profiles/small.yaml", HARDER)
    assert (live.trouble("vi"), live.trouble("en")) == ("", "")
    assert await client.metric("sansang_profile_loaded") == 1
    assert live.verdicts[AN_DONG].profile == "small@2"


async def test_a_change_under_the_same_version_is_refused(file: str, city: list[Pc]) -> None:
    """Verdicts of the past would be told by what was never asked."""
    await edited(city, file, "profiles/small.yaml", HARDER.replace("version: 2", "version: 1"))
    live = city[0].client.server.parts.live
    assert live.verdicts[AN_DONG].verdict is Verdict.READY
    assert "small@1" in live.trouble("en").partition(" stays in force: ")[2]
    assert await city[0].client.metric("sansang_profile_loaded") == 0
    await edited(city, file, "profiles/small.yaml", PROFILE)
    assert live.trouble("en") == ""


async def test_an_edited_price_is_in_the_next_path(file: str, city: list[Pc]) -> None:
    live = city[0].client.server.parts.live
    path = live.path(XOM_CHIEU)
    assert path is not None
    assert path.cost == 900_000
    await edited(city, file, "prices.yaml", PRICES.replace("900000", "1200000"))
    path = live.path(XOM_CHIEU)
    assert path is not None
    assert path.cost == 1_200_000


async def test_a_past_verdict_is_told_by_the_profile_of_its_day(file: str, city: list[Pc]) -> None:
    """And a collector that starts by the new one keeps both."""
    parts = city[0].client.server.parts
    before = parts.now()
    await edited(city, file, "profiles/small.yaml", HARDER)
    then, now = await parts.live.verdict_at(AN_DONG, before), await parts.live.verdict_at(AN_DONG, parts.now())
    assert then is not None
    assert now is not None
    assert (then.profile, then.verdict) == ("small@1", Verdict.READY)
    assert (now.profile, now.verdict) == ("small@2", Verdict.NOT_READY)


async def test_a_profile_edited_while_nothing_runs_is_in_force_from_the_start(file: str) -> None:
    async with troubled(file):
        pass
    (Path(file).parent / "profiles/small.yaml").write_text(HARDER, "utf-8")
    async with running(file) as client:
        assert client.server.parts.rules.profile.name == "small@2"
        assert client.server.parts.live.verdicts[AN_DONG].verdict is Verdict.NOT_READY
        assert await client.metric("sansang_profile_loaded") == 1


async def test_a_file_that_goes_is_not_replaced_by_another(file: str, city: list[Pc]) -> None:
    """Renamed or removed, the shipped one does not take its place unasked; when it is back, all is well."""
    live, folder = city[0].client.server.parts.live, Path(file).parent
    for name, text in (("profiles/small.yaml", PROFILE), ("prices.yaml", PRICES)):
        (folder / name).unlink()
        for _ in range(2):
            await city[0].client.server.parts.sweep.once()
        assert live.trouble("en").endswith(f"small@1 stays in force: {folder / name}: cannot be read: {GONE}")
        assert live.verdicts[AN_DONG].profile == "small@1"
        await edited(city, file, name, text)
        assert live.trouble("en") == ""
