"""Ho Chi Minh City: 168 units on one system, ready when they reach the four that were rehearsed."""

from __future__ import annotations

from pathlib import Path

from collector.readiness.model import Verdict
from tests.localities.city import as_shipped, city, line

REHEARSED = ("dvc-tphcm", "cong-1022", "van-ban", "hop-truc-tuyen")


async def test_it_starts_by_its_name_alone(tmp_path: Path) -> None:
    """All 168 units, none of which has a device yet; the four systems are mandatory, and two wait for an address."""
    async with city(tmp_path, "hcmc") as here:
        live = here.server.parts.live
        assert len(live.units) == len(live.verdicts) == 168
        targets = {target.id: target for target in live.targets if target.id in REHEARSED}
        assert [targets[id_].mandatory for id_ in REHEARSED] == [True] * 4
        assert [targets[id_].declared for id_ in REHEARSED] == [True, True, False, False]


async def test_a_ward_that_does_not_reach_one_of_the_four_systems_is_not_ready(tmp_path: Path) -> None:
    """Four wards, each without another one; a fifth reaches all of them and is ready."""
    async with city(tmp_path, "hcmc", as_shipped) as here:
        whole, *wards = list(here.server.parts.live.units)[:5]
        for unit, missing in (*zip(wards, REHEARSED, strict=True), (whole, "")):
            for _ in range(2):
                pc = await here.device(unit)
                down = here.failing(pc, missing) if missing else []
                await here.push(pc, [*down, *here.fine(pc, without=missing)])
        assert (await here.verdict(whole)).verdict is Verdict.READY
        for unit, missing in zip(wards, REHEARSED, strict=True):
            found = await here.verdict(unit)
            assert (found.verdict, "systems_now" in found.deciding) == (Verdict.NOT_READY, True)
            bad = [part for part in line(found, "systems_now").evidence if part.state is Verdict.NOT_READY]
            assert {part.target for part in bad} == {missing}
