"""``sansang-collector roster``: the template, the import, and what is stored."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import click
import msgspec
from rich.console import Console

from collector import units as nation
from collector.app import build
from collector.catalog import Catalog
from collector.config import CollectorConfig
from collector.counter import ask
from collector.former import Gone
from collector.office import Wrong
from collector.roster import csvfile, faces, read, sheets, words
from collector.roster.check import Checker
from collector.roster.columns import KINDS
from collector.roster.difference import Change
from collector.roster.model import Roster
from collector.roster.words import Remark
from collector.roster.written import Written

_SAID = {
    "same": ("không có thay đổi", "no changes"),
    "done": ("đã lưu: {total}", "stored: {total}"),
    "dry": ("chạy thử, chưa lưu gì: {total}", "dry run, nothing stored: {total}"),
    "errors": ("không có gì được lưu; số lỗi: {count}", "nothing is stored; errors: {count}"),
    "hidden": (
        "đơn vị {unit}: *** nghĩa là giữ như cũ, nhưng chưa có gì được lưu",
        "unit {unit}: *** means as it was, but nothing is stored",
    ),
    "reading": ("đang đọc, {rows} hàng…", "reading, {rows} rows…"),
    "empty": ("danh mục chưa có gì; xem `roster template`", "the roster is empty; see `roster template`"),
    "exists": ("{file}: đã có tệp này; dùng --force để ghi đè", "{file}: exists already; --force overwrites it"),
    "suffix": ("{file}: cần tên tệp .xlsx hoặc .csv", "{file}: expected a name that ends in .xlsx or .csv"),
    "written": ("đã ghi {file}", "wrote {file}"),
}  # fmt: skip


def said(name: str, lang: str, **values: Any) -> str:
    return _SAID[name][lang == "en"].format(**values)


class Desktop:
    """One run of a command: the configuration, the language, and the collector to ask."""

    def __init__(self, config: CollectorConfig, catalog: Catalog, lang: str | None) -> None:
        self.config, self.catalog, self.lang = config, catalog, lang or config.lang

    def ask(self, name: str, **arguments: Any) -> Any:
        """Raises Wrong or StoreError."""
        return asyncio.run(ask(build(self.config, self.catalog), name, **arguments))

    def roster(self) -> Roster:
        """What is stored, secrets hidden."""
        return msgspec.convert(self.ask("roster.load"), Roster)

    def unit(self, code: str) -> str:
        """The code of today's unit that `code` means. Raises Wrong."""
        try:
            return self.catalog.locality.former.today(code, self.catalog.units, self.lang)
        except Gone as why:
            raise Wrong(str(why)) from None

    def wrong(self, name: str, **values: Any) -> NoReturn:
        raise Wrong(said(name, self.lang, **values))

    def say(self, name: str, **values: Any) -> None:
        click.echo(said(name, self.lang, **values))


def template(desk: Desktop, file: Path, *, force: bool) -> None:
    """Writes the workbook that offices fill in."""
    from collector.roster import template as made

    if file.suffix.lower() != ".xlsx":
        desk.wrong("suffix", file=file)
    _write(desk, file, made.workbook(desk.catalog.units.values(), desk.lang), force=force)


def take(desk: Desktop, files: tuple[Path, ...], *, dry_run: bool, keep_missing: bool, as_json: bool) -> None:
    """Imports files together, whole or not at all. Raises Wrong once every error is told."""
    written, checker = _read(desk, files)
    errors, notes = (_lines(part.all(), desk.lang) for part in (checker.errors, checker.notes))
    changes: list[Change] = []
    if not errors:
        source = ", ".join(file.name for file in files)
        changes = _taken(desk, written, source=source, keep_missing=keep_missing, dry_run=dry_run)
    if as_json:
        click.echo(_json({"errors": errors, "notes": notes, "changes": msgspec.to_builtins(changes)}))
    for line in () if as_json else (*notes, *errors):
        click.echo(line, err=True)
    if errors:
        desk.wrong("errors", count=checker.errors.count)
    if not as_json:
        _tell(desk, changes, dry_run=dry_run)


def _read(desk: Desktop, files: tuple[Path, ...]) -> tuple[Written, Checker]:
    """What the files say, and the checker with its remarks. On a terminal, how far it is."""
    today = datetime.now(desk.catalog.zone).date()
    country, present = nation.load(desk.config.units), desk.roster()
    with Console(stderr=True).status(said("reading", desk.lang, rows=0)) as status:
        checker = Checker(
            desk.catalog.units,
            country,
            present,
            today,
            progress=lambda rows: status.update(said("reading", desk.lang, rows=rows)),
            former=desk.catalog.locality.former,
        )
        for file in files:
            checker.read(file.name, read.tables(file))
        return checker.result(), checker


def _taken(desk: Desktop, written: Written, **options: Any) -> list[Change]:
    answer = desk.ask("roster.import", written=msgspec.to_builtins(written), **options)
    if "nothing_hidden" in answer:
        desk.wrong("hidden", unit=answer["nothing_hidden"])
    return msgspec.convert(answer["changes"], list[Change])


def _tell(desk: Desktop, changes: list[Change], *, dry_run: bool) -> None:
    if not changes:
        desk.say("same")
        return
    faces.summary(changes, desk.catalog.units, desk.lang)
    desk.say("dry" if dry_run else "done", total=faces.total(changes, desk.lang))


def show(desk: Desktop, unit: str | None, *, as_json: bool) -> None:
    """What is stored, of one unit or of all."""
    unit = None if unit is None else desk.unit(unit)
    found = desk.roster()
    if unit is not None:
        found = Roster(
            mark=found.mark,
            units={unit: found.units[unit]} if unit in found.units else {},
            sites={unit: found.sites.get(unit, [])} if unit in found.sites else {},
            stations={unit: found.stations.get(unit, [])} if unit in found.stations else {},
        )
    if as_json:
        click.echo(_json(msgspec.to_builtins(found)))
    elif not found.codes:
        desk.say("empty")
    elif unit is not None:
        faces.detail(found, desk.catalog.units[unit], desk.lang)
    else:
        faces.overview(found, desk.catalog.units, desk.lang)


def export(desk: Desktop, file: Path, *, force: bool) -> None:
    """Writes what is stored: one workbook, or a CSV file of each kind beside each other."""
    found, names = desk.roster(), desk.catalog.units
    if file.suffix.lower() == ".xlsx":
        from collector.roster import excel

        _write(desk, file, excel.exported(found, names, desk.lang), force=force)
    elif file.suffix.lower() == ".csv":
        for kind in KINDS:
            content = csvfile.text(kind, sheets.rows(found, kind, names, desk.lang), desk.lang)
            _write(desk, file.with_stem(f"{file.stem}-{kind}"), content.encode(), force=force)
    else:
        desk.wrong("suffix", file=file)


def _write(desk: Desktop, file: Path, content: bytes, *, force: bool) -> None:
    """Raises Wrong."""
    try:
        with file.open("wb" if force else "xb") as out:
            out.write(content)
    except FileExistsError:
        desk.wrong("exists", file=file)
    except OSError as why:
        raise Wrong(f"{file}: {(why.strerror or str(why)).lower()}") from None
    desk.say("written", file=file)


def _lines(remarks: list[Remark], lang: str) -> list[str]:
    return [words.line(remark, lang) for remark in remarks]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
