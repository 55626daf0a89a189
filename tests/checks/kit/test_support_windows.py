"""What a Windows PC's registry and answers say of its upkeep; not yet proven on a PC."""

from __future__ import annotations

import pytest

from checks.kit import support_windows
from checks.kit.host import Host
from checks.kit.powershell import query
from checks.kit.support_state import Antivirus, Finding
from checks.kit.support_windows import FIREWALL_SERVICE, FIREWALLS, POLICY, PROFILES, VERSION, Asked, Product

POLICY_FOLDER, LOCAL_FOLDER = FIREWALLS


class Registry(Host):
    """Values by key and name, and the subkeys of keys."""

    def __init__(self, values: dict[tuple[str, str], str | int], subkeys: dict[str, list[str]] | None = None) -> None:
        super().__init__("/nonexistent")
        self._values, self._subkeys = values, subkeys or {}

    def registry(self, key: str, value: str) -> str | int | None:
        return self._values.get((key, value))

    def registry_names(self, key: str) -> list[str]:
        return self._subkeys.get(key, [])


@pytest.mark.parametrize(
    ("state", "on", "current"),
    [
        (0x061100, True, True),  # Defender at work
        (0x061110, True, False),
        (0x060100, False, True),  # Defender beside another
        (0x041000, True, True),  # another maker's at work
        (0x041010, True, False),
        (0x040000, False, True),
        (0x042010, False, False),  # snoozed
        (0x043010, False, False),  # expired
    ],
)
def test_the_bits_of_a_product_tell_on_and_current(state: int, on: bool, current: bool) -> None:
    """Values as they are seen on PCs."""
    product = Product("any", state)
    assert (product.on, product.current) == (on, current)


def test_the_product_that_is_on_and_current_counts() -> None:
    """Others may be registered beside it."""
    asked = Asked(
        antivirus=(Product("A", 0x060100), Product("Bkav Pro", 0x041010), Product("Kaspersky", 0x041000)),
        defender_days=3,
    )
    assert support_windows.antivirus(asked) == Antivirus(
        on=Finding(True, "security_centre"), product="Kaspersky", current=True
    )


@pytest.mark.parametrize(
    ("asked", "on"),
    [
        (None, Finding(None, "query_failed")),
        (Asked(), Finding(None, "none_seen")),
        (Asked(centre="Stopped"), Finding(None, "none_seen")),
        (Asked(centre="Running"), Finding(False, "none_registered")),
        (Asked(defender_on=True), Finding(True, "defender")),
        (Asked(defender_on=True, defender_watches=False), Finding(False, "defender")),
        (Asked(defender_on=False), Finding(None, "none_seen")),
    ],
)
def test_nobody_registered_is_a_no_only_while_the_centre_runs(asked: Asked | None, on: Finding) -> None:
    """An empty answer may be a refused one."""
    assert support_windows.antivirus(asked).on == on


def test_signatures_that_never_came_have_no_age() -> None:
    """Defender counts them as 65535 days."""
    assert support_windows.antivirus(Asked(defender_on=True, defender_days=65535)).days is None
    assert support_windows.antivirus(Asked(defender_on=True, defender_days=12)).days == 12


def test_a_products_name_is_made_printable_and_short() -> None:
    """It is a stranger's text."""
    name = support_windows.antivirus(Asked(antivirus=(Product("A\x00\x1b[31m" + "b" * 500, 0x041000),))).product
    assert name
    assert name.isprintable()
    assert len(name) <= 128


@pytest.mark.parametrize(
    ("local", "policy", "expected"),
    [
        ((1, 1, 1), (None, None, None), Finding(True, "profiles_on")),
        ((1, 0, 1), (None, None, None), Finding(False, "some_profiles_off")),
        ((0, 0, 0), (None, None, None), Finding(False, "profiles_off")),
        ((0, 0, 0), (1, 1, 1), Finding(True, "profiles_on")),
        ((1, 1, 1), (None, 0, None), Finding(False, "some_profiles_off")),
        ((1, None, 1), (None, None, None), Finding(None, "not_readable")),
        ((None, None, None), (None, None, None), Finding(None, "not_readable")),
    ],
)
def test_the_firewall_is_on_when_it_is_in_every_network(
    local: tuple[int | None, ...], policy: tuple[int | None, ...], expected: Finding
) -> None:
    """What the administrator prescribes prevails."""
    rows = ((LOCAL_FOLDER, local), (POLICY_FOLDER, policy))
    values: dict[tuple[str, str], str | int] = {
        (folder + profile, "EnableFirewall"): value
        for folder, states in rows
        for profile, value in zip(PROFILES, states, strict=True)
        if value is not None
    }
    assert support_windows.firewall(Registry(values), ()) == expected


def test_another_makers_firewall_or_a_disabled_service_decides() -> None:
    """Whatever the profiles say."""
    on: dict[tuple[str, str], str | int] = {(LOCAL_FOLDER + profile, "EnableFirewall"): 1 for profile in PROFILES}
    disabled = Registry({**on, (FIREWALL_SERVICE, "Start"): 4})
    assert support_windows.firewall(disabled, ()) == Finding(False, "service_disabled")
    assert support_windows.firewall(disabled, (Product("X", 0x041010),)) == Finding(True, "security_centre")


@pytest.mark.parametrize(
    ("servicing", "update", "renames", "expected"),
    [
        (["Packages", "RebootPending"], ["RebootRequired"], 0, Finding(True, "servicing")),
        (["Packages"], ["RebootRequired"], 0, Finding(True, "windows_update")),
        (["Packages"], [], 2, Finding(True, "file_renames")),
        (["Packages"], [], 0, Finding(False, "no_mark")),
        (["Packages"], [], None, Finding(False, "no_mark")),
        ([], [], None, Finding(None, "not_readable")),
    ],
)
def test_windows_own_marks_come_first(
    servicing: list[str], update: list[str], renames: int | None, expected: Finding
) -> None:
    """A key that is never empty and shows nothing could not be read."""
    host = Registry({}, {support_windows.SERVICING: servicing, support_windows.UPDATE: update})
    assert support_windows.reboot(host, renames) == expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("11/20/2026 03:12:00", 1795144320), ("12/30/1899 00:00:00", None), ("20/11/2026 03:12:00", None),
     ("today", None), ("", None), (None, None)],
)  # fmt: skip
def test_times_are_utc_and_month_first(text: str | None, seconds: int | None) -> None:
    """As PowerShell casts them; the zero of an automation date is none."""
    assert support_windows.moment(text) == seconds


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (None, Finding(None, "query_failed")),
        (Asked(), Finding(None, "needs_rights")),
        (Asked(protection=0), Finding(False, "bitlocker")),
        (Asked(protection=1), Finding(True, "bitlocker")),
        (Asked(protection=2), Finding(None, "not_readable")),
    ],
)
def test_encryption_that_may_not_be_read_is_unknown(asked: Asked | None, expected: Finding) -> None:
    """Without elevation the query leaves it out."""
    assert support_windows.encryption(asked) == expected


@pytest.mark.parametrize(
    ("value", "locks", "after"),
    [(900, True, 900), (0, None, None), (None, None, None), ("900", None, None), (2**31, None, None)],
)
def test_the_screen_locks_by_the_machines_policy(
    value: str | int | None, locks: bool | None, after: int | None
) -> None:
    """Without it, users decide, and nobody may read what."""
    found = support_windows.screen(Registry({} if value is None else {(POLICY, "InactivityTimeoutSecs"): value}))
    assert (found.locks.value, found.after) == (locks, after)


@pytest.mark.parametrize("build", ["", "19045\n", "９９", "-1", "1" * 40, 19045])
def test_a_build_that_is_no_number_is_unknown(build: str | int) -> None:
    """The registry holds what anybody wrote there."""
    found = support_windows.installed(Registry({(VERSION, "CurrentBuild"): build, (VERSION, "EditionID"): 7}))
    assert (found.os, found.edition, found.build) == (None, None, None)


def test_the_script_can_be_put_on_a_command_line() -> None:
    """No double quote, which versions of PowerShell treat differently; brackets and quotes are closed."""
    script = support_windows.SCRIPT
    assert '"' not in script
    assert script.count("'") % 2 == 0
    assert all(script.count(left) == script.count(right) for left, right in ("()", "{}", "[]"))
    assert all(cmdlet not in script for cmdlet in ("Get-CimInstance", "ConvertTo-Json"))


def test_powershell_that_is_missing_is_said() -> None:
    """On this system there is none."""
    with pytest.raises(Exception, match="PowerShell cannot be started"):
        query(support_windows.SCRIPT, 5.0)
