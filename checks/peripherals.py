"""What stands around this PC: printers, scanners, cameras, readers and kiosk parts, counted by class, and whether the
printers are ready.

Only counts and states leave the PC: no name of a printer, a queue or a device. What should be there the collector
knows from the roster; nothing is judged here, and a missing printer is no failure of this check.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from checks.kit import cups, usb
from checks.kit.child import ChildError
from checks.kit.cups import STATES, TROUBLES, Queue
from checks.kit.model import Check, Env, Fact, Metric, Reading, Reason, Sample, Scalar, error, ok, sample
from checks.kit.usb import CLASSES

_CLASS_WORDS = {
    "printer": {"vi": "máy in", "en": "printer"},
    "receipt_printer": {"vi": "máy in phiếu", "en": "receipt printer"},
    "scanner": {"vi": "máy quét", "en": "scanner"},
    "camera": {"vi": "camera", "en": "camera"},
    "barcode_reader": {"vi": "đầu đọc mã vạch, QR", "en": "bar-code or QR reader"},
    "card_reader": {"vi": "đầu đọc thẻ, USB token", "en": "card reader or USB token"},
    "touch_screen": {"vi": "màn hình cảm ứng", "en": "touch screen"},
    "photo_device": {"vi": "máy ảnh, điện thoại", "en": "photo camera or phone"},
}
_STATE_WORDS = {
    "idle": {"vi": "sẵn sàng", "en": "ready"},
    "printing": {"vi": "đang in", "en": "printing"},
    "stopped": {"vi": "đã dừng", "en": "stopped"},
    "refusing": {"vi": "không nhận lệnh in", "en": "takes no jobs"},
    "unknown": {"vi": "không rõ", "en": "unknown"},
}
_TROUBLE_WORDS = {
    "paper": {"vi": "hết giấy", "en": "out of paper"},
    "jam": {"vi": "kẹt giấy", "en": "paper jam"},
    "ink": {"vi": "hết mực", "en": "out of ink or toner"},
    "ink_low": {"vi": "sắp hết mực", "en": "ink or toner low"},
    "cover": {"vi": "nắp mở, thiếu khay", "en": "open cover or missing tray"},
    "offline": {"vi": "mất kết nối máy in", "en": "printer offline"},
    "paused": {"vi": "tạm dừng", "en": "paused"},
    "driver": {"vi": "thiếu trình điều khiển", "en": "driver missing"},
    "other": {"vi": "lỗi khác", "en": "something else"},
}

DEVICES = Metric(
    name="peripherals_devices", title={"vi": "Thiết bị ngoại vi", "en": "Peripherals"}, unit="", labels=("class",),
    words=_CLASS_WORDS, help="Devices plugged in, by class; a multifunction printer is a printer and a scanner.",
)  # fmt: skip
PRINTERS = Metric(
    name="peripherals_printers", title={"vi": "Máy in đã cài", "en": "Printers set up"}, unit="", labels=("state",),
    words=_STATE_WORDS, help="Printers set up on this PC, plugged in or on the network, by state.",
)  # fmt: skip
TROUBLES_SEEN = Metric(
    name="peripherals_printer_troubles", title={"vi": "Máy in báo sự cố", "en": "Printers in trouble"}, unit="",
    labels=("trouble",), words=_TROUBLE_WORDS, help="Printers that report such a trouble; none, no sample.",
)  # fmt: skip
_COUNTED = {
    "printers": "printer", "receipt_printers": "receipt_printer", "scanners": "scanner", "cameras": "camera",
    "barcode_readers": "barcode_reader", "card_readers": "card_reader", "touch_screens": "touch_screen",
}  # fmt: skip
FACTS = (
    Fact(name="printers", title={"vi": "Máy in cắm vào máy", "en": "Printers plugged in"},
         help="Printers on this PC's USB; those on the network are among printers_installed."),
    Fact(name="receipt_printers", title={"vi": "Máy in phiếu", "en": "Receipt printers"},
         help="Receipt printers on this PC's USB."),
    Fact(name="scanners", title={"vi": "Máy quét", "en": "Scanners"},
         help="Document scanners on this PC's USB, those in multifunction printers included."),
    Fact(name="cameras", title={"vi": "Camera", "en": "Cameras"}, help="Video cameras, built in or plugged in."),
    Fact(name="barcode_readers", title={"vi": "Đầu đọc mã vạch, QR", "en": "Bar-code and QR readers"},
         help="Bar-code and QR readers; those that pass for plain keyboards are not known."),
    Fact(name="card_readers", title={"vi": "Đầu đọc thẻ, USB token", "en": "Card readers and USB tokens"},
         help="Smart-card readers on USB; a USB token is one."),
    Fact(name="touch_screens", title={"vi": "Màn hình cảm ứng", "en": "Touch screens"}, help="Touch screens."),
    Fact(name="printers_installed", title={"vi": "Máy in đã cài", "en": "Printers set up"},
         help="Printers set up on this PC, without those that write files; unknown without a print service."),
    Fact(name="printers_ready", title={"vi": "Máy in sẵn sàng", "en": "Printers ready"},
         help="Those that wait for a job or print, as the print service says; some tell only when they print."),
    Fact(name="print_service", title={"vi": "Dịch vụ in", "en": "Print service"},
         help="cups or windows; none: nothing prints here; silent: it gave no usable answer.",
         words={"cups": {"vi": "CUPS", "en": "CUPS"}, "windows": {"vi": "Windows", "en": "Windows"},
                "none": {"vi": "không có", "en": "none"}, "silent": {"vi": "không trả lời", "en": "gave no answer"}}),
    Fact(name="without_driver", title={"vi": "Thiết bị thiếu trình điều khiển", "en": "Devices without driver"},
         help="USB devices that Windows has no driver for; unknown elsewhere."),
)  # fmt: skip


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing is to be chosen."""


def run(_params: Params, env: Env) -> Reading:
    """Counts what is plugged in and asks the print service for its queues."""
    name = env.host.system().name
    if name == "linux":
        service, queues = _cups(env)
        return summarise(usb.gather(env.host), service, queues)
    if name != "windows":
        return error(Reason.UNSUPPORTED, f"no way is known to list what is plugged into a device that runs {name}")
    from checks.kit import peripherals_windows

    try:
        told: peripherals_windows.Told = env.child.call(
            "checks.kit.peripherals_windows:query", env.left(), answer=peripherals_windows.Told, timeout=env.left()
        )
    except ChildError as why:
        return error(why.reason, f"the query of what is plugged in failed: {why.detail}")
    return summarise(told.devices, "windows", told.queues, told.without_driver)


def _cups(env: Env) -> tuple[str, tuple[Queue, ...] | None]:
    seconds = env.left(10.0)
    try:
        told: cups.Told = env.child.call("checks.kit.cups:ask", cups.Order(seconds), answer=cups.Told, timeout=seconds)
    except ChildError:
        return "silent", None
    return ("none" if told.queues is None else "cups"), told.queues


def summarise(
    devices: dict[str, int] | None, service: str, queues: tuple[Queue, ...] | None, without_driver: int | None = None
) -> Reading:
    """The reading of what is there; what could not be looked at is unknown, not absent."""
    return ok(tuple(_samples(devices, queues)), facts(devices, service, queues, without_driver))


def facts(
    devices: dict[str, int] | None, service: str, queues: tuple[Queue, ...] | None, without_driver: int | None
) -> dict[str, Scalar]:
    """Every fact of FACTS; what is unknown is None."""
    ready = None if queues is None else sum(one.state in ("idle", "printing") for one in queues)
    return {
        **{name: None if devices is None else devices.get(kind) for name, kind in _COUNTED.items()},
        "printers_installed": None if queues is None else len(queues),
        "printers_ready": ready,
        "print_service": service,
        "without_driver": without_driver,
    }


def _samples(devices: dict[str, int] | None, queues: tuple[Queue, ...] | None) -> Iterator[Sample]:
    """Every class and state where they were counted, so that what goes missing is a 0; troubles as they come."""
    for kind in CLASSES if devices is not None else ():
        yield sample(DEVICES, (devices or {}).get(kind, 0), **{"class": kind})
    if queues is not None:
        states = [one.state for one in queues]
        yield from (sample(PRINTERS, states.count(state), state=state) for state in STATES)
        for trouble in TROUBLES:
            if number := sum(trouble in one.troubles for one in queues):
                yield sample(TROUBLES_SEEN, number, trouble=trouble)


CHECK = Check(
    name="peripherals",
    title={"vi": "Thiết bị ngoại vi", "en": "Peripherals"},
    params=Params,
    metrics=(DEVICES, PRINTERS, TROUBLES_SEEN),
    facts=FACTS,
    run=run,
    every=43200.0,
    timeout=60.0,
)
