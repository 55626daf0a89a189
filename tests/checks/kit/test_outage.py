"""What a device can say, after it booted, of when it was off."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import outage
from checks.kit.model import Boot
from checks.kit.outage import EARLIEST, PRECISION, Entry, Off, entries, gaps, in_order

DAY = 1_790_000_000
"""A moment of office life, epoch seconds."""


def boot(name: str, first: float, last: float, after: float = 40.0, stopped: bool = False) -> Boot:
    return Boot(name, int(first * 1e6), int(last * 1e6), after, stopped)


MORNING = boot("a", DAY, DAY + 7200)
NOON = boot("b", DAY + 9000, DAY + 9100)


def test_a_power_cut_is_from_the_last_sign_of_life_to_the_boot() -> None:
    """The agent starts some seconds after the boot; those were not dark."""
    assert gaps((MORNING, NOON), {}, False) == (Off("a", DAY + 7200, DAY + 8960, 1760.0, False),)


def test_a_stop_in_order_is_no_cut() -> None:
    """Unless the system itself says otherwise, or nobody can say."""
    stopped = boot("a", DAY, DAY + 7200, stopped=True)
    assert [gaps((first, NOON), told, otherwise)[0].clean for first, told, otherwise in (
        (stopped, {}, False), (stopped, {"a": False}, False), (MORNING, {"a": True}, False), (MORNING, {}, None),
    )] == [True, False, True, None]  # fmt: skip


def test_one_boot_has_no_gap() -> None:
    """A device on its first day."""
    assert gaps((MORNING,), {}, False) == gaps((), {}, False) == ()


def test_a_clock_without_its_battery_makes_the_length_unknown() -> None:
    """It says 2000: what it was before is known, how long it lasted is not."""
    reset = boot("b", 946_684_840, 946_684_900)
    assert gaps((MORNING, reset), {}, False) == (Off("a", DAY + 7200, None, None, False),)
    assert gaps((reset, NOON), {}, False) == (Off("b", None, DAY + 8960, None, False),)


def test_boots_that_overlap_mean_a_wrong_clock() -> None:
    """Nobody knows which of the two: neither time is told."""
    earlier = boot("b", DAY - 86_400, DAY - 80_000)
    assert gaps((MORNING, earlier), {}, False) == (Off("a", None, None, None, False),)


def test_a_quick_restart_is_no_negative_time() -> None:
    """The last sign of life and the boot are each right to some seconds."""
    restart = boot("b", DAY + 7200 - 20, DAY + 9000, after=10)
    assert gaps((MORNING, restart), {}, False)[0].seconds == 0


def test_an_absurdly_long_time_is_a_wrong_clock() -> None:
    """Ten years on a shelf."""
    assert (
        gaps((MORNING, boot("b", DAY + 10 * 366 * 86_400, DAY + 10 * 366 * 86_400 + 60)), {}, False)[0].seconds is None
    )


_BOOTS = st.lists(
    st.builds(
        boot,
        st.uuids().map(str),
        st.floats(-1e9, 5e9),
        st.floats(-1e9, 5e9),
        st.floats(0, 1e7),
        st.booleans(),
    ),
    max_size=8,
)


@given(_BOOTS, st.sampled_from([True, False, None]))
def test_whatever_the_clocks_said_nothing_absurd_is_told(boots: list[Boot], otherwise: bool | None) -> None:
    """No negative length, no time before the clock's own time, and no length without both its ends."""
    found = gaps(tuple(boots), {}, otherwise)
    assert [gap.before for gap in found] == [one.id for one in boots[:-1]]
    for gap in found:
        assert gap.seconds is None or 0 <= gap.seconds <= outage.LONGEST
        assert all(at is None or EARLIEST <= at < 2**32 for at in (gap.began, gap.ended))
        if gap.seconds is not None:
            assert gap.began is not None
            assert gap.ended is not None
            assert abs((gap.ended - gap.began) - gap.seconds) <= 1


@given(st.lists(st.tuples(st.floats(1, 1e6), st.floats(1, 1e6)), min_size=2, max_size=8), st.floats(0, PRECISION - 1))
def test_true_times_are_found_again(lives: list[tuple[float, float]], renewed: float) -> None:
    """On and off in turn, last seen alive up to a renewal before the end: every outage to that precision."""
    at = float(DAY)
    boots: list[Boot] = []
    truth: list[tuple[float, float]] = []
    for on, off in lives:
        boots.append(boot(f"{len(boots)}", at + on / 2, at + max(on / 2, on - renewed), on / 2))
        truth.append((at + on, off))
        at += on + off
    for gap, (began, off) in zip(gaps(tuple(boots), {}, False), truth, strict=False):
        assert gap.began is not None
        assert gap.seconds is not None
        assert -1 <= began - gap.began <= PRECISION
        assert -1 <= gap.seconds - off <= PRECISION


def record(kind: int, at: int, user: bytes = b"", wide: bool = False) -> bytes:
    """One struct utmp as the C library lays it out."""
    head = struct.pack("=h2xi32s4s32s256s4x", kind, 1, b"~", b"~~", user, b"6.1.0-28-amd64")
    return head + (struct.pack("=qqq16x20x4x", 0, at, 0) if wide else struct.pack("=iii16x20x", 0, at, 0))


BOOT, SHUTDOWN, LOGIN, LEVEL = (2, b"reboot"), (1, b"shutdown"), (7, b"nguyenvana"), (1, b"runlevel")


def written(*kinds: tuple[int, bytes], wide: bool = False) -> bytes:
    return b"".join(record(kind, DAY + 100 * at, user, wide) for at, (kind, user) in enumerate(kinds))


@pytest.mark.parametrize("wide", [False, True])
def test_boots_and_shutdowns_are_read_from_wtmp(wide: bool) -> None:
    """Of both layouts; who logged in is passed over."""
    found = entries(written(BOOT, LEVEL, LOGIN, SHUTDOWN, BOOT, wide=wide))
    assert found == (Entry(DAY, True), Entry(DAY + 300, False), Entry(DAY + 400, True))
    assert len(record(*BOOT[:1], DAY, wide=wide)) == (400 if wide else 384)


@pytest.mark.parametrize(
    ("kinds", "clean"),
    [
        ((BOOT, SHUTDOWN, BOOT), True),
        ((BOOT, SHUTDOWN, BOOT, LOGIN, BOOT), False),
        ((BOOT, LOGIN, BOOT), None),
        ((SHUTDOWN,), None),
        ((BOOT,), None),
        ((), None),
    ],
)
def test_the_last_boot_is_judged_by_what_stands_before_it(
    kinds: tuple[tuple[int, bytes], ...], clean: bool | None
) -> None:
    """An account in which no shutdown was ever written is none."""
    assert in_order(entries(written(*kinds)), DAY + 100 * (len(kinds) - 1)) is clean


def test_an_account_that_does_not_know_the_present_boot_says_nothing() -> None:
    """A file that a newer system no longer writes."""
    assert in_order(entries(written(BOOT, SHUTDOWN, BOOT)), DAY + 86_400) is None


@given(st.binary(max_size=2000))
def test_any_bytes_are_entries_or_none(data: bytes) -> None:
    """A torn or foreign file stops nothing."""
    assert len(entries(data)) <= len(data) // 384


def test_only_the_end_of_a_long_file_is_read(tmp_path: Path) -> None:
    """Whole records of it."""
    file = tmp_path / "wtmp"
    file.write_bytes(written(*itertools.repeat(LOGIN, 3000), BOOT, SHUTDOWN, BOOT))
    assert [entry.boot for entry in outage.wtmp(str(file))] == [True, False, True]
    file.write_bytes(file.read_bytes()[:-7])
    assert outage.wtmp(str(file)) == outage.wtmp(str(tmp_path / "none")) == ()


@pytest.mark.parametrize(
    ("data", "at"),
    [
        (struct.pack("<Q", (DAY + 11_644_473_600) * 10**7), float(DAY)),
        (b"\0" * 8, None),
        (b"\xff" * 8, None),
        (b"short", None),
        (5, None),
    ],
)
def test_windows_notes_its_shutdown_as_a_filetime(data: object, at: float | None) -> None:
    """100 ns since 1601; recorded, not yet proven on a PC."""
    assert outage.filetime(data) == at


def test_a_shutdown_noted_after_the_last_sign_of_life_ended_that_boot() -> None:
    """An older one did not."""
    found = [outage.after_shutdown(at, MORNING) for at in (DAY + 7230.0, DAY + 7150.0, DAY - 60_000.0, None)]
    assert found == [True, True, False, None]
    assert outage.windows_shutdown() is None
