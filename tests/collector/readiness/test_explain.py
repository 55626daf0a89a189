"""The derivation that ``readiness explain`` prints."""

from __future__ import annotations

from msgspec.structs import replace

from collector.readiness.evaluate import evaluate
from collector.readiness.explain import explain
from collector.readiness.explained import lines
from collector.readiness.model import UnitFacts, Waiver
from collector.readiness.profile import Band, Hold, Kind, Profile
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


def said(rules: Profile, facts: UnitFacts, lang: str = "en") -> list[str]:
    return lines(explain(rules, facts, NOW, evaluate(rules, facts, NOW, None)), lang)


def test_every_step_is_told() -> None:
    facts = unit(
        pc("a", states(x=9), failed("portal", "dns_timeout"), name="Quầy 1"),
        pc("b", states(x=2), ran("connectivity", "portal"), name="Quầy 2"),
        pc("c", states(x=3), ran("connectivity", "portal"), seen=NOW - HOUR, name="Quầy 3"),
    )
    assert said(RULES, facts) == [
        "27259 · ✕ not ready · since 09:30 · test@3 · 2 of 3 devices report, needs 80 %",
        "  decided by: age",
        "",
        "✕ Line age [age] · mandatory · not ready since 09:30",
        "    needs ≤ 5 years; at risk ≤ 7 years",
        "    source: test",
        "    looked at: fact device.x · last · device · newest results, none older than 24 hours",
        "    known of 66.66 %, needs 80 %",
        "    the value may be: 9 years",
        "    measured: not ready (misses the threshold)",
        "    decides the unit's verdict",
        "    - Quầy 1 · ✕ · 9 years · not ready (misses the threshold) · 09:30",
        "    - Quầy 3 · ◌ · 3 years · not enough data (lost contact) · 09:30",
        "    - Quầy 2 · ● · 2 years · ready · 09:30",
        "",
        "◌ Line now [now] · mandatory · not enough data since 09:30",
        "    needs ≥ 90 %; at risk ≥ 50 %",
        "    source: test",
        "    looked at: runs connectivity.runs · ratio · unit · newest results, none older than 24 hours · portal",
        "    known of 66.66 %, needs 80 %",
        "    the value may be: from 33.33 % to 66.66 %",
        "    measured: not enough data (lost contact)",
        "    - the unit → Service portal · ◌ · 50 % · not enough data (lost contact) · 2 samples",
        "    - Quầy 1 → Service portal · ✕ · not ready (the name server does not answer) · 09:30",
        "    - Quầy 3 → Service portal · ◌ · not enough data (lost contact) · 09:30",
        "    - Quầy 2 → Service portal · ● · ready · 09:30",
        "",
        "◌ Line week [week] · advice · not enough data since 09:30",
        "    needs ≥ 99 %; at risk ≥ 95 %",
        "    source: test",
        "    looked at: runs connectivity.runs · ratio · unit · over the last 168 hours · portal",
        "    known of 66.66 %, needs 80 %",
        "    the value may be: anything",
        "    measured: not enough data (never measured yet)",
        "    - the unit → Service portal · ◌ · not enough data (never measured yet) · 0 samples",
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
        "27259 · ▲ có nguy cơ · từ 09:30 · test@3 · 1/1 thiết bị báo cáo, cần 80 %",
        "  quyết định bởi: age",
        "",
        "▲ Tiêu chí age [age] · bắt buộc · có nguy cơ từ 09:30",
        "    cần ≤ 5 năm; có nguy cơ ≤ 7 năm",
        "    nguồn: thử",
        "    xem: fact device.x · last · device · kết quả mới nhất, không quá 24 giờ",
        "    biết được 100 %, cần 80 %",
        "    giá trị có thể: 6,5 năm",
        "    đo được: có nguy cơ (không đạt ngưỡng)",
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
    assert "  not asked of units of this kind: y" in told
    assert "    held: ready; not ready waits since 09:31" in told
    assert "    shown: ready" in told
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
        "    looked at: fact device.disk · count · unit · pc · newest results, none older than 24 hours · "
        "counts = ssd · divided by staff"
    )
    assert "    - b · ✕ · hdd · not ready (misses the threshold) · 09:30" in told
