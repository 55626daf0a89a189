"""What is written in a cell, as a value: numbers, dates and yes or no the ways Vietnamese offices write them. Pure."""

from __future__ import annotations

import datetime
import ipaddress
import math
import re
import unicodedata
from collections.abc import Callable
from typing import Any, get_args, get_type_hints

from collector import address
from collector.roster.columns import Column
from collector.roster.model import HIDDEN, Snmp
from collector.units import fold

OLDEST = 1990
"""Nothing in an office today was bought before; Excel shows a year typed into a date cell as a day in 1905."""
_EPOCH = datetime.date(1899, 12, 30)
_SERIALS = range(32_874, 73_051)  # 1990 to 2099, as Excel counts days
_NUMBER = re.compile(r"-?[0-9]+(?:[.,][0-9]+)*")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*")
_DAY = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})(?:-([0-9]{1,2}))?(?:[T ]00:00(?::00)?)?")
_MONTH = re.compile(r"([0-9]{1,2})[/.-]([0-9]{4})")
_HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_-]{1,63})*")
_YES = ("co", "x", "yes", "y", "true", "dung", "1")
_NO = ("khong", "ko", "k", "no", "n", "false", "sai", "0")
_ROLES = {
    "counter": ("quay", "quay giao dich", "mot cua", "counter", "quay mot cua"),
    "kiosk": ("kiosk", "ki ot", "ki-ot", "kiot", "may kiosk"),
    "back_office": ("van phong", "noi bo", "phong lam viec", "back office", "back_office", "office"),
    "router": ("bo dinh tuyen", "router", "modem", "thiet bi dinh tuyen"),
}
_SITE_KINDS = {
    "service_point": ("diem phuc vu", "diem phuc vu hanh chinh cong", "service point", "service_point"),
    "branch": ("chi nhanh", "branch"),
    "office": ("tru so", "khac", "office"),
}
_VERSIONS = {"2c": "2c", "v2c": "2c", "2": "2c", "v2": "2c", "3": "3", "v3": "3"}


class Bad(Exception):
    """A value that is refused: a code of :mod:`collector.roster.words`, and what its text names."""

    def __init__(self, code: str, /, **values: Any) -> None:
        super().__init__(code)
        self.code, self.values = code, values


def text(value: object) -> str:
    """`value` as one line of normalised text: single blanks, no invisible characters."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, datetime.datetime):
        value = value.date() if value.time() == datetime.time() else value
    written = " ".join(str("" if value is None else value).split())
    if written.isprintable() and unicodedata.is_normalized("NFC", written):
        return written
    seen = "".join(char for char in written if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFC", " ".join(seen.split()))


def parse(column: Column, value: object, today: datetime.date) -> Any:
    """The value of a cell of `column` that is not empty. Raises Bad."""
    return _PARSERS[column.value](column, value, today)


def _text(column: Column, value: object, _: datetime.date) -> str:
    found = text(value)
    if not found.isprintable() or "\ufffd" in found:
        raise Bad("unprintable", value=found)
    if len(found) > column.most:
        raise Bad("too_long", most=int(column.most), length=len(found))
    return found


def _secret(column: Column, value: object, today: datetime.date) -> str:
    try:
        found = _text(column, value, today)
    except Bad as why:
        why.values.pop("value", None)
        raise Bad("unprintable_secret") if why.code == "unprintable" else why from None
    if found != HIDDEN and column.name != "snmp_community" and len(found) < 8:
        raise Bad("short_key", length=len(found))
    return found


def number(value: object) -> float | None:
    """``1.234,5``, ``1,234.5``, ``1234.5`` and numbers themselves; None for anything else.

    One separator before exactly three digits groups thousands: no count and no contract has three decimals. What is
    written with more digits than a float holds is infinite: a number, and too large for every column.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return _float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    written = text(value).replace(" ", "")
    if not _NUMBER.fullmatch(written):
        return None
    if _GROUPED.fullmatch(written.lstrip("-")):
        return float(re.sub("[.,]", "", written))
    last = max(written.rfind("."), written.rfind(","))
    if last < 0:
        return float(written)
    whole, decimals = written[:last], written[last + 1 :]
    mark = "." if written[last] == "," else ","
    if written[last] in whole or (mark in whole and not _GROUPED.fullmatch(whole.lstrip("-"))):
        return None
    return float(f"{whole.replace(mark, '')}.{decimals}")


def _float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _count(column: Column, value: object, _: datetime.date) -> int:
    found = number(value)
    if found is None or found < 0 or not (found.is_integer() or math.isinf(found)):
        raise Bad("count", value=text(value))
    if found > column.most:
        raise Bad("too_many", value=text(value), most=int(column.most))
    return int(found)


def _mbps(column: Column, value: object, _: datetime.date) -> float:
    bare = re.sub(r"(?i)\s*(mbps|mbit/s|mb/s)$", "", value.strip()) if isinstance(value, str) else value
    found = number(bare)
    if found is None:
        raise Bad("mbps", value=text(value))
    if not 0.1 <= found <= column.most:
        raise Bad("mbps_range", value=text(value), most=int(column.most))
    return found


def _date(_: Column, value: object, today: datetime.date) -> str:
    found = _written_date(value)
    if found is None:
        raise Bad("date", value=text(value))
    year, month, day = (*found, 1, 1)[:3]
    try:
        first = datetime.date(year, month, day)
    except ValueError:
        raise Bad("no_such_day", value=text(value)) from None
    if year < OLDEST:
        raise Bad("too_old", value=f"{first:%d/%m/%Y}", oldest=OLDEST)
    if first > today:
        raise Bad("future", value=text(value), today=f"{today:%d/%m/%Y}")
    return "-".join([f"{year:04}", *(f"{part:02}" for part in found[1:])])


def _written_date(value: object) -> tuple[int, ...] | None:
    """Year, month and day as far as they are written."""
    if isinstance(value, datetime.date):
        return value.year, value.month, value.day
    written = text(value)
    if written.isascii() and written.isdigit() and len(written) in (4, 5):
        days = int(written)
        if len(written) == 4:
            return (days,)
        at = _EPOCH + datetime.timedelta(days)
        return (at.year, at.month, at.day) if days in _SERIALS else None
    for pattern, order in ((_DAY, (3, 2, 1)), (_ISO, (1, 2, 3)), (_MONTH, (2, 1))):
        if match := pattern.fullmatch(written):
            return tuple(int(match[place]) for place in order if match[place])
    return None


def _yes(_: Column, value: object, __: datetime.date) -> bool:
    written = fold(text(value))
    if written not in _YES + _NO:
        raise Bad("yes", value=text(value))
    return written in _YES


def _role(_: Column, value: object, __: datetime.date) -> str:
    return _worded(_ROLES, "role", value)


def _site_kind(_: Column, value: object, __: datetime.date) -> str:
    return _worded(_SITE_KINDS, "site_kind", value)


def _worded(known: dict[str, tuple[str, ...]], code: str, value: object) -> str:
    """Which of `known` a word is for. Raises Bad."""
    written = fold(text(value))
    for found, words in known.items():
        if written in words:
            return found
    raise Bad(code, value=text(value))


def _host(column: Column, value: object, _: datetime.date) -> str:
    written = text(value)
    try:
        ipaddress.ip_address(written)
    except ValueError:
        last = written.rpartition(".")[2]
        if not _HOST.fullmatch(written) or last.isdigit() or address.literal(written) or len(written) > column.most:
            raise Bad("host", value=written) from None
    if address.forbidden(written):
        raise Bad("forbidden_host", value=written)
    return written


def _port(_: Column, value: object, __: datetime.date) -> int:
    found = number(value)
    if found is None or not found.is_integer() or not 1 <= found <= 65535:
        raise Bad("port", value=text(value))
    return int(found)


def _version(_: Column, value: object, __: datetime.date) -> str:
    found = _VERSIONS.get(fold(text(value)))
    if found is None:
        raise Bad("choice", value=text(value), known="2c, 3")
    return found


def _choice(column: Column, value: object, _: datetime.date) -> str:
    known = PROTOCOLS[column.name]
    for name in known:
        if text(value).upper().replace("-", "") == name.replace("-", ""):
            return name
    raise Bad("choice", value=text(value), known=", ".join(known))


_HINTS = get_type_hints(Snmp)
PROTOCOLS: dict[str, tuple[str, ...]] = {
    f"snmp_{field}": get_args(_HINTS[field]) for field in ("auth_protocol", "privacy_protocol")
}
_PARSERS: dict[str, Callable[[Column, object, datetime.date], Any]] = {
    "id": _text, "site": _text, "text": _text, "unit": _text, "name": _text, "secret": _secret, "count": _count,
    "mbps": _mbps, "date": _date, "yes": _yes, "role": _role, "host": _host, "port": _port, "version": _version,
    "site_kind": _site_kind, "auth": _choice, "privacy": _choice,
}  # fmt: skip
