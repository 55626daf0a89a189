"""What PC/SC shows: a real pcscd with virtual readers, recorded names and flags, and Windows by its documentation."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from checks.kit import child, pcsc, token_windows
from checks.kit.host import Host
from checks.kit.model import Reason
from checks.kit.pcsc import FUNCTION, Reader, Readers
from checks.kit.token_windows import Session
from tests.lab import pcsc as lab

_HOLD = """
import sys
from smartcard import scard as s
_, context = s.SCardEstablishContext(s.SCARD_SCOPE_SYSTEM)
failed, card, _ = s.SCardConnect(context, sys.argv[1], s.SCARD_SHARE_EXCLUSIVE, s.SCARD_PROTOCOL_ANY)
print(failed, flush=True)
sys.stdin.read()
"""


def _look() -> Readers:
    found: Readers = child.call(FUNCTION, None, answer=Readers, timeout=20)
    return found


def test_readers_and_cards_are_seen_and_no_card_is_spoken_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty, present, held by another program, pulled out; the card itself was asked for nothing."""
    with lab.running() as daemon:
        monkeypatch.setenv("PCSCLITE_CSOCK_NAME", daemon.socket)
        empty = Reader("Virtual PCD", "empty")
        assert _look() == Readers([empty, empty])
        card = daemon.plug(reader=1)
        seen = _look()
        assert seen == Readers([empty, Reader("Virtual PCD", "present", lab.ETOKEN)])
        assert seen.cards == [seen.readers[1]]
        assert card.asked == []
        holding = [sys.executable, "-c", _HOLD, "Virtual PCD 00 01"]
        with subprocess.Popen(holding, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"0\n"
            assert _look().readers[1] == Reader("Virtual PCD", "exclusive", lab.ETOKEN)
            holder.communicate()
        daemon.pull(card, reader=1)
        assert _look() == Readers([empty, empty])


def test_a_card_that_cannot_be_powered_is_mute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something is there, and nothing can be said of it."""
    with lab.running() as daemon:
        monkeypatch.setenv("PCSCLITE_CSOCK_NAME", daemon.socket)
        daemon.plug(mute=True)
        seen = _look()
        assert (seen.cards, seen.mute, seen.trouble) == ([], True, "")


def test_without_the_service_nothing_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """PCSC_STOPPED."""
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd.comm")
    assert _look() == Readers(trouble=Reason.PCSC_STOPPED)


def test_without_the_extra_nothing_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """UNSUPPORTED where pyscard is not installed; the check itself can be loaded all the same."""
    monkeypatch.setitem(sys.modules, "smartcard", None)
    assert pcsc.look(None) == Readers(trouble=Reason.UNSUPPORTED)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("SafeNet eToken 5100 [eToken 5110 SC] 00 00", "SafeNet eToken 5100"),
        ("SafeNet Token JC 0", "SafeNet Token JC"),
        ("AKS ifdh [Main Interface] 00 00", "AKS ifdh"),
        ("bit4id TokenME EVO v2 (3002021900000000) 00 00", "bit4id TokenME EVO v2"),
        ("PC/SC: bit4id TokenME EVO v2 0", "PC/SC: bit4id TokenME EVO v2"),
        ("FT ePass2003Auto 2", "FT ePass2003Auto"),
        ("Gemalto PC Twin Reader (A1B2C3D4) 01 0A", "Gemalto PC Twin Reader"),
        ("Reader 0123456789ABCDEF", "Reader"),
        ("Feedback reader", "Feedback reader"),
        ("Token 12345 00 00", "Token"),
        ("Token SN00A1B2C34Z", "Token"),
        ("Token S/N:1234-567 0", "Token"),
        ("Token DEAD-BEE1-CAFE 00", "Token"),
        ("Token 3f:2a:9c 01", "Token"),
        ("Token (99887766", "Token"),
        ("ACS ACR1252 1S CL Reader 00", "ACS ACR1252 1S CL Reader"),
        ("Gemalto USB-SL PCSC-2.0 5110+ 1234", "Gemalto USB-SL PCSC-2.0 5110+ 1234"),
        ("x" * 100, "x" * 64),
        ("a\x1b[31m\n(b)", "a [31m"),
    ],
)
def test_a_readers_name_is_its_makers(name: str, plain: str) -> None:
    """As PC/SC of Windows and Linux writes them; serial number, interface and index are cut."""
    assert pcsc.plain(name) == plain


_FLAGS = SimpleNamespace(SCARD_STATE_MUTE=0x200, SCARD_STATE_PRESENT=0x20, SCARD_STATE_EXCLUSIVE=0x80)


@pytest.mark.parametrize(
    ("flags", "atr", "state"),
    [
        (0x12, b"", "empty"),
        (0x22, b"\x3b", "present"),
        (0x122, b"\x3b", "present"),
        (0xA2, b"\x3b", "exclusive"),
        (0x222, b"", "mute"),
        (0x22, b"", "mute"),
        (0x8, b"", "empty"),
        (0x10022, b"\x3b", "present"),
    ],
)
def test_flags_of_a_reader_have_one_word(flags: int, atr: bytes, state: str) -> None:
    """Recorded values of SCardGetStatusChange, the counter of events in the upper half."""
    assert pcsc.state(flags, atr, _FLAGS) == state


class _Card:
    """pyscard's functions as they answer on a Windows PC that has never had a reader but its own inventions."""

    SCARD_SCOPE_SYSTEM, SCARD_STATE_UNAWARE, SCARD_E_TIMEOUT = 2, 0, 0x8010000A
    SCARD_E_NO_READERS_AVAILABLE = 0x8010002E

    @staticmethod
    def SCardListReaders(_context: object, _groups: list[str]) -> tuple[int, list[str]]:
        return 0, ["Windows Hello for Business 1", "Microsoft Virtual Smart Card 0", "Microsoft UICC ISO Reader 1"]


def test_readers_that_windows_makes_up_are_none() -> None:
    """No token is ever in one."""
    assert pcsc._readers(_Card, None) == Readers()


@pytest.mark.parametrize(
    ("session", "redirected"),
    [
        (Session(1, 1, remote=False), False),
        (Session(2, 1, remote=True), True),
        (Session(3, 1, remote=False), True),
        (Session(2, None, remote=False), False),
        (Session(2, None, remote=True), True),
        (Session(0, 1, remote=False), False),
        (Session(0, 1, remote=True), False),
    ],
)
def test_a_remote_session_shows_another_pcs_readers(session: Session, redirected: bool) -> None:
    """READER_REDIRECTED: the console is not it, the agent as a service is not it."""
    assert token_windows.redirected(session) is redirected


def test_a_service_that_starts_with_the_first_reader_is_not_stopped() -> None:
    """Windows 8 and later stop it after the last one; only a disabled service is a fault."""

    class Registry(Host):
        def __init__(self, start: int | None) -> None:
            super().__init__("/nonexistent")
            self._start = start

        def registry(self, key: str, value: str) -> int | None:
            assert (key, value) == (r"SYSTEM\CurrentControlSet\Services\SCardSvr", "Start")
            return self._start

    assert [token_windows.disabled(Registry(start)) for start in (2, 3, 4, None)] == [False, False, True, False]


def test_elsewhere_than_on_windows_its_sources_are_empty() -> None:
    """No session, no store."""
    assert token_windows.session(Host()) is None
    assert token_windows.authorities() == []
    assert token_windows.personal() is None
