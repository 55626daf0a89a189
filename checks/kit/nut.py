"""What a UPS says through NUT's server, upsd, in its text protocol (RFC 9271).

Two questions, ``LIST UPS`` and ``LIST VAR <ups>``, need no rights. Serial numbers and all other variables that are not
wanted are dropped where they are read.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator

from msgspec import Struct

PORT = 3493
MAX_ANSWER = 128 * 1024
MOST = 16
"""Devices of one server that are looked at."""
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s"]+)')
_NAME = re.compile(r"[!-~]{1,64}")
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
_DATE = re.compile(r"([0-9]{4})[-/]([0-9]{2})[-/]([0-9]{2})", re.ASCII)
STATES = (
    "low_battery", "on_battery", "overload", "replace_battery", "unreachable", "bypass", "off", "calibrating", "trim",
    "boost", "charging", "online", "other",
)  # fmt: skip
"""What a UPS can be, the gravest first: its ``state`` is the first that is so."""


class NutError(Exception):
    """No answer that can be used. ``why`` is ``silent``, ``closed``, ``malformed``, or upsd's own word for it in lower
    case, such as ``data-stale``, ``driver-not-connected``, ``access-denied``, ``unknown-ups``."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Ups(Struct, frozen=True):
    """One UPS. ``state`` is one of STATES; ``on_battery`` is None where that says nothing of the mains; ``charge`` and
    ``load`` are parts of 1, ``runtime`` is in seconds, ``voltage`` in volts, ``dated`` the day of its battery as
    YYYY-MM-DD. ``why`` says why it is ``unreachable``, in the words of a NutError; all else is None then."""

    state: str
    on_battery: bool | None = None
    charge: float | None = None
    runtime: float | None = None
    load: float | None = None
    voltage: float | None = None
    model: str | None = None
    dated: str | None = None
    why: str = ""


def ask(sock: socket.socket, name: str, left: Callable[[], float]) -> tuple[Ups, ...]:
    """The devices of the server at the other end of `sock`, or the one called `name`; at most MOST, the order is the
    server's. ``left()`` is the seconds that remain. Raises NutError."""
    talk = _Talk(sock, left)
    listed = [row[1] for row in talk.ask("LIST UPS") if len(row) > 1 and row[0] == "UPS"]
    names = [found for found in listed if _NAME.fullmatch(found) and name in ("", found)]
    if name and not names:
        raise NutError("unknown-ups")
    return tuple(_one(talk, found) for found in names[:MOST])


def _one(talk: _Talk, name: str) -> Ups:
    try:
        rows = talk.ask(f"LIST VAR {name}")
    except NutError as why:
        if why.why in ("silent", "closed", "malformed"):
            raise
        return Ups("unreachable", why=why.why)
    return describe({row[2]: row[3] for row in rows if len(row) == 4 and row[0] == "VAR"})


def describe(variables: dict[str, str]) -> Ups:
    """A UPS by its variables. What is not given, or is no such number, is None; without a status nothing
    is known of it."""
    status = variables.get("ups.status", "").upper().split()
    if not status or "WAIT" in status:
        return Ups("unreachable", why="no-status")
    charge, load = _number(variables, "battery.charge", 100), _number(variables, "ups.load", 1000)
    return Ups(
        state=_state(set(status)),
        on_battery="OB" in status if {"OB", "OL"} & set(status) and "CAL" not in status else None,
        charge=None if charge is None else charge / 100,
        runtime=_number(variables, "battery.runtime", 1e7),
        load=None if load is None else load / 100,
        voltage=_number(variables, "input.voltage", 1000),
        model=_model(variables),
        dated=_dated(variables.get("battery.date", "")),
    )


def _state(status: set[str]) -> str:
    """A battery is low when the mains are gone too: while it charges again, nothing is to be done. A test of the
    runtime runs on the battery on purpose."""
    alone = "OB" in status and "CAL" not in status
    found = {
        "low_battery": "FSD" in status or (alone and "LB" in status), "on_battery": alone, "overload": "OVER" in status,
        "replace_battery": "RB" in status, "bypass": "BYPASS" in status, "off": "OFF" in status,
        "calibrating": "CAL" in status, "trim": "TRIM" in status, "boost": "BOOST" in status,
        "charging": "CHRG" in status, "online": "OL" in status,
    }  # fmt: skip
    return next((state for state in STATES if found.get(state)), "other")


def gravest(found: tuple[Ups, ...]) -> Ups | None:
    """The one that needs most to be done for it; the server's first of several."""
    return min(found, key=lambda ups: STATES.index(ups.state)) if found else None


def _number(variables: dict[str, str], name: str, most: float) -> float | None:
    text = variables.get(name, "").strip()
    value = float(text) if _NUMBER.fullmatch(text) else -1.0
    return value if 0 <= value <= most else None


def _model(variables: dict[str, str]) -> str | None:
    found = " ".join(f"{variables.get('ups.mfr', '')} {variables.get('ups.model', '')}".split())
    return "".join(character for character in found if character.isprintable())[:64] or None


def _dated(text: str) -> str | None:
    """The day a battery was put in, as ``battery.date`` has it; a made-up one, such as 2000/00/00, is unknown."""
    found = _DATE.fullmatch(text.strip())
    if not found:
        return None
    year, month, day = (int(part) for part in found.groups())
    return f"{year}-{month:02}-{day:02}" if 2005 <= year < 2100 and 1 <= month <= 12 and 1 <= day <= 31 else None


def split(line: str) -> list[str]:
    """The words of a line of the protocol; one in quotes may hold spaces, and quotes after a backslash. Raises
    NutError."""
    found: list[str] = []
    end = 0
    for match in _WORD.finditer(line):
        if line[end : match.start()].strip():
            raise NutError("malformed")
        end = match.end()
        found.append(match[2] if match[1] is None else re.sub(r"\\(.)", r"\1", match[1]))
    if line[end:].strip():
        raise NutError("malformed")
    return found


class _Talk:
    """Questions and answers on one connection, of MAX_ANSWER bytes in all."""

    def __init__(self, sock: socket.socket, left: Callable[[], float]) -> None:
        self._sock, self._left = sock, left
        self._heard, self._total = b"", 0

    def ask(self, question: str) -> list[list[str]]:
        """The rows of a list, each as its words."""
        try:
            self._sock.settimeout(max(0.001, self._left()))
            self._sock.sendall(question.encode("ascii") + b"\n")
        except OSError as why:
            raise NutError("silent" if isinstance(why, TimeoutError) else "closed") from None
        return list(self._rows(question))

    def _rows(self, question: str) -> Iterator[list[str]]:
        first = self._line()
        if first.startswith("ERR "):
            raise NutError(_code(first))
        if first != f"BEGIN {question}":
            raise NutError("malformed")
        while (line := self._line()) != f"END {question}":
            yield split(line)

    def _line(self) -> str:
        while b"\n" not in self._heard:
            self._receive()
        line, _, self._heard = self._heard.partition(b"\n")
        return line.decode("utf-8", "replace").rstrip("\r")

    def _receive(self) -> None:
        left = self._left()
        if left <= 0:
            raise NutError("silent")
        try:
            self._sock.settimeout(left)
            part = self._sock.recv(8192)
        except OSError as why:
            raise NutError("silent" if isinstance(why, TimeoutError) else "closed") from None
        self._total += len(part)
        if not part:
            raise NutError("closed")
        if self._total > MAX_ANSWER:
            raise NutError("malformed")
        self._heard += part


def _code(line: str) -> str:
    code = line.split()[1].lower() if len(line.split()) > 1 else ""
    return code if re.fullmatch("[a-z-]{1,32}", code) else "malformed"
