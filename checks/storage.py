"""Will this PC's disks hold: space and where it is going, SMART health and wear, volumes that went read-only.

A volume is called ``system`` or ``data1`` …, never by its mount point, which may hold a user's name. What fills, and
since when, is remembered on the device. SMART needs root (Linux, with smartmontools) or elevation (Windows): without it
the disks' health is unknown, and ``smart_method`` says why. From how many sectors or days on a disk is bad, or a volume
too full, is not judged here: only that a disk calls itself failing, that a volume refuses to be written, and that
nothing is left on the system's.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from checks.kit import pastvolumes, volumes
from checks.kit.child import ChildError
from checks.kit.model import Check, Env, Fact, Metric, Reading, Reason, Sample, Scalar, error, failed, ok, sample
from checks.kit.pastvolumes import LABELS, SYSTEM, Known
from checks.kit.smart import MOST_DISKS, Smart, Survey
from checks.kit.volumes import Found

_PAST = "volumes"
_NOTHING = 1 << 20  # bytes; file systems keep a few blocks that no file can have
_SAVING = 10.0  # seconds left for the rest, whatever the disks take
_VOLUMES = {
    SYSTEM: {"vi": "ổ hệ thống", "en": "system volume"},
    **{label: {"vi": f"ổ dữ liệu {label[4:]}", "en": f"data volume {label[4:]}"} for label in LABELS[1:]},
}
_DISKS = {f"disk{n}": {"vi": f"đĩa {n}", "en": f"disk {n}"} for n in range(1, MOST_DISKS + 1)}
_KINDS = {
    "local": {"vi": "ổ trong máy", "en": "built in"},
    "removable": {"vi": "ổ cắm ngoài", "en": "removable"},
    "image": {"vi": "ảnh đĩa chỉ đọc", "en": "read-only image"},
    "network": {"vi": "ổ mạng", "en": "network share"},
}

SIZE = Metric(
    name="storage_size", title={"vi": "Dung lượng ổ", "en": "Volume size"}, unit="bytes", labels=("volume",),
    words=_VOLUMES, help="Size of the volume.",
)  # fmt: skip
FREE = Metric(
    name="storage_free", title={"vi": "Ổ còn trống", "en": "Volume free"}, unit="bytes", labels=("volume",),
    words=_VOLUMES, help="Space on the volume that ordinary users may still fill.",
)  # fmt: skip
FILLING = Metric(
    name="storage_filling", title={"vi": "Tốc độ đầy ổ", "en": "Volume fills by"}, unit="bytes_per_second",
    labels=("volume",), words=_VOLUMES,
    help="How fast free space shrinks (Theil-Sen slope of the last weeks' points); 0 where no trend is sure.",
)  # fmt: skip
UNTIL_FULL = Metric(
    name="storage_until_full", title={"vi": "Thời gian đến khi đầy", "en": "Time until full"}, unit="seconds",
    labels=("volume",), words=_VOLUMES, help="Free space by that speed; no sample where the volume is not filling.",
)  # fmt: skip
INODES = Metric(
    name="storage_inodes_free", title={"vi": "Số tệp còn tạo được", "en": "Files that can still be made"},
    unit="ratio", help="Free part of the inodes of the system's volume, 0 to 1 (Linux).",
)  # fmt: skip
READ_ONLY = Metric(
    name="storage_read_only", title={"vi": "Ổ chuyển sang chỉ đọc", "en": "Volume refuses writes"}, unit="",
    labels=("volume",), help="1 when the volume takes no writes although it is meant to, 0 when not.",
    words=_VOLUMES | {"1": {"vi": "có", "en": "yes"}, "0": {"vi": "không", "en": "no"}},
)  # fmt: skip
MOUNTED = Metric(
    name="storage_file_systems", title={"vi": "Hệ thống tệp đang gắn", "en": "File systems"}, unit="",
    labels=("kind",), words=_KINDS, help="File systems mounted now, by kind; only the local ones are measured.",
)  # fmt: skip
HEALTHY = Metric(
    name="storage_disk_healthy", title={"vi": "Đĩa tự đánh giá tốt", "en": "Disk calls itself healthy"}, unit="",
    labels=("disk",), help="1 when the disk says that it is well (SMART), 0 when it says that it will fail.",
    words=_DISKS | {"1": {"vi": "tốt", "en": "healthy"}, "0": {"vi": "sắp hỏng", "en": "failing"}},
)  # fmt: skip
WEAR = Metric(
    name="storage_disk_wear", title={"vi": "Độ mòn của SSD", "en": "SSD wear"}, unit="ratio", labels=("disk",),
    words=_DISKS, help="Used part of what the disk was built to write, 0 to 1; some tell more than 1.",
)  # fmt: skip
POWER_ON = Metric(
    name="storage_disk_power_on", title={"vi": "Thời gian đĩa đã chạy", "en": "Disk powered on"}, unit="seconds",
    labels=("disk",), words=_DISKS, help="How long the disk has been powered in its life.",
)  # fmt: skip
REALLOCATED = Metric(
    name="storage_disk_reallocated", title={"vi": "Cung từ đã thay thế", "en": "Sectors reallocated"}, unit="",
    labels=("disk",), words=_DISKS, help="Sectors that the disk replaced by spare ones.",
)  # fmt: skip
PENDING = Metric(
    name="storage_disk_pending", title={"vi": "Cung từ nghi hỏng", "en": "Sectors pending"}, unit="",
    labels=("disk",), words=_DISKS, help="Sectors that could not be read and wait to be rewritten.",
)  # fmt: skip
UNCORRECTABLE = Metric(
    name="storage_disk_uncorrectable", title={"vi": "Lỗi đọc không sửa được", "en": "Uncorrectable errors"}, unit="",
    labels=("disk",), words=_DISKS, help="Sectors or reads that the disk could not correct; of NVMe media errors.",
)  # fmt: skip
TEMPERATURE = Metric(
    name="storage_disk_temperature_celsius", title={"vi": "Nhiệt độ đĩa (°C)", "en": "Disk temperature (°C)"}, unit="",
    labels=("disk",), words=_DISKS, help="Temperature that the disk measures, in degrees Celsius.",
)  # fmt: skip
METRICS = (
    SIZE, FREE, FILLING, UNTIL_FULL, INODES, READ_ONLY, MOUNTED, HEALTHY, WEAR, POWER_ON, REALLOCATED, PENDING,
    UNCORRECTABLE, TEMPERATURE,
)  # fmt: skip

FACTS = (
    Fact(name="volumes", title={"vi": "Số ổ được đo", "en": "Volumes measured"},
         help="Local volumes that people write to and that stay in the PC, at most eight."),
    Fact(name="system_kind", title={"vi": "Nơi đặt hệ thống", "en": "What holds the system"},
         help="local: an ordinary volume; overlay, image or network: what is written may be gone at the next start.",
         words={"local": {"vi": "ổ trong máy", "en": "a local volume"},
                "removable": {"vi": "ổ cắm ngoài", "en": "a removable disk"},
                "overlay": {"vi": "lớp phủ tạm (overlay)", "en": "an overlay"},
                "image": {"vi": "ảnh đĩa chỉ đọc", "en": "a read-only image"},
                "network": {"vi": "ổ mạng", "en": "a network share"},
                "pseudo": {"vi": "bộ nhớ tạm", "en": "memory"}}),
    Fact(name="least_free_ratio", title={"vi": "Tỷ lệ trống ít nhất", "en": "Least free share"}, unit="ratio",
         help="Free share of the fullest measured volume, 0 to 1."),
    Fact(name="trend", title={"vi": "Xu hướng ổ hệ thống", "en": "Trend of the system volume"},
         help="filling, or steady: no sure trend, emptying, or full in more than ten years; unknown before three days.",
         words={"filling": {"vi": "đang đầy dần", "en": "filling"}, "steady": {"vi": "ổn định", "en": "steady"}}),
    Fact(name="days_until_full", title={"vi": "Số ngày đến khi đầy", "en": "Days until full"}, unit="days",
         help="When the system's volume will be full if it goes on filling; unknown when it is not filling."),
    Fact(name="read_only", title={"vi": "Số ổ không ghi được", "en": "Volumes that refuse writes"},
         help="Volumes that take no writes although they are meant to."),
    Fact(name="smart_method", title={"vi": "Cách đọc SMART", "en": "How SMART was read"},
         help="smartctl or windows, or why the disks' health is unknown: missing (no smartmontools), forbidden (no "
              "rights), hidden (RAID, USB bridge, virtual machine), silent (no answer in time), no_disk.",
         words={"smartctl": {"vi": "smartctl", "en": "smartctl"}, "windows": {"vi": "Windows", "en": "Windows"},
                "missing": {"vi": "chưa cài smartmontools", "en": "smartmontools is not installed"},
                "forbidden": {"vi": "thiếu quyền quản trị", "en": "no rights"},
                "hidden": {"vi": "bị RAID, cầu USB hay máy ảo che", "en": "hidden by RAID, USB bridge or VM"},
                "silent": {"vi": "đĩa không trả lời", "en": "the disk does not answer"},
                "no_disk": {"vi": "không thấy đĩa", "en": "no disk is seen"}}),
    Fact(name="disks", title={"vi": "Số đĩa đọc được", "en": "Disks read"},
         help="Disks that told something of themselves."),
    Fact(name="disk_health", title={"vi": "Sức khỏe của đĩa", "en": "Health of the disks"},
         help="good: every disk that answered says so; failing: one says that it will fail; unknown when none says.",
         words={"good": {"vi": "tốt", "en": "good"}, "failing": {"vi": "sắp hỏng", "en": "failing"}}),
    Fact(name="wear_ratio", title={"vi": "Độ mòn cao nhất", "en": "Highest wear"}, unit="ratio",
         help="Wear of the most worn SSD, 0 to 1."),
)  # fmt: skip


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing is to be chosen."""


def run(_params: Params, env: Env) -> Reading:
    """Reads volumes and disks, and what earlier runs remember of the volumes."""
    name = env.host.system().name
    if name == "linux":
        found, survey = volumes.gather(env.host), _smart(env)
    elif name == "windows":
        from checks.kit import storage_windows

        seconds = env.left() - _SAVING
        try:
            answer: storage_windows.Answer = env.child.call(
                "checks.kit.storage_windows:query", seconds, answer=storage_windows.Answer, timeout=env.left()
            )
        except ChildError as why:
            return error(why.reason, f"the query of this PC's disks failed: {why.detail}")
        found, survey = storage_windows.volumes(answer), storage_windows.disks(answer)
    else:
        return error(Reason.UNSUPPORTED, f"no way is known to read the disks of a device that runs {name}")
    past = pastvolumes.decoded(env.lasting.get(_PAST, {}))
    known, kept = pastvolumes.know(found.volumes, past, env.clock.wall() / 1e6)
    env.lasting[_PAST] = msgspec.to_builtins(kept)
    return summarise(found, known, survey)


def _smart(env: Env) -> Survey:
    """What the disks say; that they could not be asked takes nothing from the volumes."""
    seconds = max(0.0, env.left() - _SAVING)
    try:
        survey: Survey = env.child.call(
            "checks.kit.smart:survey", seconds, answer=Survey, timeout=seconds + _SAVING / 2
        )
    except ChildError:
        return Survey("silent")
    return survey


def summarise(found: Found, known: tuple[Known, ...], survey: Survey) -> Reading:
    """The reading of volumes and disks."""
    samples = (*_volumes(found, known), *_disks(survey))
    stated = facts(found, known, survey)
    trouble = judge(known, survey)
    return failed(trouble[0], samples, stated, trouble[1]) if trouble else ok(samples, stated)


def judge(known: tuple[Known, ...], survey: Survey) -> tuple[Reason, str] | None:
    """What is wrong: a disk that says it will fail explains the others, a volume that is read-only comes next."""
    for number, disk in enumerate(survey.disks, 1):
        if disk.health is False:
            return Reason.DISK_FAILING, f"disk {number} says that it will fail"
    for one in known:
        if one.read_only:
            return Reason.DISK_READ_ONLY, f"the volume {one.label} takes no writes"
    system = next((one.volume for one in known if one.label == SYSTEM), None)
    if system and not system.refuses:
        if system.free < _NOTHING:
            return Reason.DISK_FULL, "nothing is left on the system's volume"
        if system.inodes_free == 0:
            return Reason.DISK_FULL, "the system's volume can have no more files"
    return None


def facts(found: Found, known: tuple[Known, ...], survey: Survey) -> dict[str, Scalar]:
    """Every fact of FACTS; what is unknown is None."""
    system = next((one for one in known if one.label == SYSTEM), None)
    state, seconds = (system.trend.state, system.trend.seconds) if system else ("unknown", None)
    answered = [disk for disk in survey.disks if disk.access == "read"]
    health = [disk.health for disk in answered if disk.health is not None]
    wear = [disk.wear_ratio for disk in answered if disk.wear_ratio is not None]
    return {
        "volumes": len(known),
        "system_kind": found.system_kind,
        "least_free_ratio": min((round(one.volume.free / one.volume.size, 4) for one in known), default=None),
        "trend": None if state == "unknown" else state,
        "days_until_full": None if seconds is None else round(seconds / 86400, 1),
        "read_only": sum(one.read_only for one in known),
        "smart_method": survey.method,
        "disks": len(answered),
        "disk_health": None if not health else "good" if all(health) else "failing",
        "wear_ratio": max(wear, default=None),
    }


def _volumes(found: Found, known: tuple[Known, ...]) -> Iterator[Sample]:
    for one in known:
        yield sample(SIZE, one.volume.size, volume=one.label)
        yield sample(FREE, one.volume.free, volume=one.label)
        yield sample(READ_ONLY, one.read_only, volume=one.label)
        if one.trend.state != "unknown":
            yield sample(FILLING, round(one.trend.rate or 0.0, 1), volume=one.label)
        if one.trend.seconds is not None:
            yield sample(UNTIL_FULL, round(one.trend.seconds), volume=one.label)
        if one.label == SYSTEM and one.volume.inodes_free is not None:
            yield sample(INODES, one.volume.inodes_free)
    yield from (sample(MOUNTED, number, kind=kind) for kind, number in found.kinds.items() if number)


def _disks(survey: Survey) -> Iterator[Sample]:
    for number, disk in enumerate(survey.disks[:MOST_DISKS], 1):
        for metric, value in _numbers(disk):
            if value is not None:
                yield sample(metric, value, disk=f"disk{number}")


def _numbers(disk: Smart) -> tuple[tuple[Metric, float | None], ...]:
    return (
        (HEALTHY, disk.health),
        (WEAR, disk.wear_ratio),
        (POWER_ON, None if disk.power_on_hours is None else disk.power_on_hours * 3600),
        (REALLOCATED, disk.reallocated),
        (PENDING, disk.pending),
        (UNCORRECTABLE, disk.uncorrectable),
        (TEMPERATURE, disk.temperature),
    )


CHECK = Check(
    name="storage",
    title={"vi": "Ổ đĩa", "en": "Disks"},
    params=Params,
    metrics=METRICS,
    facts=FACTS,
    run=run,
    every=21600.0,
    timeout=90.0,
)
