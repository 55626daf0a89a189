"""A signer's desk for benchmarks: a token with a chain, its card in a reader, a UPS, and the services of its issuer.

The parts are real: SoftHSM2, pcscd with a virtual reader, Debian's upsd, ``openssl ts`` and a list of 3,000 revoked
certificates behind HTTP. Needs root.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography import x509
from msgspec import Struct

from tests.checks.servers import Answer, Server, http
from tests.lab import nut, pcsc, revocation, tsa
from tests.lab.authorities import G2_ISSUING, G2_ROOT, Authority, rsa_key
from tests.lab.desk import ROOTS
from tests.lab.namespaces import Namespace
from tests.lab.softhsm import MODULE, one_token

REVOKED = 3000
"""Certificates on the issuer's list: 110 kB, which the check reads whole when the issuer has made a new one."""
PORT = 80
UPS = {"ups.status": "OL", "battery.charge": "100", "battery.runtime": "1800", "ups.load": "20", "input.voltage": "221"}
Params = dict[str, Any]


class Desk(Struct, frozen=True):
    """What an agent must be told to find it: variables of its environment, and params by check."""

    environment: dict[str, str]
    params: dict[str, Params]


class Issuer:
    """Who issued the token's certificate: its services, at ``http://HOST/``."""

    def __init__(self, folder: Path, host: str) -> None:
        root = Authority.root(G2_ROOT)
        self.own = root.issuing(G2_ISSUING, key=rsa_key())
        self.signer = self.own.signer(key=rsa_key(), crl=f"http://{host}/ca.crl", ocsp=f"http://{host}/ocsp")
        self.pems = [root.pem.decode(), self.own.pem.decode()]
        self._stamps = tsa.posts(tsa.Tsa(folder))
        self._answers = tsa.posts(revocation.answers(self.own, enclosed=True), "application/ocsp-response")
        serials = [x509.random_serial_number() for _ in range(REVOKED)]
        self._list = revocation.Files(revocation.listed(self.own, serials))

    def __call__(self, connection: socket.socket, head: bytes) -> None:
        """Its list at ``/ca.crl``, its responder at ``/ocsp``; what else is posted is stamped."""
        answer: Answer = lambda peer, _: peer.sendall(http(400))  # noqa: E731 - a server of stamps has no page
        if head.startswith(b"GET /ca.crl "):
            answer = self._list
        elif head.startswith(b"POST /ocsp "):
            answer = self._answers
        elif head.startswith(b"POST "):
            answer = self._stamps
        answer(connection, head)


@contextlib.contextmanager
def desk(folder: Path, pc: Namespace, server: Namespace, host: str, *addresses: str) -> Iterator[Desk]:
    """The desk in `pc`; its issuer's services at `addresses` in `server`, which certificates call `host`."""
    for name in ("tsa", "token", "ups"):
        (folder / name).mkdir(parents=True)
    issuer = Issuer(folder / "tsa", host)
    hsm = one_token(folder / "token")
    for number, one in enumerate((issuer.signer, issuer.own), 1):
        hsm.certificate(one.der, number=number)
    with contextlib.ExitStack() as running:
        with server.inside():
            for address in addresses:
                running.enter_context(Server(issuer, host=address, port=PORT))
        reader = running.enter_context(pcsc.running())
        card = reader.plug()
        running.callback(card.pull)
        with pc.inside():
            ups = running.enter_context(nut.serving(folder / "ups", {"desk": UPS}))
        token: Params = {"modules": [MODULE], "authorities": issuer.pems}
        yield Desk(
            {**hsm.environment, "PCSCLITE_CSOCK_NAME": reader.socket},
            {
                "power": {"nut": ups.address},
                "signing_token": {"roots": ROOTS, **token},
                "signing_service": {"tsa": [f"http://{host}/"], **token},
            },
        )
