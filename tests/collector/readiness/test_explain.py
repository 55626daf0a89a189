"""The derivation that ``readiness explain`` prints."""

from __future__ import annotations

from typing import get_args

import pytest
from msgspec.structs import replace

from collector.readiness.evaluate import evaluate
from collector.readiness.explain import explain
from collector.readiness.explained import lines
from collector.readiness.looked import looked, number_word, span
from collector.readiness.model import UnitFacts, Waiver
from collector.readiness.profile import NEEDS, Aggregate, Band, Hold, Kind, Part, Profile
from tests.collector.readiness.cities import (
    HOUR,
    MINUTE,
    NOW,
    failed,
    line,
    pc,
    profile,
    ran,
    reach,
    reached,
    states,
    unit,
)

RULES = profile(line("age", name="x", unit="years"), reach(), reached(mandatory=False))

NEWEST = "newest results, none older than 24 hours"
LATEST = "kết quả mới nhất, không cũ hơn 24 giờ"


def said(rules: Profile, facts: UnitFacts, lang: str = "en") -> list[str]:
    return lines(explain(rules, facts, NOW, evaluate(rules, facts, NOW, None)), lang)


def test_every_step_is_told() -> None:
    facts = unit(
        pc("a", states(x=9), failed("portal", "dns_timeout"), name="Quầy 1"),
        pc("b", states(x=2), ran("connectivity", "portal"), name="Quầy 2"),
        pc("c", states(x=3), ran("connectivity", "portal"), seen=NOW - HOUR, name="Quầy 3"),
    )
    assert said(RULES, facts) == [
        "27259 · ✕ not ready · since 09:30 · profile test@3 · 2 of 3 devices report, at least 80 % must",
        "  decided by: Line age [age]",
        "",
        "✕ Line age [age] · mandatory · not ready since 09:30",
        "    ready when ≤ 5 years, at risk when ≤ 7 years",
        "    source: test",
        f"    looks at: fact device.x · each device by itself, the worst decides · {NEWEST}",
        "    66 % of the devices can tell, at least 80 % must",
        "    value: 9 years",
        "    by the measurements: not ready (misses the threshold)",
        "    decides the unit's verdict",
        "    - Quầy 1 · ✕ · 9 years · not ready (misses the threshold) · 09:30",
        "    - Quầy 3 · ◌ · 3 years · not enough data (lost contact) · 09:30",
        "    - Quầy 2 · ● · 2 years · ready · 09:30",
        "",
        "◌ Line now [now] · mandatory · not enough data since 09:30",
        "    ready when ≥ 90 %, at risk when ≥ 50 %",
        "    source: test",
        f"    looks at: runs of connectivity · share that passes · the unit as a whole · {NEWEST}",
        "    system: portal",
        "    66 % of the devices can tell, at least 80 % must",
        "    value: anything from 33.33 % to 66.66 %",
        "    by the measurements: not enough data (lost contact)",
        "    - the unit → Service portal · ◌ · 50 % · not enough data (lost contact) · 2 results",
        "    - Quầy 1 → Service portal · ✕ · not ready (the name server does not answer) · 09:30",
        "    - Quầy 3 → Service portal · ◌ · not enough data (lost contact) · 09:30",
        "    - Quầy 2 → Service portal · ● · ready · 09:30",
        "",
        "◌ Line week [week] · advice · not enough data since 09:30",
        "    ready when ≥ 99 %, at risk when ≥ 95 %",
        "    source: test",
        "    looks at: runs of connectivity · share that passes · the unit as a whole · over the last 7 days",
        "    system: portal",
        "    at least 1 measurement is needed",
        "    value: not known",
        "    by the measurements: not enough data (never measured yet)",
        "    - the unit → Service portal · ◌ · not enough data (never measured yet)",
    ]


def test_every_device_is_there_though_the_evidence_is_short() -> None:
    facts = unit(*(pc(f"d{number:02}", states(x=1)) for number in range(60)))
    verdict = evaluate(profile(line("x")), facts, NOW, None)
    assert len(verdict.requirements[0].evidence) == 1
    told = explain(profile(line("x")), facts, NOW, verdict)
    assert [part.subject for part in told.steps[0].parts] == [f"d{number:02}" for number in range(60)]


def test_it_is_told_in_vietnamese_too() -> None:
    told = said(profile(line("age", name="x", unit="years")), unit(pc("a", states(x=6.5), name="Quầy 1")), "vi")
    assert told == [
        "27259 · ▲ có nguy cơ · từ 09:30 · bộ tiêu chí test@3 · 1/1 thiết bị báo cáo, cần ít nhất 80 %",
        "  quyết định bởi: Tiêu chí age [age]",
        "",
        "▲ Tiêu chí age [age] · bắt buộc · có nguy cơ từ 09:30",
        "    sẵn sàng khi ≤ 5 năm, có nguy cơ khi ≤ 7 năm",
        "    căn cứ: thử",
        f"    xét: thông tin device.x · từng thiết bị, thiết bị kém nhất quyết định · {LATEST}",
        "    100 % thiết bị cho biết, cần ít nhất 80 %",
        "    giá trị: 6,5 năm",
        "    theo số đo: có nguy cơ (không đạt ngưỡng)",
        "    quyết định kết luận của đơn vị",
        "    - Quầy 1 · ▲ · 6,5 năm · có nguy cơ (không đạt ngưỡng) · 09:30",
    ]


def test_what_waits_and_what_people_decided_is_told() -> None:
    rules = profile(line("x", hold=Hold(up=10 * MINUTE, down=5 * MINUTE)), line("y", kinds=("Sở",)))
    approval = Waiver(
        id="w7", unit="27259", requirement="x", kind="approval", reason="Đã xem tại chỗ", author="An",
        created_at=NOW - HOUR, expires_at=NOW + HOUR,
    )  # fmt: skip
    facts = replace(unit(pc("a", states(x=1))), waivers=[approval])
    first = evaluate(rules, facts, NOW, None)
    worse = replace(unit(pc("a", states(x=9))), waivers=[approval])
    verdict = evaluate(rules, worse, NOW + MINUTE, first)
    told = lines(explain(rules, worse, NOW + MINUTE, verdict), "en")
    assert "  not asked of units of this kind: Line y [y]" in told
    assert "    held: ready; not ready waits since 09:31" in told
    assert "    in the end: ready" in told
    assert "    approval w7: Đã xem tại chỗ (An, until 10:30)" in told


def test_an_approval_that_does_not_count_says_why() -> None:
    approval = Waiver(
        id="w7", unit="27259", requirement="x", kind="approval", reason="Đã xem", author="An", created_at=0,
        expires_at=NOW + HOUR,
    )  # fmt: skip
    facts = replace(unit(pc("a", states(x=9), seen=NOW - HOUR), pc("b", states(x=1))), waivers=[approval])
    told = said(profile(line("x")), facts, "vi")
    assert "    có kết quả đo không đạt nên xác nhận tại chỗ không có hiệu lực" in told


def test_counts_are_told_with_what_they_count_and_are_divided_by() -> None:
    rules = profile(
        line(
            "ssd", kind=Kind.FACT, name="disk", scope="unit", aggregate="count", where=Band("==", "ssd"), per="staff",
            ready=Band(">=", 1.0), at_risk=None, roles=("pc",),
        )
    )  # fmt: skip
    facts = replace(unit(pc("a", states(disk="ssd")), pc("b", states(disk="hdd"))), needs={"staff": 2.0})
    told = said(rules, facts)
    assert told[6] == (
        "    looks at: fact device.disk · how many pass · the unit as a whole · PCs · "
        f"{NEWEST} · passes when = ssd · divided by staff: 2"
    )
    assert "    - b · ✕ · hdd · not ready (misses the threshold) · 09:30" in told


def test_lateness_is_told_beside_the_verdict() -> None:
    facts = unit(pc("a", states(x=1), seen=NOW - 20 * MINUTE))
    rules = profile(line("x"))
    assert said(rules, facts)[0].startswith(
        "27259 · ● ready · since 09:30 · reports come late, the last one at 09:10 · "
    )
    assert said(rules, facts, "vi")[0].startswith("27259 · ● sẵn sàng · từ 09:30 · báo cáo trễ, lần cuối 09:10 · ")


def test_what_nobody_was_asked_has_no_share_of_devices() -> None:
    """A number that the roster does not tell, and one that it does."""
    rules = profile(
        line("line", kind=Kind.ROSTER, name="contracted_down_mbps", unit="Mbps", ready=Band(">=", 200.0), at_risk=None),
        line("pcs", kind=Kind.DEVICES, name="reporting", scope="unit", aggregate="count", per="staff", roles=("pc",)),
    )
    facts = unit(pc("a", states(x=1)))
    assert said(rules, facts)[6:8] == [
        "    looks at: contracted download (Mbps) by the roster",
        "    by the roster: not enough data (the roster does not tell the number it needs)",
    ]
    assert said(rules, facts, "vi")[-3:-1] == [
        "    xét: số thiết bị đang báo cáo · máy trạm · chia cho số cán bộ, công chức: chưa khai báo",
        "    theo số đo: chưa đủ dữ liệu (danh mục đơn vị chưa cho biết con số cần thiết)",
    ]
    told = said(rules, replace(facts, needs={"contracted_down_mbps": 300.0, "staff": 1.0}))
    assert told[5:10] == [
        "    looks at: contracted download (Mbps) by the roster",
        "    value: 300 Mbps",
        "    by the roster: ready",
        "    - the unit · ● · 300 Mbps · ready",
        "",
    ]
    assert "    100 % of the devices can tell, at least 80 % must" in told


def test_one_end_of_what_is_possible_may_be_open() -> None:
    """Of a median with a silent PC, nothing is said of how far it may go."""
    rules = profile(line("x", name="x", scope="unit", aggregate="max", unit="days", ready=Band("<=", 5.0)))
    facts = unit(pc("a", states(x=3)), pc("b", seen=NOW - HOUR))
    assert "    value: 3 days or more" in said(rules, facts)
    assert "    giá trị: có thể từ 3 ngày trở lên" in said(rules, facts, "vi")
    low = profile(line("x", name="x", scope="unit", aggregate="min", unit="days", ready=Band(">=", 5.0), at_risk=None))
    assert "    value: 3 days or less" in said(low, facts)


def test_parts_and_kinds_of_devices_are_told_by_their_names() -> None:
    part = Part(
        id="ssd", title={"vi": "Ổ SSD", "en": "An SSD"}, kind=Kind.FACT, check="device", name="disk", labels={},
        where=Band("==", "ssd"),
    )  # fmt: skip
    whole = line("set", kind=Kind.PARTS, parts=(part,), aggregate="all", scope="unit", coverage=0.0, at_risk=None)
    told = said(profile(whole), unit(pc("a", states(disk="ssd"))))
    assert told[5] == (f"    looks at: how many are missing of: An SSD · one device is enough for each · {NEWEST}")
    assert told[6] == "    100 % of the devices can tell, no minimum"
    assert told[-2:] == ["    - An SSD · ● · ready · 1 result", "    - a (An SSD) · ● · ssd · ready · 09:30"]
    each = reach(scope="role", roles=("pc", "kiosk"))
    told = said(profile(each), unit(pc("a", ran("connectivity", "portal")), pc("k", role="kiosk")), "vi")
    assert "từng loại thiết bị, loại kém nhất quyết định · máy trạm, kiosk" in told[6]
    assert any(one.startswith("    - máy trạm → Cổng dịch vụ công · ●") for one in told)
    assert any(one.startswith("    - k (kiosk) → Cổng dịch vụ công · ◌") for one in told)


def test_a_device_without_a_name_is_told_as_on_the_pages() -> None:
    rules = profile(line("x"))
    told = said(rules, unit(pc("6f1c2a52-8c1e-4d1b-9a5e-0f6f0c8f2a01", states(x=1))))
    assert told[-1] == "    - 6f1c2a52 · ● · 1 · ready · 09:30"


@pytest.mark.parametrize(
    ("length", "vi", "en"),
    [
        (15 * MINUTE, "15 phút", "15 minutes"),
        (HOUR, "1 giờ", "1 hour"),
        (7 * HOUR // 2, "3,5 giờ", "3.5 hours"),
        (24 * HOUR, "24 giờ", "24 hours"),
        (36 * HOUR, "36 giờ", "36 hours"),
        (7 * 24 * HOUR, "7 ngày", "7 days"),
    ],
)
def test_lengths_of_time_are_told_in_what_people_count(length: int, vi: str, en: str) -> None:
    assert (span(length, "vi"), span(length, "en")) == (vi, en)


def test_every_number_of_the_roster_and_every_aggregate_has_words() -> None:
    """No key of the profile is shown raw in the Vietnamese text."""
    assert [name for name in NEEDS if number_word(name, "vi") == name] == []
    for aggregate in get_args(Aggregate):
        told = looked(line("x", scope="unit", aggregate=aggregate, unit=""), None, "vi")
        assert aggregate not in told.split(" · ")
        assert "device ·" not in told
