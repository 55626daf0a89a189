"""A small town for tests of the command line: its configuration, its devices, and ``sansang-collector`` called in this
process, as a pipe or a terminal sees it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import io
import os
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import aiohttp

from checks.kit.model import Result
from collector import catalog, config, main
from collector.app import Server, build, wall
from collector.office import Office, Socket
from collector.roster.written import Written
from collector.store import devices, roster
from collector.store.engine import Store
from tests.collector.pushing import Sender
from tests.collector.standing import Client
from tests.ports import free_port

XOM_CHIEU, KHANH_HOI, CON_DAO = "27259", "27265", "26732"
UNITS = (XOM_CHIEU, KHANH_HOI, CON_DAO, "27316", "26878", "26882")
COLLECTOR = """\
listen: "127.0.0.1:{port}"
state_dir: {folder}/state
locality: {folder}/localities/town.yaml
units: {shipped}/units.csv
sweep_seconds: 300
"""
LOCALITY = """\
id: town
title: {{vi: Thị trấn, en: Town}}
province_code: "79"
units: [{units}]
former_units: former.csv
expects: {{source: test, units: 7, offices: 2}}
profile: small
timezone: Asia/Ho_Chi_Minh
office_hours: always
networks: {{internet: {{provider: VNPT}}}}
findings: {{close_after: 5m}}
targets:
- {{id: portal, title: {{vi: Cổng, en: Portal}}, source: test, mandatory: true, url: "https://portal.example.vn/"}}
- {{id: mail, title: {{vi: Thư, en: Mail}}, source: test, mandatory: true, url: "https://mail.example.vn/"}}
- {{id: map, title: {{vi: Bản đồ, en: Map}}, source: test, mandatory: true, url: "https://map.example.vn/"}}
jobs:
- {{check: connectivity, targets: all, every: 60s}}
- {{check: device, every: 1h}}
"""
PROFILE = """\
id: small
version: 1
title: {vi: Nhỏ, en: Small}
freshness: {lost_contact: {after: 30m, source: test}, no_data: {after: 24h, source: test}}
coverage: {minimum: 0.8, source: test}
requirements:
- id: systems
  title: {vi: Hệ thống truy cập được, en: Systems answer}
  scope: unit
  runs: connectivity
  targets: mandatory
  aggregate: ratio
  window: now
  max_age: 2h
  unit: "%"
  bands: {ready: ">= 90", at_risk: ">= 50"}
  source: {vi: "[A] Thử", en: "[A] Test"}
  remedy: {vi: Báo đơn vị vận hành, en: Tell the operator}
- id: memory
  title: {vi: Bộ nhớ máy trạm, en: Memory of a PC}
  scope: device
  fact: device.memory_bytes
  unit: GB
  bands: {ready: ">= 8", at_risk: ">= 4"}
  source: {vi: "[A] Thử", en: "[A] Test"}
- id: age
  title: {vi: Tuổi máy trạm, en: Age of a PC}
  scope: device
  mandatory: false
  fact: device.age_years
  unit: years
  bands: {ready: "<= 5"}
  source: {vi: "[A] Thử", en: "[A] Test"}
"""
PRICES = """\
items:
- id: tell_operator
  title: {vi: Báo đơn vị vận hành, en: Tell the operator}
  words: {vi: "báo đơn vị vận hành {n} hệ thống", en: "tell the operators of {n} {system|systems}"}
  price: 0
  source: "[A] a call"
  measure: {vi: hệ thống, en: systems}
  owner: {vi: Phường báo, en: the ward tells}
  per: target
  once: city
  meets: [systems]
- id: ram
  title: {vi: Thanh RAM, en: Memory module}
  words: {vi: "lắp RAM cho {n} máy", en: "add memory to {n} {PC|PCs}"}
  price: 900000
  source: "[A] a shop"
  measure: {vi: thanh, en: "{module|modules}"}
  owner: {vi: Phường mua, en: the ward buys}
  per: device
  meets: [memory]
"""
FORMER = """\
code,name,parent,valid_from,valid_to,successor,share,reason
27253,Phường 12,Quận 4,,2025-06-30,27259,,
27256,Phường 13,Quận 4,,2025-06-30,27259,0.25,
27256,Phường 13,Quận 4,,2025-06-30,27265,0.75,
"""
GOOD = {"memory_bytes": 16_000_000_000, "age_years": 2.0}
POOR = {"memory_bytes": 2_000_000_000, "age_years": 9.0}


def town(folder: Path) -> str:
    """Writes the town's files; its ``collector.yaml``."""
    texts = {
        "collector.yaml": COLLECTOR.format(port=free_port(), folder=folder, shipped=config.SHIPPED),
        "localities/town.yaml": LOCALITY.format(units=", ".join(f'"{code}"' for code in UNITS)),
        "localities/former.csv": FORMER,
        "profiles/small.yaml": PROFILE,
        "prices.yaml": PRICES,
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return str(folder / "collector.yaml")


@contextlib.asynccontextmanager
async def running(file: str, now: Callable[[], int] = wall) -> AsyncIterator[Client]:
    """The collector of `file`, with its socket; it judges when the test says so."""
    settings = config.load(file)
    parts = build(settings, catalog.load(settings), now=now)
    async with (
        Server(parts) as server,
        aiohttp.ClientSession() as session,
        Socket(Office(parts), Path(settings.state_dir)),
    ):
        yield Client(server, session)


class Pc:
    """An enrolled device of a unit, which reaches every system or none."""

    def __init__(self, client: Client, unit: str, number: int) -> None:
        self.client, self.unit, self.sender = client, unit, Sender(key=number)

    @property
    def id(self) -> str:
        return self.sender.device

    def _enrol(self, store: Store) -> None:
        at = self.client.server.parts.now()
        with store.begin() as connection:
            token = devices.create_token(connection, unit=self.unit, seats=1, now=at, days=1)
            key = self.sender.signer.public
            self.sender.device = devices.enrol(connection, token=token, public_key=key, role="pc", now=at).id

    async def enrol(self) -> Pc:
        store = self.client.server.parts.store
        await store.run(lambda: self._enrol(store))
        await self.client.server.parts.directory.refresh()
        return self

    async def push(self, *, down: bool = False, facts: dict[str, float] = GOOD) -> None:
        """All it measures, taken now."""
        at = self.client.server.parts.now()
        gone = {"outcome": "failed", "reason": "tcp_timeout", "samples": ()} if down else {}
        results: list[Result] = [self.sender.result(at, target=name, **gone) for name in ("portal", "mail", "map")]
        results.append(self.sender.result(at, check="device", target="", samples=(), facts=facts))
        status, answer = await self.client.push(self.sender.sealed(*results, sent_at=at))
        assert status == 200, answer


async def pcs(client: Client, *units: str) -> list[Pc]:
    """A new PC in each of `units`."""
    return [await Pc(client, unit, number).enrol() for number, unit in enumerate(units, 1)]


async def on_line_of(client: Client, provider: str, units: Iterable[str]) -> None:
    """The roster's word for whose line the units have."""
    parts = client.server.parts
    written = Written(units={unit: {"provider": provider} for unit in units})
    await parts.store.write(lambda connection: roster.take(connection, written, now=parts.now(), source="test"))


class _Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def run(*words: str, columns: int = 0) -> tuple[int, str, str]:
    """Exit code, standard output, standard error; on a terminal of so many columns, or in a pipe."""
    out = (_Terminal if columns else io.TextIOWrapper)(io.BytesIO(), "utf-8")
    err, argv, mask, code = io.TextIOWrapper(io.BytesIO(), "utf-8"), sys.argv, os.umask(0o077), 0
    sys.argv = ["sansang-collector", *words]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _environment(columns):
            main.main()
    except SystemExit as why:
        code = int(why.code or 0)
    finally:
        sys.argv = argv
        os.umask(mask)
    return code, _text(out), _text(err)


async def call(*words: str, columns: int = 0) -> tuple[int, str, str]:
    """`run` beside a collector that serves in this process."""
    return await asyncio.to_thread(run, *words, columns=columns)


@contextlib.contextmanager
def _environment(columns: int) -> Iterator[None]:
    wanted = {"COLUMNS": str(columns), "TERM": "xterm", "NO_COLOR": "1"} if columns else {}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    found = stream.buffer
    assert isinstance(found, io.BytesIO)
    return found.getvalue().decode()


_CLOCK = re.compile(r"\b\d\d:\d\d( ngày \d\d/\d\d/\d{4}| on \d+ \w{3} \d{4})?")


def rows(text: str) -> list[str]:
    """The lines that hold words, with single blanks, and ``HH:MM`` for an hour of today or another day."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    squeezed = (" ".join(line.split()) for line in plain.splitlines())
    return [_CLOCK.sub("HH:MM", line) for line in squeezed if line.strip("─ ")]


def in_days(days: int) -> str:
    """A day to come, as it is typed, by the town's clock."""
    return (_today() + datetime.timedelta(days)).isoformat()


def shown(day: str) -> str:
    """``2026-12-31`` as tables have it."""
    return "/".join(reversed(day.split("-")))


def _today() -> datetime.date:
    return datetime.datetime.fromtimestamp(wall() / 1e6, ZoneInfo("Asia/Ho_Chi_Minh")).date()


@contextlib.asynccontextmanager
async def troubled(file: str, way: str = "running", now: Callable[[], int] = wall) -> AsyncIterator[list[Pc]]:
    """VNPT is down and with it three units, one of them with a poor PC too; three others, on Viettel's lines, are well.
    The collector runs, or what it stored is left ``alone``."""
    async with running(file, now) as client:
        await on_line_of(client, "Viettel", UNITS[3:])
        found = await pcs(client, *UNITS)
        for pc in found:
            await pc.push(down=pc.unit in UNITS[:3], facts=POOR if pc.unit == XOM_CHIEU else GOOD)
        await client.server.parts.sweep.once()
        if way == "running":
            yield found
            return
    yield found
