"""What this PC is: maker, age, operating system, memory and disk. Facts are stated, not judged.

No host name, user, serial number or hardware id leaves the device: none is read, except the hardware UUID, which
is only compared with those that many PCs share.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from checks.kit import linux, windows
from checks.kit.child import ChildError
from checks.kit.machine import YEAR, Age, Machine, age
from checks.kit.model import Check, Env, Fact, Metric, Reading, Reason, Sample, Scalar, error, ok, sample

MEMORY_SIZE = Metric(
    name="device_memory_size", title={"vi": "Bộ nhớ (RAM)", "en": "Memory (RAM)"}, unit="bytes",
    help="Memory the operating system may use.",
)  # fmt: skip
MEMORY_AVAILABLE = Metric(
    name="device_memory_available", title={"vi": "Bộ nhớ còn dùng được", "en": "Memory available"}, unit="bytes",
    help="Memory that programs can get without swapping.",
)  # fmt: skip
SWAP_SIZE = Metric(
    name="device_swap_size", title={"vi": "Bộ nhớ hoán đổi", "en": "Swap space"}, unit="bytes",
    help="Swap space or page file.",
)  # fmt: skip
SWAP_FREE = Metric(
    name="device_swap_free", title={"vi": "Bộ nhớ hoán đổi còn trống", "en": "Swap space free"}, unit="bytes",
    help="Swap space or page file that is unused.",
)  # fmt: skip
DISK_SIZE = Metric(
    name="device_disk_size", title={"vi": "Dung lượng ổ hệ thống", "en": "System volume size"}, unit="bytes",
    help="Size of the system's volume.",
)  # fmt: skip
DISK_FREE = Metric(
    name="device_disk_free", title={"vi": "Ổ hệ thống còn trống", "en": "System volume free"}, unit="bytes",
    help="Space on the system's volume that ordinary users may still fill.",
)  # fmt: skip
UPTIME = Metric(
    name="device_uptime", title={"vi": "Thời gian từ khi khởi động", "en": "Time since boot"}, unit="seconds",
    help="Since this device booted, sleep included.",
)  # fmt: skip
AGE = Metric(
    name="device_age", title={"vi": "Thời gian từ ngày của firmware", "en": "Time since the firmware's date"},
    unit="seconds", help="Since the firmware was made; the device is at least that old.",
)  # fmt: skip
LOAD = Metric(
    name="device_load1", title={"vi": "Tải hệ thống (1 phút)", "en": "Load (1 minute)"}, unit="",
    help="Runnable tasks, averaged over a minute (Linux).",
)  # fmt: skip
THREADS = Metric(
    name="device_cpu_threads", title={"vi": "Số luồng xử lý", "en": "Processor threads"}, unit="",
    help="Processors the operating system sees.",
)  # fmt: skip

FACTS = (
    Fact(name="vendor", title={"vi": "Hãng sản xuất", "en": "Maker"},
         help="Maker, as the firmware says; placeholders count as unknown."),
    Fact(name="model", title={"vi": "Kiểu máy", "en": "Model"},
         help="Model, as the firmware says; placeholders count as unknown."),
    Fact(name="age_years", title={"vi": "Tuổi máy", "en": "Age"}, unit="years",
         help="At least this old, by the firmware's date; unknown when not plausible."),
    Fact(name="age_source", title={"vi": "Căn cứ tính tuổi máy", "en": "Basis of the age"},
         help="firmware_date, or why the age is unknown: virtual_machine, no_firmware_date, implausible_firmware_date, "
              "implausible_clock.",
         words={
             "firmware_date": {"vi": "ngày của firmware", "en": "the firmware's date"},
             "virtual_machine": {"vi": "máy ảo", "en": "virtual machine"},
             "no_firmware_date": {"vi": "firmware không ghi ngày", "en": "the firmware has no date"},
             "implausible_firmware_date": {"vi": "ngày của firmware vô lý", "en": "the firmware's date is impossible"},
             "implausible_clock": {"vi": "đồng hồ máy sai", "en": "this PC's clock is wrong"},
         }),
    Fact(name="firmware_date", title={"vi": "Ngày của firmware", "en": "Firmware date"},
         help="Date of the firmware, YYYY-MM-DD, as it says itself."),
    Fact(name="firmware_version", title={"vi": "Phiên bản firmware", "en": "Firmware version"},
         help="Version of the firmware."),
    Fact(name="virtual", title={"vi": "Máy ảo", "en": "Virtual machine"},
         help="Whether this is a virtual machine."),
    Fact(name="shared_hardware_id", title={"vi": "Mã phần cứng trùng với máy khác", "en": "Hardware id shared"},
         help="Whether the hardware UUID is one that many PCs carry; the UUID is not sent."),
    Fact(name="cpu_model", title={"vi": "Bộ xử lý", "en": "Processor"},
         help="Processor."),
    Fact(name="cpu_cores", title={"vi": "Số nhân xử lý", "en": "Processor cores"},
         help="Processor cores."),
    Fact(name="cpu_threads", title={"vi": "Số luồng xử lý", "en": "Processor threads"},
         help="Processors the operating system sees."),
    Fact(name="memory_bytes", title={"vi": "Bộ nhớ (RAM)", "en": "Memory (RAM)"}, unit="bytes",
         help="Memory the operating system may use; slightly less than is built in."),
    Fact(name="swap_bytes", title={"vi": "Bộ nhớ hoán đổi", "en": "Swap space"}, unit="bytes",
         help="Swap space or page file."),
    Fact(name="disk_kind", title={"vi": "Loại đĩa hệ thống", "en": "Kind of system disk"},
         help="ssd or hdd: the disk that holds the system; unknown behind RAID or in a virtual machine.",
         words={"ssd": {"vi": "SSD", "en": "SSD"}, "hdd": {"vi": "ổ cứng cơ (HDD)", "en": "hard disk (HDD)"}}),
    Fact(name="disk_bytes", title={"vi": "Dung lượng đĩa hệ thống", "en": "System disk size"}, unit="bytes",
         help="Size of the disk that holds the system."),
    Fact(name="disk_free_ratio", title={"vi": "Tỷ lệ trống của ổ hệ thống", "en": "Free share of the system volume"},
         unit="ratio", help="Part of the system's volume that is free, 0 to 1."),
    Fact(name="os_name", title={"vi": "Hệ điều hành", "en": "Operating system"},
         help="Operating system, such as Windows 10 Pro."),
    Fact(name="os_version", title={"vi": "Phiên bản hệ điều hành", "en": "System version"},
         help="Its version, such as 22H2."),
    Fact(name="os_build", title={"vi": "Bản dựng hệ điều hành", "en": "System build"},
         help="Its build, such as 19045.4412."),
    Fact(name="kernel", title={"vi": "Nhân hệ điều hành", "en": "Kernel"},
         help="Release of the kernel."),
    Fact(name="architecture", title={"vi": "Kiến trúc bộ xử lý", "en": "Processor architecture"},
         help="Processor architecture, such as x86_64."),
)  # fmt: skip
_SAME = (
    "vendor", "model", "firmware_date", "firmware_version", "virtual", "shared_hardware_id", "cpu_model", "cpu_cores",
    "cpu_threads", "memory_bytes", "swap_bytes", "disk_kind", "disk_bytes", "os_name", "os_version", "os_build",
    "kernel", "architecture",
)  # fmt: skip


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing is to be chosen."""


def run(_params: Params, env: Env) -> Reading:
    """Reads this device; on Windows with one query in a child."""
    name = env.host.system().name
    if name == "linux":
        machine = linux.gather(env.host)
    elif name == "windows":
        try:
            machine = windows.gather(env.host, env.child, env.left(25.0))
        except ChildError as why:
            return error(why.reason, f"the query of this PC failed: {why.detail}")
    else:
        return error(Reason.UNSUPPORTED, f"no way is known to read a device that runs {name}")
    return summarise(machine, env.clock.wall() / 1e6, env.clock.mono() / 1e6)


def summarise(machine: Machine, now: float, uptime: float) -> Reading:
    """The reading of `machine` at `now` (epoch seconds), `uptime` seconds after it booted."""
    found = age(machine.firmware_date, machine.virtual, now)
    return ok(tuple(_samples(machine, found, uptime)), facts(machine, found))


def facts(machine: Machine, found: Age) -> dict[str, Scalar]:
    """Every fact of FACTS; what is unknown is None."""
    stated: dict[str, Scalar] = {name: getattr(machine, name) for name in _SAME}
    stated["age_years"] = None if found.seconds is None else round(found.seconds / YEAR, 1)
    stated["age_source"] = found.source
    size, free = machine.volume_bytes, machine.volume_free
    stated["disk_free_ratio"] = round(free / size, 4) if size and free is not None else None
    return stated


def _samples(machine: Machine, found: Age, uptime: float) -> Iterator[Sample]:
    values: tuple[tuple[Metric, float | None], ...] = (
        (MEMORY_SIZE, machine.memory_bytes),
        (MEMORY_AVAILABLE, machine.memory_available),
        (SWAP_SIZE, machine.swap_bytes),
        (SWAP_FREE, machine.swap_free),
        (DISK_SIZE, machine.volume_bytes),
        (DISK_FREE, machine.volume_free),
        (UPTIME, uptime),
        (AGE, found.seconds),
        (LOAD, machine.load),
        (THREADS, machine.cpu_threads),
    )
    yield from (sample(metric, value) for metric, value in values if value is not None)


CHECK = Check(
    name="device",
    title={"vi": "Máy trạm này", "en": "This PC"},
    params=Params,
    metrics=(
        MEMORY_SIZE, MEMORY_AVAILABLE, SWAP_SIZE, SWAP_FREE, DISK_SIZE, DISK_FREE, UPTIME, AGE, LOAD, THREADS,
    ),
    facts=FACTS,
    run=run,
    every=3600.0,
    timeout=30.0,
)  # fmt: skip
