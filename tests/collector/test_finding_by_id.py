"""The link to a finding leads somewhere for good: it is on the board while it is open, in the store ever after."""

from __future__ import annotations

from msgspec.structs import replace

from checks.kit.segment import Segment
from collector.attribution.model import Cause, Finding
from collector.store import findings
from tests.collector.standing import Client

DAYS_AGO = 400 * 86_400_000_000


async def test_a_finding_is_found_by_its_id_however_old(client: Client) -> None:
    parts = client.server.parts
    now = parts.now()
    old = Finding(
        segment=Segment.LAN, subject="27259", cause=Cause.ROUTER, id="old1", opened_at=now - DAYS_AGO,
        closed_at=now - DAYS_AGO + 1,
    )  # fmt: skip
    new = replace(old, id="new1", opened_at=now, closed_at=None, devices=("d1", "d2"))
    await parts.store.write(lambda connection: findings.save(connection, [old, replace(new, devices=())], now))
    parts.live.show_findings([new])
    assert await parts.live.finding("old1") == old
    assert await parts.live.finding("new1") == new
    assert await parts.live.finding("nobody") is None
