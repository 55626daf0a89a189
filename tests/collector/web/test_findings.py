"""Findings of a unit, of the city, and of a time that is past."""

from __future__ import annotations

from msgspec.structs import replace

from checks.kit.segment import Segment
from collector.attribution.model import Cause
from collector.readiness.text import ZONE
from collector.web import findings
from tests.collector.web.fakes import DAY, DEVICE, HOUR, NOW, XOM_CHIEU
from tests.collector.web.troubled import CLOCK, POWER, PROVIDER, SYSTEM, finding, provider_fault, troubled


def test_a_unit_shows_what_stops_it_now_the_surest_first() -> None:
    """Not what has cleared, nor what stops others."""
    line = finding(Segment.ACCESS, XOM_CHIEU, Cause.SLOW, "line", confidence=0.5)
    gone = finding(Segment.DEVICE, DEVICE, Cause.CLOCK, "gone", confidence=1.0, cleared_at=NOW)
    other = finding(Segment.LAN, "25747", Cause.ROUTER, "other", units=("25747",))
    held = findings.holding([line, gone, other, provider_fault((XOM_CHIEU,))], XOM_CHIEU)
    assert [each.id for each in held] == [PROVIDER, "line"]


def test_what_held_at_a_time_is_known_later() -> None:
    """From its opening until it cleared; what opened after is not foreseen."""
    fault = finding(Segment.ACCESS, XOM_CHIEU, Cause.SLOW, "a", opened_at=NOW - DAY)
    over = replace(fault, cleared_at=NOW - 5 * HOUR, closed_at=NOW - 4 * HOUR)
    for at, count in ((NOW - DAY - 1, 0), (NOW - DAY, 1), (NOW - 5 * HOUR - 1, 1), (NOW - 5 * HOUR, 0), (NOW, 0)):
        assert len(findings.held([over], at)) == count
    assert findings.held([fault], NOW) == [fault]


async def test_the_city_lists_open_ones_then_the_closed_ones_of_a_month() -> None:
    """With where, whose, how sure and by what."""
    board = troubled()
    board.closed.append(finding(Segment.LAN, XOM_CHIEU, Cause.ROUTER, "old2", closed_at=NOW - 31 * DAY))
    view = await findings.listed(board, NOW, "vi", ZONE)
    assert [row.finding.id for row in view.open] == [PROVIDER, SYSTEM, CLOCK, POWER]
    assert [row.finding.id for row in view.closed] == ["old1"]
    first = view.open[0]
    assert (first.told.title, first.segment, first.told.owner) == (
        "VNPT: không thông",
        "Nhà cung cấp",
        "nhà cung cấp VNPT",
    )
    assert (first.confidence, first.evidence) == ("96 %", "84 lần hỏng, 2 lần chạy được")


async def test_long_names_of_units_are_whole() -> None:
    """A table on a page has room for them."""
    board = troubled()
    rows = (await findings.listed(board, NOW, "en", ZONE)).open
    dark = board.findings[3].subject
    assert rows[3].told.title.startswith(f"{board.units[dark].name}: ")


def test_a_finding_links_its_units_devices_and_systems() -> None:
    """By the names of today; what is gone from the roster is shown by its code."""
    board = troubled()
    fault = replace(provider_fault((XOM_CHIEU, "99999")), devices=(DEVICE, "gone-device"), targets=("1022", "t9"))
    view = findings.page(fault, board, NOW, "vi", ZONE)
    assert [(link.name, link.href) for link in view.units.links] == [
        ("99999", ""),
        ("Phường Xóm Chiếu", f"/units/{XOM_CHIEU}"),
    ]
    assert [(link.name, link.href, link.beside) for link in view.devices.links] == [
        ("Quầy 3", f"/devices/{DEVICE}", "Phường Xóm Chiếu"),
        ("gone-dev", "", ""),
    ]
    assert [link.name for link in view.targets.links] == ["Cổng 1022", "t9"]


def test_a_thousand_devices_do_not_fill_a_page() -> None:
    """As many as fit, and how many more there are."""
    fault = replace(provider_fault(()), devices=tuple(f"d{n}" for n in range(1000)))
    some = findings.page(fault, troubled(), NOW, "vi", ZONE).devices
    assert (len(some.links), some.more) == (200, 800)
