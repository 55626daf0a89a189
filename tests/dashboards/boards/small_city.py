"""A small city as Prometheus would hold it: in trouble, with every series that dashboards ask for and a ward of each
state; or well, with what a city in which nothing is wrong has. Deterministic; the numbers mean nothing beyond that."""

from __future__ import annotations

import json
import math
import subprocess
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.faults.rig import PATIENCE, get, wait_until
from tests.ports import free_port

Value = Callable[[float], float]
NAMES = (
    "Phường Xóm Chiếu", "Phường Khánh Hội", "Phường Vĩnh Hội", "Phường Sài Gòn", "Phường Tân Định", "Phường Bến Thành",
    "Phường Cầu Ông Lãnh", "Phường Bàn Cờ", "Xã Cần Giờ", "Xã Bình Khánh", "Phường Vũng Tàu", "Đặc khu Côn Đảo",
)  # fmt: skip
STATES = ("not_ready", "not_ready", "at_risk", "unknown") + ("ready",) * 8
PROVIDERS = ("VNPT", "Viettel", "MobiFone")
TARGETS = (("dvc", "Cổng dịch vụ công", "Public service portal"), ("ioc-1022", "Cổng 1022", "Portal 1022"))
CHECKS = (("connectivity", "Kết nối tới hệ thống", "Reaching a system"), ("device", "Máy trạm này", "This PC"))
REQUIREMENTS = (
    # id, base unit, mandatory, ready, at_risk, value, vi, en
    ("uplink_p95_in", "ratio", "false", 0.75, 0.9, 0.62, "Tải chiều xuống (P95)", "Use, download (P95)"),
    ("uplink_p95_out", "ratio", "false", 0.75, 0.9, 0.41, "Tải chiều lên (P95, 7 ngày)", "Use, upload (P95, 7 days)"),
    ("systems_now", "ratio", "true", 0.9, 0.5, 0.97, "Hệ thống bắt buộc đang truy cập được", "Systems answer"),
    ("system_rtt", "seconds", "true", 0.1, 0.15, 0.034, "Độ trễ tới hệ thống bắt buộc", "Round trip to a system"),
    ("loaded_rtt", "seconds", "false", 0.2, 0.4, 0.12, "Độ trễ khi có tải", "Round trip under load"),
    ("pc_age", "seconds", "false", 157784760.0, 220898664.0, 1.2e8, "Tuổi máy", "Age of the PCs"),
    ("os_support", "seconds", "false", 15552000.0, 0.0, 3e7, "Hệ điều hành còn hỗ trợ", "Support left"),
    ("certificate_left", "seconds", "false", 5184000.0, 1209600.0, 9e6, "Thời hạn chứng thư", "Certificate time left"),
    ("disk_free", "ratio", "true", 0.15, 0.05, 0.4, "Ổ hệ thống còn trống", "System volume free"),
    ("memory", "bytes", "true", 8e9, 4e9, 8.2e9, "Bộ nhớ", "Memory"),
    ("speed_down", "bytes_per_second", "false", 6.25e6, 2.5e6, 2.2e7, "Tốc độ tải xuống", "Measured download"),
    ("pcs_per_official", "1", "false", 1.0, 0.9, 1.1, "Số máy trên một cán bộ", "PCs per official"),
)  # fmt: skip


class Series(Struct):
    """One series: its name, its labels, its value at a time (seconds since the epoch)."""

    name: str
    labels: dict[str, str]
    value: Value

    def text(self, at: float) -> str:
        labels = ",".join(f'{key}="{value}"' for key, value in self.labels.items())
        return f"{self.name}{{{labels}}} {self.value(at)!r} {at:.0f}\n"


class Time(Struct, frozen=True):
    """The city at `moments`, ascending: well, or in trouble since shortly before the last one."""

    moments: Sequence[float]
    well: bool = False

    @property
    def now(self) -> float:
        return self.moments[-1]


def series(time: Time) -> Iterator[Series]:
    """All of the city's at such a time."""
    now = time.now
    yield from _profile()
    for number, name in enumerate(NAMES):
        yield from _unit(f"267{number:02}", name, "ready" if time.well else STATES[number], number, now)
        for device in range(2):
            place = 20 if time.well else number + device
            yield from _device(f"267{number:02}", f"d{number:02}{device}", place, now)
    if not time.well:
        yield from _findings(now)
    yield from _recorded()
    yield from (one for one in _collector(now, 0.0 if time.well else 1.0) if not (time.well and "reason" in one.labels))


def blocks(folder: Path, times: Sequence[Time], held: Callable[[Time], Iterator[Series]] = series) -> Path:
    """A data directory for Prometheus, with a sample of every series that is `held` at each moment of `times`."""
    text, data = folder / "city.om", folder / "data"
    every = [(one, time) for time in times for one in held(time)]
    with text.open("w", encoding="utf-8") as file:
        for one, time in sorted(every, key=lambda pair: pair[0].name):
            file.writelines(one.text(at) for at in time.moments)
        file.write("# EOF\n")
    making = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(text), str(data)]
    done = subprocess.run(making, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return data


@contextmanager
def prometheus(folder: Path, *times: Time, held: Callable[[Time], Iterator[Series]] = series) -> Iterator[int]:
    """The port of a Prometheus that holds the city at `times`, or what is `held` then, and scrapes nothing."""
    data, port, log = blocks(folder, times, held), free_port(), folder / "prometheus.log"
    (folder / "prometheus.yml").write_text("global: {scrape_interval: 15s}\n", "utf-8")
    command = [
        "prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={data}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn", "--storage.tsdb.retention.time=10y",
    ]  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        wait_until(lambda: get(port, "/-/ready")[0] == 200, "Prometheus does not start", log)
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE)


def ask(port: int, expr: str, at: float) -> list[dict[str, Any]]:
    """The result of an instant query. Raises AssertionError with Prometheus' own words where it refuses."""
    asked = urllib.parse.urlencode({"query": expr, "time": f"{at:.0f}"})
    status, text = get(port, f"/api/v1/query?{asked}")
    answer = json.loads(text)
    assert (status, answer["status"]) == (200, "success"), f"{answer.get('error', text)}: {expr}"
    found: list[dict[str, Any]] = answer["data"]["result"]
    return found


def _fixed(name: str, value: float = 1, /, **labels: str) -> Series:
    return Series(name, labels, lambda _: value)


def _always(state: str) -> Callable[[float], str]:
    return lambda _: state


def _set(
    name: str, key: str, states: Sequence[str], present: Callable[[float], str], /, **labels: str
) -> Iterator[Series]:
    for state in states:
        yield Series(name, labels | {key: state}, _is(present, state))


def _is(present: Callable[[float], str], state: str) -> Value:
    return lambda at: float(present(at) == state)


def _wave(low: float, high: float, phase: float = 0.0) -> Value:
    return lambda at: low + (high - low) * (0.5 + 0.5 * math.sin(at / 14_000 + phase))


def _grows(rate: float, now: float) -> Value:
    return lambda at: max(0.0, rate * (at - now + 2e5))


VERDICTS = ("ready", "at_risk", "not_ready", "unknown")


def _profile() -> Iterator[Series]:
    for key, base, mandatory, ready, at_risk, _, vi, en in REQUIREMENTS:
        labels = {"requirement": key, "title_vi": vi, "title_en": en, "mandatory": mandatory, "unit": base}
        yield _fixed("sansang_requirement_info", **labels)
        yield _fixed("sansang_requirement_threshold", ready, requirement=key, band="ready")
        yield _fixed("sansang_requirement_threshold", at_risk, requirement=key, band="at_risk")
    for target, vi, en in TARGETS:
        yield _fixed(
            "sansang_target_info", target=target, title_vi=vi, title_en=en, network="internet", mandatory="true"
        )
    yield from (_fixed("sansang_check_info", check=check, title_vi=vi, title_en=en) for check, vi, en in CHECKS)
    yield _fixed("sansang_profile_loaded")
    yield _fixed("sansang_profile_info", profile="hcmc")


def _unit(code: str, name: str, state: str, number: int, now: float) -> Iterator[Series]:
    place = {"lat": f"{10.7 + number % 4 * 0.06:.3f}", "lon": f"{106.6 + number // 4 * 0.09:.3f}"}
    info = {"name": name, "kind": name.split()[0], "province": "Thành phố Hồ Chí Minh", "locality": "hcmc"}
    changed = now - 3600 * (number + 1) if state != "ready" else now - 86400 * 9

    def verdict(at: float) -> str:
        return state if at >= changed else "ready"

    yield _fixed("sansang_unit_info", unit=code, **info, **place)
    yield from _set("sansang_unit_verdict", "verdict", VERDICTS, verdict, unit=code)
    quiet = "lost_contact" if state == "unknown" else ""
    silences = ("never_enrolled", "office_closed", "late", "lost_contact", "no_data")
    yield from _set("sansang_unit_silence", "silence", silences, lambda _: quiet, unit=code)
    yield _fixed("sansang_unit_verdict_since_timestamp_seconds", changed, unit=code)
    yield Series("sansang_unit_last_result_timestamp_seconds", {"unit": code}, lambda at: at - 40)
    yield _fixed("sansang_unit_devices_expected", 8, unit=code)
    yield _fixed("sansang_unit_devices_reporting", 0 if quiet else 7 + number % 2, unit=code)
    for way, rate in (("receive", 2.5e7), ("transmit", 2.5e7)):
        if number != 9:
            yield _fixed("sansang_unit_contract_bytes_per_second", rate, unit=code, direction=way)
    yield _fixed("sansang_unit_line_info", unit=code, network="internet", provider=PROVIDERS[number % 3])
    for key, base, _, ready, at_risk, value, _, _ in REQUIREMENTS:
        missed = ("systems_now", "uplink_p95_in", "disk_free") if number == 1 else ("systems_now", "uplink_p95_in")
        bad = state if key in missed and number < 4 else "ready"
        present = verdict if bad != "ready" else _always("ready")
        yield from _set("sansang_unit_requirement", "state", VERDICTS, present, unit=code, requirement=key)
        if bad != "ready" and key != "disk_free":
            why = "low_coverage" if bad == "unknown" else "threshold" if base == "ratio" else "tcp_timeout"
            yield _fixed("sansang_unit_requirement_reason", unit=code, requirement=key, reason=why)
        if bad != "unknown":
            low = min(ready, at_risk) * 0.8 if bad != "ready" else value
            yield Series(
                "sansang_unit_requirement_value", {"unit": code, "requirement": key}, _wave(low, value, number)
            )
    if number == 1 and state != "ready":
        yield _fixed("sansang_unit_requirement_waived", unit=code, requirement="systems_now", kind="waiver")
    for way, low in (("receive", 0.3), ("transmit", 0.2)):
        top = 0.96 if number == 1 else 0.8 if number == 2 else 0.6
        labels = {"unit": code, "direction": way}
        yield Series("unit:sansang_uplink_utilisation_ratio:p95_7d", labels, _wave(low, top, number))
    yield Series("unit:sansang_connectivity_up:ratio", {"unit": code}, lambda _: 0.5 if number == 0 else 1.0)


def _device(code: str, device: str, number: int, now: float) -> Iterator[Series]:
    own = {"unit": code, "device": device}
    yield _fixed("sansang_device_info", **own, role="pc", version="0.7.0", station=f"quay-{number % 3 + 1}")
    yield Series("sansang_device_last_result_timestamp_seconds", own, lambda at: at - (2e5 if number == 9 else 40))
    yield _fixed("sansang_device_clock_offset_seconds", 0.2 * number, **own)
    for target, _, _ in TARGETS:
        job = own | {"check": "connectivity", "target": target}
        failed = number == 0 and target == "dvc"
        outcomes = ("ok", "failed", "not_applicable", "error")
        yield from _set("sansang_check_outcome", "outcome", outcomes, _always("failed" if failed else "ok"), **job)
        if failed:
            yield _fixed("sansang_check_reason", **job, reason="tcp_timeout")
        yield _fixed("sansang_connectivity_up", float(not failed), **job)
    for name, labels, value in _measured(number):
        job = own | {"check": name.split("_")[1], "target": ""}
        yield Series(f"sansang_{name}", job | labels, value)
    agent = {
        "spool_records": _wave(0, 40 * number), "spool_bytes": _wave(0, 4e4), "push_failures": _wave(0, 3),
        "spool_age_seconds": _wave(5, 300 * number + 10), "spool_quarantined_total": lambda _: 0.0,
        "spool_dropped_total": lambda _: 0.0, "spool_thinned_total": _grows(0.01, now),
        "spool_corrupt_total": lambda _: 0.0, "skipped_runs_total": _grows(0.001, now),
        "late_runs_total": _grows(0.001, now), "deferred_runs_total": _grows(0.002, now),
        "dropped_samples_total": lambda _: 0.0, "uptime_seconds": lambda at: at - now + 9e5,
    }  # fmt: skip
    yield from (Series(f"sansang_agent_{name}", own, value) for name, value in agent.items())


def _measured(number: int) -> Iterator[tuple[str, dict[str, str], Value]]:
    """What the checks tell of a device: name, labels, value."""
    year, day = 31_556_952.0, 86_400.0
    yield "device_age_seconds", {}, lambda _: (number % 9 + 0.4) * year
    yield "device_memory_size_bytes", {}, lambda _: 8.2e9
    yield "support_left_seconds", {}, lambda _: (40.0 * number - 60) * day
    yield (
        "signing_token_certificate_left_seconds",
        {"certificate": f"c{number:04}", "class": "personal"},
        (lambda _: (25.0 * number - 20) * day),
    )
    yield "signing_token_usable_certificates", {}, lambda _: 1.0
    yield (
        "signing_token_link",
        {"link": "token", "reason": "token_absent" if number == 3 else ""},
        (lambda _: float(number != 3)),
    )
    yield "signing_service_link", {"link": "tsa", "reason": ""}, lambda _: 1.0
    for volume in ("system", "data"):
        yield "storage_size_bytes", {"volume": volume}, lambda _: 2.5e11
        yield "storage_free_bytes", {"volume": volume}, lambda _: 2.5e11 * (0.04 + 0.05 * number)
        yield "storage_read_only", {"volume": volume}, lambda _: float(number == 6)
    yield "storage_disk_healthy", {"disk": "disk0"}, lambda _: float(number != 5)
    yield "power_mains", {}, lambda _: float(number != 2)
    yield "power_ups_charge_ratio", {}, _wave(0.8, 1.0)
    yield "power_ups_runtime_seconds", {}, lambda _: 1500.0
    yield "power_unclean_shutdowns", {}, lambda _: float(number % 4)
    for way, top in (("receive", 2.1e7), ("transmit", 9e6)):
        yield "uplink_throughput_bytes_per_second", {"direction": way}, _wave(1e6, top, number)
    for way, top in (("download", 2.2e7), ("upload", 1.1e7)):
        yield "bandwidth_throughput_bytes_per_second", {"direction": way}, _wave(top * 0.8, top, number)
    for load, trip in (("idle", 0.02), ("download", 0.16), ("upload", 0.28)):
        yield "bandwidth_latency_seconds", {"load": load}, _wave(trip * 0.7, trip, number)


def _findings(now: float) -> Iterator[Series]:
    told = (
        ("f-1", "provider", "unreachable", "VNPT", "provider", "VNPT", "VNPT: không thông", "VNPT: no way through", 4),
        ("f-2", "destination", "slow", "", "operator", "dvc", "Cổng dịch vụ công: quá chậm", "Portal: too slow", 2),
        ("f-3", "device", "clock", "", "ward", "d000", "quay-1: sai giờ", "quay-1: wrong clock", 1),
    )
    for key, segment, cause, provider, owner, subject, vi, en, units in told:
        yield _fixed("sansang_finding", id=key, segment=segment, cause=cause, provider=provider)
        titles = {"title_vi": vi, "title_en": en}
        yield _fixed("sansang_finding_info", id=key, subject=subject, network="internet", owner=owner, **titles)
        yield _fixed("sansang_finding_units", units, id=key)
        yield _fixed("sansang_finding_devices", 3 * units, id=key)
        yield _fixed("sansang_finding_confidence_ratio", 0.9, id=key)
        yield _fixed("sansang_finding_opened_timestamp_seconds", now - 4000 * units, id=key)
        yield from (_fixed("sansang_finding_unit", id=key, unit=f"267{place:02}") for place in range(units))


def _recorded() -> Iterator[Series]:
    labels = {"locality": "hcmc", "province": "Thành phố Hồ Chí Minh"}
    for verdict in VERDICTS:
        yield _fixed("locality:sansang_unit_verdict:count", STATES.count(verdict), **labels, verdict=verdict)
    for place, (target, _, _) in enumerate(TARGETS):
        yield Series("target:sansang_connectivity_up:ratio", {"target": target}, _wave(0.93, 1.0, place))
        for other, provider in enumerate(PROVIDERS):
            both = {"provider": provider, "target": target}
            low = 0.4 if provider == "VNPT" else 0.97
            yield Series("provider:sansang_connectivity_up:ratio", both, _wave(low, 1.0, other))
            slow = _wave(0.2, 1.4 + other + place, other)
            yield Series("provider:sansang_connectivity_duration_seconds:p95", both, slow)


def _collector(now: float, trouble: float) -> Iterator[Series]:
    own = {"job": "sansang", "instance": "127.0.0.1:8420"}
    rates = {"pushes": 28.0, "results": 300.0, "duplicates": 2.0, "sweep_failures": 0.0}
    yield from (Series(f"sansang_collector_{name}_total", own, _grows(rate, now)) for name, rate in rates.items())
    yield Series("sansang_collector_refusals_total", own | {"code": "bad_signature"}, _grows(0.1 * trouble, now))
    yield Series("sansang_collector_gap_records_total", own | {"reason": "spool_cap"}, _grows(0.05, now))
    for place, bound in enumerate(("0.005", "0.01", "0.05", "0.1", "+Inf")):
        buckets = own | {"le": bound}
        yield Series("sansang_collector_commit_seconds_bucket", buckets, _grows(4.0 * (place + 1), now))
    yield Series("sansang_collector_commit_batches_sum", own, _grows(28.0, now))
    yield Series("sansang_collector_commit_batches_count", own, _grows(20.0, now))
    gauges = {"waiting_batches": 3.0, "loop_stall_seconds": 0.02, "sweep_seconds": 0.3}
    yield from (Series(f"sansang_collector_{name}", own, _wave(0, top)) for name, top in gauges.items())
    yield Series("sansang_collector_sweep_timestamp_seconds", own, lambda at: at - 4)
    yield _fixed("sansang_collector_info", **own, version="0.7.0", url="https://sansang.example.vn")
    for kind, count in (("units", 1800.0), ("devices", 9000.0), ("collector", 260.0)):
        yield _fixed("sansang_collector_series", count, **own, kind=kind)
    for page in ("units", "devices"):
        yield Series("sansang_collector_scrape_seconds_sum", own | {"page": page}, _grows(0.001, now))
        yield Series("sansang_collector_scrape_seconds_count", own | {"page": page}, _grows(0.07, now))
    write = {"endpoint": "victoria"}
    yield Series("sansang_collector_remote_write_samples_total", own | write, _grows(500, now))
    for name, reason in (("failed_total", "timeout"), ("dropped_samples_total", "too_old")):
        yield Series(f"sansang_collector_remote_write_{name}", own | write | {"reason": reason}, _grows(0.02, now))
    for name, top in (("pending_samples", 9e3), ("pending_bytes", 2e5)):
        yield Series(f"sansang_collector_remote_write_{name}", own | write, _wave(0, top))
    for name in ("oldest_timestamp_seconds", "last_success_timestamp_seconds"):
        yield Series(f"sansang_collector_remote_write_{name}", own | write, lambda at: at - 30)
    yield Series("process_cpu_seconds_total", own, _grows(0.16, now))
    for job in ("sansang", "sansang-devices"):
        yield _fixed("up", job=job, instance="127.0.0.1:8420")
        yield Series("scrape_duration_seconds", {"job": job, "instance": "127.0.0.1:8420"}, _wave(0.01, 0.05))
