"""Every way in which the services that a signature needs can fail, as a PC that asks real ones: ``openssl ts``, signed
revocation lists, OCSP responders.

A certificate may not send a PC to its own loopback: the servers have another address, in a namespace of their own.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from checks.kit import timestamp
from checks.kit.model import Reason
from tests.checks.certs import self_signed
from tests.checks.servers import Answer, Server, closed_port, http, say
from tests.desk.place import Pc
from tests.desk.tokens import Drawer
from tests.lab import authorities, revocation
from tests.lab.authorities import DAY, NOW
from tests.lab.authorities import Signer as Leaf
from tests.lab.namespaces import Namespace, namespace
from tests.lab.revocation import Files, answers, listed
from tests.lab.softhsm import MODULE
from tests.lab.tsa import Tsa, posts

ADDRESS = "192.0.2.80"
PAGE = say(http(200, b"<html>Xin chao</html>", "Content-Type: text/html"))
"""What a sign-in page of a network says in everybody's place."""


class Street:
    """Servers at ADDRESS, tokens whose certificates name them, and PCs that reach both."""

    def __init__(self, folder: Path, drawer: Drawer, stack: contextlib.ExitStack) -> None:
        self._folder, self.drawer, self._stack = folder, drawer, stack
        self.space: Namespace = stack.enter_context(namespace("services"))
        self.space.ip("addr", "add", f"{ADDRESS}/32", "dev", "lo")
        self.tsa = Tsa(self.folder("tsa"))

    def folder(self, name: str) -> Path:
        made = self._folder / name
        made.mkdir(parents=True)
        return made

    def serve(self, answer: Answer) -> str:
        """The address of a server that answers so."""
        server = self.space.call(lambda: Server(answer, host=ADDRESS))
        self._stack.enter_context(server)
        return f"http://{ADDRESS}:{server.port}/"

    def closed(self) -> str:
        return f"http://{ADDRESS}:{self.space.call(closed_port)}/"

    def local(self, answer: Answer | None, **options: Any) -> dict[str, Any]:
        """A signing service of the PC's own, or none where there should be one; without `answer` it says nothing."""
        held: list[Server] = []

        def hold(connection: socket.socket, head: bytes) -> None:
            held[0].hold(connection, head)

        server = self.space.call(lambda: Server(answer or hold, **options))
        held.append(self._stack.enter_context(server))
        return {"service": True, "port": server.port}

    def pc(self, folder: Path, params: dict[str, Any], environment: dict[str, str]) -> Pc:
        given = {"modules": [], "proxy": "none", "timeout": 3.0, "authorities": self.drawer.pem(), **params}
        return Pc(folder, {"signing_service": given}, environment, space=self.space)


Made = tuple[dict[str, Any], dict[str, str]]
"""Parameters of ``signing_service``, and the environment."""


def _stopped(street: Street) -> Made:
    return {"service": True, "port": street.space.call(closed_port)}, {}


def _hanging(street: Street) -> Made:
    return street.local(None, context=self_signed(street.folder("local"))), {}


def _something_else(street: Street) -> Made:
    return street.local(PAGE, reads=False), {}


def _stamps(answer: Callable[[Street], Answer], **params: Any) -> Callable[[Street], Made]:
    return lambda street: ({"tsa": [street.serve(answer(street))], **params}, {})


def _other_digests(street: Street) -> Answer:
    return posts(Tsa(street.folder("tsa-512"), digests="sha512"))


def _replayed(street: Street) -> Answer:
    """The right answer, to somebody else's question."""
    answer = street.tsa(timestamp.question().request)
    return posts(lambda _: answer)


def _foreign_stamps(street: Street) -> Made:
    stranger = authorities.Authority.root("Root TSA khác")
    return {"tsa": [street.serve(posts(street.tsa))], "tsa_authorities": [stranger.pem.decode()]}, {}


def _holding(street: Street, **named: Any) -> Made:
    """A token with a certificate that names these servers of its issuer's."""
    hsm = street.drawer.token(street.drawer.leaf(**named))
    return {"modules": [MODULE]}, hsm.environment


def _list(content: Callable[[Street], Answer]) -> Callable[[Street], Made]:
    return lambda street: _holding(street, crl=street.serve(content(street)) + "g2.crl")


def _revoked(street: Street) -> Made:
    serial = 0x7AB1E0
    return _holding(street, serial=serial, crl=street.serve(Files(listed(street.drawer.issuing, [serial]))))


def _responder(respond: Callable[[Street], Callable[[bytes], bytes]]) -> Callable[[Street], Made]:
    return lambda street: _holding(street, ocsp=street.serve(posts(respond(street), "application/ocsp-response")))


FAULTS: dict[Reason, Callable[[Street], Made]] = {
    Reason.SERVICE_STOPPED: _stopped,
    Reason.SERVICE_TIMEOUT: _hanging,
    Reason.SERVICE_MALFORMED: _something_else,
    Reason.TSA_UNREACHABLE: lambda street: ({"tsa": [street.closed()]}, {}),
    Reason.TSA_REFUSED: _stamps(_other_digests),
    Reason.TSA_MALFORMED: _stamps(lambda _: PAGE),
    Reason.TSA_MISMATCH: _stamps(_replayed),
    Reason.TSA_UNTRUSTED: _foreign_stamps,
    Reason.CRL_UNREACHABLE: lambda street: _holding(street, crl=street.closed() + "g2.crl"),
    Reason.CRL_MALFORMED: _list(lambda _: PAGE),
    Reason.CRL_STALE: _list(
        lambda street: Files(listed(street.drawer.issuing, begin=NOW - 9 * DAY, end=NOW - 2 * DAY))
    ),
    Reason.CERT_REVOKED: _revoked,
    Reason.OCSP_UNREACHABLE: lambda street: _holding(street, ocsp=street.closed()),
    Reason.OCSP_MALFORMED: _responder(lambda _: lambda _: b"no answer"),
    Reason.OCSP_STALE: _responder(
        lambda street: answers(street.drawer.issuing, begin=NOW - 9 * DAY, end=NOW - 2 * DAY)
    ),
}
"""How each reason is brought about, in the order of the links."""


def good(street: Street, **named: Any) -> tuple[Leaf, dict[str, Any]]:
    """A certificate of `named` whose issuer's services serve, and the parameters of ``signing_service`` with which a
    time-stamp server does too. Several PCs may ask at once."""
    issuing = street.drawer.issuing
    openssl = revocation.of_openssl(issuing, street.folder("openssl-ocsp"))
    leaf = street.drawer.leaf(
        crl=street.serve(Files(listed(issuing))) + "g2.crl",
        ocsp=street.serve(posts(_in_turn(openssl), "application/ocsp-response")),
        **named,
    )
    stamps = street.serve(posts(_in_turn(street.tsa)))
    params = {"tsa": [stamps], "tsa_authorities": [street.tsa.root.pem.decode()], "authorities": street.drawer.pem()}
    return leaf, {"modules": [MODULE], "proxy": "none", **params}


def _in_turn(respond: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """openssl works in files: one request after the other."""
    lock = threading.Lock()

    def answer(request: bytes) -> bytes:
        with lock:
            return respond(request)

    return answer
