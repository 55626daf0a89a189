"""What is plugged into a PC, by class: from the USB interfaces in sysfs and the input devices in /proc.

The class of an interface says most (USB-IF "Defined Class Codes": 07 printer, 06 still image, 0e video, 0b smart card,
03 HID). What it does not say, the vendor and words of the product's name do: hand-held readers present themselves as
keyboards, office scanners and many multifunction printers as vendor-specific. Names and ids stay here: only counts
leave. Vendor ids are those of the USB id list (linux-usb.org/usb.ids).
"""

from __future__ import annotations

import re

from msgspec import Struct

from checks.kit.host import Host

CLASSES = (
    "printer", "receipt_printer", "scanner", "camera", "barcode_reader", "card_reader", "touch_screen", "photo_device",
)  # fmt: skip
MOST = 512
_CDC, _HID, _IMAGE, _PRINTER, _CARD, _VIDEO, _OWN = 0x02, 0x03, 0x06, 0x07, 0x0B, 0x0E, 0xFF

READERS = frozenset({
    0x05E0,  # Symbol (Zebra)
    0x05F9,  # PSC (Datalogic)
    0x0536,  # Hand Held Products (Honeywell)
    0x0C2E,  # Metrologic (Honeywell)
    0x065A,  # Opticon
    0x0745,  # Syntech (CipherLab)
    0x1EAB,  # Newland
})  # fmt: skip
"""Makers of bar-code and QR readers, who make nothing else that a counter has."""
SCANNERS = frozenset({
    0x04C5,  # Fujitsu (ScanSnap, fi series)
    0x05D8,  # Ultima
    0x0638,  # Avision
    0x07B3,  # Plustek
    0x1083,  # Canon Electronics (DR series)
})  # fmt: skip
"""Makers of document scanners; Fujitsu makes other devices too, which have a class of their own."""
RECEIPTS = frozenset({
    0x0519,  # Star Micronics
    0x0DD4,  # Custom Engineering
    0x1504,  # Bixolon
    0x154F,  # SNBC
})  # fmt: skip
"""Makers of receipt printers only."""
CARDS = frozenset({0x072F, 0x0529, 0x25DD})  # ACS, SafeNet eToken, bit4id: old models are vendor-specific
_MULTIFUNCTION = frozenset({0x04A9, 0x04B8, 0x04F9})  # Canon, Epson, Brother: the vendor's own interface scans

_IS_RECEIPT = re.compile(r"receipt|thermal|\bpos[- ]?\d{2}\b|\btm-[tmul]\d|\btsp\d{3}|\bxp-[8c]\d", re.I)
_IS_READER = re.compile(
    r"bar[- ]?code|\bqr\b|qr[- ]?code|\bkbw\b|\b[12]d (imager|scanner|product)|hand[- ]?held scan", re.I
)
_IS_SCANNER = re.compile(r"scan|\bperfection\b|\blide\b|\bads-\d|\bfi-\d|\bdr-\w?\d|\bkv-s\d", re.I)
_SCANS_TOO = re.compile(
    r"\bmfp\b|\bmfc\b|\bdcp\b|\bmf\d{3}|\bscx-|\bclx-|officejet|all[- ]in[- ]one|multifunction", re.I
)
_IS_NOT_READER = re.compile(r"keyboard|mouse|cradle|dock|printer|hub", re.I)
_DEVICE = re.compile(r"[0-9]{1,3}-[0-9]{1,3}(\.[0-9]{1,3}){0,6}")
_DIRECT = 1 << 1  # INPUT_PROP_DIRECT: what is touched is what is shown
_MANY_FINGERS = 1 << 0x35  # ABS_MT_POSITION_X
_PEN = 1 << 0x140  # BTN_TOOL_PEN


class Device(Struct, frozen=True):
    """A USB device: (class, subclass, protocol) of its interfaces; ``name`` is what it calls itself."""

    vendor: int = 0
    name: str = ""
    interfaces: tuple[tuple[int, int, int], ...] = ()


def gather(host: Host) -> dict[str, int] | None:
    """Devices by class, all of CLASSES; None where the system shows no USB at all, not even its hubs."""
    names = host.names("/sys/bus/usb/devices")[:MOST]
    if not names:
        return None
    counts = dict.fromkeys(CLASSES, 0)
    for name in names:
        if _DEVICE.fullmatch(name):
            for found in classes(_device(host, name, names)):
                counts[found] += 1
    counts["touch_screen"] = touch_screens(host.read("/proc/bus/input/devices") or "")
    return counts


def classes(device: Device) -> frozenset[str]:
    """What a device is, of CLASSES: mostly one, two for what prints and scans, none for hubs, keyboards, disks …"""
    kinds = {kind for kind, _, _ in device.interfaces}
    found = set()
    if _PRINTER in kinds:
        found.add("receipt_printer" if device.vendor in RECEIPTS or _IS_RECEIPT.search(device.name) else "printer")
    if _VIDEO in kinds:
        found.add("camera")
    if _CARD in kinds or (device.vendor in CARDS and _OWN in kinds):
        found.add("card_reader")
    if is_reader(device):
        found.add("barcode_reader")
    elif _scans(device, kinds):
        found.add("scanner")
    elif _IMAGE in kinds and not found:
        found.add("photo_device")
    return frozenset(found)


def is_reader(device: Device) -> bool:
    """Whether it reads bar codes: what types or talks like a serial port, by its maker or by its name."""
    kinds = {kind for kind, _, _ in device.interfaces}
    if not kinds & {_HID, _CDC} or kinds & {_PRINTER, _VIDEO, _CARD} or device.vendor in SCANNERS:
        return False
    named = _IS_READER.search(device.name) or _IS_SCANNER.search(device.name)
    return bool(named) or (device.vendor in READERS and not _IS_NOT_READER.search(device.name))


def _scans(device: Device, kinds: set[int]) -> bool:
    if _PRINTER in kinds:
        return bool(_SCANS_TOO.search(device.name)) or (device.vendor in _MULTIFUNCTION and _OWN in kinds)
    if not kinds & {_IMAGE, _OWN} or kinds & {_VIDEO, _CARD}:
        return False
    return device.vendor in SCANNERS or bool(_IS_SCANNER.search(device.name))


def touch_screens(text: str) -> int:
    """Touch screens in /proc/bus/input/devices: what is touched directly, with fingers. A panel has several entries
    (finger, pen), which share the place it is plugged in."""
    found = set()
    for number, block in enumerate(text.split("\n\n")):
        properties, axes, keys = (_bits(block, name) for name in ("PROP", "ABS", "KEY"))
        if properties & _DIRECT and (axes & _MANY_FINGERS or (axes and not keys & _PEN)):
            place = re.search(r"^P: Phys=(\S+)", block, re.M)
            found.add(place[1].partition("/")[0] if place else str(number))
    return len(found)


def _bits(block: str, name: str) -> int:
    """A bitmap as the kernel writes it: words of 64 bits in hexadecimal, the highest first."""
    found = re.search(rf"^B: {name}=([0-9a-f ]{{1,200}})$", block, re.M)
    value = 0
    for word in found[1].split() if found else ():
        value = value << 64 | int(word[-16:], 16)
    return value


def _device(host: Host, name: str, names: list[str]) -> Device:
    folder = f"/sys/bus/usb/devices/{name}/"
    own = [one for one in names if one.startswith(name + ":")]
    return Device(
        _hex(host.read(folder + "idVendor")) or 0,
        " ".join((host.read(folder + one) or "")[:128].strip() for one in ("manufacturer", "product")),
        tuple(found for one in own if (found := _interface(host, one)) is not None),
    )


def _interface(host: Host, name: str) -> tuple[int, int, int] | None:
    folder = f"/sys/bus/usb/devices/{name}/bInterface"
    kind, below, protocol = (_hex(host.read(folder + one)) for one in ("Class", "SubClass", "Protocol"))
    return None if kind is None else (kind, below or 0, protocol or 0)


def _hex(text: str | None) -> int | None:
    found = re.fullmatch(r"[0-9a-fA-F]{1,4}", (text or "").strip())
    return int(found[0], 16) if found else None
