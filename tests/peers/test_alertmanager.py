"""Debian's Prometheus and Alertmanager: a finding is told once, in Vietnamese, and its consequences are kept back."""

from __future__ import annotations

import re
import time
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from tests.peers.alerting import NEVER_OPEN, Servers, alerting, watching

STRUCK = ("27259", "26734", "26737")
ALONE = "27286"
SITE = "https://sansang.example.vn"
TITLES = 'title_vi="Sự cố nhà cung cấp VNPT",title_en="The provider VNPT fails"'


def city(verdict: str) -> str:
    """A provider's finding stops three wards; these, and a fourth one, have `verdict` since an hour."""
    since = time.time() - 3600
    rows = [
        'sansang_finding{id="f-1",segment="provider",cause="unreachable",provider="VNPT"} 1',
        f'sansang_finding_info{{id="f-1",subject="VNPT",network="internet",{TITLES},owner="provider"}} 1',
        'sansang_finding_units{id="f-1"} 3',
        'sansang_finding_devices{id="f-1"} 12',
        'sansang_finding_confidence_ratio{id="f-1"} 0.97',
        f'sansang_finding_opened_timestamp_seconds{{id="f-1"}} {since}',
        f"sansang_collector_sweep_timestamp_seconds {time.time()}",
        f'sansang_collector_info{{version="1",url="{SITE}"}} 1',
        *(f'sansang_finding_unit{{id="f-1",unit="{unit}"}} 1' for unit in STRUCK),
    ]
    for unit in (*STRUCK, ALONE):
        place = f'kind="Phường",province="Thành phố Hồ Chí Minh",locality="hcmc",name="Phường {unit}",lat="1",lon="2"'
        rows.append(f'sansang_unit_info{{unit="{unit}",{place}}} 1')
        rows.append(f'sansang_unit_verdict{{unit="{unit}",verdict="not_ready"}} {int(verdict == "not_ready")}')
        rows.append(f'sansang_unit_verdict_since_timestamp_seconds{{unit="{unit}"}} {since}')
    return "\n".join(rows) + "\n"


def units_of(servers: Servers, *, inhibited: bool) -> set[str]:
    """The wards whose UnitNotReady Alertmanager holds, and keeps back or not."""
    found = [one for one in servers.alerts("UnitNotReady") if bool(one["status"]["inhibitedBy"]) == inhibited]
    return {one["labels"]["unit"] for one in found}


def posted(servers: Servers, name: str) -> list[dict[str, Any]]:
    """The alerts of that name that reached the webhook."""
    return [one for one in servers.place.told("/hook") if one["labels"]["alertname"] == name]


def body(mail: EmailMessage, kind: str) -> str:
    """The mail's text (``plain``) or page (``html``)."""
    part = mail.get_body((kind,))
    assert part is not None
    text: str = part.get_content()
    return text


def test_a_provider_is_told_once_and_its_wards_are_kept_back(tmp_path: Path) -> None:
    """The finding reaches webhook and mail; of four wards that are not ready only the one it does not explain does."""
    with watching(tmp_path) as servers:
        place = servers.place
        place.text = city("ready")
        servers.wait(lambda: bool(posted(servers, "Finding")), "the finding does not arrive")
        (finding,) = servers.alerts("Finding")
        assert finding["status"] == {"inhibitedBy": [], "silencedBy": [], "state": "active"}
        told = posted(servers, "Finding")[0]

        place.text = city("not_ready")
        servers.wait(lambda: units_of(servers, inhibited=True) == set(STRUCK), "the wards are not kept back")
        servers.wait(lambda: units_of(servers, inhibited=False) == {ALONE}, "the fourth ward is not told")
        servers.wait(lambda: bool(posted(servers, "UnitNotReady")), "nor posted")
        assert {one["labels"]["unit"] for one in posted(servers, "UnitNotReady")} == {ALONE}
        assert posted(servers, "UnitNotReady")[0]["annotations"]["page_url"] == f"{SITE}/units/{ALONE}"
        servers.wait(lambda: bool(place.told("/watchdog")), "the watchdog is silent")
        servers.wait(lambda: bool(place.mails), "no mail arrives")

    assert told["labels"] == {
        "alertname": "Finding", "severity": "critical", "locality": "hcmc", "finding": "f-1", "segment": "provider",
        "cause": "unreachable", "provider": "VNPT", "owner": "provider", "subject": "VNPT",
    }  # fmt: skip
    assert told["annotations"] == {
        "summary_vi": "Sự cố nhà cung cấp VNPT (3 đơn vị)",
        "summary_en": "The provider VNPT fails (3 units)",
        "description_vi": "Bên xử lý: nhà cung cấp đường truyền (VNPT). Số thiết bị bị ảnh hưởng: 12. "
        "Độ tin cậy: 97 %. Chỉ cần báo một lần cho tất cả đơn vị.",
        "description_en": "To fix it: the line's provider (VNPT). Devices affected: 12. Confidence: 97 %. "
        "Report it once for all units.",
        "runbook_url": f"{SITE}/runbook#alert-finding",
        "page_url": f"{SITE}/findings/f-1",
    }
    mail = next(one for one in place.mails if "VNPT" in one["Subject"])
    assert (mail["Subject"], mail["To"]) == (
        "[khẩn cấp] Sự cố nhà cung cấp VNPT (3 đơn vị)",
        "hcmc@sansang.example.invalid",
    )
    lines = body(mail, "plain").splitlines()
    assert lines[0] == "khẩn cấp: Sự cố nhà cung cấp VNPT (3 đơn vị)"
    assert "critical: The provider VNPT fails (3 units)" in lines
    assert {f"Trang: {SITE}/findings/f-1", f"Page: {SITE}/findings/f-1"} <= set(lines)
    assert {line.rpartition(" ")[2] for line in lines if "#alert" in line} == {f"{SITE}/runbook#alert-finding"}
    assert re.findall(r'href="([^"]+)"', body(mail, "html")) == [
        f"{SITE}/findings/f-1", f"{SITE}/runbook#alert-finding",
    ]  # fmt: skip


def test_outside_office_hours_only_what_is_critical_is_told(tmp_path: Path) -> None:
    """Alertmanager says that it held the other one back for the time of day."""
    with alerting(tmp_path, office=NEVER_OPEN) as servers:
        servers.post([alert("UnitNotReady", "warning", "27259"), alert("UnitNotReady", "critical", "26734")])
        servers.wait(lambda: "not within active time" in servers.log.read_text("utf-8"), "nothing is muted")
        servers.wait(lambda: bool(servers.place.told("/hook")), "the critical one does not arrive")
        assert {one["labels"]["unit"] for one in servers.place.told("/hook")} == {"26734"}
        servers.wait(lambda: bool(servers.place.mails), "nor its mail")
    (mail,) = servers.place.mails
    assert "Hướng dẫn: RUNBOOK.md#alert-unitnotready" in body(mail, "plain")
    assert "Hướng dẫn: RUNBOOK.md#alert-unitnotready" in body(mail, "html")
    assert [word for word in ("Trang:", "Page:", "href") if word in body(mail, "plain") + body(mail, "html")] == []


def test_the_graver_of_two_is_told_and_a_grave_consequence_in_spite_of_a_lesser_fault(tmp_path: Path) -> None:
    """Half a day without service is told although a line's fault explains it; the half hour before it no more."""
    with alerting(tmp_path) as servers:
        servers.post(
            [
                alert("Finding", "warning", finding="f-1"),
                alert("UnitNotReady", "warning", "27259", finding="f-1"),
                alert("UnitNotReady", "critical", "27259", finding="f-1"),
                alert("UnitLostContact", "warning", "26734", finding="f-2"),
            ]
        )
        held = {
            (one["labels"]["alertname"], one["labels"]["severity"]): bool(one["status"]["inhibitedBy"])
            for name in ("Finding", "UnitNotReady", "UnitLostContact")
            for one in servers.alerts(name)
        }
    assert held == {
        ("Finding", "warning"): False,
        ("UnitNotReady", "warning"): True,
        ("UnitNotReady", "critical"): False,
        ("UnitLostContact", "warning"): False,
    }


def alert(name: str, severity: str, unit: str = "", finding: str = "") -> dict[str, dict[str, str]]:
    labels = {"alertname": name, "severity": severity, "unit": unit, "finding": finding, "locality": "hcmc"}
    told = {f"{kind}_{lang}": "x" for kind in ("summary", "description") for lang in ("vi", "en")}
    told |= {"runbook_url": f"RUNBOOK.md#alert-{name.lower()}", "page_url": ""}
    return {"labels": {key: text for key, text in labels.items() if text}, "annotations": told}
