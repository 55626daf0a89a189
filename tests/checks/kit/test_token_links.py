"""Which link is broken, where several tokens, several views of one and several modules speak at once."""

from __future__ import annotations

import pytest

from checks.kit.model import Reason
from checks.kit.pcsc import Reader, Readers
from checks.kit.token import Certificate, Module, TokenSeen
from checks.kit.token_links import LINKS, WARNINGS, Scene, Verdict, judge

_NOW, _DAY = 1_800_000_000, 86400
_ATR = "3BD518008131FE7D8073C82110F4"
_CARD = Reader("eToken", "present", _ATR)


def _certificate(mark: str = "a", *, days: int = 100, chain: str = "", signs: bool = True) -> Certificate:
    return Certificate(
        issuer="CA", issuer_generation="g2", generation_ends="", not_before=_NOW - _DAY, not_after=_NOW + days * _DAY,
        algorithm="rsa-2048", signature="sha256", class_="personal", usage_signs=signs, former_unit=None, chain=chain,
        chain_ends=0, fingerprint=mark, authority=False,
    )  # fmt: skip


def _token(*certificates: Certificate, pin: str = "ok", model: str = "T", **more: bool) -> TokenSeen:
    flags = {"initialised": True, "hardware": True, "unreadable": False, **more}
    return TokenSeen(manufacturer="M", model=model, pin=pin, certificates=list(certificates), **flags)


def _judge(*modules: Module, cards: int = 1) -> Verdict:
    readers = Readers([_CARD] * cards)
    return judge(Scene(before=readers, after=readers, modules=modules, now=_NOW))


def _module(*tokens: TokenSeen, name: str = "m.dll", trouble: str = "") -> Module:
    return Module(name=name, trouble=trouble, tokens=list(tokens))


def test_every_reason_belongs_to_one_link() -> None:
    """The word of a link's fact is never another link's."""
    reasons = [reason for several in LINKS.values() for reason in several]
    assert len(set(reasons)) == len(reasons)
    assert set(reasons) >= WARNINGS


def test_of_two_signers_the_worse_token_decides() -> None:
    """By the earliest link that breaks, and among whole ones by the first to end."""
    good, locked = _token(_certificate("a")), _token(_certificate("b"), pin="locked")
    expired = _token(_certificate("c", days=-1))
    assert _judge(_module(good, locked, expired), cards=3).broken == ("pin", Reason.PIN_LOCKED)
    assert _judge(_module(good, expired), cards=2).broken == ("certificate", Reason.CERT_EXPIRED)
    soon = _token(_certificate("d", days=3), pin="count_low")
    found = _judge(_module(good, soon), cards=2)
    assert (found.broken, found.token) == (None, soon)
    assert found.links["pin"] is Reason.PIN_COUNT_LOW


def test_two_views_of_one_token_are_one() -> None:
    """Two modules that read it, a second slot without certificates, a view that cannot read them."""
    good = _token(_certificate("a"))
    blind = _token(model="T", pin="ok")
    garbled = TokenSeen(
        manufacturer="M", model="X", initialised=True, hardware=True, pin="ok", unreadable=False, malformed=2
    )
    for views in (
        [_module(good), _module(good, name="n.dll")],
        [_module(good, blind)],
        [_module(garbled), _module(good)],
    ):
        found = _judge(*views)
        assert (found.broken, len(found.tokens), found.token) == (None, 1, good)


def test_a_locked_token_with_a_certificate_outweighs_its_empty_twin() -> None:
    """The slot that signs is the one that counts."""
    locked = _token(_certificate("a"), pin="locked")
    assert _judge(_module(_token(model="E"), locked)).broken == ("pin", Reason.PIN_LOCKED)


def test_an_unreadable_card_beside_a_token_that_reads_says_nothing() -> None:
    """A citizen's card in the counter's reader is no signing token."""
    assert _judge(_module(_token(_certificate("a"))), cards=2).broken is None


def test_without_pcsc_each_hardware_slot_of_one_module_counts() -> None:
    """Two tokens that only their module sees."""
    good, locked = _token(_certificate("a")), _token(_certificate("b"), pin="locked")
    scene = Readers(trouble=Reason.PCSC_STOPPED)
    seen = judge(Scene(before=scene, after=scene, modules=(_module(good, locked),), now=_NOW))
    assert (seen.presence, seen.broken, len(seen.tokens)) == ("module", ("pin", Reason.PIN_LOCKED), 2)
    software = _token(_certificate("a"), hardware=False)
    none = judge(Scene(before=Readers(), after=Readers(), modules=(_module(software),), now=_NOW))
    assert (none.presence, none.broken) == ("", ("reader", Reason.READER_ABSENT))


@pytest.mark.parametrize(
    ("modules", "reason"),
    [
        ((_module(trouble="module_hung"), _module(trouble="module_crashed")), Reason.MODULE_CRASHED),
        ((_module(), _module(trouble="module_refused")), Reason.MODULE_REFUSED),
        ((_module(), _module(trouble="module_garbage")), Reason.MODULE_GARBAGE),
        ((_module(),), Reason.TOKEN_UNREADABLE),
        ((_module(_token(unreadable=True)),), Reason.TOKEN_UNREADABLE),
        ((_module(_token(initialised=False)), _module(trouble="module_crashed")), Reason.TOKEN_UNINITIALISED),
        ((_module(_token(initialised=False, unreadable=True)),), Reason.TOKEN_UNREADABLE),
        ((), Reason.MODULE_MISSING),
    ],
)
def test_why_nothing_was_read(modules: tuple[Module, ...], reason: Reason) -> None:
    """A module that fails may be the one that the token needs."""
    found = _judge(*modules).broken
    assert found is not None
    assert found[1] is reason


def test_a_card_that_left_is_told_before_anything_read() -> None:
    """Also when another of the same kind stays."""
    modules = (_module(_token(_certificate("a"))),)
    scene = Scene(before=Readers([_CARD, _CARD]), after=Readers([_CARD]), modules=modules, now=_NOW)
    assert judge(scene).broken == ("token", Reason.TOKEN_REMOVED)
    came = Scene(before=Readers([_CARD]), after=Readers([_CARD, _CARD]), modules=modules, now=_NOW)
    assert judge(came).broken is None


def test_an_unrelated_card_that_leaves_takes_no_token_along() -> None:
    """A citizen's card beside a token that stays; of cards that nobody knows, one stays for each token read."""
    citizen, strange = Reader("Counter", "present", "3B041122" + "3344"), Reader("Desk", "present", "3B0411223355")
    good, second = _token(_certificate("a")), _token(_certificate("b"))

    def left(before: list[Reader], after: list[Reader], *tokens: TokenSeen) -> object:
        seen = (_module(*tokens),)
        return judge(Scene(before=Readers(before), after=Readers(after), modules=seen, now=_NOW)).broken

    removed = ("token", Reason.TOKEN_REMOVED)
    assert left([_CARD, citizen], [_CARD], good) is None
    assert left([_CARD, citizen], [_CARD], good, _token(model="blind view")) != removed
    assert left([strange, citizen], [strange], good) is None
    assert left([_CARD, citizen], [_CARD]) == ("middleware", Reason.TOKEN_UNREADABLE)
    assert left([_CARD, citizen], [citizen], good) == removed
    assert left([strange, citizen], [strange], good, second) == removed
    assert left([strange], [], good) == left([strange], []) == removed


def test_the_certificate_that_comes_nearest_decides() -> None:
    """One for encryption does not hide that the one for signing has expired."""
    old, cipher = _certificate("a", days=-5), _certificate("b", signs=False)
    found = _judge(_module(_token(old, cipher)))
    assert (found.broken, found.certificate) == (("certificate", Reason.CERT_EXPIRED), old)
    foreign = _certificate("c", days=900, chain="issuer_untrusted")
    usable = _certificate("d", days=9)
    assert _judge(_module(_token(foreign, usable))).certificate == usable
    assert _judge(_module(_token(foreign, old))).broken == ("issuer", Reason.ISSUER_UNTRUSTED)
