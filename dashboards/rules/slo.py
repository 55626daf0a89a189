"""The collector's objectives, and alerts on how fast their error budgets are spent.

Multi-window, multi-burn-rate, as The Site Reliability Workbook has it (chapter 5, Alerting on SLOs, table 5-8): both
windows of a pair must burn, the long one so that it matters, the short one so that it ends when the fault does.
"""

from __future__ import annotations

from msgspec import Struct

from dashboards.rules.model import Alert, Group, Pair, Record, Severity, pair

WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
BURNS: dict[Severity, tuple[tuple[str, str, float], ...]] = {
    Severity.CRITICAL: (("1h", "5m", 14.4), ("6h", "30m", 6)),
    Severity.WARNING: (("1d", "2h", 3), ("3d", "6h", 1)),
}
"""Long window, short window, burn rate: 2 % of a month's budget in an hour, 5 % in six; 10 % in a day or in three."""
OWN_FAULT = "overloaded|timeout|storage"
"""Refusals that are the collector's doing (collector.telemetry.REFUSALS); the others are told by PushesRefused."""
STALE = 120
"""[A] Seconds after which a verdict is not fresh: a minute that windows slide by, and one to sweep the country."""
SWEEP = "collector:sansang_collector_sweep:stale"


class Objective(Struct, frozen=True, kw_only=True):
    """``target`` is the share of good events over 30 days, [A]; ``series`` the recorded error ratio less its window."""

    alert: str
    series: str
    target: float
    summary: Pair
    description: Pair

    @property
    def budget(self) -> float:
        return round(1 - self.target, 6)


PUSHES = Objective(
    alert="PushErrorBudgetBurn",
    series="collector:sansang_collector_pushes:error_ratio_rate",
    target=0.999,
    summary=pair(
        "Collector từ chối quá nhiều gói gửi lên: {{ $value | humanizePercentage }}",
        "The collector fails too many pushes: {{ $value | humanizePercentage }}",
    ),
    description=pair(
        "Mục tiêu 99,9 % trong 30 ngày sẽ không đạt nếu kéo dài. Do quá tải, chờ quá lâu hoặc lỗi ghi; agent sẽ gửi "
        "lại.",
        "The objective, 99.9 % in 30 days, will be missed if it lasts. Overload, timeouts or failed writes; agents "
        "send again.",
    ),
)
SWEEPS = Objective(
    alert="SweepErrorBudgetBurn",
    series=f"{SWEEP}_ratio",
    target=0.995,
    summary=pair(
        "Đánh giá bị chậm {{ $value | humanizePercentage }} thời gian",
        "Verdicts are stale {{ $value | humanizePercentage }} of the time",
    ),
    description=pair(
        "Mục tiêu 99,5 % thời gian trong 30 ngày sẽ không đạt nếu kéo dài. Xem thời gian một lượt đánh giá và CPU của "
        "máy chủ.",
        "The objective, 99.5 % of the time in 30 days, will be missed if it lasts. See how long a sweep takes, and "
        "the processor.",
    ),
)


def _pushes(window: str) -> Record:
    bad = f'sum(rate(sansang_collector_refusals_total{{code=~"{OWN_FAULT}"}}[{window}]))'
    good = f"sum(rate(sansang_collector_pushes_total[{window}]))"
    return Record(series=PUSHES.series + window, expr=f"{bad}\n/\n({bad} + {good})")


def _sweeps(window: str) -> Record:
    return Record(series=SWEEPS.series + window, expr=f"avg_over_time({SWEEP}[{window}])")


def _burning(objective: Objective, severity: Severity) -> Alert:
    """The value is the error ratio of the short window."""
    pairs = [
        f"{objective.series}{short} > {limit}\nand {objective.series}{long} > {limit}"
        for long, short, limit in (
            (long, short, round(rate * objective.budget, 6)) for long, short, rate in BURNS[severity]
        )
    ]
    return Alert(
        name=objective.alert,
        severity=severity,
        expr="\nor\n".join(pairs),
        hold="2m" if severity is Severity.CRITICAL else "15m",
        summary=objective.summary,
        description=objective.description,
    )


# While the collector is down nothing is judged either.
_STALE = Record(
    series=SWEEP,
    expr=f"max(\n  (time() - sansang_collector_sweep_timestamp_seconds > bool {STALE})\n"
    '  or on (instance) (up{job="sansang"} == bool 0)\n)',
)
GROUPS = (
    Group(
        name="objectives-long",
        interval="2m",
        rules=tuple(make(window) for window in WINDOWS[4:] for make in (_pushes, _sweeps)),
    ),
    Group(
        name="objectives",
        interval="30s",
        rules=(
            _STALE,
            *(make(window) for window in WINDOWS[:4] for make in (_pushes, _sweeps)),
            *(_burning(each, severity) for each in (PUSHES, SWEEPS) for severity in BURNS),
        ),
    ),
)
