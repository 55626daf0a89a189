"""How ``sansang-collector speed`` shows what it found."""

from __future__ import annotations

from collections.abc import Mapping

import click
from rich import box
from rich.markup import escape
from rich.table import Table

from checks.kit.model import Scalar
from collector import show
from collector.app import Parts
from collector.evidence import words
from collector.evidence.account import Account, Shown
from collector.evidence.desk import City, Given
from collector.evidence.dispute import Verified
from collector.evidence.figures import WAYS
from collector.evidence.summary import Quantity, Spread
from collector.evidence.watching import Watch
from collector.web.i18n import text

BAR, WIDTH = 24, 78
"""Characters of the gauge, and of its line: what was longer before is written over."""
_HEADS = {
    "unit": ("đơn vị", "unit"), "provider": ("nhà cung cấp", "provider"), "full": ("đường truyền đầy", "line full"),
    "way": ("chiều", "way"), "last": ("mới nhất", "newest"), "at": ("lúc", "when"),
    "contract": ("hợp đồng", "contract"),
    "p95_7": ("P95 7 ngày", "P95 7 d"), "p95_30": ("P95 30 ngày", "P95 30 d"), "n": ("n 30 ngày", "n 30 d"),
    "units": ("số đơn vị", "units"), "median_7": ("trung vị 7 ngày", "median 7 d"), "n_7": ("n 7 ngày", "n 7 d"),
    "median_30": ("trung vị 30 ngày", "median 30 d"), "what": ("đại lượng", "quantity"),
    "hour": ("giờ", "hour"), "workday": ("T2–T6", "Mon-Fri"), "weekend": ("T7, CN", "Sat, Sun"),
    "number": ("số", "number"), "check": ("phép đo", "check"), "found": ("kết quả", "found"),
    "counts": ("giá trị", "counts"), "device": ("thiết bị", "device"),
}  # fmt: skip
_SAID = {
    "nothing": ("Chưa có thiết bị nào.", "No device yet."),
    "truncated": ("Chỉ tính {count} lần đo mới nhất.", "Only the newest {count} measurements are counted."),
    "stands": ("Bằng chứng đứng vững.", "The evidence stands."),
    "falls": ("Bằng chứng không đứng vững: {why}.", "The evidence does not stand: {why}."),
    "changed": (
        "Khi nhận: {then}. Nay: {now}. Dữ liệu đã lưu bị thay đổi, hoặc bản ghi của máy chủ đến sau.",
        "When it came: {then}. Now: {now}. What is stored was changed, or the server's record came later.",
    ),
    "signed": ("chữ ký đúng khóa của thiết bị", "signed by the device's key"),
    "signed_wrong": ("chữ ký KHÔNG đúng khóa của thiết bị", "NOT signed by the device's key"),
    "signed_not": ("không có chữ ký", "not signed"),
    "request": ("Yêu cầu {id}: theo dõi bằng `sansang-collector speed watch {id}`",
                "Request {id}: follow it with `sansang-collector speed watch {id}`"),
    "given": ("Lượt {id}: bắt đầu sau {start} giây, trong {seconds} giây, tối đa {bytes}.",
              "Lease {id}: begins in {start} s, holds {seconds} s, at most {bytes}."),
    "given_how": ("Mỗi địa chỉ là một chiều, ví dụ:", "Each address is one direction, for example:"),
}  # fmt: skip
_FULL = {"ready": ("chưa", "no"), "at_risk": ("gần đầy", "nearly"), "not_ready": ("đầy", "yes"), "unknown": ("?", "?")}


def _say(key: str, lang: str, **values: object) -> str:
    return _SAID[key][lang == "en"].format(**values)


def _table(lang: str, *columns: str) -> Table:
    """Numbers to the right."""
    shown = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    left = ("unit", "provider", "full", "way", "what", "at", "check", "found", "counts", "device")
    for column in columns:
        shown.add_column(_HEADS[column][lang == "en"], justify="left" if column in left else "right")
    return shown


def _value(value: float | None, unit: str, lang: str) -> str:
    return "—" if value is None else words.shown(value, unit, lang)


def city(found: City, parts: Parts, lang: str) -> None:
    """Two lines a unit: download and upload. Then the providers."""
    shown = _table(lang, "unit", "provider", "full", "way", "last", "at", "p95_7", "p95_30", "contract", "n")
    for one in found.units:
        first = [escape(show.called(one.unit, parts.live.units)), escape(one.provider or "—"), _full(one, lang)]
        for way, name in zip(WAYS, ("down", "up"), strict=True):
            shown.add_row(*first, words.way(way, lang), *_row(one, name, way, parts, lang))
            first = ["", "", ""]
    show.print_or(shown, _say("nothing", lang))
    if found.providers:
        lines = _table(lang, "provider", "units", "way", "p95_7", "p95_30", "n")
        for provider in found.providers:
            for way, name in zip(WAYS, ("down", "up"), strict=True):
                told = provider.quantities.get(name, Quantity("", 0.0, 0, Spread(), Spread()))
                spreads = [_value(spread.p95, "bits_per_second", lang) for spread in (told.week, told.month)]
                who = [escape(provider.name), str(provider.units)] if way == WAYS[0] else ["", ""]
                lines.add_row(*who, words.way(way, lang), *spreads, str(told.month.count))
        show.console().print(lines)
    if found.truncated:
        show.tell(_say("truncated", lang, count=50_000))


def _full(one: Account, lang: str) -> str:
    pair = _FULL.get(one.passive.full)
    return pair[lang == "en"] if pair else "—"


def _row(one: Account, name: str, way: str, parts: Parts, lang: str) -> list[str]:
    told, contract = one.quantities.get(name), one.contract.get(way)
    agreed = _value(contract.rate if contract else None, "bits_per_second", lang)
    if told is None:
        return ["—", "—", "—", "—", agreed, "0"]
    values = [_value(value, told.unit, lang) for value in (told.last, told.week.p95, told.month.p95)]
    at = show.instant(told.last_at, parts.catalog.zone)
    return [values[0], at, *values[1:], agreed, str(told.month.count)]


def account(found: Account, parts: Parts, lang: str) -> None:
    """The counters' word first."""
    show.tell(f"{show.called(found.unit, parts.live.units)} · {found.provider or '—'}")
    show.tell(words.passive(found.passive, lang))
    if found.quantities:
        shown = _table(lang, "what", "last", "at", "n_7", "median_7", "p95_7", "n", "median_30", "p95_30")
        for name, told in found.quantities.items():
            at = show.instant(told.last_at, parts.catalog.zone)
            shown.add_row(text(f"q_{name}", lang), _value(told.last, told.unit, lang), at, *_spreads(told, lang))
        show.console().print(shown)
    else:
        show.tell(text("no_speed", lang))
    for way, contract in found.contract.items():
        show.tell(
            f"{words.way(way, lang)}, {words.contracted(contract, lang)}: {'; '.join(words.contract(contract, lang))}."
        )
    _hours(found.quantities, lang)
    _newest(found, parts, lang)


def _spreads(told: Quantity, lang: str) -> list[str]:
    return [
        cell
        for spread in (told.week, told.month)
        for cell in (str(spread.count), _value(spread.median, told.unit, lang), _value(spread.p95, told.unit, lang))
    ]


def _hours(found: Mapping[str, Quantity], lang: str) -> None:
    """The download by the hour: when the line is slow."""
    told = found.get("down")
    if told is None or not told.hours:
        return
    cells = {(cell.weekend, cell.hour): f"{_value(cell.median, told.unit, lang)} ({cell.count})" for cell in told.hours}
    shown = _table(lang, "hour", "workday", "weekend")
    for hour in sorted({cell.hour for cell in told.hours}):
        shown.add_row(f"{hour:02}", cells.get((False, hour), "—"), cells.get((True, hour), "—"))
    show.tell(text("by_hour", lang, what=text("q_down", lang)))
    show.console().print(shown)


def _newest(found: Account, parts: Parts, lang: str) -> None:
    if not found.newest:
        return
    shown = _table(lang, "number", "at", "check", "found", "counts")
    for one in found.newest:
        at = show.instant(one.at, parts.catalog.zone)
        said, counts = words.figures(one, lang), words.validity(one.valid, lang)
        shown.add_row(str(one.id), at, text(f"check_{one.check}", lang), escape(said), escape(counts))
    show.console().print(shown)


class Gauge:
    """A line that moves on a terminal; elsewhere, a line for each stage."""

    def __init__(self, lang: str, *, quiet: bool = False) -> None:
        self._lang, self._quiet = lang, quiet
        self._moves = show.console().is_terminal
        self._stage = ""
        self._open = False

    def show(self, found: Watch) -> None:
        """How it stands."""
        if self._quiet:
            return
        if not self._stage and found.request.id:
            click.echo(_say("request", self._lang, id=found.request.id))
        if found.stage == "running" and self._moves:
            full = round(min(1.0, found.share) * BAR)
            line = f"{'█' * full}{'░' * (BAR - full)} {words.running(found, self._lang)}"
            click.echo(f"\r{line:<{WIDTH}}", nl=False)
            self._open = True
        elif found.stage != self._stage:
            self.end()
            click.echo(words.stage(found, self._lang))
        self._stage = found.stage

    def end(self) -> None:
        """Leaves the line."""
        if self._open:
            click.echo()
            self._open = False


def verified(found: Verified, parts: Parts, lang: str) -> None:
    """Everything that is known of it, then whether it stands."""
    one = found.measurement
    for key, value in _told(found, one, parts, lang):
        if value:
            click.echo(f"{key:<18} {value}")
    now, then = found.now, one.valid
    if now != then:
        show.tell(_say("changed", lang, then=words.validity(then, lang), now=words.validity(now, lang)))
    why = words.invalid(now or then, lang) if now or then else _signature(found.signed, lang)
    show.tell(_say("stands", lang) if found.stands else _say("falls", lang, why=why))


def _told(found: Verified, one: Shown, parts: Parts, lang: str) -> list[tuple[str, str]]:
    lines = [
        ("measurement", str(one.id)),
        ("unit", show.called(one.unit, parts.live.units)),
        ("device", one.device),
        ("provider", one.provider),
        ("check", one.check),
        ("at", show.instant(one.at, parts.catalog.zone)),
        ("lease", one.lease),
        ("server", found.server_name),
        ("protocol", found.protocol),
        ("outcome", " ".join(part for part in (one.outcome, one.reason) if part)),
        ("found", words.figures(one, lang)),
        ("device signed", _signature(found.signed, lang)),
    ]
    lines += [(f"  {key}", _plain(value)) for key, value in sorted(found.evidence.items())]
    for way, seen in found.server.items():
        rates = " – ".join(words.shown(rate, "bits_per_second", lang) for rate in (seen.least, seen.most))
        size = words.shown(float(seen.bytes), "bytes", lang)
        lines.append((f"server {way}", f"{rates}, {size}, n={seen.streams}, {', '.join(seen.ends)}"))
    if found.packets:
        lines.append(("server packets", ", ".join(f"{name} {count}" for name, count in found.packets.items())))
    lines += [("text", found.text), ("signature", found.signature), ("public key", found.key)]
    return [(key, _printable(value)) for key, value in lines]


def _signature(signed: bool | None, lang: str) -> str:
    return _say("signed" if signed else "signed_not" if signed is None else "signed_wrong", lang)


def _plain(value: Scalar | list[Scalar] | dict[str, Scalar]) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(each)}" for key, each in value.items() if each not in (None, ""))
    return "[" + ", ".join(map(_plain, value)) + "]" if isinstance(value, list) else str(value)


def _printable(value: str) -> str:
    """What a device sends may hold what moves a cursor."""
    return "".join(each if each.isprintable() or each == "\N{NO-BREAK SPACE}" else "?" for each in value)


def given(found: Given, lang: str) -> None:
    """The addresses, each on a line of its own, and how they are used."""
    grant = found.answer.grant
    if grant is None:
        if found.answer.denied:
            show.tell(words.denied(found.answer.denied, lang))
        return
    size = words.shown(float(grant.bytes), "bytes", lang)
    start, seconds = round(grant.start_in), round(grant.seconds)
    show.tell(_say("given", lang, id=grant.id, start=start, seconds=seconds, bytes=size))
    for url in found.urls.values():
        click.echo(url)
    show.tell(_say("given_how", lang))
    for url in found.urls.values():
        click.echo(f"ndt7-client -service-url '{url}'")
