"""The servers that are measured: ``python -m benchmarks.accuracy_server PEM SIZE ADDRESS…``. HTTP on 80, TLS on 443.

``/`` answers SIZE bytes at once, ``/slow`` after 0.2 s, ``/large`` 1 MB. Each connection is answered once, by a thread
of its own, so that they wait for nobody.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import threading
import time

PAUSE, LARGE = 0.2, 1_000_000


def answer(connection: socket.socket, context: ssl.SSLContext | None, size: int) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.settimeout(20)
    with contextlib.suppress(OSError), connection:
        talking = context.wrap_socket(connection, server_side=True) if context else connection
        with talking:
            head = b""
            while b"\r\n\r\n" not in head and (part := talking.recv(4096)):
                head += part
            path = head.split(b" ", 2)[1] if b" " in head else b"/"
            if path == b"/slow":
                time.sleep(PAUSE)
            body = bytes(LARGE if path == b"/large" else size)
            fields = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
            talking.sendall(fields + body)


def serve(address: str, port: int, context: ssl.SSLContext | None, size: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, port), family=family, backlog=128) as listening:
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=answer, args=(connection, context, size), daemon=True).start()


def main(pem: str, size: str, *addresses: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    context.set_alpn_protocols(["http/1.1"])
    kinds = [(address, port, tls) for address in addresses for port, tls in ((443, context), (80, None))]
    for kind in kinds:
        threading.Thread(target=serve, args=(*kind, int(size)), daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
