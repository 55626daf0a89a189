"""What this PC is: maker, age, operating system, memory, disk and screen. Facts are stated, not judged.

No host name, user, serial number or hardware id leaves the device: none is read, except the hardware UUID, which
is only compared with those that many PCs share. The age is an estimate with its evidence (:mod:`checks.kit.age`).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from msgspec import Struct, structs

from checks.kit import cpus, linux, windows
from checks.kit.age import YEAR, Found, Traces, triangulate
from checks.kit.child import ChildError
from checks.kit.edid import Screen
from checks.kit.machine import Machine
from checks.kit.model import Check, Env, Fact, Metric, Reading, Reason, Sample, Scalar, error, ok, sample
from checks.kit.smart import Smart

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
    name="device_age", title={"vi": "Tuổi máy ước tính", "en": "Estimated age"}, unit="seconds",
    help="The best estimate of this device's age; the facts name its bounds, its confidence and its evidence.",
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
         help="The best estimate from all evidence on this PC; unknown when there is none that is plausible. The "
              "purchase date in the roster outranks it."),
    Fact(name="age_at_least_years", title={"vi": "Tuổi máy ít nhất", "en": "Age, at least"}, unit="years",
         help="No younger than this: the oldest plausible trace on this PC."),
    Fact(name="age_at_most_years", title={"vi": "Tuổi máy nhiều nhất", "en": "Age, at most"}, unit="years",
         help="No older than this: its processor did not exist before."),
    Fact(name="age_confidence", title={"vi": "Độ tin cậy của tuổi máy", "en": "Confidence in the age"},
         help="high: the bounds lie within two years; medium: within five, or the firmware's date alone; low: less is "
              "known. Evidence that contradicts better evidence is left out and costs one step.",
         words={
             "low": {"vi": "thấp", "en": "low"},
             "medium": {"vi": "trung bình", "en": "medium"},
             "high": {"vi": "cao", "en": "high"},
         }),
    Fact(name="age_source", title={"vi": "Căn cứ tính tuổi máy", "en": "Basis of the age"},
         help="The piece of evidence that decided: firmware_date, system_date, cpu_release, disk_hours; or why the age "
              "is unknown: virtual_machine, no_firmware_date (and nothing else), implausible_firmware_date, "
              "implausible_clock.",
         words={
             "firmware_date": {"vi": "ngày của firmware", "en": "the firmware's date"},
             "system_date": {"vi": "ngày cài hệ điều hành", "en": "the installation of the system"},
             "cpu_release": {"vi": "năm ra mắt của bộ xử lý", "en": "the processor's launch"},
             "disk_hours": {"vi": "số giờ chạy của ổ đĩa", "en": "the disk's hours of use"},
             "virtual_machine": {"vi": "máy ảo", "en": "virtual machine"},
             "no_firmware_date": {"vi": "firmware không ghi ngày", "en": "the firmware has no date"},
             "implausible_firmware_date": {"vi": "ngày của firmware vô lý", "en": "the firmware's date is impossible"},
             "implausible_clock": {"vi": "đồng hồ máy sai", "en": "this PC's clock is wrong"},
         }),
    Fact(name="age_firmware_years", title={"vi": "Tuổi theo ngày firmware", "en": "Age by the firmware's date"},
         unit="years", help="Since the firmware was made: the PC is at least this old."),
    Fact(name="age_system_years", title={"vi": "Tuổi theo ngày cài hệ điều hành", "en": "Age by the installation"},
         unit="years", help="Since the first known installation of its system: the PC is hardly younger."),
    Fact(name="age_cpu_years", title={"vi": "Tuổi theo bộ xử lý", "en": "Age by the processor"},
         unit="years", help="Since the processor's family was launched: the PC is at most this old."),
    Fact(name="age_disk_years", title={"vi": "Tuổi theo giờ chạy của ổ đĩa", "en": "Age by the disk's hours"},
         unit="years", help="How long its longest used disk was on: the PC is hardly younger. Often needs root."),
    Fact(name="age_screen_years", title={"vi": "Tuổi màn hình", "en": "Age of the screen"},
         unit="years", help="Since the screen was made; shown, but not used for the age of the PC."),
    Fact(name="firmware_date", title={"vi": "Ngày của firmware", "en": "Firmware date"},
         help="Date of the firmware, YYYY-MM-DD, as it says itself."),
    Fact(name="firmware_version", title={"vi": "Phiên bản firmware", "en": "Firmware version"},
         help="Version of the firmware."),
    Fact(name="virtual", title={"vi": "Máy ảo", "en": "Virtual machine"},
         help="Whether this is a virtual machine."),
    Fact(name="shared_hardware_id", title={"vi": "Mã phần cứng trùng với máy khác", "en": "Hardware id shared"},
         help="Whether the hardware UUID is one that many PCs carry; the UUID is not sent, nor used as an identity."),
    Fact(name="cpu_model", title={"vi": "Bộ xử lý", "en": "Processor"},
         help="Processor."),
    Fact(name="cpu_cores", title={"vi": "Số nhân xử lý", "en": "Processor cores"},
         help="Processor cores."),
    Fact(name="cpu_threads", title={"vi": "Số luồng xử lý", "en": "Processor threads"},
         help="Processors the operating system sees."),
    Fact(name="memory_bytes", title={"vi": "Bộ nhớ (RAM)", "en": "Memory (RAM)"}, unit="bytes",
         help="Memory the operating system may use; slightly less than is built in."),
    Fact(name="memory_slots", title={"vi": "Số khe cắm RAM", "en": "Memory slots"},
         help="Slots for memory modules on the board, as the firmware counts them."),
    Fact(name="memory_slots_used", title={"vi": "Số khe RAM đã dùng", "en": "Memory slots in use"},
         help="Slots that hold a module; on Linux known to root only."),
    Fact(name="swap_bytes", title={"vi": "Bộ nhớ hoán đổi", "en": "Swap space"}, unit="bytes",
         help="Swap space or page file."),
    Fact(name="disk_kind", title={"vi": "Loại đĩa hệ thống", "en": "Kind of system disk"},
         help="ssd or hdd: the disk that holds the system; unknown behind RAID or in a virtual machine.",
         words={"ssd": {"vi": "SSD", "en": "SSD"}, "hdd": {"vi": "ổ cứng cơ (HDD)", "en": "hard disk (HDD)"}}),
    Fact(name="disk_bytes", title={"vi": "Dung lượng đĩa hệ thống", "en": "System disk size"}, unit="bytes",
         help="Size of the disk that holds the system."),
    Fact(name="disk_free_ratio", title={"vi": "Tỷ lệ trống của ổ hệ thống", "en": "Free share of the system volume"},
         unit="ratio", help="Part of the system's volume that is free, 0 to 1."),
    Fact(name="screen_count", title={"vi": "Số màn hình", "en": "Screens"},
         help="Screens that are connected."),
    Fact(name="screen_inches", title={"vi": "Cỡ màn hình (inch)", "en": "Screen size (inches)"},
         help="Diagonal of the largest screen."),
    Fact(name="screen_resolution", title={"vi": "Độ phân giải màn hình", "en": "Screen resolution"},
         help="Of the largest screen, as 1920x1080."),
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
    "cpu_threads", "memory_bytes", "memory_slots", "memory_slots_used", "swap_bytes", "disk_kind", "disk_bytes",
    "screen_count", "os_name", "os_version", "os_build", "kernel", "architecture",
)  # fmt: skip
_EVIDENCE = {
    "age_firmware_years": "firmware_date", "age_system_years": "system_date", "age_cpu_years": "cpu_release",
    "age_disk_years": "disk_hours", "age_screen_years": "screen",
}  # fmt: skip
_QUERY, _SMART = 25.0, 12.0


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing is to be chosen."""


def run(_params: Params, env: Env) -> Reading:
    """Reads this device; on Windows with one query. Disks are asked for their hours of use where they can be."""
    name = env.host.system().name
    if name == "linux":
        machine = linux.gather(env.host)
    elif name == "windows":
        try:
            machine = windows.gather(env.host, env.child, env.left(_QUERY))
        except ChildError as why:
            return error(why.reason, f"the query of this PC failed: {why.detail}")
    else:
        return error(Reason.UNSUPPORTED, f"no way is known to read a device that runs {name}")
    if machine.power_on_hours is None and machine.disks and not machine.virtual:
        machine = structs.replace(machine, power_on_hours=_hours(machine, env))
    return summarise(machine, env.clock.wall() / 1e6, env.clock.mono() / 1e6)


def _hours(machine: Machine, env: Env) -> int | None:
    """What the longest used disk inside `machine` tells; None without smartctl, without rights, or in time."""
    seconds = env.left(_SMART)
    try:
        disks: tuple[Smart, ...] = env.child.call(
            "checks.kit.smart:read", seconds, answer=tuple[Smart, ...], timeout=seconds + 1
        )
    except ChildError:
        return None
    hours = [disk.power_on_hours for disk in disks if disk.device in machine.disks]
    return max((found for found in hours if found is not None), default=None)


def summarise(machine: Machine, now: float, uptime: float) -> Reading:
    """The reading of `machine` at `now` (epoch seconds), `uptime` seconds after it booted."""
    found = triangulate(traces(machine), machine.virtual, now)
    return ok(tuple(_samples(machine, found, uptime)), facts(machine, found))


def traces(machine: Machine) -> Traces:
    """What of `machine` tells of its age."""
    return Traces(
        firmware=_epoch(datetime.date.fromisoformat(machine.firmware_date) if machine.firmware_date else None),
        system=machine.system_dates,
        cpu=_epoch(cpus.launch(machine.cpu_model)),
        hours=machine.power_on_hours,
        screen=_epoch(machine.screen.made if machine.screen else None),
    )


def _epoch(day: datetime.date | None) -> float | None:
    return datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC).timestamp() if day else None


def facts(machine: Machine, found: Found) -> dict[str, Scalar]:
    """Every fact of FACTS; what is unknown is None."""
    stated: dict[str, Scalar] = {name: getattr(machine, name) for name in _SAME}
    age, screen = found.age, machine.screen
    stated |= {"age_source": age.source, "age_confidence": age.confidence}
    bounds = {"age_years": age.years, "age_at_least_years": age.at_least, "age_at_most_years": age.at_most}
    pieces = {name: found.pieces.get(source) for name, source in _EVIDENCE.items()}
    stated |= {name: None if years is None else round(years, 1) for name, years in (bounds | pieces).items()}
    stated["screen_inches"] = screen.inches if screen else None
    stated["screen_resolution"] = _resolution(screen)
    size, free = machine.volume_bytes, machine.volume_free
    stated["disk_free_ratio"] = round(free / size, 4) if size and free is not None else None
    return stated


def _resolution(screen: Screen | None) -> str | None:
    return f"{screen.width}x{screen.height}" if screen and screen.width and screen.height else None


def _samples(machine: Machine, found: Found, uptime: float) -> Iterator[Sample]:
    values: tuple[tuple[Metric, float | None], ...] = (
        (MEMORY_SIZE, machine.memory_bytes),
        (MEMORY_AVAILABLE, machine.memory_available),
        (SWAP_SIZE, machine.swap_bytes),
        (SWAP_FREE, machine.swap_free),
        (DISK_SIZE, machine.volume_bytes),
        (DISK_FREE, machine.volume_free),
        (UPTIME, uptime),
        (AGE, None if found.age.years is None else found.age.years * YEAR),
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
