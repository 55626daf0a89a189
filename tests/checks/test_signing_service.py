"""The services a signature needs: the local one, time stamps, and the order in which they are told."""

from __future__ import annotations

import base64
import socket
import subprocess
import sys
import time
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checks import signing_service
from checks.kit.host import System
from checks.kit.model import Outcome, Reading, Reason, decode_params
from checks.kit.service_links import Link
from checks.signing_service import CHECK, LINKS, summarise
from tests.checks.certs import DAY, NOW, Authority, self_signed
from tests.checks.conftest import values
from tests.checks.kit.test_sign_service import Windows, frame, says
from tests.checks.servers import Answer, Server, blackhole, closed_port, http, reset, say
from tests.lab.authorities import chain
from tests.lab.services import check, desk, links
from tests.lab.tsa import POLICY, Tsa, body, posts, stamping, with_status

ROOT, ISSUER = chain("g2")


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Tsa:
    return Tsa(tmp_path_factory.mktemp("tsa"))


def stamp(answer: Answer, tsa: Tsa | None = None, **params: Any) -> Reading:
    """What the check says of a time-stamp server that answers so."""
    with Server(answer) as server:
        roots = [tsa.root.pem.decode()] if tsa else []
        return check(desk(), tsa=[f"http://127.0.0.1:{server.port}/tsa"], tsa_authorities=roots, **params)


def broken(reading: Reading, link: str, reason: Reason, cause: Reason | None = None) -> None:
    """The reading failed at this link, for this reason, with this cause below it."""
    assert (reading.outcome, reading.reason, reading.facts.get(f"{link}_cause")) == (Outcome.FAILED, reason, cause)
    assert links(reading)[link] == (0.0, reason.value)
    assert reading.facts[f"{link}_link"] == reason.value
    assert reading.detail.startswith(f"{link}: ")


def test_nothing_configured_and_no_token_does_not_apply() -> None:
    """A PC where nobody signs."""
    assert check(desk()).outcome is Outcome.NOT_APPLICABLE


def test_a_right_stamp_tells_the_clock_and_who_vouches(tsa: Tsa) -> None:
    """openssl's own stamps, verified to the configured root; few bytes are sent."""
    with Server(posts(tsa)) as server:
        env = desk(wall=time.time() + 100)
        roots = [tsa.root.pem.decode()]
        reading = check(env, tsa=[f"http://tsa.example:{server.port}/"], tsa_authorities=roots)
    assert (reading.outcome, links(reading)) == (Outcome.OK, {"tsa": (1.0, "")})
    assert reading.facts == {
        "tsa_link": "ok", "tsa_verified": "yes", "tsa_policy": POLICY, "tsa_accuracy": 1.5,
    }  # fmt: skip
    found = values(reading)
    assert 95 < found["signing_service_tsa_offset"] < 110
    assert found["signing_service_size:tsa"] > 1000
    assert found["signing_service_wait:tsa"] > 0
    assert b"Content-Type: application/timestamp-query\r\n" in server.requests[0]
    assert env.meter.sent < 500


def test_without_roots_a_stamp_is_not_verified(tsa: Tsa) -> None:
    """And that is said."""
    reading = stamp(posts(tsa))
    assert (reading.outcome, reading.facts["tsa_verified"]) == (Outcome.OK, "no_roots")


def test_the_next_server_is_asked_when_one_fails(tsa: Tsa) -> None:
    """One that works is enough; when none does, the first one's reason stands."""
    with Server(posts(tsa)) as server:
        good, bad = f"http://127.0.0.1:{server.port}/", f"http://127.0.0.1:{closed_port()}/"
        assert check(desk(), tsa=[bad, good]).outcome is Outcome.OK
        assert len(server.requests) == 1
        assert check(desk(), tsa=[good, bad]).outcome is Outcome.OK
    broken(check(desk(), tsa=[bad, bad]), "tsa", Reason.TSA_UNREACHABLE, Reason.TCP_REFUSED)


PAGE = say(http(200, b"\r\n<!DOCTYPE html><html>Sign in</html>", "Content-Type: text/html"))


@pytest.mark.parametrize(
    ("answer", "reason", "cause"),
    [
        (say(http(500)), Reason.TSA_REFUSED, Reason.HTTP_STATUS),
        (PAGE, Reason.TSA_MALFORMED, Reason.HTTP_BODY),
        (say(http(200, b"garbage")), Reason.TSA_MALFORMED, None),
        (say(http(200, b"x" * 70_000)), Reason.TSA_MALFORMED, Reason.HTTP_TOO_LARGE),
        (say(http(302, b"", "Location: http://portal.example/")), Reason.TSA_UNREACHABLE, Reason.HTTP_REDIRECTS),
        (say(http(407)), Reason.TSA_UNREACHABLE, Reason.PROXY_AUTH),
        (say(http(511)), Reason.TSA_UNREACHABLE, Reason.CAPTIVE_PORTAL),
        (reset, Reason.TSA_UNREACHABLE, Reason.TCP_RESET),
    ],
)
def test_what_is_no_stamp_has_a_reason_and_a_cause(answer: Answer, reason: Reason, cause: Reason | None) -> None:
    """A broken server, a page, garbage, too much, a redirect, a proxy, a portal, a cut."""
    broken(stamp(answer), "tsa", reason, cause)


def test_a_server_that_refuses_says_so(tmp_path: Path) -> None:
    """One that does not take SHA-256."""
    reading = stamp(posts(Tsa(tmp_path, digests="sha512")))
    broken(reading, "tsa", Reason.TSA_REFUSED)
    assert reading.detail == "tsa: the server says rejection"


def test_an_old_stamp_that_is_replayed_does_not_match(tsa: Tsa) -> None:
    """The first answer, again for the second request."""
    kept: list[bytes] = []

    def replay(request: bytes) -> bytes:
        kept.append(tsa(request))
        return kept[0]

    with Server(posts(replay)) as server:
        address = f"http://127.0.0.1:{server.port}/"
        assert check(desk(), tsa=[address]).outcome is Outcome.OK
        broken(check(desk(), tsa=[address]), "tsa", Reason.TSA_MISMATCH)


def test_a_stamp_that_nobody_vouches_for_is_untrusted(tsa: Tsa, tmp_path: Path) -> None:
    """Another root than the configured; a certificate that is not for stamps."""
    broken(stamp(posts(Tsa(tmp_path)), tsa), "tsa", Reason.TSA_UNTRUSTED)
    plain = stamping(tsa.issuing, purpose=False)
    broken(stamp(posts(lambda request: tsa.resigned(request, plain)), tsa), "tsa", Reason.TSA_UNTRUSTED)


def test_granted_with_changes_serves(tsa: Tsa) -> None:
    """A stamp is a stamp."""
    reading = stamp(posts(lambda request: with_status(tsa(request), 1)), tsa)
    assert (reading.outcome, reading.facts["tsa_verified"]) == (Outcome.OK, "yes")


def test_a_server_that_hangs_is_out_of_reach() -> None:
    """Each phase is bounded."""

    def hold(connection: socket.socket, head: bytes) -> None:
        body(connection, head)
        time.sleep(1)

    broken(stamp(hold, timeout=0.3), "tsa", Reason.TSA_UNREACHABLE, Reason.HTTP_TIMEOUT)
    with blackhole() as port:
        reading = check(desk(), tsa=[f"http://127.0.0.1:{port}/"], timeout=0.3)
    broken(reading, "tsa", Reason.TSA_UNREACHABLE, Reason.TCP_TIMEOUT)


def test_a_name_that_does_not_resolve_is_the_cause() -> None:
    """As connectivity says it."""

    def lookup(*_: object, **__: object) -> list[tuple[object, ...]]:
        raise socket.gaierror(socket.EAI_NONAME, "")

    reading = check(desk(lookup=lookup), tsa=["http://tsa.example/"])
    broken(reading, "tsa", Reason.TSA_UNREACHABLE, Reason.DNS_NXDOMAIN)


def test_a_portal_in_a_servers_place_is_told() -> None:
    """When the known good page is answered by something else too."""
    with Server(PAGE) as server:
        reading = check(
            desk(), tsa=[f"http://tsa.example:{server.port}/"],
            known_good=f"http://good.example:{server.port}/", known_good_body="it works",
        )  # fmt: skip
    broken(reading, "tsa", Reason.TSA_UNREACHABLE, Reason.CAPTIVE_PORTAL)


def test_the_local_service_is_asked_where_it_is_expected(tmp_path: Path) -> None:
    """Its version, and each way it can be broken."""
    context = self_signed(tmp_path, "localhost")
    with Server(says(frame(b"VGCA Sign Service 1.2.0")), context) as server:
        reading = check(desk(), service=True, port=server.port)
    assert (reading.outcome, links(reading)) == (Outcome.OK, {"service": (1.0, "")})
    assert reading.facts == {"service_link": "ok", "service_version": "1.2.0"}
    with Server(say(http(200, b"hello")), context) as server:
        broken(check(desk(), service=True, port=server.port), "service", Reason.SERVICE_MALFORMED)
    broken(check(desk(), service=True, port=closed_port()), "service", Reason.SERVICE_STOPPED)


def test_a_service_that_hangs_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within its own seconds, and the others are asked all the same."""
    monkeypatch.setattr(signing_service, "SERVICE_SECONDS", 0.5)
    hanging = Server(lambda _connection, _head: time.sleep(2), self_signed(tmp_path, "localhost"))
    with hanging as server:
        reading = check(desk(), service=True, port=server.port, tsa=[f"http://127.0.0.1:{closed_port()}/"])
    broken(reading, "service", Reason.SERVICE_TIMEOUT)
    assert links(reading)["tsa"] == (0.0, "tsa_unreachable")


def test_a_wrong_clock_is_not_the_services_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over https, to a certificate that is valid by the server's clock only: for stamps, lists and responders alike."""
    authority = Authority(tmp_path / "ca", "Cơ quan thử nghiệm")
    monkeypatch.setenv("SSL_CERT_FILE", authority.ca_file)
    context, _ = authority.server(("pki.example",), begin=NOW + 300 * DAY, end=NOW + 400 * DAY)
    answer = say(http(200, b"", f"Date: {format_datetime(NOW + 350 * DAY, usegmt=True)}"))
    with Server(answer, context) as server:
        address = f"https://pki.example:{server.port}/"
        reading = check(desk(ISSUER.signer(crl=address, ocsp=address)), (ROOT, ISSUER), tsa=[address])
    broken(reading, "tsa", Reason.CLOCK_WRONG)
    assert links(reading) == dict.fromkeys(("tsa", "crl", "ocsp"), (0.0, "clock_wrong"))
    assert not [name for name in reading.facts if name.endswith("_cause")]


class WindowsDesk(Windows):
    """A Windows PC with these programs."""

    def system(self) -> System:
        return System("windows", "10.0.19045", "amd64")

    def names(self, _path: str) -> list[str]:
        return []


def test_on_windows_the_service_counts_where_it_is_installed_or_answers(tmp_path: Path) -> None:
    """Elsewhere a closed port says nothing; told that there is none, nobody asks."""
    context, port = self_signed(tmp_path, "localhost"), closed_port()
    bare, there = (msgspec.structs.replace(desk(), host=WindowsDesk(*programs)) for programs in ((), ("VGCA Sign",)))
    assert check(bare, port=port, modules=[]).outcome is Outcome.NOT_APPLICABLE
    assert check(there, port=port, modules=[], service=False).outcome is Outcome.NOT_APPLICABLE
    broken(check(there, port=port, modules=[]), "service", Reason.SERVICE_STOPPED)
    with Server(says(frame(b"1.2.0")), context) as server:
        assert check(bare, port=server.port, modules=[]).facts["service_version"] == "1.2.0"


def test_the_first_broken_link_is_the_reading() -> None:
    """In the order in which a signature needs them; the others are told beside it."""
    reasons = {name: reasons[0] for name, reasons in LINKS.items()}
    for name in LINKS:
        found = {one: Link(reason=reasons[one] if one >= name else None) for one in ("crl", "ocsp", "service", "tsa")}
        reading = summarise({one: found[one] for one in LINKS})
        first = next(one for one in LINKS if found[one].reason)
        assert reading.reason is reasons[first]
        assert len(links(reading)) == 4


def test_what_could_not_be_measured_is_no_failure_of_the_service() -> None:
    """This PC forbids it: an error, unless another link is broken; nothing is told of that link."""
    forbidden = Link(reason=Reason.PERMISSION, cause=Reason.PERMISSION, detail="this device forbids it")
    reading = summarise({"tsa": forbidden, "crl": Link()})
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, Reason.PERMISSION)
    assert reading.facts == {"crl_link": "ok"}
    reading = summarise({"tsa": forbidden, "crl": Link(reason=Reason.CRL_STALE)})
    assert (reading.outcome, links(reading)) == (Outcome.FAILED, {"crl": (0.0, "crl_stale")})


@pytest.mark.parametrize(
    "params",
    [
        {"tsa": ["ftp://x/"]},
        {"crl": ["ldap://x/cn=y"]},
        {"known_good": "http://x/"},
        {"proxy": "nonsense"},
        {"tsa_authorities": ["no certificate"]},
        {"port": 0},
        {"host": "10.0.0.1"},
    ],
)
def test_params_that_cannot_be_used_are_refused(params: dict[str, object]) -> None:
    """With the field's name where it is one; there is no other host for the local service."""
    with pytest.raises(msgspec.ValidationError):
        decode_params(CHECK, params)


@pytest.mark.parametrize("field", ["tsa_authorities", "authorities"])
def test_a_certificate_that_cannot_be_read_is_refused_with_its_place(field: str) -> None:
    """Not only where it is used, where it would be left out or be taken for the server's fault."""
    good = ROOT.pem.decode()
    begin, _, rest = good.partition("\n")
    coded, _, _ = rest.partition("-----END")
    end = "-----END CERTIFICATE-----\n"
    key = base64.b64encode(b"\x30\x06\x02\x01\x00\x02\x01\x05").decode()
    assert getattr(decode_params(CHECK, {field: [good, f"Root:\n{good}{ISSUER.pem.decode()}"]}), field)
    for unfit in (
        f"{begin}\n{end}", f"{begin}\nAAAA=A\n{end}", f"{begin}\n{coded[:400]}\n{end}", f"{begin}\n{coded}",
        f"{begin}\n!{coded}{end}", f"{begin}\n\u00e9{coded}{end}", f"{begin}\n{key}\n{end}", good + f"{begin}\n",
        "BEGIN CERTIFICATE",
    ):  # fmt: skip
        with pytest.raises(msgspec.ValidationError, match=rf"^{field}\[1\]: .*certificate in it"):
            decode_params(CHECK, {field: [good, unfit]})
    spare = base64.b64encode(ROOT.der + b"\0").decode()
    with pytest.raises(msgspec.ValidationError, match=rf"^{field}\[0\]: a certificate in it cannot be read"):
        decode_params(CHECK, {field: [f"{begin}\n{spare}\n{end}"]})


def test_every_value_that_a_link_can_have_has_words() -> None:
    """Else it would not be exported."""
    by_name = {fact.name: fact for fact in CHECK.facts}
    for name, reasons in LINKS.items():
        assert set(by_name[f"{name}_link"].words) == {"ok", *(reason.value for reason in reasons)}
        assert {name, "", *(reason.value for reason in reasons)} <= set(signing_service.HOLDS.words)


def test_the_check_loads_without_what_it_needs_to_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command and the collector load every check; where the extra is missing, that is said."""
    code = "import sys; import checks.signing_service; print({'cryptography', 'rfc3161_client'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
    monkeypatch.setitem(sys.modules, "checks.kit.timestamp", None)
    monkeypatch.delattr("checks.kit.timestamp", raising=False)
    reading = check(desk(), tsa=["http://tsa.example/"])
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, Reason.UNSUPPORTED)
