"""Hà Nội: service points and branches as sites, kiosks as a role of their own."""

from __future__ import annotations

from pathlib import Path

from collector import expects
from collector.readiness.model import Verdict
from collector.store import roster
from tests.collector.pushing import Sender
from tests.localities.city import MACHINE, City, as_shipped, city, line

BA_DINH = "00004"
STATIONS = {
    "Q01": {"role": "counter", "site": "DPV"}, "K01": {"role": "kiosk", "site": "DPV"},
    "K02": {"role": "kiosk", "site": "CN"},
}  # fmt: skip
SITES = {
    "DPV": {"site_name": "Điểm phục vụ hành chính công", "kind": "service_point"},
    "CN": {"site_name": "Chi nhánh số 1", "kind": "branch"},
}


async def test_it_starts_by_its_name_alone(tmp_path: Path) -> None:
    """126 units; a kiosk measures as a PC does, but for what belongs to signing."""
    async with city(tmp_path, "ha-noi") as here:
        assert len(here.server.parts.live.units) == 126
        pc, kiosk = ({job.check for job in here.catalog.jobs_for(BA_DINH, role)} for role in ("pc", "kiosk"))
        assert pc - kiosk == {"signing_token", "signing_service"}


async def whole(here: City) -> dict[str, Sender]:
    """The unit with every station reporting that all is well; its devices by station."""
    await here.told(sites={BA_DINH: SITES}, stations={BA_DINH: STATIONS})
    places = {"Q01": "pc", "K01": "kiosk", "K02": "kiosk"}
    senders = {id_: await here.device(BA_DINH, role, id_) for id_, role in places.items()}
    for sender in senders.values():
        await here.push(sender, here.fine(sender))
    assert (await here.verdict(BA_DINH)).verdict is Verdict.READY
    here.now += 60_000_000
    return senders


async def test_a_kiosk_that_fails_is_told_by_its_site(tmp_path: Path) -> None:
    """The unit is not ready although its counter is; the evidence is the kiosk at the branch and nobody else."""
    async with city(tmp_path, "ha-noi", as_shipped) as here:
        weak = (await whole(here))["K02"]
        small = {**MACHINE, "memory_bytes": 2_000_000_000}
        await here.push(weak, [weak.result(here.now, check="device", target="", samples=(), facts=small)])
        found = await here.verdict(BA_DINH)
        assert (found.verdict, found.deciding) == (Verdict.NOT_READY, ["memory"])
        bad = [part for part in line(found, "memory").evidence if part.state is Verdict.NOT_READY]
        assert [part.subject for part in bad] == [weak.device]
        live = here.server.parts.live
        station, device = live.stations.of_device(weak.device), live.device(weak.device)
        assert station is not None
        assert device is not None
        assert (station.id, station.site, device.role) == ("K02", "CN", "kiosk")


async def test_kiosks_that_reach_nothing_are_not_hidden_by_counters_that_do(tmp_path: Path) -> None:
    """Citizens use them alone: systems are judged by role."""
    async with city(tmp_path, "ha-noi", as_shipped) as here:
        senders = await whole(here)
        for id_ in ("K01", "K02"):
            await here.push(senders[id_], here.failing(senders[id_], "dvc-ha-noi"))
        await here.push(senders["Q01"], here.fine(senders["Q01"]))
        found = await here.verdict(BA_DINH)
        assert found.verdict is Verdict.NOT_READY
        assert "systems_now" in found.deciding
        bad = [part for part in line(found, "systems_now").evidence if part.state is Verdict.NOT_READY]
        assert {(part.part, part.target) for part in bad} == {("kiosk", "dvc-ha-noi")}


async def test_sites_and_kiosks_that_are_not_listed_yet_are_counted(tmp_path: Path) -> None:
    """Of 126 service points, 12 branches and 476 kiosks."""
    async with city(tmp_path, "ha-noi") as here:
        await here.told(sites={BA_DINH: SITES}, stations={BA_DINH: STATIONS})
        stored = await here.server.parts.store.read(roster.load)
        wanted = here.server.parts.live.units.values()
        found = expects.missing(here.catalog.locality.expects, wanted, stored)
        assert expects.sentence(found, "en") == (
            "service points: 126 expected, 1 listed; branches: 12 expected, 1 listed; kiosks: 476 expected, 2 listed"
        )
