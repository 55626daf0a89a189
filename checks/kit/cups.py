"""The printer queues of CUPS, asked over its own socket by IPP (RFC 8010 encoding, RFC 8011 attributes, and CUPS's
operation CUPS-Get-Printers, 0x4002). Of a queue only its state is kept: no name, place, address or job.
"""

from __future__ import annotations

import re
import struct
import time
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

SOCKETS = ("/run/cups/cups.sock", "/var/run/cups/cups.sock", "localhost:631")
MAX_ANSWER = 1 << 20
MOST = 128
_GET_PRINTERS = 0x4002
_NOT_FOUND = 0x0406  # "no destinations added"
_REFUSED = 0x0400
State = Literal["idle", "printing", "stopped", "refusing", "unknown"]
Trouble = Literal["paper", "jam", "ink", "ink_low", "cover", "offline", "paused", "driver", "other"]
STATES: tuple[State, ...] = ("idle", "printing", "stopped", "refusing", "unknown")
_END, _PRINTER_GROUP, _FIRST_VALUE = 0x03, 0x04, 0x10
_INTEGER, _BOOLEAN, _ENUM, _KEYWORD, _CHARSET, _LANGUAGE = 0x21, 0x22, 0x23, 0x44, 0x47, 0x48
_CLASS, _REMOTE, _DISCOVERED = 0x1, 0x2, 0x0100_0000  # CUPS: bits of printer-type
_ASKED = (
    b"printer-state", b"printer-is-accepting-jobs", b"printer-state-reasons", b"printer-type",
    b"printer-make-and-model",
)  # fmt: skip
_STATES: dict[int, State] = {3: "idle", 4: "printing", 5: "stopped"}
_TROUBLES: tuple[tuple[Trouble, tuple[str, ...]], ...] = (
    ("paper", ("media-empty", "media-needed")),
    ("jam", ("media-jam",)),
    ("ink", ("toner-empty", "marker-supply-empty", "developer-empty", "opc-life-over")),
    ("ink_low", ("toner-low", "marker-supply-low", "developer-low", "marker-waste")),
    ("cover", ("cover-open", "door-open", "interlock-open", "input-tray-missing", "output-tray-missing")),
    ("offline", ("offline", "connecting-to-device", "shutdown", "timed-out", "unreachable")),
    ("paused", ("paused", "moving-to-paused", "hold-new-jobs")),
    ("driver", ("cups-missing-filter", "cups-insecure-filter")),
)
TROUBLES: tuple[Trouble, ...] = (*(name for name, _ in _TROUBLES), "other")
_WRITES_FILES = re.compile(r"cups-pdf|virtual.*pdf|pdf (writer|converter)|print to (pdf|file)", re.I)
_QUIET = ("none", "cups-waiting-for-job-completed", "cups-ipp-", "com.apple.", "media-low", "wifi-", "identify-")


class Queue(Struct, frozen=True):
    """A printer queue: ``refusing`` takes no jobs although it would print; the troubles it reports."""

    state: State
    troubles: tuple[Trouble, ...] = ()


class Order(Struct, frozen=True):
    """Ask within ``seconds``, at the first of ``sockets`` (a path, or host:port) where somebody listens."""

    seconds: float
    sockets: tuple[str, ...] = SOCKETS


class Told(Struct, frozen=True):
    """The queues; None where no CUPS runs."""

    queues: tuple[Queue, ...] | None = None


class CupsError(Exception):
    """CUPS gave no usable answer; the message is one line."""


def ask(order: dict[str, object]) -> Told:
    """In the child: does an :class:`Order`. Raises CupsError."""
    import msgspec

    wanted = msgspec.convert(order, Order)
    until = time.monotonic() + wanted.seconds
    for place in wanted.sockets:
        try:
            answer = _exchange(place, request(1), until - time.monotonic())
        except OSError:
            continue
        return Told(parse(answer))
    return Told()


def request(number: int) -> bytes:
    """The question for all queues, as IPP: its id is `number`."""
    operation = [
        _attribute(_CHARSET, b"attributes-charset", b"utf-8"),
        _attribute(_LANGUAGE, b"attributes-natural-language", b"en"),
        _attribute(_INTEGER, b"limit", struct.pack(">i", MOST)),
        *(_attribute(_KEYWORD, b"" if index else b"requested-attributes", name) for index, name in enumerate(_ASKED)),
    ]
    return struct.pack(">bbHI", 2, 0, _GET_PRINTERS, number) + b"\x01" + b"".join(operation) + bytes((_END,))


def parse(data: bytes) -> tuple[Queue, ...]:
    """The queues in an answer: those of this PC that print, no classes, no queues of others, no PDF writers. Raises
    CupsError for a refusal and for what is no IPP."""
    if len(data) < 9:
        raise CupsError("the answer of CUPS is no IPP")
    status = struct.unpack_from(">H", data, 2)[0]
    if status == _NOT_FOUND:
        return ()
    if status >= _REFUSED:
        raise CupsError(f"CUPS refuses with status 0x{status:04x}")
    found = (queue(attributes) for attributes in groups(data))
    return tuple(one for one in found if one)[:MOST]


Attributes = dict[str, list[int | bool | str]]


def groups(data: bytes) -> Iterator[Attributes]:
    """The printers' attribute groups of an IPP message, each by name. Raises CupsError where it breaks off."""
    position, name = 8, ""
    group: Attributes | None = None
    while position < len(data):
        tag = data[position]
        position += 1
        if tag < _FIRST_VALUE:
            if group is not None:
                yield group
            group = {} if tag == _PRINTER_GROUP else None
            if tag == _END:
                return
            continue
        key, position = _field(data, position)
        value, position = _field(data, position)
        name = key.decode("ascii", "replace") or name
        if group is not None and (decoded := _value(tag, value)) is not None:
            group.setdefault(name, []).append(decoded)
    raise CupsError("the answer of CUPS breaks off")


def queue(attributes: Attributes) -> Queue | None:
    """A queue of this PC from its attributes."""
    kind = _first(attributes, "printer-type")
    if isinstance(kind, int) and kind & (_CLASS | _REMOTE | _DISCOVERED):
        return None
    if _WRITES_FILES.search(str(_first(attributes, "printer-make-and-model"))):
        return None
    code = _first(attributes, "printer-state")
    state = _STATES.get(code, "unknown") if type(code) is int else "unknown"
    if _first(attributes, "printer-is-accepting-jobs") is False and state != "stopped":
        state = "refusing"
    return Queue(state, troubles(str(reason) for reason in attributes.get("printer-state-reasons", [])))


def troubles(reasons: Iterator[str]) -> tuple[Trouble, ...]:
    """What printer-state-reasons (RFC 8011 §5.4.12) mean to who stands before the printer: each once, in a fixed order.
    The severity behind a reason (-report, -warning, -error) says how the driver counts it, and is left out."""
    found = {_trouble(reason) for reason in reasons}
    return tuple(name for name in TROUBLES if name in found)


def _trouble(reason: str) -> Trouble | None:
    if not reason or reason.startswith(_QUIET):
        return None
    return next((name for name, words in _TROUBLES if reason.startswith(words)), "other")


def _first(attributes: Attributes, name: str) -> int | bool | str | None:
    values = attributes.get(name)
    return values[0] if values else None


def _value(tag: int, value: bytes) -> int | bool | str | None:
    if tag in (_INTEGER, _ENUM):
        return int(struct.unpack(">i", value)[0]) if len(value) == 4 else None
    if tag == _BOOLEAN:
        return value == b"\x01" if len(value) == 1 else None
    return value.decode("utf-8", "replace")[:256]


def _field(data: bytes, position: int) -> tuple[bytes, int]:
    if position + 2 > len(data):
        raise CupsError("the answer of CUPS breaks off")
    start = position + 2
    end = start + int(struct.unpack_from(">H", data, position)[0])
    if end > len(data):
        raise CupsError("the answer of CUPS breaks off")
    return data[start:end], end


def _attribute(tag: int, name: bytes, value: bytes) -> bytes:
    return struct.pack(">BH", tag, len(name)) + name + struct.pack(">H", len(value)) + value


def _exchange(place: str, question: bytes, seconds: float) -> bytes:
    """One POST. Raises OSError when nobody listens, CupsError for an answer of no use, or none in time."""
    import contextlib
    import http.client
    import socket

    timeout = max(0.05, seconds)
    if place.startswith("/"):
        sock = socket.socket(socket.AF_UNIX)
        address: str | tuple[str, int] = place
    else:
        host, _, port = place.rpartition(":")
        sock, address = socket.socket(), (host, int(port))
    sock.settimeout(timeout)
    connection = http.client.HTTPConnection("localhost", timeout=timeout)
    connection.sock = sock
    with contextlib.closing(connection):
        sock.connect(address)
        try:
            connection.request("POST", "/", question, {"Content-Type": "application/ipp"})
            response = connection.getresponse()
            answer = response.read(MAX_ANSWER + 1)
        except (http.client.HTTPException, OSError) as why:
            raise CupsError(f"what listens for CUPS gives no answer: {type(why).__name__}") from None
    if response.status != http.client.OK or len(answer) > MAX_ANSWER:
        raise CupsError(f"CUPS answers HTTP {response.status}, {len(answer)} bytes")
    return answer
