"""What can go wrong with a PC's power and its disks, as a PC where it does: Debian's upsd with a UPS in each state, and
a system volume on a loop device that is full or that an error made read-only. What only a broken disk says of itself is
recorded: a program in smartctl's place says it.
"""

from __future__ import annotations

import signal
from pathlib import Path

from checks.kit.model import Reason
from tests.checks.kit.test_smart import RECORDED
from tests.desk.place import Pc
from tests.lab.nut import NutServer

UPSES = {
    "dark": {"ups.status": "OB DISCHRG", "battery.charge": "71", "battery.runtime": "900"},
    "low": {"ups.status": "OB LB", "battery.charge": "8"},
    "worn": {"ups.status": "OL RB"},
    "heavy": {"ups.status": "OL OVER", "ups.load": "112"},
    "killed": {"ups.status": "OL"},
}
POWER: dict[Reason, str] = {
    Reason.ON_BATTERY: "dark",
    Reason.BATTERY_LOW: "low",
    Reason.BATTERY_REPLACE: "worn",
    Reason.UPS_OVERLOAD: "heavy",
    Reason.UPS_UNREACHABLE: "killed",
}
"""The UPS that is in the state with this reason."""
# A root of its own: a small ext4 with everything of this machine bound into it. It is gone with the mount namespace.
_BEGIN = """
set -e
here=$(mktemp -d "$1/XXXXXX"); shift
truncate -s 48M "$here/image"; mkfs.ext4 -q -F "$here/image"; mkdir "$here/system"
mount -o loop,errors=remount-ro "$here/image" "$here/system"
for each in /*; do
  if [ -L "$each" ]; then cp -P "$each" "$here/system/"
  elif [ -d "$each" ]; then mkdir -p "$here/system$each"; mount --rbind "$each" "$here/system$each"
  fi
done
"""
_FULL = """
for size in 1M 4k; do dd if=/dev/zero of="$here/system/$size" bs=$size 2>/dev/null || :; done
"""
_ERROR = """
echo '/dev/sda1 / ext4 errors=remount-ro 0 1' > "$here/fstab"
mount --bind "$here/fstab" "$here/system/etc/fstab"
device=$(findmnt -n -o SOURCE --target "$here/system" | tail -1)
echo test > "/sys/fs/ext4/${device#/dev/}/trigger_fs_error"
touch "$here/system/after" 2>/dev/null || :
"""
_FAILING = f"""
printf '#!/bin/sh\\ncase "$*" in *--scan*) cat "%s/scan.json";; *) cat "%s/hdd-failing.json";; esac\\n' \\
  '{RECORDED}' '{RECORDED}' > "$here/smartctl"
chmod +x "$here/smartctl"; mount --bind "$here/smartctl" "$here/system/usr/sbin/smartctl"
"""
_END = """
exec chroot "$here/system" "$@"
"""
DISKS: dict[Reason, str] = {
    Reason.DISK_FAILING: _FAILING,
    Reason.DISK_READ_ONLY: _ERROR,
    Reason.DISK_FULL: _FULL,
}
"""What is done to the PC's system volume."""


def on_ups(folder: Path, server: NutServer, name: str) -> Pc:
    """A PC behind this UPS."""
    return Pc(folder, {"power": {"nut": server.address, "ups": name}})


def break_driver(server: NutServer) -> None:
    """The driver of one UPS dies."""
    server.signal_driver("killed", signal.SIGKILL)
    server.until("killed", "unreachable", "driver-not-connected")


def on_disk(folder: Path, done: str) -> Pc:
    """A PC whose system lies on a loop device, to which this is `done` whenever a command is run."""
    disks = folder / "disks"
    disks.mkdir(parents=True)
    wrapped = ["unshare", "--mount", "sh", "-c", _BEGIN + done + _END, "sh", str(disks)]
    return Pc(folder, {"storage": {}}, wrapped=wrapped)
