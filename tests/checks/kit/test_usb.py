"""What is plugged in, from recorded sysfs trees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import usb
from checks.kit.usb import CLASSES, Device, classes
from tests.checks.desks import Tree

RECORDED = Path(__file__).parents[1] / "recorded" / "peripherals"
LINUX = ("counter-pc", "kiosk", "bare-pc")
HID, CDC, PRINTER, OWN, PTP, VIDEO = (3, 1, 1), (2, 2, 1), (7, 1, 2), (255, 255, 255), (6, 1, 1), (14, 1, 0)


def recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    return found


@pytest.mark.parametrize("name", LINUX)
def test_what_is_plugged_in_is_counted_by_class(name: str) -> None:
    """A multifunction printer twice; keyboards, mice, hubs and sticks not at all."""
    record = recorded(name)
    assert usb.gather(Tree(record["files"])) == record["counts"]


def test_without_usb_nothing_is_known() -> None:
    """A PC with USB shows at least its hubs."""
    assert usb.gather(Tree({})) is None


@pytest.mark.parametrize(
    ("device", "found"),
    [
        (Device(0x04F9, "Brother MFC-L2701D", (PRINTER, OWN)), {"printer", "scanner"}),
        (Device(0x03F0, "HP LaserJet Professional P1102", (PRINTER, (8, 6, 80))), {"printer"}),
        (Device(0x03F0, "HP LaserJet MFP M130fw", (PRINTER, OWN)), {"printer", "scanner"}),
        (Device(0x04B8, "EPSON TM-T82", (PRINTER,)), {"receipt_printer"}),
        (Device(0x04A9, "Canon CanoScan LiDE 120", (OWN,)), {"scanner"}),
        (Device(0x1083, "Canon DR-C225", (OWN,)), {"scanner"}),
        (Device(0x04C5, "FUJITSU fi-7160", (OWN, HID)), {"scanner"}),
        (Device(0x05F9, "PSC Scanning, Inc. Handheld", (CDC,)), {"barcode_reader"}),
        (Device(0x9999, "USB QR code reader", (HID,)), {"barcode_reader"}),
        (Device(0x046D, "Logitech USB Keyboard", (HID, HID)), set()),
        (Device(0x05E0, "Symbol charging cradle", (HID,)), set()),
        (Device(0x2341, "Arduino Uno", (CDC,)), set()),
        (Device(0x0529, "Aladdin eToken 5110", ((11, 0, 0),)), {"card_reader"}),
        (Device(0x05AC, "Apple iPhone", (PTP, OWN)), {"photo_device"}),
        (Device(0x046D, "HD Webcam C270", (VIDEO, (1, 1, 0))), {"camera"}),
        (Device(0x10C4, "CP2102 USB to UART", (OWN,)), set()),
        (Device(), set()),
    ],
)
def test_a_device_is_what_class_maker_and_name_say(device: Device, found: set[str]) -> None:
    """The table in words."""
    assert classes(device) == found


def test_every_record_is_used() -> None:
    """A file that no test reads proves nothing; those of Windows have their own test."""
    assert {file.stem for file in RECORDED.glob("*.json")} == set(LINUX)


@given(
    st.dictionaries(
        st.sampled_from(
            [
                f"/sys/bus/usb/devices/{name}"
                for name in ("1-1/idVendor", "1-1/product", "1-1:1.0/bInterfaceClass", "1-1:1.0/bInterfaceProtocol")
            ]
        ),
        st.text(max_size=40) | st.sampled_from(["07", "03\n", "0e", "zz"]),
    ),
    st.text(),
)
def test_any_text_in_sysfs_is_read(files: dict[str, str], inputs: str) -> None:
    """A device may call itself anything."""
    found = usb.gather(Tree(files | {"/proc/bus/input/devices": inputs}))
    assert found is None or set(found) == set(CLASSES)


@given(st.lists(st.sampled_from(["B: PROP=2", "B: ABS=3", "B: KEY=1 0 zz", "P: Phys=", "P: Phys=a/b", "", "B: ABS="])))
def test_any_input_devices_are_read(lines: list[str]) -> None:
    """Broken lines are no touch screens of another kind."""
    assert usb.touch_screens("\n".join(lines)) <= len(lines)
