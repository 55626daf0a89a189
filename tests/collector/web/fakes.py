"""A board of a few lines with the 168 units of Ho Chi Minh City, as one working day could find them."""

from __future__ import annotations

import asyncio
import contextlib
import random
import uuid
from pathlib import Path as File
from typing import Any

from checks.kit.model import Outcome, Result, Sample
from collector import units as unit_list
from collector.attribution.model import Finding
from collector.attribution.silent import Silent
from collector.readiness.fixes import Path
from collector.readiness.model import (
    DeviceFacts,
    Evidence,
    RequirementState,
    Silence,
    Target,
    Transition,
    Unit,
    UnitVerdict,
    Verdict,
    Waiver,
)
from collector.roster.model import Role, Roster, Station, UnitRoster
from collector.web.pages import Settings
from tests.collector.web.checks import CHECKS

ROOT = File(__file__).resolve().parents[3]
SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
NOW = 1_795_228_323 * SECOND  # 21/11/2026 09:32:03 in Ho Chi Minh City
XOM_CHIEU = "27259"
DEVICE = "6f1c2a52-8c1e-4d1b-9a5e-0f6f0c8f2a01"
TARGETS = [
    Target(
        id="dvcqg", title={"vi": "Cổng Dịch vụ công quốc gia", "en": "National public service portal"}, mandatory=True
    ),
    Target(id="1022", title={"vi": "Cổng 1022", "en": "1022 portal"}, mandatory=True),
]


class FakeBoard:
    """A Board whose facts are attributes; ``touch`` says that they changed."""

    def __init__(self) -> None:
        self.generation = 1
        self.units: dict[str, Unit] = {}
        self.verdicts: dict[str, UnitVerdict] = {}
        self.targets = TARGETS
        self.devices: dict[str, DeviceFacts] = {}
        self.transitions: list[Transition] = []
        self.roster = Roster()
        self.findings: list[Finding] = []
        self.closed: list[Finding] = []
        self.refused = ""
        self.paths: dict[str, Path] = {}
        self.verdicts_then: dict[str, list[UnitVerdict]] = {}
        self.moved: dict[str, list[tuple[int, str, str]]] = {}
        self.expired: list[Waiver] = []
        self.unlisted: dict[str, str] = {}
        self.former: dict[str, list[str]] = {}
        self.why: dict[str, Silent] = {}
        self._news = asyncio.Condition()

    def targets_of(self, unit: str) -> list[Target]:
        return self.targets

    def devices_of(self, unit: str) -> list[DeviceFacts]:
        return [device for device in self.devices.values() if device.unit == unit]

    def told(self, unit: str) -> UnitRoster | None:
        return self.roster.units.get(unit)

    def stations_of(self, unit: str) -> list[Station]:
        return self.roster.stations.get(unit, [])

    def device(self, device: str) -> DeviceFacts | None:
        return self.devices.get(device)

    def trouble(self, lang: str) -> str:
        return self.refused

    def path(self, unit: str) -> Path | None:
        return self.paths.get(unit)

    def successors(self, code: str) -> list[str]:
        return self.former.get(code, [])

    def silence_of(self, unit: str, device: str = "") -> Silent | None:
        return self.why.get(device or unit)

    async def past_findings(self, since: int) -> list[Finding]:
        known = [*self.findings, *self.closed]
        return [finding for finding in known if finding.closed_at is None or finding.closed_at >= since]

    async def finding(self, key: str) -> Finding | None:
        return next((finding for finding in (*self.findings, *self.closed) if finding.id == key), None)

    def missing(self, lang: str) -> str:
        return self.unlisted.get(lang, "")

    async def expired_waivers(self, since: int) -> list[Waiver]:
        return [waiver for waiver in self.expired if waiver.expires_at >= since]

    async def verdict_at(self, unit: str, at: int) -> UnitVerdict | None:
        return next((each for each in reversed(self.verdicts_then.get(unit, [])) if each.at <= at), None)

    async def moves(self, device: str) -> list[tuple[int, str, str]]:
        return self.moved.get(device, [])

    async def history(self, unit: str, since: int) -> list[Transition]:
        return [change for change in self.transitions if change.unit == unit]

    async def changes(self, since: int) -> list[Transition]:
        return [change for change in self.transitions if change.at >= since and change.subject == "verdict"]

    async def changed(self, generation: int, timeout: float) -> int:
        async with self._news:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait_for(lambda: self.generation > generation), timeout)
        return self.generation

    async def touch(self) -> None:
        async with self._news:
            self.generation += 1
            self._news.notify_all()


def requirement(key: str, state: Verdict, since: int, **more: Any) -> RequirementState:
    title = {
        "reach": {"vi": "Truy cập được các hệ thống bắt buộc", "en": "Mandatory systems reachable"},
        "rtt": {"vi": "Độ trễ tới hệ thống bắt buộc", "en": "Round trip to mandatory systems"},
        "memory": {"vi": "Bộ nhớ máy trạm", "en": "PC memory"},
        "disk": {"vi": "Ổ đĩa máy trạm", "en": "PC disk"},
        "clock": {"vi": "Lệch giờ", "en": "Clock offset"},
        "age": {"vi": "Tuổi máy trạm", "en": "PC age"},
    }[key]
    return RequirementState(id=key, title=title, mandatory=key != "age", state=state, since=since, **more)


OURS = {"vi": "[A] Đề xuất của Sẵn Sàng", "en": "[A] Proposed by Sẵn Sàng"}
GUIDANCE = {"vi": "[V] Microsoft, họp trực tuyến; ITU-T G.114", "en": "[V] Microsoft, online meetings; ITU-T G.114"}
WRITTEN_OFF = {"vi": "[C] Khấu hao theo TT 141/2025/TT-BTC", "en": "[C] Depreciation under TT 141/2025/TT-BTC"}
REMEDY = {
    "vi": "Đo lại bằng dây thay cho Wi-Fi; nếu vẫn chậm, gọi nhà cung cấp đường truyền, kèm trang này.",
    "en": "Measure again by cable instead of Wi-Fi; if still slow, call the provider with this page.",
}
PROCURE = {"vi": "đường truyền dự phòng của nhà cung cấp khác", "en": "a second line from another provider"}


def seen(state: Verdict, value: float | None, target: str = "") -> Evidence:
    return Evidence(subject=DEVICE, state=state, value=value, target=target, at=NOW - 40 * SECOND, samples=37)


def round_trip(state: Verdict, since: int) -> RequirementState:
    value = {Verdict.READY: 42.0, Verdict.AT_RISK: 128.0, Verdict.NOT_READY: 182.5}.get(state)
    facts = {"value": value, "unit": "ms", "need": "≤ 100 ms", "samples": 1896, "coverage": 1.0}
    told = {"source": GUIDANCE, "remedy": REMEDY, "procure": PROCURE, "evidence": [seen(state, value, "dvcqg")]}
    return requirement("rtt", state, since, **facts, **told)


def requirements(worst: Verdict, since: int) -> list[RequirementState]:
    """Six requirements, of which the round trip is in state `worst`."""
    ready = Verdict.READY
    most = {"source": OURS, "samples": 7, "coverage": 0.875}
    reached = {"source": OURS, "samples": 1902, "coverage": 1.0}
    reached |= {"evidence": [seen(ready, 99.7, "dvcqg"), seen(ready, 100.0, "1022")]}
    small = {"evidence": [seen(ready, 8.2)], **most}
    return [
        requirement("reach", ready, since, value=99.7, unit="%", need="≥ 99 %", **reached),
        round_trip(worst, since),
        requirement("memory", ready, since, value=8.2, unit="GB", need="≥ 8 GB", **small),
        requirement("disk", ready, since, value="ssd", need="ssd", **most),
        requirement("clock", ready, since, value=0.12, unit="s", need="≤ 5 s", **most),
        requirement("age", Verdict.UNKNOWN, since, need="≤ 5 năm", source=WRITTEN_OFF, reason="unknown_value"),
    ]


def verdict_of(code: str, state: Verdict, since: int, silence: Silence | None = None, **more: Any) -> UnitVerdict:
    judged = silence is None
    facts: dict[str, Any] = {
        "deciding": ["rtt"] if judged and state in (Verdict.NOT_READY, Verdict.AT_RISK) else [],
        "requirements": requirements(state, since) if judged and state is not Verdict.UNKNOWN else [],
        "expected": 0 if silence is Silence.NEVER_ENROLLED else 8,
        "reporting": 8 if judged else 0,
        "last_seen": None if silence is Silence.NEVER_ENROLLED else since if silence else NOW - 30 * SECOND,
        "silent_since": since if silence else None,
    }
    facts |= more
    return UnitVerdict(unit=code, verdict=state, at=NOW, since=since, profile="default@1", silence=silence, **facts)


def result(check: str, target: str, outcome: Outcome, reason: str = "", **more: Any) -> Result:
    return Result(
        check=check,
        target=target,
        outcome=outcome,
        reason=reason,
        at=NOW - 40 * SECOND,
        mono=5 * HOUR,
        boot="b1",
        took=131_000,
        **more,
    )


def device() -> DeviceFacts:
    """A PC whose portal works, whose second target does not resolve, and whose facts are known."""
    phases = {"dns": 0.0042, "tcp": 0.0187, "tls": 0.0411, "request": 0.0002, "ttfb": 0.0586, "transfer": 0.0021}
    samples = (
        Sample("connectivity_up", 1.0),
        *(Sample("connectivity_phase", v, {"phase": k}) for k, v in phases.items()),
    )
    facts = {
        "vendor": "Dell Inc.",
        "model": "OptiPlex 3070",
        "os_name": "Windows 10 Pro",
        "os_version": "22H2",
        "memory_bytes": 8_589_934_592,
        "cpu_model": "Intel Core i3-9100",
        "disk_kind": "ssd",
        "disk_free_ratio": 0.412,
        "age_years": 6.4,
        "age_source": "firmware_date",
    }
    found = [
        result(
            "connectivity",
            "dvcqg",
            Outcome.OK,
            samples=samples,
            facts={"tls_version": "TLSv1.3", "tls_not_after": 1_798_736_399},
        ),
        result("connectivity", "1022", Outcome.FAILED, "dns_nxdomain", samples=(Sample("connectivity_up", 0.0),)),
        result("device", "", Outcome.OK, facts=facts, samples=(Sample("device_memory", 8_589_934_592.0),)),
    ]
    return DeviceFacts(
        id=DEVICE,
        unit=XOM_CHIEU,
        role="pc",
        enrolled_at=NOW - 40 * DAY,
        last_seen=NOW - 40 * SECOND,
        clock_offset=-1.8,
        results={(r.check, r.target): r for r in found},
        version="0.1.0",
        name="Quầy 3",
    )


def city() -> FakeBoard:
    """168 units: most ready, some in each other state, with a week of history; unit 27259 is not ready since 08:12."""
    board, pick = FakeBoard(), random.Random(27)
    board.units = unit_list.of_province(unit_list.load(ROOT / "configs" / "units.csv"), "79")
    kinds = [
        ("ready", 140),
        ("at_risk", 12),
        ("not_ready", 5),
        ("lost_contact", 4),
        ("no_data", 2),
        ("never_enrolled", 3),
    ]
    drawn = [key for key, count in kinds for _ in range(count)] + ["unknown"] * 2
    pick.shuffle(drawn)
    for code, key in zip(board.units, drawn, strict=True):
        _add(board, code, "not_ready" if code == XOM_CHIEU else key, pick)
    spare = [
        DeviceFacts(id=str(uuid.UUID(int=i + 5)), unit=XOM_CHIEU, last_seen=NOW - 50 * SECOND, name=f"Quầy {4 + i}")
        for i in range(3)
    ]
    spare += [
        DeviceFacts(
            id=str(uuid.UUID(int=99)), unit=XOM_CHIEU, last_seen=NOW - 2 * HOUR, name="Kiosk sảnh", role="kiosk"
        ),
        DeviceFacts(id=str(uuid.UUID(int=98)), unit=XOM_CHIEU, status="pending", name="Máy văn thư"),
    ]
    board.devices = {each.id: each for each in (device(), *spare)}
    board.roster = xom_chieu()
    return board


def xom_chieu() -> Roster:
    """The unit's roster: five stations, one of them never seen, and more printers than are plugged in."""
    told = UnitRoster(
        unit=XOM_CHIEU, staff=31, signers=6, counters=5, printers=4, scanners=2, provider="VNPT",
        contracted_down_mbps=200.0, contracted_up_mbps=100.0,
    )  # fmt: skip
    places: tuple[tuple[str, Role, str, str | None, str | None], ...] = (
        ("Q3", "counter", "Quầy 3", DEVICE, "2020-03-14"),
        ("Q4", "counter", "Quầy 4", str(uuid.UUID(int=5)), "2024"),
        ("Q7", "counter", "Quầy 7", None, "2025-11"),
        ("K1", "kiosk", "Sảnh", str(uuid.UUID(int=99)), None),
    )
    stations = [
        Station(unit=XOM_CHIEU, id=key, role=role, title=title, device=at, purchase_date=bought)
        for key, role, title, at, bought in places
    ]
    stations.append(Station(unit=XOM_CHIEU, id="R1", role="router", agent=False))
    return Roster(mark=1, units={XOM_CHIEU: told}, stations={XOM_CHIEU: stations})


def _add(board: FakeBoard, code: str, key: str, pick: random.Random) -> None:
    silence = Silence(key) if key in list(Silence) else None
    state = Verdict.UNKNOWN if silence else Verdict(key)
    since = NOW - (80 * 60 * SECOND if code == XOM_CHIEU else pick.randrange(5, 4000) * 60 * SECOND)
    more: dict[str, object] = {"expected": 7, "reporting": 3} if key == "unknown" else {}
    board.verdicts[code] = verdict_of(code, state, since, silence, **more)
    before = pick.choice(["ready", "ready", "at_risk", "not_ready", "unknown"])
    if key == "never_enrolled":
        return
    if code == XOM_CHIEU:
        board.transitions += _week(since)
        return
    if before != state:
        board.transitions.append(Transition(unit=code, subject="verdict", at=NOW - 6 * DAY, old="ready", new=before))
        board.transitions.append(Transition(unit=code, subject="verdict", at=since, old=before, new=str(state)))
        for need in board.verdicts[code].requirements[1:2]:
            board.transitions.append(
                Transition(unit=code, subject=f"requirement:{need.id}", at=since, old="ready", new=str(state))
            )
    if silence:
        board.transitions.append(Transition(unit=code, subject="silence", at=since, old="", new=str(silence)))


def _week(since: int) -> list[Transition]:
    """Enrolled six days ago, at risk one night, silent one morning, not ready now."""
    steps = [
        (NOW - 6 * DAY, "unknown"),
        (NOW - 6 * DAY + HOUR, "ready"),
        (NOW - 4 * DAY, "at_risk"),
        (NOW - 3 * DAY - 14 * HOUR, "ready"),
        (NOW - 2 * DAY, "unknown"),
        (NOW - 2 * DAY + 5 * HOUR, "ready"),
        (since, "not_ready"),
    ]
    changes, old = [], ""
    for at, new in steps:
        for subject in ("verdict", "requirement:rtt"):
            changes.append(Transition(unit=XOM_CHIEU, subject=subject, at=at, old=old, new=new))
        old = new
    for need in ("reach", "memory", "disk", "clock", "age"):
        state = "unknown" if need == "age" else "ready"
        changes.append(Transition(unit=XOM_CHIEU, subject=f"requirement:{need}", at=NOW - 6 * DAY, old="", new=state))
    for at, old, new in ((NOW - 2 * DAY, "", "lost_contact"), (NOW - 2 * DAY + 5 * HOUR, "lost_contact", "")):
        changes.append(Transition(unit=XOM_CHIEU, subject="silence", at=at, old=old, new=new))
    return sorted(changes, key=lambda change: change.at)


def settings(**more: Any) -> Settings:
    locality = {"vi": "Thành phố Hồ Chí Minh", "en": "Ho Chi Minh City"}
    return Settings(locality=locality, checks=CHECKS, now=lambda: NOW, **more)
