"""The chain from the reader to the driver, each link broken by a real component: pcscd, SoftHSM2, hostile modules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checks import signing_token
from checks.kit import child, token, token_modules
from checks.kit import pcsc as reading_pcsc
from checks.kit.apart import Checks
from checks.kit.child import ChildError
from checks.kit.host import Host, System
from checks.kit.model import Outcome, Reading, Reason
from checks.kit.pcsc import Readers
from checks.kit.token_links import LINKS, Scene
from tests.checks.conftest import values
from tests.lab import authorities, desk, pcsc
from tests.lab.modules import hostile, wrapper, wrapping
from tests.lab.softhsm import MODULE, SoftHsm, one_token


@pytest.fixture(scope="module")
def daemon() -> Iterator[pcsc.Daemon]:
    """pcscd with a known token in its first reader."""
    with pcsc.running() as running:
        running.plug()
        yield running


@pytest.fixture(scope="module")
def signing(tmp_path_factory: pytest.TempPathFactory) -> tuple[SoftHsm, str]:
    """A token that one can sign with, and the authorities of its certificate as PEM."""
    root, issuing = authorities.chain("g2")
    hsm = one_token(tmp_path_factory.mktemp("signing"))
    hsm.certificate(issuing.signer().der)
    return hsm, (root.pem + issuing.pem).decode()


@pytest.fixture
def plugged(daemon: pcsc.Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    """The known token is in the reader."""
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", daemon.socket)


@pytest.fixture
def nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No PC/SC service runs."""
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd.comm")


def use(hsm: SoftHsm, monkeypatch: pytest.MonkeyPatch, **more: str) -> None:
    """What is started from now on finds these tokens."""
    for name, value in (hsm.environment | more).items():
        monkeypatch.setenv(name, value)


def broken(reading: Reading, link: str, reason: Reason) -> None:
    """The reading failed at this link for this reason, the links before it hold, those behind it are not told."""
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, reason)
    told = desk.links(reading)
    order = list(LINKS)
    assert list(told) == order[: order.index(link) + 1]
    assert told.pop(link) == (0, reason.value)
    assert set(told.values()) <= {(1, "")}
    assert reading.facts[f"{link}_link"] == reason.value


@pytest.mark.usefixtures("plugged")
def test_a_token_that_signs_holds_at_every_link(signing: tuple[SoftHsm, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """And says what it is, who issued its certificate, and until when."""
    hsm, pem = signing
    use(hsm, monkeypatch)
    reading = desk.check(authorities=[pem])
    assert (reading.outcome, reading.reason) == (Outcome.OK, None)
    assert desk.links(reading) == dict.fromkeys(LINKS, (1, ""))
    facts = dict(reading.facts)
    mark = facts.pop("fingerprint")
    assert isinstance(mark, str)
    assert len(mark) == 16
    left = authorities.NOW + 400 * authorities.DAY
    assert facts == {
        **{f"{link}_link": "ok" for link in LINKS},
        "presence_source": "pcsc", "reader": "Virtual PCD", "atr": pcsc.ETOKEN, "atr_known": "yes",
        "vendor": "SafeNet", "model": "eToken 5100/5110", "module": "libsofthsm2.so 2.6", "modules":
        "libsofthsm2.so: read", "issuer": authorities.G2_ISSUING, "generation": "g2", "generation_ends": "2048",
        "chain_ends": int((authorities.NOW + 10 * authorities.YEAR).timestamp()), "root_matched_by": "name",
        "not_before": int((authorities.NOW - 300 * authorities.DAY).timestamp()), "not_after": int(left.timestamp()),
        "algorithm": "ec-p256", "signature": "sha256", "class": "personal", "former_unit": "unknown", "days_left": 399,
    }  # fmt: skip
    seen = values(reading)
    assert 399 * 86400 < seen.pop(f"signing_token_certificate_left:{mark}:personal") <= 400 * 86400
    assert {name: value for name, value in seen.items() if "link" not in name} == {
        "signing_token_readers": 2, "signing_token_tokens": 1, "signing_token_certificates": 1,
        "signing_token_usable_certificates": 1, "signing_token_pin": 0,
    }  # fmt: skip


@pytest.mark.usefixtures("nothing")
def test_a_stopped_service_is_told_where_a_token_is_expected() -> None:
    """PCSC_STOPPED; without expectation, reader and module the check does not apply."""
    broken(desk.check([], expected=True), "reader", Reason.PCSC_STOPPED)
    broken(desk.check([MODULE]), "reader", Reason.PCSC_STOPPED)
    assert desk.check([]).outcome is Outcome.NOT_APPLICABLE
    assert desk.check(["/nonexistent/module.so"]).outcome is Outcome.NOT_APPLICABLE


def test_no_reader_and_no_token_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """READER_ABSENT with pcscd alone; TOKEN_ABSENT with empty readers, TOKEN_MUTE with what gives no answer."""
    with pcsc.running(readers=False) as bare:
        monkeypatch.setenv("PCSCLITE_CSOCK_NAME", bare.socket)
        broken(desk.check([], expected=True), "reader", Reason.READER_ABSENT)
    with pcsc.running() as empty:
        monkeypatch.setenv("PCSCLITE_CSOCK_NAME", empty.socket)
        reading = desk.check([], expected=True)
        broken(reading, "token", Reason.TOKEN_ABSENT)
        assert values(reading)["signing_token_readers"] == 2
        assert desk.check([]).outcome is Outcome.NOT_APPLICABLE
        empty.plug(mute=True)
        broken(desk.check([]), "token", Reason.TOKEN_MUTE)


def test_a_strange_token_is_reported_as_such_unless_a_module_reads_it(
    signing: tuple[SoftHsm, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """TOKEN_UNKNOWN carries the ATR; a configured catalogue knows it. A citizen's card where nobody signs is none."""
    with pcsc.running() as own:
        own.plug(pcsc.STRANGE, reader=1)
        monkeypatch.setenv("PCSCLITE_CSOCK_NAME", own.socket)
        citizen = desk.check([])
        assert citizen.outcome is Outcome.NOT_APPLICABLE
        assert citizen.detail.startswith(f"a card of no known kind (ATR {pcsc.STRANGE}), no module")
        broken(desk.check([hostile("refuses")]), "middleware", Reason.MODULE_REFUSED)
        reading = desk.check([], expected=True)
        broken(reading, "token", Reason.TOKEN_UNKNOWN)
        assert (reading.facts["atr"], reading.facts["atr_known"]) == (pcsc.STRANGE, "no")
        assert reading.detail == f"2 readers, 1 with a card, ATR {pcsc.STRANGE}"
        named = {"atr": pcsc.STRANGE, "vendor": "Lạ", "model": "One"}
        known = desk.check([], catalogue=[named])
        broken(known, "middleware", Reason.MODULE_MISSING)
        assert (known.facts["vendor"], known.facts["atr_known"]) == ("Lạ", "yes")
        hsm, pem = signing
        use(hsm, monkeypatch)
        read = desk.check(authorities=[pem])
        assert (read.outcome, read.facts["atr_known"], read.facts["vendor"]) == (Outcome.OK, "no", "SoftHSM project")


def test_a_token_pulled_out_meanwhile_is_told(signing: tuple[SoftHsm, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """TOKEN_REMOVED: it really leaves the reader between the two looks."""
    hsm, pem = signing
    use(hsm, monkeypatch)
    with pcsc.running() as own:
        card = own.plug()
        monkeypatch.setenv("PCSCLITE_CSOCK_NAME", own.socket)

        class Pulling(desk.Children):
            def call(self, function: str, argument: Any, **more: Any) -> Any:
                if function == token.FUNCTION:
                    own.pull(card)
                return super().call(function, argument, **more)

        broken(desk.check(children=Pulling(), authorities=[pem]), "token", Reason.TOKEN_REMOVED)
        assert card.asked == []


@pytest.mark.usefixtures("plugged")
@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("crash_in_slots", Reason.MODULE_CRASHED),
        ("hang_in_slots", Reason.MODULE_HUNG),
        ("huge_count", Reason.MODULE_GARBAGE),
        ("refuses", Reason.MODULE_REFUSED),
    ],
)
def test_each_way_a_module_fails_has_its_reason(behaviour: str, reason: Reason) -> None:
    """It costs this reading, and names the module's file."""
    reading = desk.check([hostile(behaviour)], module_seconds=1 if "hang" in behaviour else 15)
    broken(reading, "middleware", reason)
    assert reading.facts["modules"] == reading.detail == f"{behaviour}.so: {reason.value}"


@pytest.mark.usefixtures("plugged")
def test_a_file_that_is_no_module_is_refused(tmp_path: Path) -> None:
    """MODULE_REFUSED; and the asterisk finds it."""
    (tmp_path / "BkavCA_v2.dll").write_text("no library")
    reading = desk.check([str(tmp_path / "bkavca*.dll")])
    broken(reading, "middleware", Reason.MODULE_REFUSED)
    assert reading.facts["modules"] == "BkavCA_v2.dll: module_refused"


@pytest.mark.usefixtures("plugged")
def test_a_known_token_without_a_module_lacks_its_driver() -> None:
    """MODULE_MISSING."""
    reading = desk.check([])
    broken(reading, "middleware", Reason.MODULE_MISSING)
    assert reading.detail == "none of the configured modules is on this PC"


@pytest.mark.usefixtures("plugged")
def test_a_failing_module_beside_one_that_reads_is_told_and_no_more(
    signing: tuple[SoftHsm, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reading stays ok; whoever reads the fact sees which file crashes."""
    hsm, pem = signing
    use(hsm, monkeypatch)
    reading = desk.check([hostile("crash_in_slots"), MODULE], authorities=[pem])
    assert reading.outcome is Outcome.OK
    assert reading.facts["modules"] == "crash_in_slots.so: module_crashed, libsofthsm2.so: read"


@pytest.mark.usefixtures("plugged")
def test_a_module_that_does_not_see_the_token_is_another_makers(
    signing: tuple[SoftHsm, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """TOKEN_UNREADABLE, whether it shows no token or one that cannot be opened."""
    hsm, _ = signing
    for code in ("0xE0", "0xE1"):  # CKR_TOKEN_NOT_PRESENT, CKR_TOKEN_NOT_RECOGNIZED
        use(hsm, monkeypatch, **wrapping(answer=f"C_GetTokenInfo={code}"))
        broken(desk.check([wrapper()]), "middleware", Reason.TOKEN_UNREADABLE)


@pytest.mark.usefixtures("plugged")
def test_an_empty_token_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TOKEN_UNINITIALISED when nothing else is there; CERT_ABSENT when it only lacks a certificate."""
    use(SoftHsm(tmp_path / "blank"), monkeypatch)
    broken(desk.check(), "token", Reason.TOKEN_UNINITIALISED)
    use(one_token(tmp_path / "empty"), monkeypatch)
    reading = desk.check()
    broken(reading, "certificate", Reason.CERT_ABSENT)
    assert reading.detail == "0 signers' certificates, 1 tokens"


@pytest.mark.usefixtures("plugged")
@pytest.mark.parametrize(
    ("flags", "reason", "state"), [(0x40000, Reason.PIN_LOCKED, 3), (0x20000, Reason.PIN_FINAL_TRY, 2)]
)
def test_a_pin_in_danger_breaks_the_chain(
    signing: tuple[SoftHsm, str], monkeypatch: pytest.MonkeyPatch, flags: int, reason: Reason, state: int
) -> None:
    """By the token's flags; SoftHSM does not set these two itself."""
    hsm, pem = signing
    use(hsm, monkeypatch, **wrapping(token_flags=flags))
    reading = desk.check([wrapper()], authorities=[pem])
    broken(reading, "pin", reason)
    assert values(reading)["signing_token_pin"] == state
    assert values(reading)["signing_token_usable_certificates"] == (0 if state == 3 else 1)


@pytest.mark.usefixtures("plugged")
def test_a_wrong_pin_entered_by_somebody_is_a_warning(
    signing: tuple[SoftHsm, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PIN_COUNT_LOW: the link holds, the reading is ok; the right one ends it."""
    hsm, pem = signing
    own = hsm.copy(tmp_path)
    use(own, monkeypatch)
    own.wrong_pin()
    reading = desk.check(authorities=[pem])
    assert (reading.outcome, desk.links(reading)["pin"]) == (Outcome.OK, (1, Reason.PIN_COUNT_LOW.value))
    assert (reading.facts["pin_link"], values(reading)["signing_token_pin"]) == ("pin_count_low", 1)
    own.right_pin()
    assert desk.links(desk.check(authorities=[pem]))["pin"] == (1, "")


@pytest.mark.usefixtures("nothing")
def test_a_token_that_pcsc_does_not_know_is_seen_by_its_module(
    signing: tuple[SoftHsm, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some tokens bring a driver that goes past PC/SC: a hardware slot is presence then, a software one is not."""
    hsm, pem = signing
    use(hsm, monkeypatch, **wrapping(slot_flags=0x4))
    reading = desk.check([wrapper()], authorities=[pem])
    assert (reading.outcome, reading.facts["presence_source"]) == (Outcome.OK, "module")
    assert "atr" not in reading.facts
    use(hsm, monkeypatch, **wrapping(slot_flags=0))
    broken(desk.check([wrapper()], authorities=[pem]), "reader", Reason.PCSC_STOPPED)
    broken(desk.check([hostile("none")]), "certificate", Reason.CERT_MALFORMED)


class Answering:
    """In place of PC/SC: one answer, whatever is asked."""

    def __init__(self, answer: Readers) -> None:
        self._answer = answer

    def call(self, function: str, argument: Any, *, answer: type[Any], timeout: float, **_: Any) -> Any:
        assert (function, argument) == (reading_pcsc.FUNCTION, None)
        assert answer is Readers
        assert timeout > 0
        return self._answer


@pytest.mark.parametrize("reason", [Reason.READER_REDIRECTED, Reason.PERMISSION, Reason.UNSUPPORTED])
def test_what_keeps_us_from_seeing_is_an_error_and_says_nothing_of_the_token(reason: Reason) -> None:
    """A remote session, a refused service, a missing extra: no sample, no fact."""
    reading = desk.check([], expected=True, children=Answering(Readers(trouble=reason)))
    assert (reading.outcome, reading.reason, reading.samples, reading.facts) == (Outcome.ERROR, reason, (), {})
    assert ("sansang[token]" in reading.detail) == (reason is Reason.UNSUPPORTED)


@pytest.mark.usefixtures("plugged")
def test_a_module_that_hoards_memory_has_crashed() -> None:
    """Its process is given no more than any child."""
    broken(desk.check([hostile("hoard")]), "middleware", Reason.MODULE_CRASHED)


def test_pcsc_that_hangs_is_an_error() -> None:
    """Nothing was seen, so nothing is said."""

    class Hanging:
        def call(self, *_: Any, **__: Any) -> Any:
            raise ChildError(Reason.CHILD_HUNG, "no answer within 10 s")

    reading = desk.check([], expected=True, children=Hanging())
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, Reason.CHILD_HUNG)


_STOPPED = Readers(trouble=Reason.PCSC_STOPPED)


def test_where_windows_starts_the_service_itself_its_silence_means_no_reader() -> None:
    """What Windows' own store holds is told beside, and proves no presence: it outlives the token."""
    now = int(authorities.NOW.timestamp())
    root, issuing = authorities.chain("g2")
    values = [
        issuing.signer(end=authorities.NOW + 40 * authorities.DAY).der,
        issuing.signer(end=authorities.NOW - authorities.DAY).der,
    ]
    roots = msgspec.convert(desk.ROOTS, tuple[token.Root, ...])
    known = (root.pem.decode(), issuing.pem.decode())
    stored = token.described(token.Ask(path="", now=now, authorities=known, roots=roots), values)
    scene = Scene(before=_STOPPED, after=_STOPPED, modules=(), now=now)
    reading = signing_token.summarise(scene, stored, startable=True)
    broken(reading, "reader", Reason.READER_ABSENT)
    told = {name: value for name, value in reading.facts.items() if name.startswith("windows_store")}
    assert told == {"windows_store_certificates": 2, "windows_store_usable": 1, "windows_store_days_left": 40}
    broken(signing_token.summarise(scene, startable=False), "reader", Reason.PCSC_STOPPED)


def test_a_module_that_is_read_without_the_extra_is_an_error() -> None:
    """What describes certificates is missing: nothing is said of the token."""
    modules = (token.Module(name="m.dll", trouble=Reason.UNSUPPORTED),)
    reading = signing_token.summarise(Scene(before=_STOPPED, after=_STOPPED, modules=modules, now=0))
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, Reason.UNSUPPORTED)


@pytest.mark.usefixtures("plugged")
def test_in_its_real_form_it_says_the_same(signing: tuple[SoftHsm, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent runs it in a child, which asks PC/SC in place and the modules in processes of their own."""
    hsm, pem = signing
    use(hsm, monkeypatch)
    params = {"modules": [MODULE], "roots": desk.ROOTS, "authorities": [pem]}
    reading = Checks(child).run("signing_token", params, desk.env())
    assert (reading.outcome, reading.detail) == (Outcome.OK, "")
    assert reading.facts == desk.check(authorities=[pem]).facts
    assert len(msgspec.json.encode(reading)) < 2048


def test_the_modules_of_vendors_are_looked_for_where_they_install(tmp_path: Path) -> None:
    """On Windows in System32, whatever the case; a file under two names is read once."""
    (tmp_path / "libeToken.so").touch()
    (tmp_path / "libeTPkcs11.so").symlink_to(tmp_path / "libeToken.so")
    both = [str(tmp_path / "libeTPkcs11.so"), str(tmp_path / "LIBETOKEN.SO"), "relative.so"]
    assert token_modules.installed(both, Host()) == [str(tmp_path / "libeTPkcs11.so")]
    assert token_modules.installed(None, Host("/nonexistent")) == []

    class Windows(Host):
        def system(self) -> System:
            return System("windows", "10.0.19045", "amd64")

    paths = token_modules.defaults(Windows())
    assert any(path.endswith("\\System32\\bit4xpki.dll") for path in paths)
    assert all(token.base(path).lower().endswith(".dll") for path in paths)
