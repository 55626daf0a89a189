"""Alerts on the agents' own health, as the collector tells it on ``/metrics/devices``."""

from __future__ import annotations

from dashboards.rules.model import Alert, Group, Severity, pair
from dashboards.rules.words import explained, of_unit, place

LABELS = ("unit", "device", "name", "locality")
HOUR = 3600
BACKLOG = Alert(
    name="AgentBacklog",
    severity=Severity.WARNING,
    # [A] After an outage the newest goes first and the backlog follows within minutes: six hours are no outage's rest.
    expr=explained(f"max by (unit, device) (sansang_agent_spool_age_seconds > {6 * HOUR})"),
    hold="30m",
    summary=pair(
        f"Kết quả chưa gửi được đã {{{{ $value | humanizeDuration }}}}: {place('vi')}",
        f"Results have waited for {{{{ $value | humanizeDuration }}}}: {place('en')}",
    ),
    description=pair(
        "Máy vẫn báo cáo nhưng không gửi hết kết quả tồn. Xem đường truyền có nghẽn không, rồi xem sansang-agent "
        "status.",
        "The device reports, but does not get rid of its backlog. See whether the line is congested, then "
        "sansang-agent status.",
    ),
    labels=(*LABELS, "finding"),
)
DEAD_LETTERS = Alert(
    name="AgentDeadLetters",
    severity=Severity.WARNING,
    expr=of_unit("max by (unit, device) (increase(sansang_agent_spool_quarantined_total[6h]) > 0)"),
    hold="1m",
    summary=pair(
        f"Kết quả bị trả lại vì không đọc được: {place('vi')}",
        f"Results were refused as unreadable: {place('en')}",
    ),
    description=pair(
        "Chúng được giữ riêng trên máy. So phiên bản của sansang-agent và sansang-collector; gửi tệp cho nhóm phát "
        "triển.",
        "They are kept apart on the device. Compare the versions of sansang-agent and sansang-collector; send the "
        "files to the developers.",
    ),
    labels=LABELS,
)
LOSES = Alert(
    name="AgentLosesResults",
    severity=Severity.WARNING,
    expr=of_unit(
        "max by (unit, device) (\n  increase(sansang_agent_spool_dropped_total[6h]) > 0\n"
        "  or increase(sansang_agent_spool_corrupt_total[6h]) > 0\n)"
    ),
    hold="1m",
    summary=pair(
        f"Kết quả đo bị mất trên máy: {place('vi')}",
        f"Results were lost on the device: {place('en')}",
    ),
    description=pair(
        "Hàng đợi trên máy đã đầy, hoặc ổ đĩa làm hỏng nó. Xem máy mất kết nối bao lâu, ổ đĩa còn trống và còn tốt "
        "không.",
        "The device's queue was full, or its disk damaged it. See how long it was cut off, and whether the disk has "
        "space and is well.",
    ),
    labels=LABELS,
)
SKIPS = Alert(
    name="AgentSkipsRuns",
    severity=Severity.INFO,
    # [A] A dozen in six hours: a check every 5 minutes then misses one run of six.
    expr=of_unit("max by (unit, device) (increase(sansang_agent_skipped_runs_total[6h]) >= 12)"),
    hold="30m",
    summary=pair(f"Máy bỏ qua nhiều lần đo: {place('vi')}", f"The device skips many runs: {place('en')}"),
    description=pair(
        "Lần đo trước chưa xong khi đến lần sau: máy quá tải, hoặc một phép đo bị treo. Xem sansang-agent status trên "
        "máy.",
        "A run is not over when the next is due: the PC is overloaded, or a check hangs. See sansang-agent status on "
        "it.",
    ),
    labels=LABELS,
)
GROUPS = (Group(name="agents", interval="1m", rules=(BACKLOG, DEAD_LETTERS, LOSES, SKIPS)),)
