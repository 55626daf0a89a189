"""Revocation as a certificate names it: lists and responders, fresh and stale, right and forged; and what leaves."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.x509 import ocsp

from checks.kit import crl
from checks.kit.model import Outcome, Reading, Reason
from tests.checks.conftest import values
from tests.checks.servers import Answer, Server, closed_port, http, reset, say
from tests.checks.test_signing_service import PAGE, broken
from tests.lab.authorities import DAY, NOW, SIGNER, Authority, Signer, chain
from tests.lab.desk import Children
from tests.lab.revocation import Files, answers, listed, of_openssl, refusal, responder
from tests.lab.services import check, desk, links
from tests.lab.softhsm import MODULE, one_token
from tests.lab.tsa import body, posts

ROOT, ISSUER = chain("g2")
KNOWN = (ROOT, ISSUER)


def with_list(answer: Answer, *, known: tuple[Signer, ...] = KNOWN, **of_desk: Any) -> Reading:
    """What the check says when the token's certificate names a list that is answered for so."""
    with Server(answer) as server:
        signer = ISSUER.signer(crl=f"http://crl.example:{server.port}/g2.crl")
        return check(desk(signer, **of_desk), known)


def test_a_fresh_list_is_verified_and_searched() -> None:
    """The certificate is not in it."""
    content = listed(ISSUER, [5, 6])
    reading = with_list(Files(content))
    assert (reading.outcome, links(reading)) == (Outcome.OK, {"crl": (1.0, "")})
    assert reading.facts == {
        "token_certificates": 1, "crl_link": "ok", "crl_verified": "yes", "revocation": "good",
    }  # fmt: skip
    found = values(reading)
    assert found["signing_service_size:crl"] == len(content)
    left = NOW + 6 * DAY - datetime.now(UTC)  # NOW is when the tests were collected
    assert abs(found["signing_service_left:crl"] - left.total_seconds()) < 60


def test_a_revoked_certificate_is_found_by_its_seal() -> None:
    """And fails when it is the only one; beside another that can sign it is told."""
    with Server(Files(b"")) as server:
        address = f"http://crl.example:{server.port}/g2.crl"
        one, other = ISSUER.signer(crl=address), ISSUER.signer(crl=address)
        server._answer = Files(listed(ISSUER, [one.certificate.serial_number]))
        alone, beside = check(desk(one), KNOWN), check(desk(one, other), KNOWN)
    broken(alone, "crl", Reason.CERT_REVOKED)
    assert alone.facts["revocation"] == "revoked"
    assert (beside.outcome, beside.facts["revocation"]) == (Outcome.OK, "revoked")


@pytest.mark.parametrize(
    ("answer", "reason", "cause"),
    [
        (say(http(404)), Reason.CRL_UNREACHABLE, Reason.HTTP_STATUS),
        (say(http(511)), Reason.CRL_UNREACHABLE, Reason.CAPTIVE_PORTAL),
        (reset, Reason.CRL_UNREACHABLE, Reason.TCP_RESET),
        (PAGE, Reason.CRL_MALFORMED, Reason.HTTP_BODY),
        (say(http(200, b"-----BEGIN X509 CRL-----")), Reason.CRL_MALFORMED, None),
        (say(http(200, listed(ISSUER)[:-9])), Reason.CRL_MALFORMED, None),
        (say(http(200, b"")), Reason.CRL_MALFORMED, None),
        (Files(listed(ISSUER, signer=ROOT)), Reason.CRL_MALFORMED, Reason.CERT_SIGNATURE),
        (Files(listed(ISSUER, end=NOW - DAY / 2)), Reason.CRL_STALE, None),
        (Files(listed(ISSUER, begin=NOW + DAY)), Reason.CRL_STALE, None),
    ],
)
def test_a_list_that_does_not_serve_has_its_reason(answer: Answer, reason: Reason, cause: Reason | None) -> None:
    """Absent, a portal, cut, a page, PEM, cut in the middle, nothing, forged, run out, of the future."""
    broken(with_list(answer), "crl", reason, cause)


def test_a_list_out_of_reach_names_the_cause_and_the_second_address_serves() -> None:
    """Nothing listens at the first one."""
    closed = f"http://crl.example:{closed_port()}/"
    broken(check(desk(), crl=[closed]), "crl", Reason.CRL_UNREACHABLE, Reason.TCP_REFUSED)
    with Server(Files(listed(ISSUER))) as server:
        reading = check(desk(), KNOWN, crl=[f"http://127.0.0.1:{server.port}/", closed])
    broken(reading, "crl", Reason.CRL_UNREACHABLE, Reason.TCP_REFUSED)


def test_a_wrong_clock_does_not_make_a_list_stale() -> None:
    """By the server's clock it is in force: this PC's, years off, is what is wrong."""
    files = Files(listed(ISSUER), date=format_datetime(NOW, usegmt=True))
    reading = with_list(files, wall=(NOW + 700 * DAY).timestamp())
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.CLOCK_WRONG)
    assert links(reading)["crl"] == (0.0, "clock_wrong")


@pytest.mark.parametrize("date", ["", format_datetime(NOW, usegmt=True)], ids=["no-date", "date"])
def test_a_clock_before_any_pc_of_these_is_wrong(date: str) -> None:
    """The battery is empty: no server has to say so, of a list or of an answer by whom the issuer named."""
    listing = with_list(Files(listed(ISSUER), date=date), wall=86_400.0)
    broken(listing, "crl", Reason.CLOCK_WRONG)
    for respond in (answers(ISSUER), answers(responder(ISSUER), enclosed=True)):
        broken(with_responder(_dated(respond, date), wall=86_400.0), "ocsp", Reason.CLOCK_WRONG)


def _dated(respond: Callable[[bytes], bytes], date: str) -> Answer:
    """Answers the body of each POST, with the server's time when there is one."""
    fields = [f"Date: {date}"] if date else []
    return lambda connection, head: connection.sendall(http(200, respond(body(connection, head)), *fields))


def test_a_forged_answer_is_forged_by_a_clock_that_may_be_right() -> None:
    """Nobody's clock excuses it."""
    broken(with_responder(posts(answers(ROOT))), "ocsp", Reason.OCSP_MALFORMED, Reason.CERT_SIGNATURE)
    dated = _dated(answers(ROOT), format_datetime(NOW, usegmt=True))
    broken(with_responder(dated, wall=86_400.0), "ocsp", Reason.OCSP_MALFORMED, Reason.CERT_SIGNATURE)


def test_a_certificate_may_not_name_this_pc_itself() -> None:
    """A token would make the check knock at local ports; the configuration may name it."""
    with Server(Files(listed(ISSUER))) as server:
        signer = ISSUER.signer(crl=f"http://127.0.0.1:{server.port}/", ocsp=f"http://localhost:{server.port}/")
        reading = check(desk(signer), KNOWN)
        assert server.requests == []
    broken(reading, "crl", Reason.CRL_UNREACHABLE, Reason.ADDRESS_FORBIDDEN)
    assert (links(reading)["ocsp"], reading.facts["ocsp_cause"]) == ((0.0, "ocsp_unreachable"), "address_forbidden")


def test_a_list_is_downloaded_once_and_asked_after_with_a_condition() -> None:
    """Until it is renewed; what was found is kept, over the agent's restarts, as JSON."""
    lasting: dict[str, Any] = {}
    files = Files(listed(ISSUER, range(1, 2000)))
    with Server(files) as server:
        signer = ISSUER.signer(crl=f"http://crl.example:{server.port}/g2.crl")
        runs = []
        for number in range(4):
            env = desk(signer, lasting=msgspec.json.decode(msgspec.json.encode(lasting)))
            if number == 3:
                files.content = listed(ISSUER, [*range(1, 2000), signer.certificate.serial_number])
            runs.append((check(env, KNOWN), env.meter))
            lasting = env.lasting
    assert files.codes == [200, 304, 304, 206, 200]
    assert [reading.facts["revocation"] for reading, _ in runs] == ["good", "good", "good", "revoked"]
    assert runs[1][1].received < 1000
    assert all(meter.sent < 1000 for _, meter in runs)
    assert len(msgspec.json.encode(lasting)) < 1024


@pytest.mark.parametrize(("ranges", "tags", "codes"), [(True, False, [200, 206]), (False, False, [200, 200])])
def test_servers_without_tags_or_ranges_are_read_a_little(ranges: bool, tags: bool, codes: list[int]) -> None:
    """The beginning shows that the list is the same one, and the rest is left."""
    lasting: dict[str, Any] = {}
    files = Files(listed(ISSUER, range(1, 6000)), ranges=ranges, tags=tags)
    with Server(files) as server:
        signer = ISSUER.signer(crl=f"http://crl.example:{server.port}/g2.crl")
        envs = [desk(signer, lasting=lasting) for _ in codes]
        readings = [check(env, KNOWN) for env in envs]
    assert files.codes == codes
    assert [reading.facts["revocation"] for reading in readings] == ["good", "good"]
    assert envs[1].meter.received < envs[0].meter.received / 2


def test_another_token_has_the_list_searched_again() -> None:
    """Kept is what was found, not who was looked for: the first one is not asked after twice."""
    lasting: dict[str, Any] = {}
    files = Files(listed(ISSUER))
    with Server(files) as server:
        address = f"http://crl.example:{server.port}/g2.crl"
        one, other = ISSUER.signer(crl=address), ISSUER.signer(crl=address)
        for signer in (one, other, one, other):
            assert check(desk(signer, lasting=lasting), KNOWN).facts["revocation"] == "good"
    assert files.codes == [200, 200, 304, 304]


def test_a_large_list_is_not_downloaded() -> None:
    """Its beginning says when it runs out; that nobody searched it is said."""
    content = listed(ISSUER, range(2**40, 2**40 + 15_000))
    assert len(content) > crl.WHOLE
    files = Files(content)
    lasting: dict[str, Any] = {}
    reading = with_list(files, lasting=lasting)
    assert (reading.outcome, reading.facts["crl_verified"]) == (Outcome.OK, "not_read")
    assert reading.facts["revocation"] == "not_checked_large"
    assert values(reading)["signing_service_size:crl"] == len(content)


def test_a_list_whose_issuer_is_not_known_is_told_and_not_searched() -> None:
    """It might be anybody's, or another authority's with numbers of its own; in force it is."""
    other = Authority.root("Another")
    reading = with_list(Files(listed(other, [5])), known=(other,))
    assert (reading.facts["crl_verified"], reading.facts["revocation"]) == ("yes", "not_checked")
    reading = with_list(Files(listed(ISSUER, [5])), known=())
    assert (reading.outcome, reading.facts["crl_verified"]) == (Outcome.OK, "no_issuer")
    assert reading.facts["revocation"] == "not_checked"


def test_what_was_kept_and_makes_no_sense_is_dropped() -> None:
    """A file of an older agent, or a damaged one; and no more is kept than has a place."""
    lasting: dict[str, Any] = {"crl": {f"{number:016x}": {"begins": "x"} for number in range(20)}}
    assert with_list(Files(listed(ISSUER)), lasting=lasting).outcome is Outcome.OK
    assert len(lasting["crl"]) == crl.MAX_KEPT


@pytest.mark.parametrize("kept", [[], "x", 5, None, [{}]])
def test_what_was_kept_in_another_shape_is_begun_anew(kept: Any) -> None:
    """The run goes on, and what it found is kept."""
    lasting: dict[str, Any] = {"crl": kept}
    assert with_list(Files(listed(ISSUER)), lasting=lasting).outcome is Outcome.OK
    assert [one["verified"] for one in lasting["crl"].values()] == ["yes"]


def with_responder(answer: Answer, **of_desk: Any) -> Reading:
    """What the check says when the token's certificate names a responder that answers so."""
    with Server(answer) as server:
        signer = ISSUER.signer(ocsp=f"http://ocsp.example:{server.port}/")
        return check(desk(signer, **of_desk), KNOWN)


def test_openssls_responder_serves(tmp_path: Path) -> None:
    """It does not know the number, which is the point, and signs that."""
    reading = with_responder(posts(of_openssl(ISSUER, tmp_path)))
    assert (reading.outcome, links(reading)) == (Outcome.OK, {"ocsp": (1.0, "")})
    assert (reading.facts["ocsp_answer"], reading.facts["ocsp_link"]) == ("unknown", "ok")
    assert values(reading)["signing_service_left:ocsp"] > 0


@pytest.mark.parametrize(
    ("respond", "said"),
    [
        (answers(ISSUER, status=ocsp.OCSPCertStatus.GOOD), "good"),
        (answers(responder(ISSUER), status=ocsp.OCSPCertStatus.REVOKED, enclosed=True), "revoked"),
        (refusal(ocsp.OCSPResponseStatus.UNAUTHORIZED), "unauthorized"),
    ],
)
def test_whatever_a_responder_says_it_answers(respond: Any, said: str) -> None:
    """By itself or by whom it named; or that it is not in charge."""
    reading = with_responder(posts(respond))
    assert (reading.outcome, reading.facts["ocsp_answer"]) == (Outcome.OK, said)


@pytest.mark.parametrize(
    ("answer", "reason", "cause"),
    [
        (say(http(503)), Reason.OCSP_UNREACHABLE, Reason.HTTP_STATUS),
        (reset, Reason.OCSP_UNREACHABLE, Reason.TCP_RESET),
        (PAGE, Reason.OCSP_MALFORMED, Reason.HTTP_BODY),
        (say(http(200, b"garbage")), Reason.OCSP_MALFORMED, None),
        (posts(refusal(ocsp.OCSPResponseStatus.TRY_LATER)), Reason.OCSP_MALFORMED, None),
        (posts(answers(ISSUER, serial=5)), Reason.OCSP_MALFORMED, None),
        (posts(answers(ROOT)), Reason.OCSP_MALFORMED, Reason.CERT_SIGNATURE),
        (posts(answers(ISSUER, end=NOW - DAY / 2)), Reason.OCSP_STALE, None),
    ],
)
def test_a_responder_that_does_not_serve_has_its_reason(answer: Answer, reason: Reason, cause: Reason | None) -> None:
    """Broken, cut, a page, garbage, busy, a replay, forged, an answer that ran out."""
    broken(with_responder(answer), "ocsp", reason, cause)


def test_without_the_issuer_no_responder_can_be_asked() -> None:
    """There is no question without its name and key; the link is absent."""
    signer = ISSUER.signer(ocsp=f"http://ocsp.example:{closed_port()}/")
    assert check(desk(signer)).outcome is Outcome.NOT_APPLICABLE


def test_a_real_token_is_read_and_nothing_of_the_signer_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SoftHSM2 in a child of its own: not in the reading, what is kept, or one byte that went over the network."""
    hsm, heard = one_token(tmp_path), list[bytes]()
    for name, value in hsm.environment.items():
        monkeypatch.setenv(name, value)
    files, respond = Files(listed(ISSUER)), answers(ISSUER)

    def hear(request: bytes) -> bytes:
        heard.append(request)
        return respond(request)

    def serve(connection: socket.socket, head: bytes) -> None:
        heard.append(head)
        if head.startswith(b"GET"):
            files(connection, head)
        else:
            posts(hear)(connection, head)

    with Server(serve) as server:
        place = f"http://pki.example:{server.port}"
        signer = ISSUER.signer(crl=f"{place}/g2.crl", ocsp=f"{place}/ocsp", email="canary@example.vn")
        hsm.certificate(signer.der)
        env = desk(child=Children())
        reading = check(env, KNOWN, modules=[MODULE])
    assert (reading.outcome, links(reading)) == (Outcome.OK, {"crl": (1.0, ""), "ocsp": (1.0, "")})
    number = signer.certificate.serial_number
    canaries = [
        SIGNER.encode(), b"CCCD", b"001300000001", b"canary", str(number).encode(), f"{number:x}".encode(),
        number.to_bytes(20, "big").lstrip(b"\0"), signer.der[-32:],
    ]  # fmt: skip
    left = b"".join([msgspec.json.encode(reading), msgspec.json.encode(env.lasting), *heard])
    assert [canary for canary in canaries if canary in left] == []
    assert len(heard) == 3
    assert env.meter.sent < 1500


def test_a_module_that_cannot_be_read_leaves_what_is_configured(tmp_path: Path) -> None:
    """Why it cannot is for signing_token to tell."""
    missing = tmp_path / "broken.so"
    missing.write_bytes(os.urandom(64))
    with Server(Files(listed(ISSUER))) as server:
        reading = check(desk(child=Children()), KNOWN, modules=[str(missing)], crl=[f"http://127.0.0.1:{server.port}/"])
    assert (reading.outcome, reading.facts["crl_verified"]) == (Outcome.OK, "yes")
    assert "token_certificates" not in reading.facts


def test_certificates_that_nobody_can_sign_with_are_not_asked_about() -> None:
    """Beside one that can: its issuer's services are those that count."""
    with Server(Files(listed(ISSUER))) as server:
        old = ISSUER.signer(end=NOW - DAY, crl=f"http://old.example:{closed_port()}/")
        usable = ISSUER.signer(crl=f"http://crl.example:{server.port}/")
        reading = check(desk(old, usable), KNOWN)
    assert (reading.outcome, reading.facts["token_certificates"]) == (Outcome.OK, 1)
