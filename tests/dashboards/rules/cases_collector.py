"""Trials of the alerts on the collector, its objectives and what feeds Prometheus."""

from __future__ import annotations

from tests.dashboards.rules.cases import Case, collector, until

FILES = ("collector",)
HERE = {"instance": "c:8420"}
BURNS = ("objectives",)
PUSHES = (
    "Mục tiêu 99,9 % trong 30 ngày sẽ không đạt nếu kéo dài. Do quá tải, chờ quá lâu hoặc lỗi ghi; agent sẽ gửi lại.",
    (
        "The objective, 99.9 % in 30 days, will be missed if it lasts. Overload, timeouts or failed writes; agents "
        "send again."
    ),
)
SWEEPS = (
    (
        "Mục tiêu 99,5 % thời gian trong 30 ngày sẽ không đạt nếu kéo dài. Xem thời gian một lượt đánh giá và CPU của "
        "máy chủ."
    ),
    (
        "The objective, 99.5 % of the time in 30 days, will be missed if it lasts. See how long a sweep takes, and "
        "the processor."
    ),
)


def pushes(good: int, bad: int, steps: int) -> dict[str, str]:
    """So many a step, for so many steps; then no failure any more."""
    end = bad * steps
    return {
        collector("sansang_collector_pushes_total"): f"0+{good}x1000",
        collector("sansang_collector_refusals_total", code="overloaded"): f"0+{bad}x{steps} {end}+0x1000",
        collector("sansang_collector_refusals_total", code="bad_signature"): f"0+{good}x1000",
    }


def remote(name: str, **labels: str) -> str:
    return collector(f"sansang_collector_remote_write_{name}", endpoint="vm", **labels)


RUNNING = [
    Case(
        alert="CollectorDown",
        severities=("critical",),
        files=FILES,
        series={collector("up"): until(30, 0, 1)},
        holds="1m",
        fires="2m",
        resolves="31m",
        labels=HERE,
        says=(
            "Không đọc được collector c:8420",
            "The collector c:8420 cannot be scraped",
            "Mọi đánh giá đang dừng lại; máy trạm vẫn giữ kết quả. Xem tiến trình, nhật ký và ổ đĩa của máy chủ.",
            "Every verdict stands still; the agents keep their results. Look at the server's process, log and disk.",
        ),
    ),
    Case(
        alert="DeviceScrapeDown",
        severities=("warning",),
        files=FILES,
        series={
            collector("up"): "1+0x100",
            collector("up").replace('"sansang"', '"sansang-devices"'): until(30, 0, 1),
        },
        holds="4m",
        fires="5m",
        resolves="31m",
        labels=HERE,
        says=(
            "Không đọc được số liệu thiết bị từ c:8420",
            "Device series cannot be scraped from c:8420",
            (
                "Cảnh báo về thiết bị, token và đường truyền tạm thời không hoạt động. "
                "Xem mục tiêu sansang-devices trong Prometheus."
            ),
            (
                "Alerts on devices, tokens and lines are blind meanwhile. Look at the target sansang-devices in "
                "Prometheus."
            ),
        ),
    ),
    Case(
        alert="SweepStale",
        severities=("critical",),
        files=FILES,
        series={collector("sansang_collector_sweep_timestamp_seconds"): "0+0x29 1800+60x100"},
        holds="7m",
        fires="8m",
        resolves="31m",
        labels=HERE,
        says=(
            "Đánh giá đã dừng 8 phút",
            "Nothing has been judged for 8m",
            (
                "Collector c:8420 còn chạy nhưng không cập nhật đánh giá: trang web và cảnh báo là số liệu cũ. Xem "
                "nhật ký của nó."
            ),
            "The collector c:8420 runs, but brings no verdict up to date: pages and alerts are old. See its log.",
        ),
    ),
    Case(
        alert="SweepFailing",
        severities=("warning",),
        files=FILES,
        series={collector("sansang_collector_sweep_failures_total"): "0+1x30 30+0x100"},
        holds="8m",
        fires="20m",
        resolves="41m",
        labels=HERE,
        says=(
            "Nhiều lượt đánh giá bị lỗi trên c:8420",
            "Sweeps fail again and again on c:8420",
            "10 lượt trong 10 phút. Nhật ký của collector nêu lý do; thường là cơ sở dữ liệu.",
            "10 in 10 minutes. The collector's log says why; often it is the database.",
        ),
    ),
    Case(
        alert="CommitSlow",
        severities=("warning",),
        files=FILES,
        series={
            collector("sansang_collector_commit_seconds_bucket", le="1"): "0+0x200",
            collector("sansang_collector_commit_seconds_bucket", le="2.5"): "0+100x30 3000+0x200",
            collector("sansang_collector_commit_seconds_bucket", le="+Inf"): "0+100x30 3000+0x200",
        },
        holds="10m",
        fires="11m",
        resolves="42m",
        labels=HERE,
        says=(
            "Ghi cơ sở dữ liệu chậm: P99 2,485 giây",
            "Commits are slow: P99 2.485s",
            (
                "Ổ đĩa hoặc PostgreSQL của c:8420 không theo kịp; agent sẽ phải gửi lại. Xem iostat và tải của cơ sở "
                "dữ liệu."
            ),
            (
                "Disk or PostgreSQL of c:8420 does not keep up; agents will have to send again. "
                "See iostat and the database's load."
            ),
        ),
    ),
    Case(
        alert="PushesRefused",
        severities=("warning",),
        files=FILES,
        series=pushes(95, 5, 60) | {collector("sansang_collector_refusals_total", code="bad_signature"): "0+0x200"},
        holds="15m",
        fires="16m",
        resolves="76m",
        labels={"code": "overloaded"},
        says=(
            "5 % gói gửi lên bị từ chối: máy chủ quá tải (overloaded)",
            "5 % of the pushes are refused: the collector is overloaded (overloaded)",
            "Sổ tay vận hành (RUNBOOK.md, mục A batch was refused) giải thích mã này. Agent giữ kết quả và gửi lại.",
            "RUNBOOK.md explains the code under A batch was refused. Agents keep the results and send again.",
        ),
    ),
    Case(
        alert="ResultsLost",
        severities=("warning",),
        files=FILES,
        series={
            collector("sansang_collector_gap_records_total", reason="lost"): "0+1x60 60+0x200",
            collector("sansang_collector_gap_records_total", reason="spool_cap"): "0+1x200",
        },
        holds="5m",
        fires="61m",
        resolves="121m",
        labels={"reason": "lost"},
        says=(
            "59 kết quả sẽ không bao giờ đến: máy không còn giữ, không rõ vì sao (lost)",
            "59 results will never come: gone from the device, nobody knows why (lost)",
            "Trong 1 giờ qua. Trang thiết bị cho biết máy nào có khoảng trống; RUNBOOK.md nêu cách xử lý từng lý do.",
            "In the last hour. The device's page shows whose they are; RUNBOOK.md says what to do for each reason.",
        ),
    ),
    Case(
        alert="LoopStalls",
        severities=("warning",),
        files=FILES,
        series={collector("sansang_collector_loop_stall_seconds"): "0.1+0x9 2+0x19 0.1+0x100"},
        holds="19m",
        fires="20m",
        resolves="31m",
        labels=HERE,
        says=(
            "Collector bị nghẽn 2 giây mỗi lần",
            "The collector stalls, for 2s at a time",
            "c:8420 hết năng lực xử lý: trang web và lượt gửi phải chờ. Xem CPU, bộ nhớ và số đơn vị đang đánh giá.",
            "c:8420 is out of breath: pages and pushes wait. See processor, memory, and how many units it judges.",
        ),
    ),
    Case(
        alert="RemoteWriteStalled",
        severities=("warning",),
        files=FILES,
        series={
            remote("last_success_timestamp_seconds"): "0+0x29 1800+60x100",
            remote("pending_samples"): "500+0x29 0+0x100",
        },
        holds="20m",
        fires="21m",
        resolves="31m",
        labels={**HERE, "endpoint": "vm"},
        says=(
            "Số liệu không ghi được vào vm",
            "Samples cannot be written to vm",
            "Số liệu đang chờ trong hàng đợi của c:8420, chưa mất. Xem máy chủ nhận và mã trả lời của nó.",
            "Samples wait in the queue of c:8420; none is lost yet. See the receiving server and its answers.",
        ),
    ),
    Case(
        alert="RemoteWriteBehind",
        severities=("warning",),
        files=FILES,
        series={remote("pending_samples"): "0 1+10x119 0+0x100"},
        holds="75m",
        fires="76m",
        resolves="121m",
        labels={**HERE, "endpoint": "vm"},
        says=(
            "Hàng đợi ghi vào vm ngày càng dài",
            "The queue towards vm grows",
            (
                "Suốt 1 giờ chưa gửi hết, và dài hơn một giờ trước. Nơi nhận quá chậm, hoặc nhiều máy cùng gửi kết "
                "quả tồn."
            ),
            (
                "It has not been empty for an hour, and is longer than an hour ago. "
                "The receiver is slow, or many devices send their backlog."
            ),
        ),
    ),
    Case(
        alert="RemoteWriteDrops",
        severities=("warning",),
        files=FILES,
        series={remote("dropped_samples_total", reason="too_old"): "0+1x60 60+0x100"},
        holds="5m",
        fires="61m",
        resolves="121m",
        labels={"endpoint": "vm", "reason": "too_old"},
        says=(
            "59 mẫu số liệu không ghi được vào vm: quá cũ (too_old)",
            "59 samples were not written to vm: too old (too_old)",
            (
                "Biểu đồ sẽ có khoảng trống; kho của collector vẫn đủ. "
                "Nếu quá cũ, nới out_of_order_time_window của Prometheus."
            ),
            (
                "Charts will have a gap; the collector's store has them. "
                "If they are too old, widen Prometheus' out_of_order_time_window."
            ),
        ),
    ),
    Case(
        alert="RulesFail",
        severities=("warning",),
        files=FILES,
        series={'prometheus_rule_evaluation_failures_total{rule_group="units.yml;units"}': "0+1x30 30+0x100"},
        holds="5m",
        fires="6m",
        resolves="41m",
        labels={"rule_group": "units.yml;units"},
        says=(
            "Prometheus không tính được một nhóm quy tắc",
            "Prometheus fails to evaluate a group of rules",
            "Cảnh báo của nhóm units.yml;units không đáng tin. Trang Rules của Prometheus cho biết lỗi.",
            "Alerts of the group units.yml;units cannot be trusted. Prometheus' page Rules shows the error.",
        ),
    ),
    Case(
        alert="Watchdog",
        severities=("info",),
        files=FILES,
        series={},
        holds="",
        fires="0m",
        resolves="",
        labels={},
        says=(
            "Đường cảnh báo hoạt động",
            "Alerting works",
            "Luôn bật. Nơi nhận phải báo động khi KHÔNG thấy nó nữa.",
            "Always on. Its receiver must raise the alarm when it stops coming.",
        ),
    ),
]
OBJECTIVES = [
    Case(
        alert="PushErrorBudgetBurn",
        severities=("critical", "warning"),
        files=BURNS,
        step="2m",
        series=pushes(95, 5, 60),
        holds="2m",
        fires="60m",
        resolves="500m",
        labels={},
        says=("Collector từ chối quá nhiều gói gửi lên: 5 %", "The collector fails too many pushes: 5 %", *PUSHES),
    ),
    Case(
        alert="PushErrorBudgetBurn",
        severities=("warning",),
        files=BURNS,
        step="30m",
        series=pushes(998, 2, 120),
        holds="30m",
        fires="3000m",
        resolves="4080m",
        labels={},
        says=("Collector từ chối quá nhiều gói gửi lên: 0,2 %", "The collector fails too many pushes: 0.2 %", *PUSHES),
    ),
    Case(
        alert="SweepErrorBudgetBurn",
        severities=("critical", "warning"),
        files=BURNS,
        step="2m",
        series={collector("up"): until(60, 0, 1)},
        holds="0m",
        fires="90m",
        resolves="500m",
        labels={},
        says=("Đánh giá bị chậm 100 % thời gian", "Verdicts are stale 100 % of the time", *SWEEPS),
    ),
    Case(
        alert="SweepErrorBudgetBurn",
        severities=("warning",),
        files=BURNS,
        step="30m",
        # Down for one step of fifty.
        series={collector("up"): " ".join(["1+0x48 0"] * 3) + " 1+0x400"},
        holds="1440m",
        fires="1560m",
        resolves="9000m",
        labels={},
        says=("Đánh giá bị chậm 20 % thời gian", "Verdicts are stale 20 % of the time", *SWEEPS),
    ),
]
CASES = RUNNING + OBJECTIVES
