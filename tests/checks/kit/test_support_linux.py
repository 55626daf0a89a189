"""What a Linux PC's texts say of its upkeep."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from checks.kit import support_apt, support_firewall, support_linux
from checks.kit.host import MAX_TEXT, Host
from checks.kit.support_apt import Counts
from checks.kit.support_state import Finding, Installed


@pytest.mark.parametrize(
    ("release", "numbers", "flavour"),
    [
        ("6.1.0-40-amd64", (6, 1, 0, 40), "-amd64"),
        ("6.1.0-40-rt-amd64", (6, 1, 0, 40), "-rt-amd64"),
        ("6.12.43+deb13-amd64", (6, 12, 43, 13), "-amd64"),
        ("6.1.0-0.deb11.21-amd64", (6, 1, 0, 0, 11, 21), "-amd64"),
        ("6.8.0-51-generic", (6, 8, 0, 51), "-generic"),
        ("rescue", (), "rescue"),
        ("", (), ""),
    ],
)
def test_a_kernels_release_is_numbers_and_a_flavour(release: str, numbers: tuple[int, ...], flavour: str) -> None:
    """Debian's and Ubuntu's ways of writing it."""
    assert support_linux.kernel_version(release) == (numbers, flavour)


def test_a_kernels_number_past_reason_is_cut() -> None:
    """Python refuses to read a number of 5,000 digits."""
    assert support_linux.kernel_version("9" * 5000)[0] == (999_999_999,)


@pytest.mark.parametrize(
    ("run", "boot", "kernel", "expected"),
    [
        (["reboot-required"], [], "6.1.0-40-amd64", Finding(True, "reboot_required")),
        ([], ["vmlinuz-6.1.0-9-amd64", "vmlinuz-6.1.0-40-amd64"], "6.1.0-9-amd64", Finding(True, "newer_kernel")),
        ([], ["vmlinuz-6.1.0-9-amd64", "vmlinuz-6.1.0-40-amd64"], "6.1.0-40-amd64", Finding(False, "newest_kernel")),
        ([], ["vmlinuz-6.1.0-9-amd64", "vmlinuz-7.0.0-1-rt-amd64"], "6.1.0-9-amd64", Finding(False, "newest_kernel")),
        ([], ["initrd.img-9.9.9-1-amd64", "config"], "6.1.0-9-amd64", Finding(None, "unknown_kernel")),
        (["reboot-required.pkgs"], [], "6.1.0-9-amd64", Finding(None, "unknown_kernel")),
    ],
)
def test_a_restart_is_pending_when_something_says_so(
    run: list[str], boot: list[str], kernel: str, expected: Finding
) -> None:
    """And is not only where the newest kernel runs; another flavour's is no successor."""
    assert support_linux.reboot(run, boot, kernel) == expected


@pytest.mark.parametrize(
    ("status", "pro"),
    [
        ({"attached": True, "services": [{"name": "esm-infra", "status": "enabled"}]}, True),
        ({"attached": True, "services": [{"name": "esm-infra", "status": "disabled"}]}, False),
        ({"attached": False, "services": [{"name": "esm-infra", "status": "enabled"}]}, False),
        ({"attached": True, "services": [{"name": "esm-apps", "status": "enabled"}]}, False),
        ({"attached": "yes"}, False),
        ([], False),
    ],
)
def test_pro_counts_where_its_fixes_come(status: Any, pro: bool) -> None:
    """Attached, and with the service that brings them."""
    assert support_linux.has_pro(json.dumps(status)) is pro


@pytest.mark.parametrize("text", ["", "{", "\ufffd", "[" * 5000])
def test_a_broken_state_of_pro_is_none(text: str) -> None:
    """The file may be half written."""
    assert support_linux.has_pro(text) is False


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ({"ID": "debian", "VERSION_ID": "12"}, Installed(os="debian", version="12")),
        ({"ID": "debian"}, Installed(os="debian")),
        (
            {"ID": "linuxmint", "ID_LIKE": "ubuntu debian", "VERSION_ID": "21.3"},
            Installed(os="linuxmint", version="21"),
        ),
        ({"ID": "linuxmint", "ID_LIKE": "debian", "VERSION_ID": "6"}, Installed()),
        ({"ID": "zorin", "ID_LIKE": "ubuntu", "VERSION_ID": "17"}, Installed()),
        ({"ID": "windows-10", "VERSION_ID": "22H2"}, Installed()),
        ({}, Installed()),
    ],
)
def test_the_release_is_told_by_os_release(release: dict[str, str], expected: Installed) -> None:
    """What derives from a release does not have its promises."""
    assert support_linux.installed(release, "") == expected


def test_upgrades_are_the_packages_that_have_an_older_version() -> None:
    """A new package is none; one that a security archive has is a security fix."""
    text = (
        "Inst libssl3 [3.0.2-0] (3.0.2-1 Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security [amd64]) [openssl ]\n"
        "Inst linux-image-1 (1.0 Ubuntu:22.04/jammy-security [amd64])\n"
        "Inst bash [5.2.15-2+b8] (5.2.15-2+b13 Debian:12.15/oldstable [amd64])\n"
        "Inst zip [3.0-13] (3.0-13+deb12u1 Debian-Security:12/oldstable-security [amd64])\n"
        "Conf zip (3.0-13+deb12u1 Debian-Security:12/oldstable-security [amd64])\n"
    )
    assert support_apt.parse_upgrades(text) == Counts(3, 2)
    assert support_apt.parse_upgrades("") == Counts(0, 0)
    assert support_apt.parse_upgrades(None) is None


def test_apts_answer_holds_while_nothing_changed() -> None:
    """It is asked again when lists or packages changed; what is not its answer is none."""
    lasting: dict[str, Any] = {}
    support_apt.keep(lasting, "1.0 2.0", Counts(5, 2))
    assert support_apt.kept(json.loads(json.dumps(lasting)), "1.0 2.0") == Counts(5, 2)
    assert support_apt.kept(lasting, "1.0 3.0") is None
    assert support_apt.kept({"upgrades": {"of": "1.0 2.0", "pending": "many"}}, "1.0 2.0") is None
    assert support_apt.kept({"upgrades": []}, "1.0 2.0") is None


def test_the_last_upgrade_is_the_last_that_upgraded() -> None:
    """Installing a package is none."""
    text = (
        "\nStart-Date: 2026-11-01  06:20:04\nUpgrade: a:amd64 (1, 2)\nEnd-Date: 2026-11-01  06:20:31\n"
        "\nStart-Date: 2026-11-20  08:00:00\nInstall: htop:amd64 (3)\nEnd-Date: 2026-11-20  08:00:03\n"
    )
    wanted = time.mktime(time.strptime("2026-11-01 06:20:31", "%Y-%m-%d %H:%M:%S"))
    assert support_apt.parse_history(text) == wanted


@pytest.mark.parametrize(
    "text",
    ["", "Upgrade: a\n", "Upgrade: a\nEnd-Date: 2026-13-41  99:00:00\n", "x" * MAX_TEXT,
     "Upgrade: a\nEnd-Date: 2026-11-01  06:20:31\n" + "\n" * MAX_TEXT],
)  # fmt: skip
def test_a_log_that_does_not_say_is_unknown(text: str) -> None:
    """Empty, broken, or longer than what is read."""
    assert support_apt.parse_history(text) is None


_INPUT = {"chain": {"family": "inet", "table": "f", "name": "in", "hook": "input", "policy": "accept"}}


def _ruleset(*items: dict[str, Any]) -> str:
    return json.dumps({"nftables": [{"metainfo": {}}, *items]})


def _rule(*expressions: dict[str, Any], chain: str = "in") -> dict[str, Any]:
    return {"rule": {"family": "inet", "table": "f", "chain": chain, "expr": list(expressions)}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (_ruleset(), None),
        (_ruleset({"chain": {**_INPUT["chain"], "hook": "output", "policy": "drop"}}), None),
        (_ruleset({"chain": {**_INPUT["chain"], "policy": "drop"}}), Finding(True, "nftables")),
        (_ruleset(_INPUT, _rule({"counter": {}}, {"drop": None})), Finding(True, "nftables")),
        (_ruleset(_INPUT, _rule({"reject": {}})), Finding(True, "nftables")),
        (_ruleset(_INPUT, _rule({"match": {}}, {"drop": None})), Finding(None, "rules_unjudged")),
        (_ruleset(_INPUT, _rule({"drop": None}, chain="other")), Finding(None, "rules_unjudged")),
        (_ruleset(_INPUT, {"rule": 1}, {"chain": []}, _rule()), Finding(None, "rules_unjudged")),
        ("{", Finding(None, "rules_unjudged")),
        ('{"nftables": 1}', Finding(None, "rules_unjudged")),
    ],
)
def test_rules_keep_out_what_nobody_asked_for_or_are_not_judged(text: str, expected: Finding | None) -> None:
    """Banning some addresses is not a firewall."""
    assert support_firewall.parse_ruleset(text) == expected


def test_dconf_keyfiles_are_read_by_section() -> None:
    """Comments and junk are passed over."""
    text = "junk=0\n[org/gnome/desktop/session]\n# a comment\nidle-delay = uint32 300\n[broken\nb=1\n"
    assert support_linux.parse_dconf(text) == {
        "/junk": "0", "org/gnome/desktop/session/idle-delay": "uint32 300", "org/gnome/desktop/session/b": "1",
    }  # fmt: skip


def test_a_setting_that_users_may_change_is_theirs(tmp_path: Path) -> None:
    """A default without a lock prescribes nothing."""
    for path, text in (
        ("usr/share/xsessions/gnome.desktop", ""),
        ("etc/dconf/db/local.d/00", "[org/gnome/desktop/screensaver]\nlock-enabled=true\n"),
    ):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert support_linux.screen(Host(str(tmp_path))).locks == Finding(None, "user_setting")


def test_encryption_that_turns_in_a_circle_ends(tmp_path: Path) -> None:
    """sysfs would not, a recorded tree might."""
    block = tmp_path / "sys/class/block/dm-0"
    (block / "slaves/dm-0").mkdir(parents=True)
    (block / "dev").write_text("253:0\n")
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text("1 1 253:0 / / rw - ext4 /dev/mapper/x rw\n")
    assert support_linux.encryption(Host(str(tmp_path))) == Finding(False, "plain")


def test_a_mapped_device_without_a_number_is_found_by_its_name(tmp_path: Path) -> None:
    """btrfs on an encrypted volume."""
    block = tmp_path / "sys/class/block/dm-3/dm"
    block.mkdir(parents=True)
    (block / "name").write_text("luks-root\n")
    (block / "uuid").write_text("CRYPT-LUKS2-0-luks-root\n")
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text("1 1 0:25 /@ / rw - btrfs /dev/mapper/luks-root rw\n")
    assert support_linux.encryption(Host(str(tmp_path))) == Finding(True, "dm_crypt")


def test_a_program_that_is_missing_or_too_slow_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """apt-get that hangs is killed at its time; nft that fails is passed over."""
    for name, does in (("apt-get", "exec sleep 60"), ("nft", "echo '{}'; exit 1")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    begun = time.monotonic()
    assert support_linux.ask({"seconds": 0.5, "upgrades": True}) == support_linux.Told()
    assert time.monotonic() - begun < 20
