"""Alerts on the collector, on what feeds Prometheus, and the switch that tells that alerts arrive at all."""

from __future__ import annotations

from dashboards.rules.model import Alert, Group, Severity, pair
from dashboards.rules.words import worded

STALE = 300
"""[A] Seconds: a sweep every 2 s rests twice as long as it took, which for the whole country is below a minute."""
DROPPED = 'sansang_collector_remote_write_dropped_samples_total{reason!~"duplicate|same_time"}'
"""Samples that the receiver lacks: of the two left out it has one already."""
DOWN = Alert(
    name="CollectorDown",
    severity=Severity.CRITICAL,
    expr='min by (instance) (up{job="sansang"}) == 0\nor absent(up{job="sansang"})',
    hold="2m",
    summary=pair(
        "Không đọc được collector{{ with $labels.instance }} {{ . }}{{ end }}",
        "The collector{{ with $labels.instance }} {{ . }}{{ end }} cannot be scraped",
    ),
    description=pair(
        "Mọi đánh giá đang dừng lại; máy trạm vẫn giữ kết quả. Xem tiến trình, nhật ký và ổ đĩa của máy chủ.",
        "Every verdict stands still; the agents keep their results. Look at the server's process, log and disk.",
    ),
    labels=("instance",),
)
DEVICES_DOWN = Alert(
    name="DeviceScrapeDown",
    severity=Severity.WARNING,
    expr='min by (instance) (up{job="sansang-devices"}) == 0\n'
    'unless on (instance) up{job="sansang"} == 0\nor absent(up{job="sansang-devices"})',
    hold="5m",
    summary=pair(
        "Không đọc được số liệu thiết bị{{ with $labels.instance }} từ {{ . }}{{ end }}",
        "Device series cannot be scraped{{ with $labels.instance }} from {{ . }}{{ end }}",
    ),
    description=pair(
        "Cảnh báo về thiết bị, token và đường truyền tạm thời không hoạt động. Xem mục tiêu sansang-devices trong "
        "Prometheus.",
        "Alerts on devices, tokens and lines are blind meanwhile. Look at the target sansang-devices in Prometheus.",
    ),
    labels=("instance",),
)
SWEEPS = (
    Alert(
        name="SweepStale",
        severity=Severity.CRITICAL,
        expr=f"time() - max by (instance) (sansang_collector_sweep_timestamp_seconds) > {STALE}",
        hold="2m",
        summary=pair(
            "Đánh giá đã dừng {{ $value | humanizeDuration }}",
            "Nothing has been judged for {{ $value | humanizeDuration }}",
        ),
        description=pair(
            "Collector {{ $labels.instance }} còn chạy nhưng không cập nhật đánh giá: trang web và cảnh báo là số "
            "liệu cũ. Xem nhật ký của nó.",
            "The collector {{ $labels.instance }} runs, but brings no verdict up to date: pages and alerts are old. "
            "See its log.",
        ),
        labels=("instance",),
    ),
    Alert(
        name="SweepFailing",
        severity=Severity.WARNING,
        expr="sum by (instance) (increase(sansang_collector_sweep_failures_total[10m])) > 3",
        hold="5m",
        summary=pair(
            "Nhiều lượt đánh giá bị lỗi trên {{ $labels.instance }}",
            "Sweeps fail again and again on {{ $labels.instance }}",
        ),
        description=pair(
            "{{ $value | humanize }} lượt trong 10 phút. Nhật ký của collector nêu lý do; thường là cơ sở dữ liệu.",
            "{{ $value | humanize }} in 10 minutes. The collector's log says why; often it is the database.",
        ),
        labels=("instance",),
    ),
)
COMMIT = Alert(
    name="CommitSlow",
    severity=Severity.WARNING,
    # Agents give a push 30 s; a group commit is to take 50 ms (design §7).
    expr="""\
histogram_quantile(0.99,
  sum by (instance, le) (rate(sansang_collector_commit_seconds_bucket[10m]))
) > 1""",
    hold="10m",
    summary=pair(
        "Ghi cơ sở dữ liệu chậm: P99 {{ $value | humanizeDuration }}",
        "Commits are slow: P99 {{ $value | humanizeDuration }}",
    ),
    description=pair(
        "Ổ đĩa hoặc PostgreSQL của {{ $labels.instance }} không theo kịp; agent sẽ phải gửi lại. Xem iostat và tải "
        "của cơ sở dữ liệu.",
        "Disk or PostgreSQL of {{ $labels.instance }} does not keep up; agents will have to send again. See iostat "
        "and the database's load.",
    ),
    labels=("instance",),
)
REFUSED = Alert(
    name="PushesRefused",
    severity=Severity.WARNING,
    expr="""\
sum by (code) (rate(sansang_collector_refusals_total[15m]))
/ on () group_left ()
(
  sum(rate(sansang_collector_refusals_total[15m])) + sum(rate(sansang_collector_pushes_total[15m]))
) > 0.01""",
    hold="15m",
    summary=pair(
        f"{{{{ $value | humanizePercentage }}}} gói gửi lên bị từ chối: {worded('code', 'code', 'vi', coded=True)}",
        f"{{{{ $value | humanizePercentage }}}} of the pushes are refused: {worded('code', 'code', 'en', coded=True)}",
    ),
    description=pair(
        "Sổ tay vận hành (RUNBOOK.md, mục A batch was refused) giải thích mã này. Agent giữ kết quả và gửi lại.",
        "RUNBOOK.md explains the code under A batch was refused. Agents keep the results and send again.",
    ),
    labels=("code",),
)
LOST = Alert(
    name="ResultsLost",
    severity=Severity.WARNING,
    # spool_cap and spool_age are what a limit of the agent left out, quarantined its dead letters: told there.
    expr='sum by (reason) (increase(sansang_collector_gap_records_total{reason=~"lost|spool_corrupt"}[1h])) > 0',
    hold="5m",
    summary=pair(
        f"{{{{ $value | humanize }}}} kết quả sẽ không bao giờ đến: {worded('reason', 'gap', 'vi', coded=True)}",
        f"{{{{ $value | humanize }}}} results will never come: {worded('reason', 'gap', 'en', coded=True)}",
    ),
    description=pair(
        "Trong 1 giờ qua. Trang thiết bị cho biết máy nào có khoảng trống; RUNBOOK.md nêu cách xử lý từng lý do.",
        "In the last hour. The device's page shows whose they are; RUNBOOK.md says what to do for each reason.",
    ),
    labels=("reason",),
)
STALLS = Alert(
    name="LoopStalls",
    severity=Severity.WARNING,
    # The gauge is the longest delay since the last scrape: every scrape of five minutes has to have met one.
    expr="min by (instance) (min_over_time(sansang_collector_loop_stall_seconds[5m])) > 1",
    hold="5m",
    summary=pair(
        "Collector bị nghẽn {{ $value | humanizeDuration }} mỗi lần",
        "The collector stalls, for {{ $value | humanizeDuration }} at a time",
    ),
    description=pair(
        "{{ $labels.instance }} hết năng lực xử lý: trang web và lượt gửi phải chờ. Xem CPU, bộ nhớ và số đơn vị đang "
        "đánh giá.",
        "{{ $labels.instance }} is out of breath: pages and pushes wait. See processor, memory, and how many units it "
        "judges.",
    ),
    labels=("instance",),
)
REMOTE = (
    Alert(
        name="RemoteWriteStalled",
        severity=Severity.WARNING,
        expr="""\
time() - max by (instance, endpoint) (sansang_collector_remote_write_last_success_timestamp_seconds) > 900
and on (instance, endpoint) sansang_collector_remote_write_pending_samples > 0""",
        hold="5m",
        summary=pair(
            "Số liệu không ghi được vào {{ $labels.endpoint }}",
            "Samples cannot be written to {{ $labels.endpoint }}",
        ),
        description=pair(
            "Số liệu đang chờ trong hàng đợi của {{ $labels.instance }}, chưa mất. Xem máy chủ nhận và mã trả lời của "
            "nó.",
            "Samples wait in the queue of {{ $labels.instance }}; none is lost yet. See the receiving server and its "
            "answers.",
        ),
        labels=("instance", "endpoint"),
    ),
    Alert(
        name="RemoteWriteBehind",
        severity=Severity.WARNING,
        expr="""\
max by (instance, endpoint) (
  min_over_time(sansang_collector_remote_write_pending_samples[1h]) > 0
  and sansang_collector_remote_write_pending_samples > sansang_collector_remote_write_pending_samples offset 1h
)""",
        hold="15m",
        summary=pair(
            "Hàng đợi ghi vào {{ $labels.endpoint }} ngày càng dài",
            "The queue towards {{ $labels.endpoint }} grows",
        ),
        description=pair(
            "Suốt 1 giờ chưa gửi hết, và dài hơn một giờ trước. Nơi nhận quá chậm, hoặc nhiều máy cùng gửi kết quả "
            "tồn.",
            "It has not been empty for an hour, and is longer than an hour ago. The receiver is slow, or many devices "
            "send their backlog.",
        ),
        labels=("instance", "endpoint"),
    ),
    Alert(
        name="RemoteWriteDrops",
        severity=Severity.WARNING,
        expr=f"sum by (endpoint, reason) (\n  increase({DROPPED}[1h])\n) > 0",
        hold="5m",
        summary=pair(
            "{{ $value | humanize }} mẫu số liệu không ghi được vào {{ $labels.endpoint }}: "
            + worded("reason", "drop", "vi", coded=True),
            "{{ $value | humanize }} samples were not written to {{ $labels.endpoint }}: "
            + worded("reason", "drop", "en", coded=True),
        ),
        description=pair(
            "Biểu đồ sẽ có khoảng trống; kho của collector vẫn đủ. Nếu quá cũ, nới out_of_order_time_window của "
            "Prometheus.",
            "Charts will have a gap; the collector's store has them. If they are too old, widen Prometheus' "
            "out_of_order_time_window.",
        ),
        labels=("endpoint", "reason"),
    ),
)
RULES = Alert(
    name="RulesFail",
    severity=Severity.WARNING,
    expr="sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total[10m])) > 0",
    hold="5m",
    summary=pair("Prometheus không tính được một nhóm quy tắc", "Prometheus fails to evaluate a group of rules"),
    description=pair(
        "Cảnh báo của nhóm {{ $labels.rule_group }} không đáng tin. Trang Rules của Prometheus cho biết lỗi.",
        "Alerts of the group {{ $labels.rule_group }} cannot be trusted. Prometheus' page Rules shows the error.",
    ),
    labels=("rule_group",),
)
WATCHDOG = Alert(
    name="Watchdog",
    severity=Severity.INFO,
    expr="vector(1)",
    hold="0s",
    summary=pair("Đường cảnh báo hoạt động", "Alerting works"),
    description=pair(
        "Luôn bật. Nơi nhận phải báo động khi KHÔNG thấy nó nữa.",
        "Always on. Its receiver must raise the alarm when it stops coming.",
    ),
)
GROUPS = (
    Group(
        name="collector",
        interval="30s",
        rules=(DOWN, DEVICES_DOWN, *SWEEPS, COMMIT, REFUSED, LOST, STALLS, *REMOTE, RULES, WATCHDOG),
    ),
)
