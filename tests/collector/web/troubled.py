"""The city of :mod:`fakes` on a bad morning: a provider fails, a system is down, offices are closed."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from checks.kit.model import Outcome
from checks.kit.segment import Segment
from collector.attribution.model import Cause, Finding
from collector.attribution.silent import Sign, Silent, Why
from collector.readiness.fixes import Fix, Path
from collector.readiness.model import (
    DeviceFacts,
    Evidence,
    RequirementState,
    Silence,
    Transition,
    UnitVerdict,
    Verdict,
    Waiver,
)
from tests.collector.web.checks import both
from tests.collector.web.fakes import (
    DAY,
    DEVICE,
    HOUR,
    NOW,
    OURS,
    SECOND,
    XOM_CHIEU,
    FakeBoard,
    city,
    requirement,
    result,
    verdict_of,
)

PROVIDER, SYSTEM, CLOCK, POWER = "7k2m9x", "4f8s1c", "9d3q5z", "2p6w8h"
ECT = both("cái", "pieces")
WAIVER = Waiver(
    id="w1",
    unit=XOM_CHIEU,
    requirement="age",
    kind="waiver",
    reason="Đã có quyết định thay máy, gói thầu tháng 12",
    author="nguyen.van.an",
    created_at=NOW - 20 * DAY,
    expires_at=NOW + 9 * DAY + HOUR,
)
APPROVAL = Waiver(
    id="a1",
    unit=XOM_CHIEU,
    requirement="disk",
    kind="approval",
    reason="Kỹ thuật viên đã mở máy kiểm tra ổ SSD",
    author="tran.thi.binh",
    created_at=NOW - 3 * DAY,
    expires_at=NOW + 5 * HOUR,
)


def finding(segment: Segment, subject: str, cause: Cause, key: str, **more: Any) -> Finding:
    facts: dict[str, Any] = {
        "confidence": 0.96, "failing": 84, "working": 2, "units": (XOM_CHIEU,), "targets": ("dvcqg", "1022"),
        "devices": (DEVICE,), "opened_at": NOW - 80 * 60 * SECOND, "first": NOW - 82 * 60 * SECOND,
        "last": NOW - 20 * SECOND, "id": key, "reason": "tcp_timeout",
    }  # fmt: skip
    return Finding(segment=segment, subject=subject, cause=cause, **(facts | more))


def provider_fault(units: tuple[str, ...]) -> Finding:
    return finding(
        Segment.PROVIDER, "VNPT", Cause.UNREACHABLE, PROVIDER, network="internet", units=units, also=(Segment.ACCESS,)
    )


def fix(item: str, vi: str, en: str, quantity: float, price: int | None, **more: Any) -> Fix:
    cost = None if price is None else round(quantity * price)
    given: dict[str, Any] = {
        "measure": ECT,
        "owner": both("UBND phường", "the ward"),
        "source": {"vi": "[A] báo giá giả định", "en": "[A] an assumed offer"},
        "words": both(f"{vi[:1].lower()}{vi[1:]} ({quantity:.0f})", f"{en[:1].lower()}{en[1:]} ({quantity:.0f})"),
    }
    return Fix(item=item, title=both(vi, en), quantity=quantity, unit_price=price, cost=cost, **(given | more))


def pcs(count: float) -> Fix:
    return fix("pc", "Thay máy trạm", "Replace PCs", count, 15_000_000, devices=(DEVICE,))


CALL = fix(
    "call_provider", "Báo nhà cung cấp, kèm trang này", "Call the provider with this page", 1, 0,
    owner=both("nhà cung cấp đường truyền", "the line's provider"), measure=both("lần", "time"),
)  # fmt: skip
LINE = fix("line", "Nâng đường truyền lên 200 Mbit/s", "Raise the line to 200 Mbit/s", 1, 1_200_000)
TOKEN = fix("token", "Gia hạn chứng thư ký số", "Renew signing certificates", 2, None)


def troubled() -> FakeBoard:
    """Fourteen units behind one provider, one system down for nine, one PC's clock, one power cut."""
    board, pick = city(), random.Random(5)
    hit = [code for code, verdict in board.verdicts.items() if verdict.verdict == "not_ready"]
    more = [code for code, verdict in board.verdicts.items() if verdict.verdict == "ready"]
    shared = tuple(sorted({*hit, *pick.sample(more, 14 - len(hit))}))
    closed = [code for code in more if code not in shared][:12]
    for place, code in enumerate(closed):
        board.verdicts[code] = shut(code, Verdict.NOT_READY if place == 3 else Verdict.READY)
    late = next(code for code in more if code not in closed)
    board.verdicts[late] = msgspec.structs.replace(board.verdicts[late], silence=Silence.LATE)
    dark = next(code for code, verdict in board.verdicts.items() if verdict.silence is Silence.LOST_CONTACT)
    board.findings = [
        provider_fault(shared),
        finding(
            Segment.DESTINATION, "1022", Cause.SERVICE, SYSTEM, units=tuple(sorted(pick.sample(more, 9))),
            confidence=0.88, targets=("1022",), reason="http_status", failing=31, working=9,
            opened_at=NOW - 20 * 60 * SECOND,
        ),
        finding(
            Segment.DEVICE, DEVICE, Cause.CLOCK, CLOCK, confidence=0.99, targets=(), reason="clock_wrong", failing=6,
            cleared_at=NOW - 90 * SECOND,
        ),
        finding(Segment.LAN, dark, Cause.POWER, POWER, units=(dark,), targets=(), reason="", also=(Segment.ACCESS,)),
    ]  # fmt: skip
    board.closed = [
        finding(
            Segment.ACCESS, XOM_CHIEU, Cause.UNREACHABLE, "old1", network="internet", opened_at=NOW - 2 * DAY,
            cleared_at=NOW - 2 * DAY + 5 * HOUR, closed_at=NOW - 2 * DAY + 6 * HOUR, merged_into=PROVIDER,
        )
    ]  # fmt: skip
    xom_chieu(board)
    plans(board, hit, pick)
    return board


def shut(code: str, known: Verdict) -> UnitVerdict:
    since = NOW - 16 * HOUR
    return verdict_of(
        code, Verdict.UNKNOWN, since, Silence.OFFICE_CLOSED, known=known, known_at=since, last_seen=since + HOUR
    )


def xom_chieu(board: FakeBoard) -> None:
    """One waived requirement, one approved, one with many PCs behind it, a PC that came from elsewhere."""
    verdict = board.verdicts[XOM_CHIEU]
    lines = {line.id: line for line in verdict.requirements}
    lines["memory"] = small_memory(lines["memory"])
    lines["age"] = msgspec.structs.replace(
        lines["age"], state=Verdict.AT_RISK, value=6.4, unit="years", reason="", waiver="w1"
    )
    lines["disk"] = msgspec.structs.replace(lines["disk"], reason="approved", waiver="a1")
    board.verdicts[XOM_CHIEU] = msgspec.structs.replace(
        verdict, requirements=list(lines.values()), waivers=[WAIVER, APPROVAL]
    )
    board.transitions += [
        Transition(unit=XOM_CHIEU, subject="requirement:memory", at=NOW - 2 * DAY, old="ready", new="at_risk"),
        Transition(unit=XOM_CHIEU, subject="requirement:age", at=NOW - DAY, old="unknown", new="at_risk"),
    ]
    board.transitions.sort(key=lambda change: change.at)
    board.expired = [msgspec.structs.replace(WAIVER, id="w0", unit=next(iter(board.units)), expires_at=NOW - DAY)]
    board.verdicts_then[XOM_CHIEU] = [
        msgspec.structs.replace(
            verdict_of(XOM_CHIEU, Verdict.AT_RISK, NOW - 4 * DAY), at=NOW - 4 * DAY, profile="default@1"
        )
    ]
    board.moved[DEVICE] = [(NOW - 12 * DAY, next(iter(board.units)), XOM_CHIEU)]
    kiosk = next(device for device in board.devices.values() if device.role == "kiosk")
    board.why[kiosk.id] = Silent(
        cause=Why.PC_OFF, since=NOW - 2 * HOUR, signs=(Sign("siblings", count=7, of=7),), confidence=0.6
    )
    board.devices |= {device.id: device for device in desks(40)}
    refused = "Cấu hình mới (bộ tiêu chí, bảng giá) bị từ chối từ 09:10, default@1 vẫn được dùng: "
    board.refused = refused + "hcmc.yaml:12: ready: over 100 %"


def small_memory(line: RequirementState) -> RequirementState:
    evidence = [Evidence(subject=DEVICE, state=Verdict.AT_RISK, value=7.9, at=NOW - 40 * SECOND)]
    evidence.append(Evidence(subject="desk-1", state=Verdict.READY, value=8.2, at=NOW - 50 * SECOND))
    counts = {Verdict.AT_RISK: 1, Verdict.READY: 47}
    return requirement(
        line.id, Verdict.AT_RISK, NOW - 2 * DAY, value=7.9, unit="GB", need="≥ 8 GB", evidence=evidence, counts=counts,
        source=OURS, samples=48, coverage=1.0,
    )  # fmt: skip


def desks(count: int) -> list[DeviceFacts]:
    found = {("device", ""): result("device", "", Outcome.OK)}
    return [
        DeviceFacts(
            id=f"desk-{n}", unit=XOM_CHIEU, name=f"Bàn {n:02}", last_seen=NOW - (20 + 30 * n) * SECOND, results=found
        )
        for n in range(count)
    ]


def plans(board: FakeBoard, hit: list[str], pick: random.Random) -> None:
    for code in hit:
        fixes = pick.choice([(CALL,), (pcs(3), LINE), (pcs(1),), (LINE,), (CALL, pcs(2))])
        board.paths[code] = Path(unit=code, fixes=fixes, cost=sum(each.cost or 0 for each in fixes))
    board.paths[XOM_CHIEU] = Path(unit=XOM_CHIEU, fixes=(pcs(3), LINE, CALL), cost=46_200_000, exact=False)
    risky = [code for code, verdict in board.verdicts.items() if verdict.verdict == "at_risk"]
    board.paths[risky[0]] = Path(unit=risky[0], fixes=(TOKEN, CALL), cost=0, unpriced=1)
    board.paths[risky[1]] = Path(unit=risky[1], fixes=(pcs(2),), cost=30_000_000, unknown=("age",))
    for code in risky[2:]:
        board.paths[code] = Path(unit=code, fixes=(LINE,), cost=1_200_000)
