"""Printer queues by IPP: Debian's own cupsd, answers that break off, and servers that are no CUPS."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import cups
from checks.kit.cups import CupsError, Order, Queue, Told, ask, parse, queue, troubles
from tests.checks import printing


def _asked(*sockets: str, seconds: float = 20.0) -> Told:
    order: dict[str, object] = msgspec.to_builtins(Order(seconds, sockets))
    return ask(order)


@pytest.fixture(scope="module")
def real() -> Iterator[str]:
    queues = (
        printing.Queue("van-thu"),
        printing.Queue("mot-cua", "Stopped", reasons=("media-empty-error",)),
        printing.Queue("ke-toan", accepting=False),
        printing.Queue("tu-phap", reasons=("toner-low-warning", "cover-open-report", "com.vendor.x")),
    )
    with printing.cupsd(*queues) as path:
        yield path


def test_the_queues_of_a_real_cups_are_told_by_state(real: str) -> None:
    """Idle, stopped, refusing jobs; with the troubles that they report."""
    found = _asked(real).queues
    assert found is not None
    assert sorted((one.state, one.troubles) for one in found) == [
        ("idle", ()), ("idle", ("ink_low", "cover", "other")), ("refusing", ()), ("stopped", ("paper", "paused")),
    ]  # fmt: skip


def test_no_name_of_a_queue_is_kept_or_even_asked_for(real: str) -> None:
    """Nor who it belongs to, nor where it stands."""
    answer = cups._exchange(real, cups.request(1), 20)
    for name in (b"van-thu", "Nguyễn".encode(), b"/dev/null"):
        assert name not in answer


def test_a_real_cups_without_queues_has_none() -> None:
    """It answers "not found", which is no failure."""
    with printing.cupsd() as path:
        assert _asked(path) == Told(())


def test_where_nobody_listens_there_is_no_cups(tmp_path: Path) -> None:
    """Neither at the socket nor at the port."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    assert _asked(str(tmp_path / "none"), f"127.0.0.1:{port}") == Told(None)


@contextlib.contextmanager
def _server(answer: bytes) -> Iterator[str]:
    """Answers every question with these bytes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client = server.accept()[0]
                    with client, contextlib.suppress(OSError):
                        client.settimeout(5)
                        while not client.recv(65536).endswith(b"\x03"):
                            pass
                        client.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.mark.parametrize(
    "answer",
    [
        b"220 mail.example ESMTP\r\n",
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n" + struct.pack(">bbHI", 2, 0, 0x0503, 1),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"\x02\x00\x00\x00" + b"x" * (cups.MAX_ANSWER + 9),
    ],
    ids=["no-http", "forbidden", "no-ipp", "short", "refused", "endless"],
)
def test_what_answers_otherwise_is_refused_in_one_line(answer: bytes) -> None:
    """Something else may sit on the port."""
    with _server(answer) as place, pytest.raises(CupsError) as why:
        _asked(place)
    assert "\n" not in str(why.value)


def test_a_server_that_says_nothing_is_given_up() -> None:
    """The deadline is kept."""
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(CupsError, match="TimeoutError"):
        _asked(f"127.0.0.1:{silent.getsockname()[1]}", seconds=0.3)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"printer-state": [3]}, Queue("idle")),
        ({"printer-state": [4], "printer-is-accepting-jobs": [True]}, Queue("printing")),
        ({"printer-state": [5], "printer-is-accepting-jobs": [False]}, Queue("stopped")),
        ({"printer-state": [9]}, Queue("unknown")),
        ({"printer-state": [True]}, Queue("unknown")),
        ({}, Queue("unknown")),
        ({"printer-state": [3], "printer-type": [1]}, None),
        ({"printer-state": [3], "printer-type": [0x0100_0004]}, None),
        ({"printer-state": [3], "printer-make-and-model": ["Generic CUPS-PDF Printer (w/ options)"]}, None),
        ({"printer-state": [3], "printer-make-and-model": ["KONICA MINOLTA C360 PDF"]}, Queue("idle")),
    ],
)
def test_a_queue_is_one_of_this_pc_that_prints(attributes: dict[str, Any], expected: Queue | None) -> None:
    """No classes, no queues of neighbours, nothing that writes files."""
    assert queue(attributes) == expected


def test_every_trouble_is_told_once_in_a_fixed_order() -> None:
    """With or without a severity; what is no trouble is left out."""
    reasons = ["none", "offline-report", "media-jam-error", "toner-empty", "media-empty", "door-open", "media-jam"]
    reasons += ["cups-missing-filter-warning", "paused", "marker-supply-low-report", "fuser-over-temp", "media-low"]
    assert troubles(iter(reasons)) == cups.TROUBLES


@given(st.binary(max_size=300))
def test_any_bytes_are_queues_or_refused(data: bytes) -> None:
    """Never another exception."""
    with contextlib.suppress(CupsError):
        assert all(isinstance(one, Queue) for one in parse(data))


NAMES = st.sampled_from(
    [b"printer-state", b"printer-type", b"printer-state-reasons", b"printer-is-accepting-jobs", b""]
)


@given(st.lists(st.tuples(st.integers(0, 255), NAMES, st.binary(max_size=6)), max_size=12), st.integers(0, 40))
def test_any_attributes_are_queues_or_refused(attributes: list[tuple[int, bytes, bytes]], cut: int) -> None:
    """Every tag with every value, whole and cut short."""
    body = b"".join(cups._attribute(tag, name, value) for tag, name, value in attributes)
    data = struct.pack(">bbHI", 2, 0, 0, 1) + b"\x04" + body + b"\x03"
    for text in (data, data[: len(data) - cut]):
        with contextlib.suppress(CupsError):
            assert all(isinstance(one, Queue) for one in parse(text))
