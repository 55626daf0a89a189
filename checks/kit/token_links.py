"""The chain reader → token → middleware → pin → certificate → issuer: which link of it is broken, and why. Pure.

Presence is PC/SC's word, or a module's for a token in a hardware slot that PC/SC does not know. Modules show more slots
than there are tokens (two views of one, an empty one of a software token, the same one twice): of what they show, the
best count as the tokens that are plugged in, and of these the worst decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from checks.kit import atr
from checks.kit.model import Reason
from checks.kit.pcsc import Reader, Readers
from checks.kit.token import Certificate, Module, TokenSeen

LINKS: dict[str, tuple[Reason, ...]] = {
    "reader": (Reason.PCSC_STOPPED, Reason.READER_ABSENT),
    "token": (
        Reason.TOKEN_ABSENT, Reason.TOKEN_MUTE, Reason.TOKEN_REMOVED, Reason.TOKEN_UNKNOWN, Reason.TOKEN_UNINITIALISED,
    ),
    "middleware": (
        Reason.MODULE_MISSING, Reason.MODULE_REFUSED, Reason.MODULE_CRASHED, Reason.MODULE_HUNG, Reason.MODULE_GARBAGE,
        Reason.TOKEN_UNREADABLE,
    ),
    "pin": (Reason.PIN_LOCKED, Reason.PIN_FINAL_TRY, Reason.PIN_COUNT_LOW),
    "certificate": (
        Reason.CERT_ABSENT, Reason.CERT_MALFORMED, Reason.CERT_EXPIRED, Reason.CERT_NOT_YET_VALID, Reason.CERT_USAGE,
        Reason.CERT_FORMER_UNIT,
    ),
    "issuer": (Reason.CERT_SIGNATURE, Reason.ISSUER_MISSING, Reason.ISSUER_UNTRUSTED, Reason.ISSUER_EXPIRED),
}  # fmt: skip
"""The links in their order, each with the reasons for which it can be broken."""
WARNINGS = frozenset((Reason.PIN_COUNT_LOW,))
"""Reasons with which a link still holds."""
PIN = {"ok": 0, "count_low": 1, "final_try": 2, "locked": 3}
_PIN_REASON = {
    "count_low": Reason.PIN_COUNT_LOW, "final_try": Reason.PIN_FINAL_TRY, "locked": Reason.PIN_LOCKED,
}  # fmt: skip
_FAILURES = (Reason.MODULE_CRASHED, Reason.MODULE_HUNG, Reason.MODULE_GARBAGE, Reason.MODULE_REFUSED)


class Scene(Struct, frozen=True, kw_only=True):
    """What was seen: PC/SC before and after the modules were asked, each module by its answer (``trouble`` is its
    reason), the kinds of tokens that the configuration adds, and the time, epoch seconds."""

    before: Readers
    after: Readers
    modules: tuple[Module, ...]
    now: int
    catalogue: tuple[atr.Known, ...] = ()


class Verdict(Struct, frozen=True, kw_only=True):
    """``links`` goes as far as the first broken one; None holds. ``token``, ``module``, ``certificate`` and ``card``
    are the ones that decided, ``presence`` is pcsc, module or empty."""

    links: Mapping[str, Reason | None]
    presence: str
    tokens: tuple[TokenSeen, ...] = ()
    token: TokenSeen | None = None
    module: Module | None = None
    certificate: Certificate | None = None
    card: Reader | None = None
    kind: atr.Known | None = None

    @property
    def broken(self) -> tuple[str, Reason] | None:
        """The link that is broken, and why."""
        return next(
            ((link, reason) for link, reason in self.links.items() if reason and reason not in WARNINGS),
            None,
        )


def judge(scene: Scene) -> Verdict:
    """Which links hold. PC/SC's trouble is none, PCSC_STOPPED or UNSUPPORTED here; with the others nothing is known."""
    cards = scene.before.cards
    seen = [token for module in scene.modules for token in module.tokens if cards or token.hardware]
    presence = "pcsc" if cards else "module" if seen else ""
    card, kind = likeliest(cards, scene.catalogue)
    if not presence:
        return Verdict(links=_nothing(scene.before), presence="")
    readable = [token for token in seen if token.initialised and not token.unreadable]
    gone = _gone(scene, readable)
    if gone or not readable:
        reason = Reason.TOKEN_REMOVED if gone else _unread(scene, seen, kind is not None)
        return Verdict(links=_until(reason), presence=presence, card=card, kind=kind)
    plugged = _plugged(readable, len(cards), scene)
    token = min(plugged, key=lambda one: _urgency(one, scene.now))
    module = next(module for module in scene.modules if any(one is token for one in module.tokens))
    return Verdict(
        links=_links(token, scene.now),
        presence=presence,
        tokens=tuple(plugged),
        token=token,
        module=module,
        certificate=best(token, scene.now),
        card=card,
        kind=kind,
    )


def flaw(certificate: Certificate, now: int) -> Reason | None:
    """What is wrong with a signer's certificate itself."""
    if certificate.not_after < now:
        return Reason.CERT_EXPIRED
    if certificate.not_before > now:
        return Reason.CERT_NOT_YET_VALID
    if not certificate.usage_signs:
        return Reason.CERT_USAGE
    return Reason.CERT_FORMER_UNIT if certificate.former_unit else None


def usable(certificate: Certificate, now: int) -> bool:
    """Whether one can sign with it, as far as a token can tell: revocation is another check's."""
    return flaw(certificate, now) is None and not certificate.chain


def second(stored: list[Certificate] | None, now: int) -> dict[str, int | None]:
    """Facts of what Windows' own store holds: certificates outlive their tokens there, so that this says when they end
    and nothing about what is plugged in."""
    if stored is None:
        return {}
    fit = [one for one in stored if usable(one, now)]
    return {
        "windows_store_certificates": len(stored),
        "windows_store_usable": len(fit),
        "windows_store_days_left": max(((one.not_after - now) // 86_400 for one in fit), default=None),
    }


def signers(token: TokenSeen) -> list[Certificate]:
    """The certificates that are not authorities'."""
    return [one for one in token.certificates if not one.authority]


def best(token: TokenSeen, now: int) -> Certificate | None:
    """The certificate that its owner would sign with: one that can be used, or comes nearest to that, and lasts."""
    return max(
        signers(token),
        key=lambda one: (usable(one, now), flaw(one, now) is None, one.usage_signs, one.not_after),
        default=None,
    )


def _nothing(readers: Readers) -> dict[str, Reason | None]:
    if readers.trouble == Reason.PCSC_STOPPED:
        return _until(Reason.PCSC_STOPPED)
    if not readers.readers:
        return _until(Reason.READER_ABSENT)
    return _until(Reason.TOKEN_MUTE if readers.mute else Reason.TOKEN_ABSENT)


def likeliest(cards: list[Reader], more: Iterable[atr.Known]) -> tuple[Reader | None, atr.Known | None]:
    """The card that is likeliest to be the token, and what the catalogue says of it."""
    known = [(card, atr.find(card.atr, more)) for card in cards]
    return next((pair for pair in known if pair[1]), known[0] if known else (None, None))


def _gone(scene: Scene, readable: list[TokenSeen]) -> bool:
    """Whether a token that was there before is not there any more: a card of a known kind, the last card, or more than
    what leaves a card for each token that was read. A citizen's card that leaves its reader beside a token is none."""
    before, after = scene.before.cards, scene.after.cards
    if scene.after.trouble or not before:
        return False
    here = [
        Counter((card.name, card.atr) for card in cards if atr.find(card.atr, scene.catalogue))
        for cards in (before, after)
    ]
    read = sum(bool(signers(token)) for token in _plugged(readable, len(before), scene)) if readable else 0
    return bool(here[0] - here[1]) or len(after) < max(1, read)


def _unread(scene: Scene, seen: list[TokenSeen], known: bool) -> Reason:
    """Why nothing could be read of a token that is there. An empty token is the token's fault, a module that fails may
    be the one that it needs, and a module that works and sees nothing is another maker's."""
    failures = {module.trouble for module in scene.modules}
    if any(not token.initialised and not token.unreadable for token in seen):
        return Reason.TOKEN_UNINITIALISED
    for reason in _FAILURES:
        if reason in failures:
            return reason
    if not known and not seen:
        return Reason.TOKEN_UNKNOWN
    return Reason.TOKEN_UNREADABLE if scene.modules else Reason.MODULE_MISSING


def _plugged(readable: list[TokenSeen], cards: int, scene: Scene) -> list[TokenSeen]:
    """The tokens behind the slots: each set of certificates once, and as many as PC/SC has cards; without PC/SC as many
    as one module shows."""
    several = max(sum(token in module.tokens for token in readable) for module in scene.modules)
    once: dict[object, TokenSeen] = {}
    for token in sorted(readable, key=lambda one: _worth(one, scene.now), reverse=True):
        held = frozenset(one.fingerprint for one in signers(token))
        once.setdefault(held or (token.manufacturer, token.model), token)
    return list(once.values())[: cards or several]


def _worth(token: TokenSeen, now: int) -> tuple[bool, bool, int]:
    """How likely a slot shows a signer's token: it holds a certificate that can be used, or any, or gets far."""
    certificate = best(token, now)
    return certificate is not None and usable(certificate, now), certificate is not None, len(_links(token, now))


def _urgency(token: TokenSeen, now: int) -> tuple[bool, int, int]:
    """Sorts the token whose chain breaks first to the front, then the one that ends first."""
    links = _links(token, now)
    whole = not any(reason and reason not in WARNINGS for reason in links.values())
    certificate = best(token, now)
    return whole, len(links), certificate.not_after if certificate else 0


def _links(token: TokenSeen, now: int) -> dict[str, Reason | None]:
    """The links of a token that was read, as far as the first broken one."""
    found: dict[str, Reason | None] = {"reader": None, "token": None, "middleware": None}
    for link, reason in _rest(token, now):
        found[link] = reason
        if reason and reason not in WARNINGS:
            break
    return found


def _rest(token: TokenSeen, now: int) -> Iterator[tuple[str, Reason | None]]:
    yield "pin", _PIN_REASON.get(token.pin)
    certificate = best(token, now)
    if certificate is None:
        yield "certificate", Reason.CERT_MALFORMED if token.malformed else Reason.CERT_ABSENT
    else:
        yield "certificate", flaw(certificate, now)
        yield "issuer", Reason(certificate.chain) if certificate.chain else None


def _until(reason: Reason) -> dict[str, Reason | None]:
    """The links when the one that `reason` belongs to is broken, and those before it hold."""
    found: dict[str, Reason | None] = {}
    for link, reasons in LINKS.items():
        found[link] = reason if reason in reasons else None
        if reason in reasons:
            return found
    raise ValueError(f"{reason} belongs to no link")
