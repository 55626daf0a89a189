"""Revocation lists: is there one, is it in force, and does it name a certificate of this PC.

A list is fetched whole once, when it is no longer than WHOLE, and searched; what was found is kept until the issuer
makes a new one. In between its first bytes are asked for, with a condition: reachable and renewed or not costs a few
hundred bytes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from checks.kit import der
from checks.kit.der import DerError, Head
from checks.kit.failure import NetError
from checks.kit.model import Env, Reason
from checks.kit.service_links import PREFIX, Fetched, Link, Signer, Source, Web, broken, date, fetch, first

WHOLE = 256 * 1024
"""Bytes of a list that is still read whole."""
MAX_KEPT, MAX_SEEN, MAX_REDIRECTS = 8, 32, 3
_ANY = 2**40
_ETAG = re.compile(r'(W/)?"[!#-~]{0,100}"')
_LASTING = "crl"


class Search(Struct, frozen=True):
    """Certificates (DER) that may have issued a list, and the key under which serial numbers are sealed in this run."""

    issuers: tuple[bytes, ...]
    seal: bytes


class Kept(Struct, kw_only=True):
    """What is known of a list since it was read: its head, the server's tag of it, whether the issuer's signature was
    verified (yes, no_issuer; not_read: it was not searched), and whether it names certificates, by their keyed
    fingerprints."""

    begins: int
    ends: int
    size: int
    etag: str = ""
    verified: str = "not_read"
    seen: dict[str, bool] = field(default_factory=dict)

    @property
    def head(self) -> Head:
        return Head(self.begins, self.ends, self.size)


def lists(source: Source, search: Search, web: Web, env: Env) -> Link:
    """The list of `source`, from the first of its addresses that gives one."""
    return first(source.urls, lambda address: _Listing(address, source, search, web, env).link())


class _Listing:
    """One list at one address."""

    def __init__(self, address: str, source: Source, search: Search, web: Web, env: Env) -> None:
        self._address, self._source, self._search, self._web, self._env = address, source, search, web, env
        if not isinstance(env.lasting.get(_LASTING), dict):  # the file may be damaged, or an older agent's
            env.lasting[_LASTING] = {}
        self._store: dict[str, Any] = env.lasting[_LASTING]
        self._key = hashlib.sha256(address.encode()).hexdigest()[:16]
        self._stored = self._remembered()
        self._old = self._stored if self._stored and self._answers(self._stored) else None

    def link(self) -> Link:
        """What became of it; a list that was renewed is fetched anew."""
        now = self._env.clock.wall() / 1e6
        try:
            found, kept = self._current()
        except NetError as why:
            return broken(why, Reason.CRL_UNREACHABLE, Reason.CRL_MALFORMED)
        except _Wrong as why:
            return Link(reason=Reason.CRL_MALFORMED, cause=why.cause, detail=str(why))
        self._remember(kept)
        link = Link(took=found.took, size=kept.size, facts={"crl_verified": kept.verified})
        link.large = kept.size > WHOLE
        link.seen = {
            one.fingerprint: kept.seen[one.fingerprint] for one in self._wanted if one.fingerprint in kept.seen
        }
        date(link, kept.head, found, now, Reason.CRL_STALE)
        return link

    @property
    def _wanted(self) -> Sequence[Signer]:
        """Whom to look for: a number means somebody only in the list of the one who gave it."""
        return self._source.signers if self._source.issuer else ()

    def _current(self) -> tuple[Fetched, Kept]:
        if self._old is not None:
            tag = (f"If-None-Match: {self._old.etag}",) if self._old.etag else ()
            found = self._fetch((f"Range: bytes=0-{PREFIX - 1}", *tag), self._old)
            if found.status == 304 or _head(found.body) == self._old.head:
                return found, self._old
            if found.status == 200:
                return found, self._read(found)
        found = self._fetch((), None)
        return found, self._read(found)

    def _fetch(self, fields: tuple[str, ...], old: Kept | None) -> Fetched:
        def more(prefix: bytes, count: int) -> bool:
            if count < PREFIX:
                return True
            try:
                head = der.crl_head(prefix)
            except DerError:
                return False
            return count < head.size <= WHOLE and not (old and head == old.head)

        way = replace(self._web.way, fields=fields, max_bytes=_ANY, max_redirects=MAX_REDIRECTS)
        return fetch(self._address, way, self._web, self._env, strange=self._source.strange, wants=more)

    def _read(self, found: Fetched) -> Kept:
        from checks.kit import revocation

        head, tag = _head(found.body), found.headers.get("etag", "")
        kept = Kept(begins=head.begins, ends=head.ends, size=head.size, etag=tag if _ETAG.fullmatch(tag) else "")
        if head.size > WHOLE:
            return kept
        if len(found.body) < head.size:
            raise _Wrong("it ends too early")
        certain = bool(self._source.issuer)
        issuers = (self._source.issuer,) if certain else self._search.issuers
        try:
            said = revocation.read(
                found.body[: head.size], issuers, certain, self._search.seal, [one.sealed for one in self._wanted]
            )
        except DerError as why:
            raise _Wrong(str(why)) from None
        except revocation.Forged as why:
            raise _Wrong(str(why), Reason.CERT_SIGNATURE) from None
        if not said.verified:
            kept.verified = "no_issuer"
        elif said.revoked is not None:
            kept.verified = "yes"
            seen = self._stored.seen if self._stored and self._stored.head == head else {}
            seen |= {one.fingerprint: one.sealed in said.revoked for one in self._wanted}
            kept.seen = dict(list(seen.items())[-MAX_SEEN:])
        return kept

    def _remembered(self) -> Kept | None:
        try:
            return msgspec.convert(self._store.get(self._key), Kept)
        except msgspec.ValidationError:
            return None

    def _answers(self, kept: Kept) -> bool:
        """Whether what is kept says all that reading the list again would."""
        if kept.verified == "not_read" or (kept.verified == "no_issuer" and not self._source.issuer):
            return True
        return all(one.fingerprint in kept.seen for one in self._wanted)

    def _remember(self, kept: Kept) -> None:
        self._store.pop(self._key, None)
        self._store[self._key] = msgspec.to_builtins(kept)
        for key in list(self._store)[:-MAX_KEPT]:
            del self._store[key]


class _Wrong(Exception):
    def __init__(self, words: str, cause: Reason | None = None) -> None:
        super().__init__(words)
        self.cause = cause


def _head(body: bytes) -> Head:
    try:
        return der.crl_head(body)
    except DerError as why:
        raise _Wrong(str(why)) from None
