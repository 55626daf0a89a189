"""Whether somebody can sign at this PC: reader, token, middleware, PIN, certificate, issuer, each its own reason.

No PIN is ever asked for or sent: only what a token shows to everybody is read, in a process of its own for each vendor
module. Subject, serial number, e-mail and id numbers of a certificate do not leave that process; what is compared with
them (names of units) is compared there. Windows: not yet proven on a PC.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from checks.kit import pcsc, token_links, token_modules, token_windows, words
from checks.kit.atr import Known
from checks.kit.child import ChildError
from checks.kit.model import (
    Bilingual,
    Check,
    Env,
    Fact,
    Metric,
    Reading,
    Reason,
    Sample,
    Scalar,
    error,
    failed,
    not_applicable,
    ok,
    sample,
)
from checks.kit.pcsc import Reader, Readers
from checks.kit.token import Ask, Certificate, Module, Root
from checks.kit.token_links import LINKS, PIN, Scene, Verdict
from checks.kit.token_modules import VGCA

MAX_LEFT = 16
_LOOK = 10.0
_UNREAD = (Reason.READER_REDIRECTED, Reason.PERMISSION)


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to read tokens with, and what to compare their certificates with."""

    modules: (
        Annotated[
            tuple[Annotated[str, Meta(min_length=1, max_length=256)], ...],
            Meta(
                max_length=64,
                description="PKCS#11 modules by path, the file's name may hold *; unset: those known in Viet Nam.",
            ),
        ]
        | None
    ) = None
    module_seconds: Annotated[float, Meta(ge=0.5, le=60, description="Seconds that one module may take.")] = 15.0
    authorities: Annotated[
        tuple[Annotated[str, Meta(max_length=16384, pattern="BEGIN CERTIFICATE")], ...],
        Meta(max_length=32, description="Certificates of issuers and roots, PEM."),
    ] = ()
    roots: Annotated[
        tuple[Root, ...],
        Meta(max_length=32, description="Where chains may end; unset: the government's, both generations."),
    ] = VGCA
    unit_names: Annotated[
        tuple[Annotated[str, Meta(min_length=2, max_length=128)], ...],
        Meta(max_length=32, description="What the unit is called today; compared on the PC only."),
    ] = ()
    former_units: Annotated[
        tuple[Annotated[str, Meta(min_length=2, max_length=128)], ...],
        Meta(
            max_length=128,
            description="Units from before the merger; a certificate that names one is told, not its text.",
        ),
    ] = ()
    catalogue: Annotated[
        tuple[Known, ...], Meta(max_length=64, description="Kinds of tokens by their ATR, beside those that ship.")
    ] = ()
    expected: Annotated[
        bool, Meta(description="Whether somebody signs here: without reader, token or module the check then fails.")
    ] = False


_REASONS: dict[str, Bilingual] = {
    reason.value: {"vi": words.reason(reason, "vi").title, "en": words.reason(reason, "en").title}
    for reasons in LINKS.values()
    for reason in reasons
}
_LINK: dict[str, Bilingual] = {
    "reader": {"vi": "Đầu đọc", "en": "Reader"},
    "token": {"vi": "USB token", "en": "Token"},
    "middleware": {"vi": "Trình điều khiển", "en": "Driver"},
    "pin": {"vi": "Mã PIN", "en": "PIN"},
    "certificate": {"vi": "Chứng thư số", "en": "Certificate"},
    "issuer": {"vi": "Nơi cấp", "en": "Issuer"},
}
_CLASS: dict[str, Bilingual] = {
    "personal": {"vi": "cá nhân", "en": "personal"},
    "organisation": {"vi": "tổ chức", "en": "organisation"},
    "unknown": {"vi": "không rõ", "en": "unknown"},
}
_HOLDS: dict[str, Bilingual] = {"1": {"vi": "đạt", "en": "holds"}, "0": {"vi": "hỏng", "en": "broken"}}
_YES: dict[str, Bilingual] = {
    "yes": {"vi": "có", "en": "yes"}, "no": {"vi": "không", "en": "no"}, "unknown": {"vi": "không rõ", "en": "unknown"},
}  # fmt: skip

HOLDS = Metric(
    name="signing_token_link", title={"vi": "Mắt xích ký số", "en": "Link of the signing chain"}, unit="",
    labels=("link", "reason"), words={**_LINK, "": {"vi": "không lỗi", "en": "no fault"}, **_REASONS, **_HOLDS},
    help="1 when the link holds, 0 when it is broken for that reason; those behind a broken one are not told.",
)  # fmt: skip
READERS = Metric(
    name="signing_token_readers", title={"vi": "Số đầu đọc thẻ", "en": "Card readers"}, unit="",
    help="Readers that PC/SC knows; a USB token is its own reader.",
)  # fmt: skip
TOKENS = Metric(
    name="signing_token_tokens", title={"vi": "Số token đang cắm", "en": "Tokens plugged in"}, unit="",
    help="Cards that answer in a reader; without PC/SC, tokens in the hardware slots of modules.",
)  # fmt: skip
CERTIFICATES = Metric(
    name="signing_token_certificates", title={"vi": "Số chứng thư trên token", "en": "Certificates on tokens"}, unit="",
    help="Certificates of signers that could be read, authorities' not counted.",
)  # fmt: skip
USABLE = Metric(
    name="signing_token_usable_certificates", title={"vi": "Số chứng thư ký được", "en": "Certificates fit to sign"},
    unit="", help="Certificates within their validity, for signing, with a whole chain, on tokens that are not locked.",
)  # fmt: skip
LEFT = Metric(
    name="signing_token_certificate_left", title={"vi": "Thời hạn chứng thư còn lại", "en": "Certificate time left"},
    unit="seconds", labels=("certificate", "class"), open=("certificate",), words=_CLASS,
    help="Until the certificate ends, negative afterwards; it is called by its keyed fingerprint.",
)  # fmt: skip
PIN_STATE = Metric(
    name="signing_token_pin", title={"vi": "Tình trạng PIN", "en": "State of the PIN"}, unit="",
    words={"0": {"vi": "bình thường", "en": "fine"}, **{
        str(PIN[state]): _REASONS[f"pin_{state}"] for state in ("count_low", "final_try", "locked")
    }},
    help="0 fine, 1 a wrong PIN was entered, 2 one try is left, 3 locked; the worst of the tokens, by their flags.",
)  # fmt: skip


def _link_fact(link: str) -> Fact:
    said = {reason.value: _REASONS[reason.value] for reason in LINKS[link]}
    return Fact(
        name=f"{link}_link", title=_LINK[link], words={"ok": {"vi": "tốt", "en": "holds"}, **said},
        help="ok, or the reason why this link is broken or in danger; unknown behind a broken link.",
    )  # fmt: skip


FACTS = (
    *(_link_fact(link) for link in LINKS),
    Fact(name="presence_source", title={"vi": "Căn cứ thấy token", "en": "How the token was seen"},
         words={"pcsc": {"vi": "PC/SC", "en": "PC/SC"}, "module": {"vi": "trình điều khiển", "en": "driver"}},
         help="pcsc, or module: a token in a hardware slot that PC/SC does not know."),
    Fact(name="reader", title={"vi": "Tên đầu đọc", "en": "Reader's name"},
         help="Maker and model of the reader with the token; its serial number is cut."),
    Fact(name="atr", title={"vi": "Mã ATR", "en": "ATR"},
         help="The token's answer to reset, hexadecimal."),
    Fact(name="atr_known", title={"vi": "ATR có trong danh mục", "en": "ATR in the catalogue"}, words=_YES,
         help="yes or no: whether the catalogue knows the ATR."),
    Fact(name="vendor", title={"vi": "Hãng token", "en": "Token's maker"},
         help="The token's maker, by the catalogue, else by the module."),
    Fact(name="model", title={"vi": "Kiểu token", "en": "Token's model"},
         help="The token's model, by the catalogue, else by the module."),
    Fact(name="module", title={"vi": "Trình điều khiển đã đọc", "en": "Driver that read it"},
         help="The file's name and version of the module that read the token."),
    Fact(name="modules", title={"vi": "Các trình điều khiển", "en": "Drivers on this PC"},
         help="Each configured module that is on this PC: the file's name, and read, nothing or its reason."),
    Fact(name="issuer", title={"vi": "Nơi cấp chứng thư", "en": "Certificate's issuer"},
         help="Common name of the issuing authority; unknown where it might name a person."),
    Fact(name="generation", title={"vi": "Thế hệ chuỗi chứng thực", "en": "Generation of the chain"},
         help="Of the configured root: g1, g2, or other."),
    Fact(name="generation_ends", title={"vi": "Thế hệ này kết thúc", "en": "The generation ends"},
         help="Year or day in which this generation of authorities ends, as configured."),
    Fact(name="chain_ends", title={"vi": "Chuỗi chứng thực hết hạn", "en": "The chain ends"}, unit="timestamp",
         help="When the first of the authorities above the certificate ends."),
    Fact(name="root_matched_by", title={"vi": "Cách nhận ra gốc", "en": "How the root was matched"},
         words={"fingerprint": {"vi": "theo vân tay", "en": "by fingerprint"},
                "name": {"vi": "theo tên", "en": "by name"}},
         help="fingerprint, or name: a root without a configured fingerprint is believed by its name."),
    Fact(name="not_before", title={"vi": "Hiệu lực từ", "en": "Valid from"}, unit="timestamp",
         help="The certificate's first second."),
    Fact(name="not_after", title={"vi": "Hiệu lực đến", "en": "Valid until"}, unit="timestamp",
         help="The certificate's last second."),
    Fact(name="days_left", title={"vi": "Số ngày chứng thư còn hạn", "en": "Certificate days left"}, unit="days",
         help="Whole days until the certificate ends; negative after it."),
    Fact(name="algorithm", title={"vi": "Thuật toán khóa", "en": "Key algorithm"},
         help="Kind and size of the key, such as rsa-2048."),
    Fact(name="signature", title={"vi": "Thuật toán băm của nơi cấp", "en": "Issuer's digest"},
         help="The digest that the issuer signed, such as sha256."),
    Fact(name="class", title={"vi": "Loại chứng thư", "en": "Kind of certificate"}, words=_CLASS,
         help="personal, organisation or unknown."),
    Fact(name="fingerprint", title={"vi": "Dấu nhận biết chứng thư", "en": "Certificate's fingerprint"},
         help="HMAC with a key that only this PC has: tells that the certificate changed, and nothing else."),
    Fact(name="former_unit", title={"vi": "Còn tên đơn vị cũ", "en": "Names a former unit"}, words=_YES,
         help="yes, no, or unknown where no former names are configured; compared on the PC."),
    Fact(name="windows_store_certificates", title={"vi": "Chứng thư trong kho Windows", "en": "In the Windows store"},
         help="Signers' certificates in the account's own store: a second source, which says nothing of presence."),
    Fact(name="windows_store_usable",
         title={"vi": "Kho Windows: chứng thư ký được", "en": "Windows store: fit to sign"},
         help="Those of them that could sign, were their token plugged in."),
    Fact(name="windows_store_days_left",
         title={"vi": "Kho Windows: số ngày còn hạn", "en": "Windows store: days left"}, unit="days",
         help="Of the one of them that lasts longest."),
)  # fmt: skip


def run(params: Params, env: Env) -> Reading:
    """Looks with PC/SC, has each module read in a process of its own, looks again, and judges."""
    paths = token_modules.installed(params.modules, env.host)
    try:
        before = _look(env)
        if trouble := _unmeasured(before):
            return trouble
        if not (paths or before.mute or params.expected) and before.trouble != Reason.UNSUPPORTED:
            card, kind = token_links.likeliest(before.cards, params.catalogue)
            if kind is None:
                return not_applicable(_no_token(card))
        ask = _ask(params, env)
        modules = token_modules.shown(paths, ask, params.module_seconds, env, spare=_LOOK)
        stored = token_modules.stored(ask, env, _LOOK)
        after = _look(env) if before.cards else before
    except ChildError as why:
        return error(why.reason, f"PC/SC: {why.detail}")
    scene = Scene(
        before=before, after=after, modules=modules, now=env.clock.wall() // 1_000_000, catalogue=params.catalogue
    )
    return summarise(scene, stored, startable=_startable(env))


def summarise(scene: Scene, stored: list[Certificate] | None = None, *, startable: bool = False) -> Reading:
    """The reading of what was seen. `stored` are the certificates in Windows' own store; `startable` says that the
    operating system starts PC/SC with the first reader, so that its silence means that there is none."""
    if any(module.trouble == Reason.UNSUPPORTED for module in scene.modules):
        return _no_extra()
    if startable and scene.before.trouble == Reason.PCSC_STOPPED:
        scene = Scene(before=Readers(), after=Readers(), modules=scene.modules, now=scene.now)
    found = token_links.judge(scene)
    if scene.before.trouble == Reason.UNSUPPORTED and not found.presence:
        return _no_extra()
    samples, facts = tuple(_samples(found, scene)), _facts(found, scene, stored)
    if found.broken is None:
        return ok(samples, facts)
    link, reason = found.broken
    return failed(reason, samples, facts, _detail(link, found, scene, facts))


def _startable(env: Env) -> bool:
    return bool(env.host.system().name == "windows") and not token_windows.disabled(env.host)


def _look(env: Env) -> Readers:
    seen: Readers = env.child.call(pcsc.FUNCTION, None, answer=Readers, timeout=env.left(_LOOK))
    return seen


def _unmeasured(readers: Readers) -> Reading | None:
    for reason in _UNREAD:
        if readers.trouble == reason:
            return error(reason, f"PC/SC tells nothing of this PC's own readers: {words.reason(reason, 'en').title}")
    return None


def _no_token(card: Reader | None) -> str:
    """Why there is nothing to measure. A card of no known kind where nobody signs is a citizen's, a bank's, a health
    insurer's; who is sent to look after a token all the same finds its ATR."""
    seen = f"a card of no known kind (ATR {card.atr})" if card else "no token"
    return f"{seen}, no module for one, and none is expected"


def _no_extra() -> Reading:
    return error(Reason.UNSUPPORTED, "tokens need the extra sansang[token] (pyscard, cryptography) and PC/SC's library")


def _ask(params: Params, env: Env) -> Ask:
    return Ask(
        path="",
        now=env.clock.wall() // 1_000_000,
        authorities=params.authorities,
        roots=params.roots,
        unit_names=params.unit_names,
        former_units=params.former_units,
        secret=env.secret or os.urandom(32),
    )


def _detail(link: str, found: Verdict, scene: Scene, facts: dict[str, Scalar]) -> str:
    """What stands around the broken link, in numbers and names of files."""
    if link in ("reader", "token"):
        seen = f"{len(scene.before.readers)} readers, {len(scene.before.cards)} with a card"
        return f"{seen}, ATR {found.card.atr}" if found.card else seen
    if link == "middleware":
        return str(facts.get("modules", "none of the configured modules is on this PC"))
    own = [len(token_links.signers(one)) for one in found.tokens]
    several = f"{sum(own)} signers' certificates, {len(own)} tokens"
    if found.certificate is None:
        return several
    ends = time.strftime("%Y-%m-%d", time.gmtime(found.certificate.not_after))
    return f"{several}; this one ends {ends}" + (
        f", issued by {found.certificate.issuer}" if found.certificate.issuer else ""
    )


def _samples(found: Verdict, scene: Scene) -> Iterator[Sample]:
    for link, reason in found.links.items():
        holds = reason is None or reason in token_links.WARNINGS
        yield sample(HOLDS, holds, link=link, reason=reason.value if reason else "")
    if not scene.before.trouble:
        yield sample(READERS, len(scene.before.readers))
        yield sample(TOKENS, len(scene.before.cards) or len(found.tokens))
    if not found.tokens:
        return
    own = [(one, token) for token in found.tokens for one in token_links.signers(token)]
    fit = sum(token_links.usable(one, scene.now) and token.pin != "locked" for one, token in own)
    yield sample(CERTIFICATES, len(own))
    yield sample(USABLE, fit)
    yield sample(PIN_STATE, max(PIN.get(token.pin, 0) for token in found.tokens))
    for one, _ in sorted(own, key=lambda pair: pair[0].not_after)[-MAX_LEFT:]:
        yield sample(LEFT, one.not_after - scene.now, certificate=one.fingerprint, **{"class": one.class_})


def _facts(found: Verdict, scene: Scene, stored: list[Certificate] | None) -> dict[str, Scalar]:
    """Every fact that is known."""
    stated: dict[str, Scalar] = {
        f"{link}_link": reason.value if reason else "ok" for link, reason in found.links.items()
    }
    stated |= _of_token(found) | _of_certificate(found, scene.now)
    stated["modules"] = ", ".join(f"{one.name}: {_did(one)}" for one in scene.modules)[:128] or None
    stated |= token_links.second(stored, scene.now)
    return {name: value for name, value in stated.items() if value is not None}


def _did(module: Module) -> str:
    if module.trouble or not module.tokens:
        return module.trouble or "nothing"
    return "unreadable" if all(token.unreadable for token in module.tokens) else "read"


def _of_token(found: Verdict) -> dict[str, Scalar]:
    card, kind, seen = found.card, found.kind, found.token
    return {
        "presence_source": found.presence or None,
        "reader": card.name if card else None,
        "atr": card.atr if card else None,
        "atr_known": ("yes" if kind else "no") if card else None,
        "vendor": kind.vendor if kind else seen.manufacturer if seen else None,
        "model": kind.model if kind else seen.model if seen else None,
        "module": f"{found.module.name} {found.module.version}".strip() if found.module else None,
    }


def _of_certificate(found: Verdict, now: int) -> dict[str, Scalar]:
    one = found.certificate
    if one is None:
        return {}
    return {
        "issuer": one.issuer or None,
        "generation": one.issuer_generation,
        "generation_ends": one.generation_ends or None,
        "chain_ends": one.chain_ends or None,
        "root_matched_by": one.root_by or None,
        "not_before": one.not_before,
        "not_after": one.not_after,
        "days_left": (one.not_after - now) // 86_400,
        "algorithm": one.algorithm,
        "signature": one.signature,
        "class": one.class_,
        "fingerprint": one.fingerprint,
        "former_unit": "unknown" if one.former_unit is None else "yes" if one.former_unit else "no",
    }


CHECK = Check(
    name="signing_token",
    title={"vi": "Thiết bị ký số (USB token)", "en": "Signing token"},
    params=Params,
    metrics=(HOLDS, READERS, TOKENS, CERTIFICATES, USABLE, LEFT, PIN_STATE),
    facts=FACTS,
    run=run,
    every=900.0,
    timeout=90.0,
)
