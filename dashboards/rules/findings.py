"""One alert for each finding: what is broken, whose it is, and how many units it stops."""

from __future__ import annotations

from dashboards.rules.model import Alert, Group, Pair, Severity, pair
from dashboards.rules.words import FINDINGS, indented, listed, looked_up, worded

MANY = 3
"""[A] Units from which a fault is more than one office's luck."""
LABELS = ("finding", "segment", "cause", "provider", "owner", "subject", "locality")
OPTIONAL = """\
label_replace(
  max by (instance, target) (sansang_target_info{mandatory="false"})
  * on (instance) group_left (locality) max by (instance, locality) (sansang_unit_info),
  "subject", "$1", "target", "(.+)"
)"""
"""Systems that a locality may do without."""
SHARED = f'{FINDINGS}{{segment=~"provider|destination"}} >= {MANY}\nunless on (subject, locality) {OPTIONAL}'


def _title(lang: str) -> str:
    return looked_up("sansang_finding_info{id=%q}", f"title_{lang}", "finding")


def _number(series: str, how: str) -> str:
    found = "{{ . | first | value" + how + " }}"
    return "{{ with printf `" + series + "{id=%q}` $labels.finding | query }}" + found + "{{ else }}?{{ end }}"


DEVICES = _number("sansang_finding_devices", "")
SURE = _number("sansang_finding_confidence_ratio", " | humanizePercentage")
SUMMARY: Pair = pair(
    f"{_title('vi')} ({{{{ $value }}}} đơn vị)",
    f"{_title('en')} ({{{{ $value }}}} unit{{{{ if ne $value 1.0 }}}}s{{{{ end }}}})",
)
WHERE = listed(
    "max by (unit) (sansang_finding_unit{id=%q}) * on (unit) group_left (name) max by (unit, name) (sansang_unit_info)",
    "name",
    "finding",
)
DESCRIPTION: Pair = pair(
    f'{{{{ if eq $labels.segment "device" }}}}Đơn vị: {WHERE}. {{{{ end }}}}'
    f"Bên xử lý: {worded('owner', 'owner', 'vi')}{{{{ with $labels.provider }}}} ({{{{ . }}}}){{{{ end }}}}. "
    f"Số thiết bị bị ảnh hưởng: {DEVICES}. Độ tin cậy: {SURE}."
    "{{ if gt $value 1.0 }} Chỉ cần báo một lần cho tất cả đơn vị.{{ end }}",
    f'{{{{ if eq $labels.segment "device" }}}}Unit: {WHERE}. {{{{ end }}}}'
    f"To fix it: {worded('owner', 'owner', 'en')}{{{{ with $labels.provider }}}} ({{{{ . }}}}){{{{ end }}}}. "
    f"Devices affected: {DEVICES}. Confidence: {SURE}."
    "{{ if gt $value 1.0 }} Report it once for all units.{{ end }}",
)


def _finding(severity: Severity, expr: str, hold: str) -> Alert:
    """Attribution clears a fault and finds it again while it flaps: it is told until 10 minutes after."""
    return Alert(
        name="Finding",
        severity=severity,
        expr=expr,
        hold=hold,
        keep="10m",
        summary=SUMMARY,
        description=DESCRIPTION,
        labels=LABELS,
    )


GROUPS = (
    Group(
        name="findings",
        interval="30s",
        rules=(
            _finding(Severity.CRITICAL, SHARED, "2m"),
            _finding(Severity.WARNING, f'{FINDINGS}{{segment!="device"}}\nunless (\n{indented(SHARED)}\n)', "5m"),
            _finding(Severity.INFO, f'{FINDINGS}{{segment="device"}}', "10m"),
        ),
    ),
)
