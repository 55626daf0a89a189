"""How a Linux PC is kept up, from what any user may read; parsers are pure, :func:`gather` reads for them.

What only root may read is unknown without it; apt-get and nft are asked in the check's own process.
"""

from __future__ import annotations

import re
import time
from typing import Any

import msgspec
from msgspec import Struct

from checks.kit import support_apt, support_firewall
from checks.kit.child import ChildError
from checks.kit.host import Host
from checks.kit.linux import parse_os_release
from checks.kit.model import Child
from checks.kit.support_state import Antivirus, Finding, Installed, Screen, State
from checks.kit.systemdisk import parse_root

_DESKTOPS = ("/usr/share/xsessions", "/usr/share/wayland-sessions")
_SYSTEMS = ("debian", "ubuntu", "linuxmint")
# What these programs are is certain by their names; that no other antivirus runs can never be.
_ANTIVIRUS = {
    "clamd": "ClamAV", "wdavdaemon": "Microsoft Defender", "kesl": "Kaspersky Endpoint Security",
    "falcon-sensor": "CrowdStrike Falcon", "falcon-sensor-b": "CrowdStrike Falcon",
}  # fmt: skip
_SIGNATURES = ("/var/lib/clamav/daily.cld", "/var/lib/clamav/daily.cvd")
_LOCK = tuple(f"org/{name}/screensaver" for name in ("gnome/desktop", "cinnamon/desktop", "mate"))
_DEEPEST = 8  # partitions, LVM, encryption and RAID one upon the other
_DAY = 86400


class Order(Struct, frozen=True):
    """What to ask within ``seconds``: the packages that would be upgraded only where ``upgrades``."""

    seconds: float
    upgrades: bool


class Told(Struct, frozen=True):
    """What apt-get and nft wrote; None where they did not run or ended with an error."""

    upgrades: str | None = None
    ruleset: str | None = None


def gather(host: Host, child: Child, seconds: float, now: float, lasting: dict[str, Any]) -> State:
    """Everything that can be read, at `now` (epoch seconds). `lasting` keeps apt's last answer."""
    release = parse_os_release(host.read("/etc/os-release") or host.read("/usr/lib/os-release") or "")
    has_lists, of = any("_Packages" in name for name in host.names(support_apt.LISTS)), support_apt.fingerprint(host)
    known = support_apt.kept(lasting, of)
    told = _asked(child, Order(seconds, has_lists and known is None))
    counts = known or support_apt.parse_upgrades(told.upgrades)
    if counts:
        support_apt.keep(lasting, of, counts)
    running = processes(host)
    return State(
        installed=installed(release, host.read("/var/lib/ubuntu-advantage/status.json") or ""),
        reboot=reboot(host.names("/run"), host.names("/boot"), host.system().kernel),
        updates=support_apt.updates(host, counts, has_lists),
        antivirus=antivirus(host, running, now),
        firewall=support_firewall.linux(host.read("/etc/ufw/ufw.conf") or "", running, told.ruleset, host),
        encryption=encryption(host),
        screen=screen(host),
    )


def ask(order: dict[str, Any]) -> Told:
    """In a child: does an :class:`Order`, apt-get at low priority."""
    wanted = msgspec.convert(order, Order)
    until = time.monotonic() + wanted.seconds
    ruleset = _output(("nft", "-j", "list", "ruleset"), min(5.0, wanted.seconds))
    left = max(0.1, until - time.monotonic())
    return Told(_output(support_apt.COMMAND, left) if wanted.upgrades else None, ruleset)


def _output(command: tuple[str, ...], seconds: float) -> str | None:
    import os
    import subprocess

    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/bin:/bin"
    environment = {"PATH": path, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=True, env=environment
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout[: 2 << 20].decode("utf-8", "replace")


def _asked(child: Child, order: Order) -> Told:
    try:
        told: Told = child.call(f"{__name__}:ask", order, answer=Told, timeout=order.seconds + 2.0)
    except ChildError:
        return Told()
    return told


def installed(release: dict[str, str], pro: str) -> Installed:
    """The release of os-release(5); `pro` is what Ubuntu's client left of its state. Of that, only whether fixes of Pro
    come is looked at: it also names a person's account."""
    os, version = release.get("ID", ""), release.get("VERSION_ID", "")
    if os == "linuxmint":  # 21 to 21.3 have one end; LMDE, on Debian, has none that is published
        os, version = ("", "") if "ubuntu" not in release.get("ID_LIKE", "") else (os, version.partition(".")[0])
    if os not in _SYSTEMS:
        return Installed()
    return Installed(os=os, version=version or None, edition="pro" if os == "ubuntu" and has_pro(pro) else None)


class _Service(Struct):
    name: str = ""
    status: str = ""


class _Pro(Struct):
    attached: bool = False
    services: list[_Service] = []


def has_pro(status: str) -> bool:
    """Whether an Ubuntu is attached to Pro and gets its fixes for the base system."""
    try:
        found = msgspec.json.decode(status.encode(), type=_Pro)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return False
    return found.attached and any((one.name, one.status) == ("esm-infra", "enabled") for one in found.services)


def reboot(run: list[str], boot: list[str], kernel: str) -> Finding:
    """From the names in /run and /boot. That no program asked for a restart tells nothing where none would ask: then
    only a newest kernel that runs says no."""
    if "reboot-required" in run:
        return Finding(True, "reboot_required")
    number, flavour = kernel_version(kernel)
    names = [name.removeprefix("vmlinuz-") for name in boot if name.startswith("vmlinuz-")]
    others = [number_ for number_, flavour_ in map(kernel_version, names) if flavour_ == flavour]
    if any(other > number for other in others):
        return Finding(True, "newer_kernel")
    return Finding(False, "newest_kernel") if kernel in names else Finding(None, "unknown_kernel")


def kernel_version(release: str) -> tuple[tuple[int, ...], str]:
    """The numbers of a kernel's release, and the flavour after them: ``6.1.0-40-amd64`` is (6, 1, 0, 40), ``-amd64``.
    Only kernels of one flavour succeed each other."""
    number = re.match(r"\d{1,9}(?:[.+~-](?:deb|bpo|rc)?\d{1,9})*", release)
    end = number.end() if number else 0
    return tuple(map(int, re.findall(r"\d+", release[:end]))), release[end:]


def processes(host: Host) -> frozenset[str]:
    """The names of the programs that run; none where others' may not be seen."""
    pids = [name for name in host.names("/proc") if name.isdigit()]
    return frozenset((host.read(f"/proc/{pid}/comm") or "").strip() for pid in pids) if "1" in pids else frozenset()


def antivirus(host: Host, running: frozenset[str], now: float) -> Antivirus:
    """A program that is known by its name; the age of ClamAV's signatures is that of their file."""
    signatures = [found for path in _SIGNATURES if (found := host.modified(path))]
    days = max(0, int((now - max(signatures)) // _DAY)) if signatures else None
    name = next((_ANTIVIRUS[program] for program in sorted(running) if program in _ANTIVIRUS), None)
    if name:
        return Antivirus(on=Finding(True, "process"), product=name, days=days if name == "ClamAV" else None)
    if not running:
        return Antivirus(on=Finding(None, "needs_rights"))
    if signatures:
        return Antivirus(on=Finding(False, "not_running"), product="ClamAV", days=days)
    return Antivirus(on=Finding(None, "none_seen"))


def encryption(host: Host) -> Finding:
    """Whether dm-crypt lies anywhere under ``/``. What a disk encrypts by itself is not seen."""
    number, source = parse_root(host.read("/proc/self/mountinfo") or "")
    blocks = host.names("/sys/class/block")
    top = next((name for name in blocks if _text(host, name, "dev") == number), "") or _named(host, source, blocks)
    if not top:
        return Finding(None, "unknown_volume")
    return Finding(True, "dm_crypt") if _is_crypt(host, top, _DEEPEST) else Finding(False, "plain")


def _named(host: Host, source: str, blocks: list[str]) -> str:
    """The block device of a path below /dev: file systems of several disks (btrfs) have no number of their own."""
    folder, _, name = source.rpartition("/")
    if folder == "/dev/mapper":
        return next((block for block in blocks if _text(host, block, "dm/name") == name), "")
    return name if folder == "/dev" and name in blocks else ""


def _is_crypt(host: Host, block: str, deepest: int) -> bool:
    if _text(host, block, "dm/uuid").startswith("CRYPT-"):
        return True
    below = host.names(f"/sys/class/block/{block}/slaves") if deepest else []
    return any(_is_crypt(host, name, deepest - 1) for name in below)


def _text(host: Host, block: str, name: str) -> str:
    return (host.read(f"/sys/class/block/{block}/{name}") or "").strip()


def screen(host: Host) -> Screen:
    """What dconf's system databases prescribe; a setting that users may change is theirs, and not readable here."""
    if not any(host.names(path) for path in _DESKTOPS):
        return Screen(Finding(None, "no_desktop"))
    values: dict[str, str] = {}
    locked: set[str] = set()
    for folder in (f"/etc/dconf/db/{name}" for name in host.names("/etc/dconf/db") if name.endswith(".d")):
        for name in host.names(folder):
            values |= parse_dconf(host.read(f"{folder}/{name}") or "")
        for name in host.names(f"{folder}/locks"):
            locked |= {line.strip().lstrip("/") for line in (host.read(f"{folder}/locks/{name}") or "").splitlines()}
    keys = [key for path in _LOCK if (key := f"{path}/lock-enabled") in locked and key in values]
    if not keys:
        return Screen(Finding(None, "user_setting"))
    idle = re.fullmatch(r"(?:uint32 )?(\d{1,6})", values.get("org/gnome/desktop/session/idle-delay", ""))
    return Screen(Finding(values[keys[0]] == "true", "policy"), int(idle[1]) if idle else None)


def parse_dconf(text: str) -> dict[str, str]:
    """A keyfile of dconf: ``path/key`` and its value as written."""
    found, section = {}, ""
    for line in text.splitlines():
        if head := re.fullmatch(r"\[([\w/.-]+)\]", line.strip()):
            section = head[1]
        elif pair := re.fullmatch(r"([\w-]+)\s*=\s*(.*)", line.strip()):
            found[f"{section}/{pair[1]}"] = pair[2]
    return found
