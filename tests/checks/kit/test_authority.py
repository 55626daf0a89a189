"""Chains of authorities: whole, broken at each place, and made to lead astray."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.kit import x509
from checks.kit.authority import MAX_DEPTH, Lead, from_pem, generation, lead, signed
from checks.kit.model import Reason
from checks.kit.token import Ask, Describer, Root
from checks.kit.x509 import Parsed
from tests.lab import authorities
from tests.lab.authorities import DAY, G1_ISSUING, G1_ROOT, G2_ISSUING, G2_ROOT, NOW, Authority, Signer

_AT = int(NOW.timestamp())
_ROOTS = (
    Root(name=G2_ROOT, generation="g2", ends="2048", issuers=(G2_ISSUING,)),
    Root(name="Cơ quan chứng thực số chuyên dùng Chính phủ (RootCA)", generation="g1", ends="2030"),
)


def _read(*several: Signer) -> list[Parsed]:
    return [x509.parse(one.der) for one in several]


def _lead(leaf: Signer, *pool: Signer, roots: Sequence[Root] = _ROOTS) -> Lead:
    """Of authorities that are configured."""
    return lead(x509.parse(leaf.der), _read(*pool), (), roots, _AT)


@pytest.mark.parametrize(("generation", "accents"), [("g2", True), ("g2", False), ("g1", True)])
def test_a_chain_leads_to_its_root_however_the_root_is_spelt(generation: str, accents: bool) -> None:
    """Names with and without accents, in capitals, of both generations."""
    root, issuing = authorities.chain(generation, accents=accents)
    found = _lead(issuing.signer(), root, issuing)
    assert (found.reason, found.root_by) == (None, "name")
    assert found.root is not None
    assert found.root.generation == generation
    assert [one.der for one in found.above] == [issuing.der, root.der]
    assert found.ends == min(one.not_after for one in _read(root, issuing))


def test_names_that_differ_in_accents_alone_are_the_same() -> None:
    """A certificate says "Nha nuoc", its issuer's own says "Nhà nước": the key decides."""
    root, _ = authorities.chain("g2")
    bare = root.issuing(authorities.plain(G2_ISSUING))
    accented = root.issuing(G2_ISSUING, key=bare.key)
    leaf = bare.signer()
    assert _lead(leaf, root, accented).reason is None
    assert signed(x509.parse(leaf.der), x509.parse(accented.der))
    rsa = Authority(root.issuing("RSA", key=authorities.rsa_key()).certificate, authorities.rsa_key())
    other = root.issuing("RSÁ", key=authorities.rsa_key())
    assert signed(x509.parse(rsa.signer().der), x509.parse(other.der))
    assert not signed(x509.parse(rsa.signer().der), x509.parse(accented.der))


def test_a_root_with_a_fingerprint_is_no_other() -> None:
    """A namesake of the root is not the root."""
    root, issuing = authorities.chain("g2")
    fake, below = authorities.chain("g2")
    pinned = (Root(name=G2_ROOT, generation="g2", sha256=authorities.sha256(root.certificate).upper()),)
    found = _lead(issuing.signer(), root, issuing, roots=pinned)
    assert (found.reason, found.root_by) == (None, "fingerprint")
    assert _lead(below.signer(), fake, below, roots=pinned).reason is Reason.ISSUER_UNTRUSTED


def test_a_root_that_the_token_brought_is_none_by_its_name() -> None:
    """Anybody can make one that is called like the government: its fingerprint counts, or that the PC knows it."""
    root, issuing = authorities.chain("g2")
    leaf, both = x509.parse(issuing.signer().der), _read(root, issuing)
    assert lead(leaf, (), both, _ROOTS, _AT).reason is Reason.ISSUER_MISSING
    assert lead(leaf, _read(authorities.chain("g2")[0]), both, _ROOTS, _AT).reason is Reason.ISSUER_UNTRUSTED
    assert lead(leaf, _read(issuing), both, _ROOTS, _AT).root is None
    assert lead(leaf, both[:1], both, _ROOTS, _AT).root_by == "name"
    pinned = (Root(name=G2_ROOT, sha256=authorities.sha256(root.certificate)),)
    assert lead(leaf, (), both, pinned, _AT).root_by == "fingerprint"
    other = (Root(name=G2_ROOT, sha256="00" * 32),)
    assert lead(leaf, (), both, other, _AT).reason is Reason.ISSUER_UNTRUSTED
    sub = (Root(name=G2_ISSUING),)
    assert lead(leaf, (), both, sub, _AT).root is None


def test_an_issuers_name_is_told_when_the_configuration_vouches_for_it() -> None:
    """By the chain or as an authority; a person's own authority stays on the PC, whatever it calls itself."""
    root = Authority.root("Viettel-CA", organisation="Viettel")
    person = Authority.root("Phùng Thị Canary CA", organisation=G2_ISSUING)

    def told(by: Authority, *known: Authority, roots: tuple[Root, ...] = _ROOTS) -> tuple[str, bool]:
        ask = Ask(path="", now=_AT, roots=roots, authorities=tuple(one.pem.decode() for one in known))
        described = Describer(ask).all([by.signer().der, by.der])[0]
        (leaf,) = [one for one in described if not one.authority]
        return leaf.issuer, bool(leaf.issuer_der)

    assert told(root) == told(person) == ("", False)
    assert told(root, root) == ("Viettel-CA", True)
    pinned = (Root(name="x", sha256=authorities.sha256(root.certificate)),)
    assert told(root, roots=pinned) == ("Viettel-CA", True)
    assert told(person, root, roots=pinned) == ("", False)


def test_each_way_in_which_a_chain_breaks_has_its_reason() -> None:
    """Issuer missing, root missing, forged, foreign, expired, self-signed."""
    root, issuing = authorities.chain("g2")
    leaf = issuing.signer()
    forged = authorities.chain("g2")[1].signer()
    foreign = Authority.root("Viettel-CA", organisation="Viettel")
    old = root.issuing(G2_ISSUING, begin=NOW - 900 * DAY, end=NOW - DAY)
    assert _lead(leaf).reason is Reason.ISSUER_MISSING
    assert _lead(leaf, root).reason is Reason.ISSUER_MISSING
    assert _lead(leaf, issuing).reason is Reason.ISSUER_MISSING
    assert _lead(leaf, issuing).above
    assert _lead(forged, root, issuing).reason is Reason.CERT_SIGNATURE
    assert _lead(foreign.signer(), root, issuing, foreign).reason is Reason.ISSUER_UNTRUSTED
    assert _lead(old.signer(end=NOW + DAY), root, old).reason is Reason.ISSUER_EXPIRED
    assert _lead(foreign, root, issuing).reason is Reason.ISSUER_UNTRUSTED


def test_of_several_namesakes_the_one_that_signed_counts() -> None:
    """Renewed authorities keep their name; one of them expired."""
    root, issuing = authorities.chain("g2")
    expired = root.issuing(G2_ISSUING, begin=NOW - 900 * DAY, end=NOW - DAY, key=issuing.key)
    leaf = issuing.signer()
    strangers = [authorities.chain("g2")[1] for _ in range(3)]
    assert _lead(leaf, *strangers, expired, issuing, root).reason is None
    assert _lead(leaf, *strangers, expired, root).reason is Reason.ISSUER_EXPIRED
    assert _lead(leaf, *strangers, root).reason is Reason.CERT_SIGNATURE


def test_who_may_not_issue_is_no_issuer() -> None:
    """A signer's own certificate, and a CA that allows none below itself."""
    root, issuing = authorities.chain("g2")
    person = root.issuing("Người ký", ca=False)
    assert _lead(person.signer(), person, root).reason is Reason.ISSUER_UNTRUSTED
    below = issuing.issuing("Sub CA")
    assert _lead(below.signer(), below, issuing, root).reason is Reason.ISSUER_UNTRUSTED
    longer = root.issuing("Longer CA", path_length=1)
    under = longer.issuing("Under CA")
    assert _lead(under.signer(), under, longer, root).reason is None


def test_circles_and_ladders_end() -> None:
    """Two authorities that vouch for each other, and one chain that is too long."""
    one, two = Authority.root("One CA"), Authority.root("Two CA")
    crossed = [
        two.issuing("One CA", key=one.key, path_length=None),
        one.issuing("Two CA", key=two.key, path_length=None),
    ]
    assert _lead(one.signer(), *crossed).reason is Reason.ISSUER_MISSING
    rung = top = Authority.root(G2_ROOT)
    ladder: list[Signer] = [top]
    for number in range(MAX_DEPTH):
        rung = rung.issuing(f"Rung CA {number}", path_length=None)
        ladder.append(rung)
    assert _lead(rung.signer(), *ladder).reason is Reason.ISSUER_MISSING
    assert _lead(Authority(ladder[-2].certificate, ladder[-2].key).signer(), *ladder).reason is None


def test_a_crowd_of_namesakes_costs_a_bounded_number_of_signatures(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hostile token could hold hundreds; the work is bounded, not the answer promised."""
    root, issuing = authorities.chain("g2")
    pool = [x509.parse(root.issuing(G2_ISSUING, key=issuing.key).der) for _ in range(200)]
    counted: list[int] = []

    def counting(child: Parsed, issuer: Parsed) -> bool:
        counted.append(1)
        return signed(child, issuer)

    monkeypatch.setattr("checks.kit.authority.signed", counting)
    assert lead(x509.parse(issuing.signer().der), pool, (), _ROOTS, _AT).reason is not None
    assert len(counted) <= 128


def test_the_generation_is_known_by_name_when_the_chain_is_not() -> None:
    """Most PCs do not hold the authorities' certificates."""
    _, issuing = authorities.chain("g2")
    leaf = issuing.signer()
    found = generation(x509.parse(leaf.der), _lead(leaf), _ROOTS)
    assert found is not None
    assert (found.generation, found.ends) == ("g2", "2048")
    direct = Authority.root(G1_ROOT).signer()
    named = generation(x509.parse(direct.der), _lead(direct), _ROOTS)
    assert named is not None
    assert named.generation == "g1"
    other = Authority.root(G1_ISSUING + " khác").signer()
    assert generation(x509.parse(other.der), _lead(other), _ROOTS) is None


def test_pem_texts_are_read_past_what_is_broken() -> None:
    """Several in one text, each once; a broken block is left out."""
    root, issuing = authorities.chain("g2")
    text = "x" + root.pem.decode() + issuing.pem.decode()
    broken = "-----BEGIN CERTIFICATE-----\nAAAA=A\n-----END CERTIFICATE-----\n"
    assert [one.der for one in from_pem([text + broken, root.pem.decode()])] == [root.der, issuing.der]


_CHAIN = authorities.chain("g2")
_LEAF = _CHAIN[1].signer()
_PARTS = (_LEAF.der, _CHAIN[1].der, _CHAIN[0].der)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2), st.lists(st.tuples(st.integers(0, 500), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_changed_certificate_never_makes_a_chain(which: int, changes: list[tuple[int, int]]) -> None:
    """A byte in any of the three: described or counted as malformed, never an exception, and never trusted, since a
    changed root has another fingerprint, and a changed leaf or authority a signature that does not fit."""
    parts = [bytearray(part) for part in _PARTS]
    for at, byte in changes:
        parts[which][at % len(parts[which])] = byte
    roots = (Root(name="none", sha256=authorities.sha256(_CHAIN[0].certificate)),)
    described, malformed = Describer(Ask(path="m.so", now=_AT, roots=roots)).all([bytes(part) for part in parts])
    assert len(described) + malformed == 3
    same = bytes(parts[which]) == _PARTS[which]
    assert same or all(one.chain for one in described if not one.authority)
