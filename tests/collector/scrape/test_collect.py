"""Pages of devices of which a Prometheus wants a part only: ``collect[]``, ``exclude[]``."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest

from checks.kit import registry
from collector.catalog import Measures
from collector.families import DEVICE, family
from collector.scrape.deflate import Packed, pack
from collector.scrape.formats import Format
from collector.scrape.groups import Groups
from collector.textformat import line
from tests.collector.commanding import pcs, running, town
from tests.collector.scrape.serving import SENT, UP, Served, said, serving
from tests.collector.scrape.test_handlers import GZIP, OPENMETRICS

SHIPPED = tuple(Measures(registry.find()).metrics.values())
COLLECT, EXCLUDE = quote("collect[]"), quote("exclude[]")


def rows(body: bytes, *, coded: bool) -> list[str]:
    """Lines of a page, heads among them; within a family the order is not the same compressed and plain."""
    text = (gzip.decompress(body) if coded else body).decode()
    return sorted(row for row in text.splitlines() if row != "# EOF")


async def page(here: Served, query: str, headers: dict[str, str]) -> list[str]:
    status, body, told = await here.get(f"/metrics/devices?{query}", **headers)
    assert status == 200, body
    return rows(body, coded="Content-Encoding" in told)


def everything(here: Served) -> None:
    """Two devices in each of four units, with a sample of every family there is."""
    families = (*DEVICE, *(family(metric) for _, metric in SHIPPED))
    for code in range(26000, 26004):
        for device in ("d0", "d1"):
            labels = {"unit": f"{code}", "device": device}
            lines = {one.series: line(one.series, 1, labels) for one in families}
            here.exposition.put_device(f"{code}", device, lines)
    here.exposition.publish()


@pytest.mark.parametrize("headers", [{}, GZIP, OPENMETRICS, OPENMETRICS | GZIP])
async def test_the_groups_together_are_the_whole_page_and_nothing_is_in_two(headers: dict[str, str]) -> None:
    """In both formats, compressed and not; alone, in pairs of shards, and by what is excluded."""
    async with serving(measures=SHIPPED) as here:
        everything(here)
        names = list(Groups(SHIPPED).series)
        whole = await page(here, "", headers)
        assert len([row for row in whole if not row.startswith("#")]) == 8 * (len(SHIPPED) + len(DEVICE))
        assert sorted([row for name in names for row in await page(here, f"{COLLECT}={name}", headers)]) == whole
        shards = [await page(here, f"shard={at}/2&{COLLECT}=run", headers) for at in (0, 1)]
        samples = [row for one in shards for row in one if not row.startswith("#")]
        assert len(samples) == len(set(samples)) == 8 * 3
        assert set(samples) == {row for row in await page(here, f"{COLLECT}=run", headers) if not row.startswith("#")}
        rest = await page(here, "&".join(f"{EXCLUDE}={name}" for name in names if name != "path"), headers)
        assert rest == await page(here, f"{COLLECT}=path", headers)
        unit = await page(here, f"unit=26002&{COLLECT}=run&{COLLECT}=sansang_connectivity_up", headers)
        assert sum('unit="26002"' in row for row in unit) == sum(not row.startswith("#") for row in unit) == 2 * 4


async def test_a_group_without_samples_is_an_empty_page_and_one_that_is_unknown_is_none() -> None:
    """The name is known whether or not a device has told of it yet."""
    async with serving() as here:
        here.fill(1.0)
        assert (await here.get(f"/metrics/devices?{COLLECT}=agent"))[1] == b""
        assert (await here.get(f"/metrics/devices?{COLLECT}=agent", **OPENMETRICS))[1] == b"# EOF\n"
        for path in (f"{COLLECT}=flying", f"{COLLECT}=", f"{EXCLUDE}=flying", f"{COLLECT}=run&{EXCLUDE}=agent"):
            status, body, _ = await here.get(f"/metrics/devices?{path}")
            assert (status, json.loads(body)["error"]) == (400, "bad_collect"), path


async def test_head_tells_how_long_the_filtered_page_is() -> None:
    """As GET does, on the same connection."""
    async with serving() as here:
        here.fill(1.0)
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        lengths = []
        for method in ("HEAD", "GET"):
            path = f"/metrics/devices?{COLLECT}=uplink"
            writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            assert head.startswith("HTTP/1.1 200")
            length = re.search(r"Content-Length: (\d+)", head)
            assert length, head
            lengths.append(int(length[1]))
        text = gzip.decompress(await reader.readexactly(lengths[1])).decode()
        writer.close()
        assert lengths[0] == lengths[1]
        assert (text.count(f"\n{SENT.series}"), text.count(UP.series)) == (24, 0)


@pytest.fixture
def packed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What is compressed, from now on."""
    found: list[bytes] = []

    def listening(text: bytes) -> Packed:
        found.append(text)
        return pack(text)

    monkeypatch.setattr("collector.scrape.section.pack", listening)
    return found


async def test_what_was_compressed_for_the_whole_page_is_not_compressed_for_a_part_of_it(packed: list[bytes]) -> None:
    """But for the heads; and the part itself once, however its names are put, until something changes."""
    async with serving() as here:
        here.fill(1.0)
        await here.get("/metrics/devices", **GZIP)
        assert sum(text.startswith(b"#") for text in packed) == 2 < len(packed)
        packed.clear()
        first = await here.get(f"/metrics/devices?{COLLECT}=uplink&{COLLECT}=run", **GZIP)
        assert [text.split()[2].decode() for text in packed] == [SENT.series]
        packed.clear()
        for query in (f"{COLLECT}=run&{COLLECT}=uplink&{COLLECT}=run", f"{COLLECT}=run&{COLLECT}={SENT.series}"):
            again = await here.get(f"/metrics/devices?{query}", **GZIP)
            assert again[1] == first[1]
        assert packed == []
        assert (await here.get("/metrics/devices?shard=0/1", **GZIP))[1] != first[1]


async def test_what_nobody_asks_for_is_not_compressed_until_somebody_does(packed: list[bytes]) -> None:
    """However often it has changed meanwhile; then it is as new as the rest."""
    async with serving() as here:
        for value in (1.0, 2.0, 3.0):
            here.fill(value)
            await here.get(f"/metrics/devices?{COLLECT}=connectivity", **GZIP)
        assert [text for text in packed if SENT.series.encode() in text] == []
        here.exposition.put_device("26000", "d0", said("26000", "d0", 4.0))
        here.exposition.keep_devices("26001", set())
        here.exposition.publish()
        packed.clear()
        whole = await page(here, "", GZIP)
        assert whole == await page(here, "", {})
        values = [row.rsplit(" ", 1)[1] for row in whole if row.startswith(SENT.series)]
        assert sorted(values) == ["3"] * 19 + ["4"]
        assert any(SENT.series.encode() in text for text in packed)


async def test_a_filtered_page_is_kept_by_its_names_and_by_its_format() -> None:
    """Beside the whole one; what changes forgets both."""
    async with serving() as here:
        here.fill(1.0)
        only = Groups([("connectivity", UP)]).chosen(["connectivity"], [])
        for query in ("", f"?{COLLECT}=connectivity"):
            await here.get(f"/metrics/devices{query}", **GZIP)
        part, whole = here.exposition.devices_page(only=only), here.exposition.devices_page()
        kept = [here.exposition.kept(each, Format.CLASSIC) for each in (part, whole)]
        assert None not in kept
        assert kept[0] != kept[1]
        assert here.exposition.kept(part, Format.OPENMETRICS) is None
        assert here.exposition.kept(here.exposition.devices_page(unit="26000", only=only), Format.CLASSIC) is None
        here.fill(2.0)
        assert here.exposition.kept(part, Format.CLASSIC) is None


async def test_a_collector_knows_the_groups_of_its_checks(tmp_path: Path) -> None:
    """As they are served: what one PC measured of three systems, and nothing else."""
    async with running(town(tmp_path)) as client:
        [pc] = await pcs(client, "27259")
        await pc.push()
        await client.server.parts.sweep.once()
        status, text = await client.get(f"/metrics/devices?{COLLECT}=connectivity")
    assert status == 200
    assert {row.partition("{")[0] for row in text.splitlines() if row[0] != "#"} == {
        UP.series, "sansang_connectivity_phase_seconds",
    }  # fmt: skip
