"""The way to ready of a running collector, with what the city's findings say."""

from __future__ import annotations

from pathlib import Path

from tests.collector.commanding import PRICES, UNITS, XOM_CHIEU, pcs, running, town, troubled

ASK = """\
- id: ask_provider
  title: {vi: Báo nhà cung cấp, en: Ask the provider}
  words: {vi: báo nhà cung cấp, en: ask the provider}
  price: 0
  source: "[A] a call"
  measure: {vi: lần, en: calls}
  owner: {vi: Phường báo, en: the ward tells}
  per: unit
  when: found
  segments: [provider]
  meets: [systems]
"""


def located(folder: Path) -> str:
    """The town, whose prices say where what they mend lies."""
    file = town(folder)
    told = PRICES.replace("  per: target\n", "  per: target\n  segments: [destination]\n")
    (folder / "prices.yaml").write_text(told + ASK, "utf-8")
    return file


async def test_whose_fault_it_is_is_who_the_way_to_ready_calls(tmp_path: Path) -> None:
    """VNPT is down for three units, so that nobody is to call the systems' operators; once it works, nobody at all."""
    async with troubled(located(tmp_path)) as devices:
        parts = devices[0].client.server.parts
        path = parts.live.path(XOM_CHIEU)
        assert path is not None
        assert [(fix.item, fix.quantity) for fix in path.fixes] == [("ram", 1.0), ("ask_provider", 1.0)]
        for pc in devices:
            await pc.push()
        await parts.sweep.once()
        after = parts.live.path(XOM_CHIEU)
        assert after is not None
        assert after.fixes == ()


async def test_a_finding_of_other_units_calls_nobody_here(tmp_path: Path) -> None:
    """One PC that misses all, where a finding names the device and nothing in the list mends one."""
    async with running(located(tmp_path)) as client:
        devices = await pcs(client, *UNITS)
        for pc in devices:
            await pc.push(down=pc.unit == XOM_CHIEU)
        await client.server.parts.sweep.once()
        path = client.server.parts.live.path(XOM_CHIEU)
        assert path is not None
        assert [(fix.item, fix.quantity) for fix in path.fixes] == [("tell_operator", 3.0)]
