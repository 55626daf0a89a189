"""What is plugged into a Windows PC, by class, and its printers, from one query. Written from the documentation and
tested on recorded answers: not yet proven on a PC.

Device classes are known by their GUID (Windows drivers, "System-Defined Device Setup Classes"), so that Windows 7,
which has no PNPClass, answers alike; HID devices by usage (HID Usage Tables: page 0x0d usage 4 touch screen, page 0x8c
usage 2 bar code scanner). Names stay on the PC: they only tell cameras from scanners and readers from keyboards.
"""

from __future__ import annotations

import re

import msgspec
from msgspec import Struct

from checks.kit import powershell, usb
from checks.kit.cups import Queue, State, Trouble
from checks.kit.usb import CLASSES, Device

_USB_CLASS = "{36fc9e60-c465-11cf-8056-444553540000}"
_IMAGE = "{6bdd1fc6-810f-11d0-bec7-08002be2092f}"
_CAMERA = "{ca3e7ab9-b4c3-4ae6-8251-579ef933890f}"
_CARD = "{50dd5230-ba8a-11d1-bf5d-0000f805f530}"
_HID = "{745a17a0-74d3-11d0-b6fe-00a0c90f57da}"
_KEYBOARD = "{4d36e96b-e325-11ce-bfc1-08002be10318}"
_READER = "{c243ffbd-3afc-45e9-b3d3-2ba18bc7ebc5}"

SCRIPT = f"""
$wanted = @('{_USB_CLASS}', '{_IMAGE}', '{_CAMERA}', '{_CARD}', '{_HID}', '{_KEYBOARD}', '{_READER}')
$all = @(Get-WmiObject Win32_PnPEntity)
$some = $all | Where-Object {{ $wanted -contains $_.ClassGuid }} | Select-Object -First 400
SayAll device $some @('ClassGuid', 'Service', 'Name', 'HardwareID')
$broken = @($all | Where-Object {{ $_.ConfigManagerErrorCode -eq 28 -and $_.DeviceID -like 'USB*' }})
Say broken $broken.Count
$fields = @('ExtendedPrinterStatus', 'DetectedErrorState', 'WorkOffline', 'DriverName', 'PortName')
SayAll printer (Get-WmiObject Win32_Printer) $fields
"""
_ON_TOUCH, _BAR_CODE = "HID_DEVICE_UP:000D_U:0004", "HID_DEVICE_UP:008C_U:0002"
_IS_CAMERA = re.compile(r"camera|webcam|\bcam\b", re.I)
_NOT_REAL = re.compile(r"virtual|remote|rdp|windows hello|microsoft ifd", re.I)
_WRITERS = re.compile(r"pdf|xps|onenote|fax|image writer|easy print|anydesk|teamviewer|send to", re.I)
_PORTS = re.compile(r"(PORTPROMPT:|XPSPort:|nul:|SHRFAX:|FILE:|TS\d+).*", re.I)
_STATES: dict[int, State] = {
    3: "idle", 15: "idle", 4: "printing", 5: "printing", 10: "printing", 12: "printing", 13: "printing",
    14: "printing", 17: "printing", 18: "printing", 6: "stopped", 7: "stopped", 8: "stopped", 9: "stopped",
    11: "stopped", 16: "stopped",
}  # fmt: skip
_PAUSED, _OFFLINE = 8, 7  # ExtendedPrinterStatus
_ERRORS: dict[int, Trouble] = {
    3: "other", 4: "paper", 5: "ink_low", 6: "ink", 7: "cover", 8: "jam", 9: "offline", 10: "other", 11: "other",
}  # fmt: skip


class Entity(Struct, frozen=True):
    """Win32_PnPEntity: what is plugged in now."""

    ClassGuid: str = ""
    Service: str = ""
    Name: str = ""
    HardwareID: str = ""


class Printer(Struct, frozen=True):
    """Win32_Printer."""

    ExtendedPrinterStatus: int = 2
    DetectedErrorState: int = 0
    WorkOffline: bool = False
    DriverName: str = ""
    PortName: str = ""


class Answer(Struct, frozen=True):
    """What the query writes; ``broken`` counts USB devices that lack a driver."""

    device: tuple[Entity, ...] = ()
    broken: int | None = None
    printer: tuple[Printer, ...] = ()


class Told(Struct, frozen=True):
    """What leaves the child: counts and states."""

    devices: dict[str, int]
    queues: tuple[Queue, ...]
    without_driver: int | None


def query(seconds: float) -> Told:
    """Asks this PC; called in a child. Raises PowerShellError, msgspec.ValidationError for an answer of other types."""
    return tell(powershell.query(SCRIPT, seconds))


def tell(text: str) -> Told:
    """What the query wrote, counted. Raises msgspec.ValidationError."""
    answer: Answer = msgspec.convert(powershell.parse(text), Answer, strict=False)
    return Told(devices(answer.device), queues(answer.printer), answer.broken)


def devices(entities: tuple[Entity, ...]) -> dict[str, int]:
    """Devices by class, all of CLASSES."""
    counts = dict.fromkeys(CLASSES, 0)
    for entity in entities:
        for found in classes(entity):
            counts[found] += 1
    return counts


def classes(entity: Entity) -> frozenset[str]:
    """What an entity is, of CLASSES. A printer is counted where its USB driver sits (usbprint), a reader that types
    as the keyboard that it is: what else they appear as is of other classes."""
    guid, name = entity.ClassGuid.lower(), entity.Name
    if _NOT_REAL.search(name):
        return frozenset()
    if guid == _USB_CLASS:
        is_printer = entity.Service.lower() == "usbprint"
        return usb.classes(Device(_vendor(entity), name, ((7, 1, 2),))) if is_printer else frozenset()
    if guid == _IMAGE:
        return frozenset(("camera" if _IS_CAMERA.search(name) else "scanner",))
    if guid == _KEYBOARD:
        # every HID keyboard is called that by Windows, readers too: only the maker tells
        found = usb.is_reader(Device(_vendor(entity), "", ((3, 1, 1),)))
        return frozenset(("barcode_reader",)) if found else frozenset()
    if guid == _HID:
        ids = entity.HardwareID.upper()
        return frozenset({_ON_TOUCH: "touch_screen", _BAR_CODE: "barcode_reader"}[one] for one in _USAGES if one in ids)
    alone = {_CAMERA: "camera", _CARD: "card_reader", _READER: "barcode_reader"}.get(guid)
    return frozenset((alone,)) if alone else frozenset()


_USAGES = (_ON_TOUCH, _BAR_CODE)


def queues(printers: tuple[Printer, ...]) -> tuple[Queue, ...]:
    """The queues that print on paper, not those that write files, send faxes or lead back through Remote Desktop."""
    return tuple(
        _queue(one) for one in printers if not _WRITERS.search(one.DriverName) and not _PORTS.fullmatch(one.PortName)
    )


def _queue(one: Printer) -> Queue:
    offline = one.WorkOffline or one.ExtendedPrinterStatus == _OFFLINE
    found: dict[Trouble, bool] = {"offline": offline, "paused": one.ExtendedPrinterStatus == _PAUSED}
    if one.DetectedErrorState in _ERRORS:
        found[_ERRORS[one.DetectedErrorState]] = True
    state = "stopped" if offline else _STATES.get(one.ExtendedPrinterStatus, "unknown")
    return Queue(state, tuple(sorted(name for name, so in found.items() if so)))


def _vendor(entity: Entity) -> int:
    found = re.search(r"VID_([0-9A-F]{4})", entity.HardwareID, re.I)
    return int(found[1], 16) if found else 0
