"""Name servers for tests: unbound and dnsmasq as Debian has them, and one that answers exactly what a test says."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from tests.checks.datagrams import Datagrams, Said, place
from tests.ports import free_port

Speech = Callable[[dns.message.Message], Said]
UNBOUND = """\
server:
  interface: {address}
  port: {port}
  do-daemonize: no
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  directory: "{folder}"
  module-config: "iterator"
  do-not-query-localhost: no
  num-threads: 1
  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  local-zone: "." static
{more}
remote-control:
  control-enable: no
"""


def unbound_command(folder: Path, address: str, port: int, *more: str) -> list[str]:
    """The command that runs unbound with these further lines; names it was not told of do not exist."""
    file = folder / f"unbound-{port}.conf"
    file.write_text(UNBOUND.format(address=address, port=port, folder=folder, more="\n".join(more)))
    return ["unbound", "-d", "-c", str(file)]


def dnsmasq_command(address: str, port: int, *more: str) -> list[str]:
    """The command that runs dnsmasq, which knows nothing but what `more` says."""
    return [
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces",
        f"--listen-address={address}", f"--port={port}", "--pid-file=", "--user=root", *more,
    ]  # fmt: skip


@contextlib.contextmanager
def running(command: list[str], address: str, port: int, start: Callable[..., Any] | None = None) -> Iterator[str]:
    """`command` until it listens, and its end; gives where it is, as the check's parameters write it. `start` replaces
    ``subprocess.Popen``; whoever gives it waits."""
    process = (start or subprocess.Popen)(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        if start is None:
            until_listening(process, address, port)
        yield place(address, port)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def until_listening(process: subprocess.Popen[bytes], address: str, port: int) -> None:
    """Returns once `process` takes TCP connections there. Raises AssertionError when it does not."""
    until = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError(f"{process.args!r} does not listen on {address} port {port}")


@contextlib.contextmanager
def unbound(folder: Path, *more: str, address: str = "127.0.0.1") -> Iterator[str]:
    port = free_port(address)
    with running(unbound_command(folder, address, port, *more), address, port) as found:
        yield found


@contextlib.contextmanager
def dnsmasq(*more: str, address: str = "127.0.0.1") -> Iterator[str]:
    port = free_port(address)
    with running(dnsmasq_command(address, port, *more), address, port) as found:
        yield found


class Speaker:
    """Says over UDP what `udp` makes of a question (one datagram, several or none), over TCP what `tcp` makes of it;
    without `tcp` nobody listens there. ``asked`` keeps the questions that came over UDP."""

    def __init__(self, udp: Speech, tcp: Speech | None = None, address: str = "127.0.0.1") -> None:
        self._datagrams = Datagrams(lambda data: udp(dns.message.from_wire(data)), address, free_port(address))
        self.place = self._datagrams.place
        self._stream: socket.socket | None = None
        if tcp:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            self._stream = socket.create_server((address, self._datagrams.port), family=family)
            threading.Thread(target=self._serve_tcp, args=(self._stream, tcp), daemon=True).start()

    @property
    def asked(self) -> list[dns.message.Message]:
        return [dns.message.from_wire(data) for data in self._datagrams.asked]

    def __enter__(self) -> Speaker:
        self._datagrams.__enter__()
        return self

    def __exit__(self, *whole: object) -> None:
        self._datagrams.__exit__(*whole)
        if self._stream:
            self._stream.shutdown(socket.SHUT_RDWR)
            self._stream.close()

    def _serve_tcp(self, listening: socket.socket, speech: Speech) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with contextlib.suppress(OSError), connection:
                    connection.settimeout(5)
                    length = int.from_bytes(connection.recv(2, socket.MSG_WAITALL), "big")
                    said = speech(dns.message.from_wire(connection.recv(length, socket.MSG_WAITALL)))
                    if isinstance(said, bytes):
                        connection.sendall(len(said).to_bytes(2, "big") + said)


def answer(question: dns.message.Message, *records: str, rcode: str = "NOERROR", cut: bool = False) -> bytes:
    """An answer to `question`. A record is ``name type value``."""
    message = dns.message.make_response(question)
    message.set_rcode(dns.rcode.from_text(rcode))
    for record in records:
        name, kind, value = record.split(" ", 2)
        message.answer.append(dns.rrset.from_text(name, 300, "IN", kind, value))
    message.flags |= dns.flags.AA | dns.flags.RA
    if cut:
        message.flags |= dns.flags.TC
    return message.to_wire()


def says(rcode: str = "NOERROR", **records: Sequence[str]) -> Speech:
    """A speech by record type, such as ``A=["203.0.113.1"]``, of any name."""

    def speech(question: dns.message.Message) -> bytes:
        asked = question.question[0]
        kind = asked.rdtype.name
        return answer(question, *(f"{asked.name} {kind} {value}" for value in records.get(kind, ())), rcode=rcode)

    return speech
