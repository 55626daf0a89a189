"""Reaching HTTPS servers: certificates that are right, and wrong in each way that has its own reason."""

from __future__ import annotations

import os
import socket
import ssl
import time
from pathlib import Path

import pytest

from checks.connectivity import CHECK
from checks.kit.model import Outcome, Reason, decode_params
from checks.kit.net import Net
from tests.checks.certs import DAY, NOW, Authority
from tests.checks.conftest import Reach, environment, values
from tests.checks.servers import Server, http, reset, say

OK = say(http(200, b"ok"))


def test_a_valid_certificate_is_ok_and_described(reach: Reach, authority: Authority) -> None:
    """Issuer, dates and days left are stated; the subject is not."""
    context, _ = authority.server()
    with Server(OK, context) as server:
        reading = reach(f"https://127.0.0.1:{server.port}/", ca_file=authority.ca_file)
    found = values(reading)
    assert reading.outcome is Outcome.OK
    assert {"phase:tcp", "phase:tls", "phase:request", "phase:ttfb", "phase:transfer"} <= set(found)
    assert 89.9 < found["connectivity_certificate_left"] / 86400 <= 90
    assert reading.facts["tls_version"] == "TLSv1.3"
    assert reading.facts["tls_issuer"] == "Ban Cơ yếu Chính phủ"
    assert reading.facts["tls_not_before"] == int((NOW - DAY).timestamp())
    assert reading.facts["tls_not_after"] == int((NOW + 90 * DAY).timestamp())
    assert "Server" not in str(reading)


def test_a_name_is_verified_against_the_certificate(reach: Reach, authority: Authority) -> None:
    """The name in the address counts, not the address it resolves to."""
    context, _ = authority.server(("hethong.example",))
    with Server(OK, context) as server:
        right = reach(f"https://hethong.example:{server.port}/", ca_file=authority.ca_file)
        wrong = reach(f"https://khac.example:{server.port}/", ca_file=authority.ca_file)
        literal = reach(f"https://127.0.0.1:{server.port}/", ca_file=authority.ca_file)
    assert right.outcome is Outcome.OK
    assert (wrong.reason, literal.reason) == (Reason.TLS_NAME, Reason.TLS_NAME)
    assert {name for name in values(wrong) if name.startswith("phase")} == {"phase:dns", "phase:tcp"}


def test_an_expired_certificate_says_when_it_ended(reach: Reach, authority: Authority) -> None:
    """The dates are stated, so that the centre can tell an expired certificate from a wrong clock."""
    context, _ = authority.server(begin=NOW - 90 * DAY, end=NOW - 3 * DAY)
    with Server(OK, context) as server:
        reading = reach(f"https://127.0.0.1:{server.port}/", ca_file=authority.ca_file)
    assert (reading.outcome, reading.reason) == (Outcome.FAILED, Reason.TLS_EXPIRED)
    assert reading.detail == "the certificate was refused: certificate has expired"
    assert reading.facts["tls_not_after"] == int((NOW - 3 * DAY).timestamp())
    assert round(values(reading)["connectivity_certificate_left"] / 86400) == -3
    assert "phase:tls" not in values(reading)
    assert all(request[:5] in (b"", b"HEAD ") for request in server.requests)


def test_a_certificate_of_the_future_says_when_it_begins(reach: Reach, authority: Authority) -> None:
    """Mostly this PC's clock is behind; that is judged at the centre."""
    context, _ = authority.server(begin=NOW + 2 * DAY)
    with Server(OK, context) as server:
        reading = reach(f"https://127.0.0.1:{server.port}/", ca_file=authority.ca_file)
    assert reading.reason is Reason.TLS_NOT_YET_VALID
    assert reading.facts["tls_not_before"] == int((NOW + 2 * DAY).timestamp())


def test_an_expired_certificate_of_a_stranger_is_not_described(
    reach: Reach, authority: Authority, stranger: Authority
) -> None:
    """Dates of a certificate that nobody vouches for are worth nothing."""
    context, _ = stranger.server(end=NOW - DAY / 2)
    with Server(OK, context) as server:
        reading = reach(f"https://127.0.0.1:{server.port}/", ca_file=authority.ca_file)
    assert reading.outcome is Outcome.FAILED
    assert "tls_not_after" not in reading.facts


def test_an_unknown_authority_is_untrusted_and_no_request_is_sent(
    reach: Reach, authority: Authority, stranger: Authority
) -> None:
    """There is no way around verification: neither the other file nor the system's store lets it in."""
    context, _ = stranger.server(with_root=True)
    with Server(OK, context) as server:
        pinned = reach(f"https://127.0.0.1:{server.port}/", ca_file=authority.ca_file)
        system = reach(f"https://127.0.0.1:{server.port}/")
    assert (pinned.reason, system.reason) == (Reason.TLS_UNTRUSTED, Reason.TLS_UNTRUSTED)
    assert not any(server.requests)


def test_a_foreign_root_where_an_issuer_is_pinned_is_an_interception(
    reach: Reach, authority: Authority, stranger: Authority
) -> None:
    """An antivirus that scans HTTPS presents its own root."""
    context, _ = stranger.server(with_root=True)
    with Server(OK, context) as server:
        reading = reach(
            f"https://127.0.0.1:{server.port}/", ca_file=authority.ca_file, issuers=["Ban Co yeu Chinh phu"]
        )
    assert reading.reason is Reason.TLS_INTERCEPTED


@pytest.mark.parametrize("pin", ["Ban Cơ yếu Chính phủ", "BAN CO YEU  CHINH PHU", "ca phuc vu cac co quan nha nuoc g2"])
def test_a_pinned_issuer_is_recognised_without_accents_and_case(reach: Reach, authority: Authority, pin: str) -> None:
    """Organisation or common name, as people write them."""
    context, _ = authority.server()
    with Server(OK, context) as server:
        reading = reach(f"https://127.0.0.1:{server.port}/", ca_file=authority.ca_file, issuers=["Other", pin])
    assert reading.outcome is Outcome.OK


def test_a_valid_certificate_of_another_issuer_is_an_interception(reach: Reach, authority: Authority) -> None:
    """An interceptor whose root was installed on the PC passes every verification but the pin."""
    context, sha256 = authority.server()
    with Server(OK, context) as server:
        url = f"https://127.0.0.1:{server.port}/"
        issuer = reach(url, ca_file=authority.ca_file, issuers=["VNPT"])
        other = reach(url, ca_file=authority.ca_file, sha256=["00" * 32])
        right = reach(url, ca_file=authority.ca_file, sha256=[":".join([sha256[:2].upper(), sha256[2:]])])
    assert (issuer.reason, issuer.detail) == (
        Reason.TLS_INTERCEPTED, "the certificate is valid but not from the pinned issuer",
    )  # fmt: skip
    assert (other.reason, other.detail) == (
        Reason.TLS_INTERCEPTED, "the certificate is valid but not the pinned one",
    )  # fmt: skip
    assert right.outcome is Outcome.OK


def test_a_handshake_that_never_ends_times_out(reach: Reach) -> None:
    """The server takes the connection and says nothing."""
    with Server(lambda connection, _: time.sleep(1), reads=False) as server:
        reading = reach(f"https://127.0.0.1:{server.port}/", timeout=0.2)
    assert (reading.reason, reading.detail) == (Reason.TLS_TIMEOUT, "no answer in time during the TLS handshake")


def test_a_server_without_tls_fails_the_handshake(reach: Reach) -> None:
    """Plain HTTP where TLS is expected."""

    def plain(connection: socket.socket, _: bytes) -> None:
        connection.recv(4096)
        connection.sendall(http(400))

    with Server(plain, reads=False) as server:
        reading = reach(f"https://127.0.0.1:{server.port}/")
    assert reading.reason is Reason.TLS_HANDSHAKE
    assert reading.detail.startswith("the handshake failed: ")


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_an_old_protocol_is_named(reach: Reach, authority: Authority, version: str) -> None:
    """Below TLS 1.2 nothing is accepted."""
    context, _ = authority.server()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match=version):
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    with Server(OK, context) as server:
        reading = reach(f"https://127.0.0.1:{server.port}/", ca_file=authority.ca_file)
    assert (reading.reason, reading.detail) == (Reason.TLS_VERSION, "the server offers no TLS 1.2 or newer")


def test_a_reset_in_the_handshake_is_a_reset(reach: Reach) -> None:
    """A filter that cuts by the server's name shows as such."""

    def cut(connection: socket.socket, _: bytes) -> None:
        connection.recv(4096)
        reset(connection)

    with Server(cut, reads=False) as server:
        reading = reach(f"https://127.0.0.1:{server.port}/")
    assert (reading.reason, reading.detail) == (
        Reason.TCP_RESET, "the connection was reset during the TLS handshake",
    )  # fmt: skip


def test_a_server_that_wants_a_client_certificate_is_told_as_a_handshake(reach: Reach, authority: Authority) -> None:
    """In TLS 1.3 the refusal comes after the handshake, with the answer."""
    context, _ = authority.server()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.ca_file)
    with Server(OK, context) as server:
        reading = reach(f"https://127.0.0.1:{server.port}/", ca_file=authority.ca_file)
    # The server's alert and its end race with our reading.
    assert reading.reason in {Reason.TLS_HANDSHAKE, Reason.TCP_RESET}
    assert "phase:tls" in values(reading)


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (None, "ca_file cannot be used: no such file or directory"),
        ("not a certificate", "ca_file cannot be used: no certificate or crl found"),
    ],
)
def test_an_unusable_ca_file_is_an_error_of_ours(
    reach: Reach, authority: Authority, tmp_path: Path, content: str | None, detail: str
) -> None:
    """Nothing is said about the system, and nothing is sent."""
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    context, _ = authority.server()
    with Server(OK, context) as server:
        reading = reach(f"https://127.0.0.1:{server.port}/", ca_file=str(file))
    assert (reading.outcome, reading.reason, reading.detail) == (Outcome.ERROR, Reason.BAD_PARAMS, detail)
    assert reading.samples == ()


def test_a_replaced_ca_file_is_read_again(authority: Authority, stranger: Authority, tmp_path: Path) -> None:
    """Contexts are kept, but not past a change of their file."""
    file = tmp_path / "ca.pem"
    context, _ = authority.server()
    net = Net()
    outcomes = []
    with Server(OK, context) as server:
        for number, source in enumerate((stranger, authority)):
            file.write_bytes(Path(source.ca_file).read_bytes())
            os.utime(file, (number, number))
            outcomes.append(_try(net, server.port, str(file)))
    assert outcomes == [Reason.TLS_UNTRUSTED, None]


def _try(net: Net, port: int, ca_file: str) -> Reason | None:
    params = decode_params(CHECK, {"url": f"https://127.0.0.1:{port}/", "ca_file": ca_file})
    return CHECK.run(params, environment(net)).reason
