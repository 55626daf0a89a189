"""Cần Thơ: 103 wards and the city's departments; the dedicated network is watched around the clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from collector.readiness.model import Verdict
from tests.configs.test_served import sent_a_day
from tests.localities.city import as_shipped, city, line, local

GATEWAY, CAI_KHE, DEPARTMENT = "cong-tslcd", "31120", "CT002"
NIGHT = local(2026, 11, 25, 23)
MINUTE = 60_000_000


def national(written: dict[str, Any]) -> None:
    """The systems that the operator is to declare, but the optional ones: each of those adds 11 kB a day."""
    for target in written["targets"]:
        if target["source"].startswith("operator") and not target.get("mandatory"):
            del target["url"]


async def test_it_starts_by_its_name_alone(tmp_path: Path) -> None:
    """Wards and departments, the latter under codes that begin with a letter; both have pages."""
    async with city(tmp_path, "can-tho") as here:
        live = here.server.parts.live
        assert sum(code.isdigit() for code in live.units) == 103
        assert live.units[DEPARTMENT].kind == "Sở, ban, ngành"
        assert "Sở Nội vụ" in await here.page(f"/units/{DEPARTMENT}")


async def test_the_dedicated_network_turns_the_verdict_at_night(tmp_path: Path) -> None:
    """The office is closed; a kiosk that stays on finds the gateway away, then back."""
    async with city(tmp_path, "can-tho", as_shipped) as here:
        pc, kiosk = await here.device(CAI_KHE), await here.device(CAI_KHE, "kiosk")
        for device in (pc, kiosk):
            await here.push(device, here.fine(device))
        assert (await here.verdict(CAI_KHE)).verdict is Verdict.READY
        here.now = NIGHT
        assert not here.catalog.locality.hours.calendar(here.now).open
        for device in (pc, kiosk):
            await here.push(device, here.fine(device))
        assert (await here.verdict(CAI_KHE)).verdict is Verdict.READY
        here.now += MINUTE
        for device in (pc, kiosk):
            await here.push(device, here.failing(device, GATEWAY))
        found = await here.verdict(CAI_KHE)
        assert (found.verdict, found.silence) == (Verdict.NOT_READY, None)
        assert "dedicated_now" in found.deciding
        bad = [part for part in line(found, "dedicated_now").evidence if part.state is Verdict.NOT_READY]
        assert {part.target for part in bad} == {GATEWAY}


async def test_a_department_is_judged_without_counters(tmp_path: Path) -> None:
    """What needs counters is not asked of it; its PCs and systems are."""
    async with city(tmp_path, "can-tho", as_shipped) as here:
        await here.told(units={DEPARTMENT: {"staff": 1}, CAI_KHE: {"staff": 1}})
        for unit in (DEPARTMENT, CAI_KHE):
            pc = await here.device(unit)
            await here.push(pc, here.fine(pc))
        office, ward = await here.verdict(DEPARTMENT), await here.verdict(CAI_KHE)
        assert office.verdict is ward.verdict is Verdict.READY
        asked = {one.id for one in ward.requirements} - {one.id for one in office.requirements}
        assert asked == {"pcs_per_counter"}


async def test_the_gateway_is_asked_around_the_clock(tmp_path: Path) -> None:
    """By every role at its own pace, day and night alike; all other systems less often at night."""
    async with city(tmp_path, "can-tho", as_shipped) as here:
        paces = {}
        for role in ("pc", "kiosk", "router"):
            jobs = [job for job in here.catalog.jobs_for(CAI_KHE, role) if job.check == "connectivity"]
            gateway = [job for job in jobs if job.target == GATEWAY]
            assert len(gateway) == 1
            paces[role] = (gateway[0].every, gateway[0].off_hours_every)
            assert all(job.off_hours_every for job in jobs if job.target != GATEWAY)
        assert paces == {"pc": (1800, None), "kiosk": (1800, None), "router": (300, None)}


@pytest.mark.parametrize("role", ["pc", "kiosk"])
async def test_it_still_sends_less_than_a_megabyte_a_day(tmp_path: Path, role: str) -> None:
    """With the gateway declared, as operators do."""
    async with city(tmp_path, "can-tho", national) as here:
        assert 900_000 < sent_a_day(here.catalog, CAI_KHE, role) < 1_000_000
