"""What the checks of the machine itself would find."""

from __future__ import annotations

from datetime import UTC, datetime

from checks.kit.model import Reading, Reason, Sample, Scalar, failed, ok
from collector.simulate.model import Kind
from collector.simulate.run import Generator, Run, of

DAY = 86_400
YEAR = 365.25 * DAY
WRONG = 600.0
"""Seconds that a wrong clock is ahead: more than a minute, so that signatures are refused, and less than a certificate
would notice."""
SUPPORT_ENDS = {
    "Windows 10 Pro 22H2": "2025-10-14",
    "Windows 11 Pro 24H2": "2026-10-13",
    "Windows 11 Pro 25H2": "2027-10-12",
}
"""As the table of releases of the check ``support`` has them, from the maker's pages."""


def clock(run: Run) -> Reading:
    wrong = run.has(Kind.CLOCK_WRONG)
    offset = WRONG if wrong else run.desk.drift * (run.seconds % (7 * DAY)) + run.chance.gauss(0, 0.002)
    samples = (
        of("clock_ntp_offset", offset), of("clock_ntp_delay", run.rtt()), of("clock_ntp_error", run.rtt() / 2),
        of("clock_ntp_servers", 2, state="agreeing"), of("clock_ntp_servers", 0, state="silent"),
        of("clock_maximum_error", 0.5), of("clock_frequency", run.desk.drift), of("clock_moved", 0),
    )  # fmt: skip
    facts: dict[str, Scalar] = {
        "service": "w32time", "utc_offset": 25_200, "zone_vietnam": True, "steps": 0, "ntp_stratum": 3,
    }  # fmt: skip
    return failed(Reason.CLOCK_WRONG, samples, facts) if wrong else ok(samples, facts)


def device(run: Run) -> Reading:
    desk, age = run.desk, (run.seconds - run.desk.born)
    name, _, version = desk.windows.rpartition(" ")
    free = _free(run)
    samples = (
        of("device_memory_size", desk.memory),
        of("device_memory_available", desk.memory * run.chance.uniform(0.2, 0.6)),
        of("device_swap_size", desk.memory / 2), of("device_swap_free", desk.memory / 3),
        of("device_disk_size", desk.disk), of("device_disk_free", desk.disk * free),
        of("device_uptime", max(0.0, run.seconds - desk.booted)), of("device_age", age),
        of("device_load1", run.around(0.6, 0.6)), of("device_cpu_threads", 8),
    )  # fmt: skip
    facts: dict[str, Scalar] = {
        "vendor": "Dell Inc.", "model": "OptiPlex 3080", "age_years": round(age / YEAR, 1), "age_confidence": "high",
        "age_source": "firmware_date", "virtual": False, "cpu_cores": 4, "cpu_threads": 8, "memory_bytes": desk.memory,
        "disk_kind": "ssd" if desk.ssd else "hdd", "disk_bytes": desk.disk, "disk_free_ratio": round(free, 4),
        "screen_count": 1, "os_name": name, "os_version": version, "architecture": "x86_64",
    }  # fmt: skip
    return ok(samples, facts)


def _free(run: Run) -> float:
    """The free part of the disk: it fills by a hundredth in three days, and is cleared when it is full."""
    if run.has(Kind.DISK_FULL):
        return 0.004
    return 1.0 - (run.desk.filled + run.seconds / (300 * DAY) % 0.12)


def storage(run: Run) -> Reading:
    desk, free, speed = run.desk, _free(run), run.desk.disk / (300 * DAY)
    full, failing = run.has(Kind.DISK_FULL), run.has(Kind.DISK_FAILING)
    samples = (
        of("storage_size", desk.disk, volume="system"), of("storage_free", desk.disk * free, volume="system"),
        of("storage_filling", speed, volume="system"),
        of("storage_until_full", desk.disk * free / speed, volume="system"),
        of("storage_read_only", 0, volume="system"), of("storage_file_systems", 2, kind="local"),
        of("storage_disk_healthy", failing is None, disk="disk1"),
        of("storage_disk_power_on", max(0.0, run.seconds - desk.born) / 4, disk="disk1"),
        of("storage_disk_temperature_celsius", 38 + 4 * run.load, disk="disk1"),
        *([of("storage_disk_wear", 0.02 + desk.filled / 3, disk="disk1")] if desk.ssd else []),
    )  # fmt: skip
    facts: dict[str, Scalar] = {
        "volumes": 1, "system_kind": "local", "least_free_ratio": round(free, 4), "trend": "filling",
        "days_until_full": round(desk.disk * free / speed / DAY, 1), "read_only": 0,
        "smart_method": "smartctl", "disks": 1, "disk_health": "failing" if failing else "good",
    }  # fmt: skip
    if failing or full:
        return failed(Reason.DISK_FAILING if failing else Reason.DISK_FULL, samples, facts)
    return ok(samples, facts)


def support(run: Run) -> Reading:
    ends = SUPPORT_ENDS[run.desk.windows]
    left = int(datetime.fromisoformat(ends).replace(tzinfo=UTC).timestamp() - run.seconds) // DAY
    waiting = run.desk.number * 3 % 11
    samples = (
        of("support_left", left * DAY), of("support_updates", waiting, kind="all"),
        of("support_updates", waiting // 3, kind="security"), of("support_updates_age", run.seconds % (9 * DAY)),
    )  # fmt: skip
    facts: dict[str, Scalar] = {
        "support_ends": ends, "days_left": left, "channel": "home_pro", "support_basis": "data_file",
        "support_confidence": "published", "reboot_pending": waiting > 7, "updates_pending": waiting,
        "updates_security": waiting // 3, "updates_basis": "apt", "antivirus": True, "antivirus_basis": "defender",
        "antivirus_current": True, "firewall": waiting != 9, "disk_encryption": False,
    }  # fmt: skip
    return ok(samples, facts)


def peripherals(run: Run) -> Reading:
    printers = int(run.desk.role == "pc" and run.desk.number % 3 == 1)
    stuck = printers and run.chance.random() < 0.05
    samples: list[Sample] = [
        of("peripherals_devices", printers, **{"class": "printer"}),
        of("peripherals_devices", printers, **{"class": "scanner"}),
        of("peripherals_printers", printers - stuck, state="idle"), of("peripherals_printers", stuck, state="stopped"),
    ]  # fmt: skip
    samples += [of("peripherals_printer_troubles", 1, trouble="paper")] if stuck else []
    facts: dict[str, Scalar] = {
        "printers": printers, "scanners": printers, "printers_installed": printers, "printers_ready": printers - stuck,
        "print_service": "windows", "cameras": 1, "touch_screens": int(run.desk.role == "kiosk"),
    }  # fmt: skip
    return ok(tuple(samples), facts)


def power(run: Run) -> Reading:
    desk, cut = run.desk, run.has(Kind.POWER_CUT)
    samples = [of("power_boots", 6 + (run.cut is not None)), of("power_unclean_shutdowns", int(run.cut is not None))]
    facts: dict[str, Scalar] = {"battery": desk.laptop, "ups": desk.ups, "boots_since": desk.booted - 30 * DAY}
    if desk.laptop:
        samples += [of("power_battery_charge", 0.97), of("power_battery_health", 0.8), of("power_battery_cycles", 211)]
        facts["battery_status"] = "discharging" if cut else "full"
    if desk.ups:
        samples += [
            of("power_ups_charge", 0.8 if cut else 1), of("power_ups_runtime", 900), of("power_ups_load", 0.35),
            of("power_ups_input_volts", 0 if cut else run.chance.gauss(222, 4)),
        ]  # fmt: skip
    if desk.ups or desk.laptop:
        samples.append(of("power_mains", 0 if cut else 1))
    if run.cut is not None and run.cut.end is not None:
        length = (run.cut.end - run.cut.begin) / 1e6
        samples.append(of("power_off", length, kind="unclean"))
        facts |= {
            "last_outage_began": run.cut.begin // 1_000_000, "last_outage_ended": run.cut.end // 1_000_000,
            "last_outage_seconds": length, "last_outage_clean": False,
        }  # fmt: skip
    if desk.ups and cut:
        return failed(Reason.ON_BATTERY, tuple(samples), {**facts, "ups_state": "on_battery"})
    return ok(tuple(samples), facts)


GENERATORS: dict[str, Generator] = {
    "clock": clock, "device": device, "storage": storage, "support": support, "peripherals": peripherals,
    "power": power,
}  # fmt: skip
