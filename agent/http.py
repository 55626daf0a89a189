"""A small HTTP/1.1 client (RFC 9112) on sockets, for one server: kept-alive, bounded, with one total deadline.

It exists because ``http.client`` brings the ``email`` package and 2.5 MB into a process that may use 19.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from agent.reply import MAX_BODY, HttpError, Reader, Response

__all__ = ["Client", "HttpError", "Response"]

_CA_DIRECTORY = ssl.get_default_verify_paths().openssl_capath


class Address(NamedTuple):
    """A collector's address, taken apart."""

    tls: bool
    host: str
    port: int
    prefix: str
    authority: str


def split_address(url: str) -> Address:
    """`url` (``https://host[:port][/prefix]``) in its parts. Raises HttpError ``address``."""
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    tail = authority.rpartition("]")[2] if authority.startswith("[") else authority
    host, colon, port = tail.partition(":")
    if authority.startswith("["):
        host = authority[1:].partition("]")[0]
    if scheme not in ("http", "https") or not host or (colon and not (port.isascii() and port.isdigit())):
        raise HttpError("address", f"{url!r} is not an http or https address")
    number = int(port) if colon else (443 if scheme == "https" else 80)
    return Address(scheme == "https", host, number, (slash + path).rstrip("/"), authority)


class Client:
    """Talks to one server. Not for use by two threads at once, except :meth:`abort`.

    `timeout` bounds a whole request in seconds: name, connection, TLS, every byte of the reply. The certificate
    is always verified, against `ca_file` alone when it is given.
    """

    def __init__(
        self,
        url: str,
        *,
        ca_file: str = "",
        timeout: float = 30.0,
        agent: str = "sansang-agent",
        max_body: int = MAX_BODY,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = split_address(url)
        self._ca_file, self._timeout, self._agent, self._max_body, self._now = ca_file, timeout, agent, max_body, now
        self._connection: socket.socket | None = None
        self._context: ssl.SSLContext | None = None
        self._known: list[str] = []
        self.sent = 0

    def request(self, method: str, path: str, body: bytes = b"", headers: Iterable[tuple[str, str]] = ()) -> Response:
        """The server's reply, whatever its status; redirects are not followed.

        A kept connection that the server closed is opened once more, only when no byte of a reply arrived.
        Raises HttpError.
        """
        message = self._message(method, path, body, headers)
        deadline = self._now() + self._timeout
        reused = self._connection is not None
        try:
            return self._exchange(message, deadline)
        except HttpError as why:
            if not (reused and why.stale):
                raise
        return self._exchange(message, deadline)

    def close(self) -> None:
        """Closes the connection; the next request opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def abort(self) -> None:
        """Ends a request that another thread has under way; it raises HttpError there."""
        connection = self._connection
        if connection is not None:
            try:
                # Past SSLSocket.shutdown, which takes the TLS object away under the other thread's feet.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            except OSError:
                return

    def _message(self, method: str, path: str, body: bytes, headers: Iterable[tuple[str, str]]) -> bytes:
        lines = [f"{method} {self.address.prefix}{path} HTTP/1.1", f"Host: {self.address.authority}"]
        lines += [f"User-Agent: {self._agent}", "Accept: application/json"]
        lines += [f"{name}: {value}" for name, value in headers]
        if body or method in ("POST", "PUT"):
            lines.append(f"Content-Length: {len(body)}")
        if any("\r" in line or "\n" in line or "\0" in line for line in lines):
            raise HttpError("address", "a header holds a line end")
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body

    def _exchange(self, message: bytes, deadline: float) -> Response:
        reader: Reader | None = None
        try:
            connection = self._connection or self._open(deadline)
            reader = Reader(lambda: self._receive(connection, deadline), self._max_body)
            self._send(connection, message, deadline)
            response = reader.response(has_body=not message.startswith(b"HEAD"))
        except BaseException as error:
            self.close()
            if isinstance(error, OSError):
                untouched = reader is not None and not reader.started
                raise HttpError(*_name(error), stale=untouched and not isinstance(error, TimeoutError)) from None
            raise
        if not response.keep_alive:
            self.close()
        return response

    def _send(self, connection: socket.socket, message: bytes, deadline: float) -> None:
        connection.settimeout(self._left(deadline))
        try:
            connection.sendall(message)
        except (BrokenPipeError, ConnectionResetError):
            return  # a server may answer 413 and close before it read everything: the reply, or its absence, decides
        self.sent += len(message)

    def _receive(self, connection: socket.socket, deadline: float) -> bytes:
        connection.settimeout(self._left(deadline))
        return connection.recv(65536)

    def _left(self, deadline: float) -> float:
        left = deadline - self._now()
        if left <= 0:
            raise TimeoutError
        return left

    def _open(self, deadline: float) -> socket.socket:
        addresses = self._resolve(deadline)
        last: OSError = OSError("no address")
        for index, host in enumerate(addresses):
            share = self._left(deadline) / (len(addresses) - index)
            try:
                connection = socket.create_connection((host, self.address.port), timeout=share)
            except OSError as error:
                last = error
                continue
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connection = self._secure(connection, deadline) if self.address.tls else connection
            return self._connection
        raise last

    def _secure(self, connection: socket.socket, deadline: float) -> socket.socket:
        if self._context is None:
            self._context = tls_context(self._ca_file)
        try:
            connection.settimeout(self._left(deadline))
            return self._context.wrap_socket(connection, server_hostname=self.address.host)
        except BaseException:
            connection.close()
            raise

    def _resolve(self, deadline: float) -> list[str]:
        """The server's addresses. The last good ones serve while the name service fails: TLS still checks the name."""
        answer: list[list[str] | OSError] = []
        worker = threading.Thread(target=_look_up, args=(self.address, answer), daemon=True)
        worker.start()
        worker.join(min(self._left(deadline), 10.0))
        found = answer[0] if answer else socket.gaierror(socket.EAI_AGAIN, "no answer in time")
        if isinstance(found, list):
            self._known = found
        elif not self._known:
            raise found
        return self._known


def tls_context(ca_file: str) -> ssl.SSLContext:
    """A verifying context, TLS 1.2 or newer. Raises HttpError ``ca_file``.

    The system's authorities come from its hashed directory where it has one: OpenSSL then reads only those it
    meets, instead of keeping all 140 in memory.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if ca_file:
            context.load_verify_locations(cafile=ca_file)
        elif _has_hashed_authorities(_CA_DIRECTORY):
            context.load_verify_locations(capath=_CA_DIRECTORY)
        else:
            context.load_default_certs()
    except (OSError, ssl.SSLError) as error:
        raise HttpError("ca_file", f"{ca_file or _CA_DIRECTORY}: cannot be used: {_words(error)}") from None
    return context


def _has_hashed_authorities(directory: str) -> bool:
    try:
        with os.scandir(directory) as entries:
            return any(entry.name.endswith(".0") for entry in entries)
    except OSError:
        return False


def _look_up(address: Address, answer: list[list[str] | OSError]) -> None:
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        answer.append(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
    except (OSError, UnicodeError) as error:
        answer.append(error if isinstance(error, OSError) else OSError(str(error)))


def _name(error: OSError) -> tuple[str, str]:
    """The code and the words for what the operating system or TLS said."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "tls", f"its certificate is refused: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "timeout", "no answer in time"
    if isinstance(error, socket.gaierror):
        return "dns", f"its name cannot be resolved: {_words(error)}"
    if isinstance(error, ssl.SSLError):
        return "tls", f"TLS failed: {error.reason or _words(error)}"
    if isinstance(error, ConnectionRefusedError):
        return "refused", "the connection was refused"
    return "network", _words(error)


def _words(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).lower()
