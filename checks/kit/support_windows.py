"""How a Windows PC is kept up, from its registry and one PowerShell query. Written from the documentation and tested on
recorded answers: not yet proven on a PC.

What one query takes does not depend on rights; what needs them (BitLocker) is left out of its answer and unknown. The
query fails as a whole at worst: what the registry says is still told.
"""

from __future__ import annotations

import datetime

import msgspec
from msgspec import Struct

from checks.kit import powershell
from checks.kit.child import ChildError
from checks.kit.host import Host
from checks.kit.machine import first
from checks.kit.model import Child
from checks.kit.releases import windows_system
from checks.kit.support_state import Antivirus, Finding, Installed, Screen, State, Updates

VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
SERVICING = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing"
UPDATE = r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update"
POLICY = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System"
PROFILES = ("DomainProfile", "StandardProfile", "PublicProfile")
FIREWALLS = (
    "SOFTWARE\\Policies\\Microsoft\\WindowsFirewall\\",
    "SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\",
)  # a policy prevails over what the user set
FIREWALL_SERVICE = r"SYSTEM\CurrentControlSet\Services\MpsSvc"
_DISABLED = 4
_DAYS = 3650  # Defender counts the days of signatures that never came as 65535

SCRIPT = """
Say 'centre' (Get-Service wscsvc).Status
SayAll 'antivirus' (Get-WmiObject -Namespace root/SecurityCenter2 -Class AntiVirusProduct) 'displayName','productState'
SayAll 'firewall' (Get-WmiObject -Namespace root/SecurityCenter2 -Class FirewallProduct) 'displayName','productState'
$defender = Get-WmiObject -Namespace root/Microsoft/Windows/Defender -Class MSFT_MpComputerStatus
Say 'defender_on' $defender.AntivirusEnabled
Say 'defender_watches' $defender.RealTimeProtectionEnabled
Say 'defender_days' $defender.AntivirusSignatureAge
$volume = Get-WmiObject -Namespace root/CIMV2/Security/MicrosoftVolumeEncryption -Class Win32_EncryptableVolume |
  Where-Object { $_.DriveLetter -eq $env:SystemDrive }
Say 'protection' $volume.ProtectionStatus
$session = Get-ItemProperty 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Session Manager'
if ($session) { Say 'renames' (@($session.PendingFileRenameOperations | Where-Object { $_ }).Count) }
$results = (New-Object -ComObject Microsoft.Update.AutoUpdate).Results
Say 'searched' $results.LastSearchSuccessDate
Say 'installed' $results.LastInstallationSuccessDate
$patch = Get-WmiObject Win32_QuickFixEngineering | Sort-Object InstalledOn | Select-Object -Last 1
Say 'patched' $patch.InstalledOn
"""


class Product(Struct, frozen=True, rename={"name": "displayName", "state": "productState"}):
    """What the security centre knows of a product: the bits of ``state`` are not documented, but long known."""

    name: str = ""
    state: int = 0

    @property
    def on(self) -> bool:
        """0 off, 1 on, 2 snoozed, 3 expired."""
        return (self.state >> 12) & 0xF == 1

    @property
    def current(self) -> bool:
        """Whether its signatures are up to date, as it says itself."""
        return (self.state >> 4) & 0xF == 0


class Asked(Struct, frozen=True, kw_only=True):
    """The query's answer; None is what it left out. Times are UTC as PowerShell's cast writes them."""

    centre: str | None = None
    antivirus: tuple[Product, ...] = ()
    firewall: tuple[Product, ...] = ()
    defender_on: bool | None = None
    defender_watches: bool | None = None
    defender_days: int | None = None
    protection: int | None = None
    renames: int | None = None
    searched: str | None = None
    installed: str | None = None
    patched: str | None = None


def ask(seconds: float) -> Asked:
    """In a child: the query. Raises PowerShellError and msgspec.ValidationError."""
    return parse(powershell.query(SCRIPT, seconds))


def parse(text: str) -> Asked:
    """What the query wrote. Raises msgspec.ValidationError."""
    return msgspec.convert(powershell.parse(text), Asked, strict=False)


def gather(host: Host, child: Child, seconds: float) -> State:
    """Everything that registry and query tell within `seconds`."""
    try:
        asked: Asked | None = child.call(f"{__name__}:ask", seconds, answer=Asked, timeout=seconds + 2, memory=1 << 30)
    except ChildError:
        asked = None
    found = asked or Asked()
    return State(
        installed=installed(host),
        reboot=reboot(host, found.renames),
        updates=updates(found),
        antivirus=antivirus(asked),
        firewall=firewall(host, found.firewall),
        encryption=encryption(asked),
        screen=screen(host),
    )


def installed(host: Host) -> Installed:
    """The release. ``CurrentBuild`` tells it; Windows 11 still calls itself 10 elsewhere."""
    build = host.registry(VERSION, "CurrentBuild")
    number = int(build) if isinstance(build, str) and build.isascii() and build.isdigit() and len(build) < 7 else None
    server = str(host.registry(VERSION, "InstallationType") or "").startswith("Server")
    names = [host.registry(VERSION, name) for name in ("DisplayVersion", "ReleaseId")]
    edition = host.registry(VERSION, "EditionID")
    return Installed(
        os=windows_system(number, server),
        edition=edition if isinstance(edition, str) else None,
        version=first(*(name for name in names if isinstance(name, str))),
        build=number,
    )


def reboot(host: Host, renames: int | None) -> Finding:
    """Windows' own two marks; without them, files that a program wants replaced at the next start."""
    servicing = host.registry_names(SERVICING)
    if "RebootPending" in servicing:
        return Finding(True, "servicing")
    if "RebootRequired" in host.registry_names(UPDATE):
        return Finding(True, "windows_update")
    if renames:
        return Finding(True, "file_renames")
    return Finding(False, "no_mark") if servicing else Finding(None, "not_readable")


def updates(asked: Asked) -> Updates:
    """What waits is not asked: the search takes minutes. When a patch came last, and when updates were looked for."""
    last = [found for text in (asked.patched, asked.installed) if (found := moment(text))]
    return Updates(basis="not_measured", checked=moment(asked.searched), installed=last[0] if last else None)


def moment(text: str | None) -> int | None:
    """``11/20/2026 03:12:00`` (UTC) as epoch seconds; None for what is no time, or the zero of an empty one."""
    try:
        found = datetime.datetime.strptime(text or "", "%m/%d/%Y %H:%M:%S").replace(tzinfo=datetime.UTC)
    except ValueError:
        return None
    return int(found.timestamp()) if found.year >= 2000 else None


def antivirus(asked: Asked | None) -> Antivirus:
    """A product of the security centre that is on, else one that is off. Where there is no centre (Windows Server) or
    its service stands still, Defender's own word counts; that nobody is registered is a no only while it runs."""
    if asked is None:
        return Antivirus(on=Finding(None, "query_failed"))
    days = asked.defender_days if asked.defender_days is not None and asked.defender_days < _DAYS else None
    if asked.antivirus:
        best = min(asked.antivirus, key=lambda one: (not one.on, not one.current))
        name, age = first(best.name), days if "Defender" in best.name else None
        return Antivirus(on=Finding(best.on, "security_centre"), product=name, current=best.current, days=age)
    if asked.defender_on:
        on = Finding(asked.defender_watches is not False, "defender")
        return Antivirus(on=on, product="Microsoft Defender", days=days)
    return Antivirus(on=Finding(False, "none_registered") if asked.centre == "Running" else Finding(None, "none_seen"))


def firewall(host: Host, products: tuple[Product, ...]) -> Finding:
    """Another maker's that is on, else Windows' own: yes only where it is on in all three kinds of network."""
    if any(product.on for product in products):
        return Finding(True, "security_centre")
    if host.registry(FIREWALL_SERVICE, "Start") == _DISABLED:
        return Finding(False, "service_disabled")
    switches = [_switch(host, profile) for profile in PROFILES]
    if 0 in switches:
        return Finding(False, "some_profiles_off" if any(switches) else "profiles_off")
    return Finding(None, "not_readable") if None in switches else Finding(True, "profiles_on")


def _switch(host: Host, profile: str) -> int | None:
    found = (host.registry(folder + profile, "EnableFirewall") for folder in FIREWALLS)
    return next((value for value in found if isinstance(value, int)), None)


def encryption(asked: Asked | None) -> Finding:
    """BitLocker on the system's volume; its query needs elevation."""
    if asked is None:
        return Finding(None, "query_failed")
    if asked.protection in (0, 1):
        return Finding(asked.protection == 1, "bitlocker")
    return Finding(None, "needs_rights" if asked.protection is None else "not_readable")


def screen(host: Host) -> Screen:
    """The machine's policy. Without one, users' own settings decide, which a service cannot read."""
    after = host.registry(POLICY, "InactivityTimeoutSecs")
    if isinstance(after, int) and 0 < after < 1_000_000:
        return Screen(Finding(True, "policy"), after)
    return Screen(Finding(None, "user_setting"))
