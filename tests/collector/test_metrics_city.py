"""What a small town is scraped for: every line of it, as Prometheus' own tools and a parser read it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from collector import catalog
from collector.catalog import Measures
from collector.office import Office
from tests.collector.commanding import UNITS, XOM_CHIEU, Pc, town, troubled
from tests.collector.standing import Client
from tests.collector.test_sweep import MINUTE, Hands
from tests.tree import ROOT

GOLDEN = ROOT / "tests" / "golden" / "metrics"
NOON = 1_795_669_200_000_000
"""2026-11-26T12:00 in Viet Nam."""
HEALTH = {
    "spool_records": 12.0, "spool_bytes": 49152.0, "spool_age_seconds": 90.5, "spool_dropped": 3.0,
    "spool_thinned": 2.0, "spool_quarantined": 1.0, "spool_corrupt": 0.0, "skipped_runs": 4.0, "late_runs": 5.0,
    "budget_deferred_runs": 6.0, "dropped_samples": 7.0, "push_failures": 0.0, "uptime_seconds": 86400.0,
    "spool_rescues": 0.0, "made_up": 1.0,
}  # fmt: skip


@pytest_asyncio.fixture
async def devices(tmp_path: Path) -> AsyncIterator[list[Pc]]:
    """VNPT is down; one ward's poor PC is waived, and its agent tells of itself."""
    hands = Hands()
    hands.at = NOON
    async with troubled(town(tmp_path), now=hands) as found:
        parts = found[0].client.server.parts
        asked = {"requirement": "memory", "reason": "Máy mới về tuần sau", "author": "An", "until": "2026-12-31"}
        await Office(parts).call("waivers.grant", {"unit": XOM_CHIEU, **asked})
        first = found[0].sender
        status, answer = await found[0].client.push(
            first.sealed(sent_at=NOON, health=HEALTH, version='0.1.0-"\\\n', oldest=first.next)
        )
        assert status == 200, answer
        await parts.sweep.once()
        yield found


def named(text: str, devices: list[Pc]) -> str:
    """`text` with ``pc-1`` for the first device's random id, in an order that does not hang on them."""
    for number, pc in enumerate(devices, 1):
        text = text.replace(pc.id, f"pc-{number}")
    return text


async def pages(client: Client) -> dict[str, str]:
    """Both pages as they are served, in the classic format."""
    return {path: (await client.get(path))[1] for path in ("/metrics", "/metrics/devices")}


def whole(name: str, text: str) -> None:
    """Compares with the golden file; one that is not there is written, to be looked at."""
    file = GOLDEN / name
    if not file.exists():
        file.write_text(text, "utf-8")
        pytest.fail(f"{file.name} is written: look at it")
    assert text == file.read_text("utf-8")


async def test_a_town_is_scraped_line_by_line(devices: list[Pc]) -> None:
    """Units, findings, standards and devices; to have the files written anew, delete them."""
    exposition = devices[0].client.server.parts.exposition
    whole("units.txt", named(exposition.units_text(), devices))
    whole("devices.txt", named(exposition.devices_text(), devices))


async def test_promtool_has_nothing_to_say_about_it(devices: list[Pc]) -> None:
    """Names, kinds, help and format of both pages, the collector's own numbers with them."""
    for path, text in (await pages(devices[0].client)).items():
        command = ["promtool", "check", "metrics"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout + done.stderr) == (0, ""), path


async def test_every_line_is_of_a_series_that_the_catalogue_lists_with_its_labels(devices: list[Pc]) -> None:
    """Dashboards and rules may trust it: no name, no label but those, and no line twice."""
    parts = devices[0].client.server.parts
    known = catalog.series(Measures(parts.catalog.checks))
    seen: set[tuple[str, str]] = set()
    for text in (await pages(devices[0].client)).values():
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                assert set(sample.labels) == set(known[sample.name].labels), sample
                key = sample.name, str(sorted(sample.labels.items()))
                assert key not in seen
                seen.add(key)
    assert {name for name, _ in seen} > {name for name in known if "finding" in name or "agent" in name}


async def test_numbers_of_an_agent_that_nobody_knows_are_counted(devices: list[Pc]) -> None:
    """They become no series; those that are known and not exported are not counted."""
    client = devices[0].client
    assert await client.metric("sansang_collector_unknown_samples_total") == 1
    assert "made_up" not in (await pages(client))["/metrics/devices"]


async def test_findings_come_and_go(devices: list[Pc]) -> None:
    """With its units, its name and its owner; gone with the fault."""
    client = devices[0].client
    exposition, hands = client.server.parts.exposition, client.server.parts.now
    text = exposition.units_text()
    assert len(re.findall(r'^sansang_finding_unit\{id="\w+",unit="\d+"\} 1$', text, re.M)) == 3
    titles = 'title_vi="VNPT: không thông",title_en="VNPT: no way through"'
    assert f'subject="VNPT",network="internet",{titles},owner="provider"}} 1' in text
    assert isinstance(hands, Hands)
    hands.at += MINUTE
    for pc in devices:
        await pc.push()
    await client.server.parts.sweep.once()
    assert "sansang_finding" not in exposition.units_text()


async def test_a_devices_values_expire_though_its_unit_does_not(devices: list[Pc]) -> None:
    """After 30 minutes what is measured every minute, after three hours what is measured hourly; a day later only the
    name and the last time stand. The unit's silence says why, for as long as it lasts."""
    client, own = devices[0].client, f'unit="{XOM_CHIEU}",device="{devices[0].id}"'
    parts, hands = client.server.parts, client.server.parts.now
    assert isinstance(hands, Hands)

    async def left(minutes: float) -> set[str]:
        hands.at = NOON + round(minutes * MINUTE)
        await parts.sweep.once()
        text = parts.exposition.devices_text(XOM_CHIEU)
        assert own in text
        return {line.partition("{")[0] for line in text.splitlines() if not line.startswith("#")} | set(
            re.findall(r'check="\w+"', text)
        )

    connectivity, device, spool = 'check="connectivity"', 'check="device"', "sansang_agent_spool_records"
    kept = {"sansang_device_info", "sansang_device_last_result_timestamp_seconds"}
    assert await left(29.9) > {connectivity, device, spool}
    half_an_hour = await left(31)
    assert device in half_an_hour
    assert not half_an_hour & {connectivity, spool, "sansang_device_clock_offset_seconds"}
    assert device in await left(179.9)
    assert await left(181) == kept
    assert await left(24 * 60 + 1) == kept
    assert await client.metric(f'sansang_unit_silence{{unit="{XOM_CHIEU}",silence="no_data"}}') == 1
    hands.at += MINUTE
    await devices[0].push()
    await parts.sweep.once()
    assert connectivity in parts.exposition.devices_text(XOM_CHIEU)


async def test_a_device_that_moved_or_was_revoked_is_gone_from_where_it_was(devices: list[Pc]) -> None:
    """Moved: exported by its new unit. Revoked: nowhere."""
    parts, first, second = devices[0].client.server.parts, devices[0], devices[1]
    office, hands = Office(parts), parts.now
    assert isinstance(hands, Hands)
    hands.at += 1
    await office.call("devices.move", {"device": first.id, "unit": UNITS[5], "reason": ""})
    hands.at += 1
    await office.call("devices.revoke", {"device": second.id})
    text = parts.exposition.devices_text()
    assert set(re.findall(rf'unit="(\d+)",device="{first.id}"', text)) == {UNITS[5]}
    assert second.id not in text
