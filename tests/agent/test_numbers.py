"""Numbers as a technician reads them."""

from __future__ import annotations

import pytest

from agent import numbers
from checks import bandwidth, connectivity, device
from checks.kit.model import Outcome, Result, Sample


@pytest.mark.parametrize(
    ("value", "unit", "vi", "en"),
    [
        (0.00039, "seconds", "0,39 ms", "0.39 ms"),
        (0.1281, "seconds", "128 ms", "128 ms"),
        (1.5, "seconds", "1,5 s", "1.5 s"),
        (8059.0, "seconds", "2,2 giờ", "2.2 hours"),
        (600.0, "seconds", "10 phút", "10 minutes"),
        (-3 * 86_400.0, "seconds", "-3 ngày", "-3 days"),
        (8_100_000_000.0, "bytes", "8,1 GB", "8.1 GB"),
        (0.0, "bytes", "0 B", "0 B"),
        (1500.0, "bytes", "1500 B", "1500 B"),
        (25_000_000.0, "bytes_per_second", "200 Mbit/s", "200 Mbit/s"),
        (87_340_000.0, "bits_per_second", "87,3 Mbit/s", "87.3 Mbit/s"),
        (1320.0, "round_trips_per_minute", "1320 lượt/phút", "1320 round trips/min"),
        (12_300.0, "bytes", "12,3 kB", "12.3 kB"),
        (0.412, "ratio", "41,2 %", "41.2 %"),
        (6.44, "years", "6,4 năm", "6.4 years"),
        (1_795_305_600, "timestamp", "22/11/2026", "22/11/2026"),
        (200.0, "", "200", "200"),
    ],
)
def test_a_number_is_shown_in_a_unit_people_read(value: float, unit: str, vi: str, en: str) -> None:
    """With the decimal sign of the language."""
    assert (numbers.number(value, unit, "vi"), numbers.number(value, unit, "en")) == (vi, en)


def result(check: str, *samples: Sample, **facts: object) -> Result:
    return Result(check=check, outcome=Outcome.OK, at=0, mono=0, boot="b", samples=samples, facts=facts)  # type: ignore[arg-type]


def test_phases_stand_in_one_line_by_name() -> None:
    """What did not run is not there."""
    seen = result(
        "connectivity", Sample("connectivity_up", 1.0), Sample("connectivity_phase", 0.02, {"phase": "tcp"}),
        Sample("connectivity_phase", 0.005, {"phase": "tls"}), address_family="ipv4",
    )  # fmt: skip
    shown = dict(numbers.lines(connectivity.CHECK, seen, "en"))
    assert shown["Phase times"].startswith("TCP connection 20 ms, TLS")
    assert shown["Reached"] == "yes"
    assert shown["IP version"] == "IPv4"
    assert "HTTP status code" not in shown


def test_what_a_check_is_run_for_is_told_without_asking_for_details() -> None:
    seen = result(
        "bandwidth", Sample("bandwidth_throughput", 11_700_000.0, {"direction": "download"}),
        Sample("bandwidth_latency", 0.02, {"load": "idle"}), Sample("bandwidth_cpu", 0.2), server="tdc",
    )  # fmt: skip
    assert dict(numbers.headline(bandwidth.CHECK, seen, "vi")) == {
        "Tốc độ đo được": "tải xuống 93,6 Mbit/s", "Thời gian khứ hồi": "khi rảnh 20 ms",
    }  # fmt: skip
    assert list(numbers.headline(device.CHECK, result("device", virtual=True), "vi")) == []


def test_what_is_unknown_is_said_to_be() -> None:
    """Never left out, never shown as zero."""
    seen = result("device", age_years=None, age_source="virtual_machine", virtual=True)
    shown = dict(numbers.lines(device.CHECK, seen, "vi"))
    assert list(shown)[-1] == "Không rõ"
    assert shown["Không rõ"] == "Tuổi máy"
    assert shown["Căn cứ tính tuổi máy"] == "máy ảo"
    assert shown["Máy ảo"] == "có"


def test_what_the_check_does_not_declare_is_not_shown() -> None:
    """The terminal shows what has a name."""
    assert list(numbers.lines(device.CHECK, result("device", Sample("novel", 1.0), novel=1), "vi")) == []
