"""Two checks as the pages know them: titles, metrics and facts; nothing runs them."""

from __future__ import annotations

from checks.kit.model import Check, Fact, Metric, Reading
from collector.readiness.model import Unit


def _none(params: object, env: object) -> Reading:
    raise AssertionError("pages run no check")


def both(vi: str, en: str) -> dict[str, str]:
    return {"vi": vi, "en": en}


_PHASE = Metric(
    name="connectivity_phase",
    title=both("Thời gian từng bước", "Phase times"),
    unit="seconds",
    help="Time of one phase.",
    labels=("phase",),
    words={"dns": both("Phân giải tên miền", "Name lookup"), "tcp": both("Kết nối TCP", "TCP connection")},
)
_UP = Metric(
    name="connectivity_up",
    title=both("Truy cập được", "Reached"),
    unit="",
    help="1 when it works.",
    words={"1": both("có", "yes"), "0": both("không", "no")},
)
_ENDS = Fact(
    name="tls_not_after", title=both("Chứng thư có hiệu lực đến", "Valid until"), help="End.", unit="timestamp"
)
_MEMORY = both("Bộ nhớ (RAM)", "Memory (RAM)")
CHECKS = {
    "connectivity": Check(
        name="connectivity",
        title={"vi": "Truy cập hệ thống", "en": "Reaching a system"},
        params=Unit,
        run=_none,
        metrics=(_PHASE, _UP),
        facts=(_ENDS,),
    ),
    "device": Check(
        name="device",
        title={"vi": "Cấu hình máy", "en": "This PC"},
        params=Unit,
        run=_none,
        metrics=(Metric(name="device_memory", title=_MEMORY, unit="bytes", help="Memory."),),
        facts=(
            Fact(name="vendor", title=both("Hãng sản xuất", "Maker"), help="Maker."),
            Fact(
                name="age_source",
                title=both("Căn cứ tính tuổi máy", "Basis of the age"),
                help="Why.",
                words={
                    "firmware_date": both("ngày của firmware", "the firmware's date"),
                    "virtual_machine": both("máy ảo", "virtual machine"),
                },
            ),
            Fact(name="memory_bytes", title=_MEMORY, help="Memory.", unit="bytes"),
            Fact(name="disk_free_ratio", title=both("Tỷ lệ trống", "Free share"), help="Free share.", unit="ratio"),
        ),
    ),
}
