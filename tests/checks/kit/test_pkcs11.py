"""Tokens in SoftHSM, read without a login: what they are, the state of their PIN, their certificates."""

from __future__ import annotations

import struct
from pathlib import Path

import msgspec
import pytest

from checks.kit import pkcs11
from checks.kit.pkcs11 import Library, Token
from tests.lab import modules, softhsm
from tests.lab.authorities import G2_ISSUING, G2_ROOT, Authority
from tests.lab.softhsm import LABEL, MODULE, SoftHsm

SOFTWARE = Token(
    manufacturer="SoftHSM project",
    model="SoftHSM v2",
    initialised=True,
    hardware=False,
    removable=False,
    login_required=True,
    pin="ok",
    unreadable=False,
    certificates=[],
)
BLANK = msgspec.structs.replace(SOFTWARE, initialised=False, pin="unset")


@pytest.fixture
def hsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SoftHsm:
    """One initialised token, empty; this process and its children find it."""
    made = softhsm.one_token(tmp_path)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


class Wrapped:
    """SoftHSM behind the module that keeps account."""

    def __init__(self, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log, self._monkeypatch = log, monkeypatch

    def read(self, *, token_flags: int = 0, slot_flags: int = 0, answer: str = "") -> Library:
        self.log.unlink(missing_ok=True)
        told = modules.wrapping(self.log, token_flags=token_flags, slot_flags=slot_flags, answer=answer)
        with self._monkeypatch.context() as patch:
            for name, value in told.items():
                patch.setenv(name, value)
            return pkcs11.read(modules.wrapper())

    def called(self, name: str) -> int:
        return self.log.read_text("ascii").split().count(name)


@pytest.fixture
def wrapped(hsm: SoftHsm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wrapped:
    return Wrapped(tmp_path / "log", monkeypatch)


def first(library: Library) -> Token:
    return next(token for token in library.tokens if token.initialised)


def test_a_module_says_what_it_is(hsm: SoftHsm) -> None:
    """And of each token what it is; the one that is not initialised is seen as such."""
    found = pkcs11.read(MODULE)
    assert (found.description, found.manufacturer, found.cryptoki) == ("Implementation of PKCS11", "SoftHSM", "2.40")
    assert found.version.startswith("2.")
    assert (found.slots, found.tokens) == (2, [SOFTWARE, BLANK])


def test_neither_label_nor_serial_number_is_told(hsm: SoftHsm) -> None:
    """They may name a person."""
    assert LABEL.encode() not in msgspec.json.encode(pkcs11.read(MODULE))


def test_certificates_come_as_they_were_put(hsm: SoftHsm) -> None:
    """A signer's beside those of the authorities above it; the private key needs a login and is not seen."""
    root = Authority.root(G2_ROOT)
    issuing = root.issuing(G2_ISSUING)
    signer = issuing.signer()
    hsm.key(signer.key_pem)
    for number, der in enumerate((signer.der, issuing.der, root.der), 1):
        hsm.certificate(der, number=number)
    assert sorted(first(pkcs11.read(MODULE)).certificates) == sorted((signer.der, issuing.der, root.der))


def test_more_certificates_than_one_search_returns(hsm: SoftHsm) -> None:
    """Objects are fetched in batches."""
    issuing = Authority.root(G2_ROOT)
    ders = [issuing.signer(serial=number).der for number in range(1, 36)]
    for number, der in enumerate(ders, 1):
        hsm.certificate(der, number=number)
    assert sorted(first(pkcs11.read(MODULE)).certificates) == sorted(ders)


def test_several_tokens_keep_their_own_certificates(hsm: SoftHsm) -> None:
    """Two people's tokens in one PC, a third that is empty."""
    issuing = Authority.root(G2_ROOT)
    ders = [issuing.signer().der for _ in range(2)]
    for label, der in zip(("Mot", "Hai"), ders, strict=True):
        hsm.token(label)
        hsm.certificate(der, label=label)
    found = pkcs11.read(MODULE)
    assert found.slots == 4
    held = [token.certificates for token in found.tokens if token.initialised]
    assert sorted(held) == sorted([[], [ders[0]], [ders[1]]])


def test_no_token_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SoftHSM without a token shows its one empty slot."""
    for name, value in SoftHsm(tmp_path).environment.items():
        monkeypatch.setenv(name, value)
    assert pkcs11.read(MODULE).tokens == [BLANK]


def test_a_wrong_pin_shows_and_reading_leaves_it_as_it_was(hsm: SoftHsm) -> None:
    """However often it is read, the token's store does not change by a bit; the right PIN makes it well again."""
    hsm.wrong_pin()
    before = hsm.state()
    assert {first(pkcs11.read(MODULE)).pin for _ in range(5)} == {"count_low"}
    assert hsm.state() == before
    hsm.right_pin()
    assert first(pkcs11.read(MODULE)).pin == "ok"


@pytest.mark.parametrize(
    ("flags", "pin"),
    [
        (0x10000, "count_low"),
        (0x20000, "final_try"),
        (0x40000, "locked"),
        (0x30000, "final_try"),
        (0x70000, "locked"),
        (0x700000, "ok"),
    ],
)
def test_each_flag_of_the_pin_has_its_state(wrapped: Wrapped, flags: int, pin: str) -> None:
    """The worst one counts; those of the security officer's PIN (CKF_SO_PIN_…) are not the user's."""
    assert first(wrapped.read(token_flags=flags)).pin == pin


def test_the_flags_of_a_slot_tell_hardware(wrapped: Wrapped) -> None:
    """CKF_HW_SLOT and CKF_REMOVABLE_DEVICE, each by itself."""
    told = [first(wrapped.read(slot_flags=flags)) for flags in (0x0, 0x2, 0x4)]
    assert [(token.removable, token.hardware) for token in told] == [(False, False), (True, False), (False, True)]


@pytest.mark.parametrize(
    "answer",
    ["C_GetSlotInfo=0x32", "C_GetTokenInfo=0xE0", "C_OpenSession=0xE0", "C_FindObjectsInit=0x32",
     "C_FindObjects=0x32", "C_FindObjects:2=0x32", "C_GetAttributeValue=0xE0", "C_GetAttributeValue:2=0x32"],
)  # fmt: skip
def test_a_token_that_is_pulled_meanwhile_is_left_out(wrapped: Wrapped, hsm: SoftHsm, answer: str) -> None:
    """CKR_DEVICE_REMOVED or CKR_TOKEN_NOT_PRESENT, at any step."""
    hsm.certificate(Authority.root(G2_ROOT).signer().der)
    assert not [token for token in wrapped.read(answer=answer).tokens if token.initialised]


def test_the_other_token_stays_when_one_is_pulled(wrapped: Wrapped) -> None:
    """CKR_SLOT_ID_INVALID, where the slot goes with the reader."""
    assert wrapped.read(answer="C_GetTokenInfo:2=0x3").tokens == [SOFTWARE]


@pytest.mark.parametrize(
    "answer", ["C_OpenSession=0xE1", "C_OpenSession=0x30", "C_FindObjectsInit=0x30", "C_FindObjects=0x30",
               "C_GetAttributeValue=0x5"],
)  # fmt: skip
def test_a_token_that_refuses_to_list_is_unreadable(wrapped: Wrapped, hsm: SoftHsm, answer: str) -> None:
    """It is there, it says what it is, and its certificates cannot be had; every session that was opened is closed."""
    hsm.certificate(Authority.root(G2_ROOT).signer().der)
    found = first(wrapped.read(answer=answer))
    assert found == msgspec.structs.replace(SOFTWARE, unreadable=True)
    opened = 0 if answer.startswith("C_OpenSession") else 1
    assert wrapped.called("C_CloseSession") == opened
    assert wrapped.called("C_Finalize") == 1


def test_a_token_that_the_module_does_not_know_is_unreadable(wrapped: Wrapped) -> None:
    """CKR_TOKEN_NOT_RECOGNIZED from C_GetTokenInfo, as OpenSC says of a foreign card: nothing is made up about it."""
    told = wrapped.read(answer="C_GetTokenInfo=0xE1").tokens
    assert len(told) == 2
    assert {(token.unreadable, token.pin, token.model, token.initialised) for token in told} == {
        (True, "unknown", "", False)
    }


@pytest.mark.parametrize("code", ["0x11", "0x12", "0x82"])
def test_a_certificate_without_a_value_is_passed_over(wrapped: Wrapped, hsm: SoftHsm, code: str) -> None:
    """CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_OBJECT_HANDLE_INVALID: the token is well."""
    hsm.certificate(Authority.root(G2_ROOT).signer().der)
    assert first(wrapped.read(answer=f"C_GetAttributeValue={code}")) == SOFTWARE


def test_a_missing_module_is_told_from_one_that_cannot_be_loaded(tmp_path: Path) -> None:
    """A directory is no file either."""
    for path in (tmp_path / "absent.so", tmp_path):
        with pytest.raises(pkcs11.ModuleMissing, match="there is no such file"):
            pkcs11.read(str(path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it: file too short"),
        (b"MZ\x90\x00" + bytes(200), "it: invalid ELF header"),
        (b"\x7fELF\x01\x01\x01" + bytes(9) + struct.pack("<HHI", 3, 3, 1) + bytes(200), "it: wrong ELF class"),
    ],
    ids=["empty", "windows", "32 bit"],
)
def test_what_is_no_library_for_this_process_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    """In one line that says why, without the folders of its path: they may name a person."""
    file = tmp_path / "Nguyen Van A.so"
    file.write_bytes(content)
    with pytest.raises(pkcs11.ModuleRefused) as caught:
        pkcs11.read(str(file))
    assert str(caught.value).startswith(words)
    assert "Nguyen" not in str(caught.value)


def test_nothing_is_searched_for() -> None:
    """A library of that name in the current folder, or wherever the system looks, is not what was configured."""
    with pytest.raises(pkcs11.ModuleRefused, match="not absolute"):
        pkcs11.read("libsofthsm2.so")


def test_another_vendor_s_module_is_read_alike() -> None:
    """OpenSC's, which here has no reader to look at."""
    path = Path("/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so")
    if not path.exists():
        pytest.skip("opensc-pkcs11 is not installed")
    assert "OpenSC" in pkcs11.read(str(path)).manufacturer
