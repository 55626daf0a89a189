"""Quảng Ninh: 54 units; signatures and the dedicated network are mandatory."""

from __future__ import annotations

from pathlib import Path

from collector.readiness.model import Verdict
from tests.localities.city import as_shipped, city, line

GATEWAY = "cong-tslcd"


async def test_it_starts_by_its_name_alone(tmp_path: Path) -> None:
    """All 54; the gateway of the dedicated network waits for its address."""
    async with city(tmp_path, "quang-ninh") as here:
        live = here.server.parts.live
        assert len(live.units) == 54
        gateway = next(target for target in live.targets if target.id == GATEWAY)
        assert (gateway.mandatory, gateway.declared, gateway.network) == (True, False, "tslcd")


async def test_no_usable_signature_means_not_ready(tmp_path: Path) -> None:
    """Two units: in one somebody can sign, in the other the certificates have ended."""
    async with city(tmp_path, "quang-ninh", as_shipped) as here:
        able, unable, *_ = here.server.parts.live.units
        for unit, reason in ((able, ""), (unable, "certificate_expired")):
            for _ in range(2):
                pc = await here.device(unit)
                await here.push(pc, [*here.fine(pc), *here.signing(pc, reason)])
        found = await here.verdict(able)
        assert found.verdict is Verdict.READY, found.deciding
        found = await here.verdict(unable)
        assert (found.verdict, found.deciding) == (Verdict.NOT_READY, ["can_sign"])


async def test_no_dedicated_network_means_not_ready(tmp_path: Path) -> None:
    """Although every system on the Internet is reached."""
    async with city(tmp_path, "quang-ninh", as_shipped) as here:
        unit = next(iter(here.server.parts.live.units))
        for _ in range(2):
            pc = await here.device(unit)
            await here.push(pc, [*here.failing(pc, GATEWAY), *here.fine(pc, without=GATEWAY), *here.signing(pc)])
        found = await here.verdict(unit)
        assert (found.verdict, "dedicated_now" in found.deciding) == (Verdict.NOT_READY, True)
        assert {part.target for part in line(found, "dedicated_now").evidence} == {GATEWAY}
