"""``sansang-collector speed``: what was measured, a test now, and whether a measurement holds in a dispute."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import click
import msgspec

from collector.app import Parts
from collector.cli import speed_shown
from collector.cli.common import (
    configured,
    for_programs,
    in_language,
    of_one_unit,
    of_unit,
    parts_of,
    print_json,
    today,
)
from collector.counter import ask
from collector.evidence.account import Account
from collector.evidence.desk import City, Given
from collector.evidence.dispute import Verified
from collector.evidence.model import CHECKS
from collector.evidence.watching import OVER, Watch
from collector.office import SOCKET, Wrong

_EVERY = 1.0
_author = click.option("--author", required=True, help="Who asks: kept with it, and shown.")


@click.group()
def speed() -> None:
    """What the lines give: list, verify, measure now.

    Most of the time nothing need be measured: where a router's counters are read, `speed show` tells from them whether
    the line is full. PCs measure by themselves in the quiet hours, when the collector gives them a lease.

    \b
    sansang-collector speed list                             each unit: newest, P95, contract, how often
    sansang-collector speed show --unit 27259                one line: by counters, by tests, by the hour
    sansang-collector speed start --unit 27259 --author "Lê An" --watch
    sansang-collector speed verify 812                       does measurement 812 hold in a dispute?
    sansang-collector speed grant --unit 27259 --author "Lê An"   addresses for any public ndt7 client
    """


@speed.command("list")
@configured
@in_language
@of_unit
@for_programs
def list_(file: str | None, lang: str | None, unit: str | None, as_json: bool) -> None:
    """List units, and their providers: newest speed, P95 of 7 and 30 days, the contract, how many measurements count.

    The figures are of measurements that count: signed, under a lease, confirmed by the server.
    """
    parts = parts_of(file)
    found = asyncio.run(ask(parts, "speed.list", unit=today(parts, unit, lang)))
    if as_json:
        print_json(found)
    else:
        speed_shown.city(msgspec.convert(found, City), parts, lang or parts.config.lang)


@speed.command()
@configured
@in_language
@of_one_unit
@for_programs
def show(file: str | None, lang: str | None, unit: str, as_json: bool) -> None:
    """Show one unit's line.

    First whether it is full, by the router's counters. Then what tests found: medians and P95, against the contract,
    by the hour, and the newest measurements with the numbers that `speed verify` takes.
    """
    parts = parts_of(file)
    found = asyncio.run(ask(parts, "speed.show", unit=today(parts, unit, lang)))
    if as_json:
        print_json(found)
    else:
        speed_shown.account(msgspec.convert(found, Account), parts, lang or parts.config.lang)


@speed.command()
@configured
@in_language
@of_one_unit
@click.option(
    "--device", default="", metavar="ID", help="Only this device; else whichever of the unit's reports first."
)
@click.option("--check", type=click.Choice(CHECKS), default=CHECKS[0], show_default=True, help="What to measure.")
@_author
@click.option("--watch", "watching", is_flag=True, help="Follow it until it is over.")
@for_programs
def start(
    file: str | None, lang: str | None, unit: str, device: str, check: str, author: str, watching: bool, as_json: bool
) -> None:
    """Ask for a test now.

    A PC of the unit hears of it at its next report, and asks for its lease: not even office peaks hold an engineer's
    test back, but the day's bytes and the share of the server and the provider do. Ask the unit first: while it lasts,
    its line is full. Exit code 1 when it cannot be measured.
    """
    parts = parts_of(file)
    code = today(parts, unit, lang)
    found = asyncio.run(ask(parts, "speed.start", unit=code, device=device, check=check, author=author))
    _follow(parts, msgspec.convert(found, Watch), lang or parts.config.lang, watching=watching, as_json=as_json)


@speed.command("watch")
@configured
@in_language
@click.argument("request", metavar="REQUEST")
@for_programs
def watch_(file: str | None, lang: str | None, request: str, as_json: bool) -> None:
    """Follow a test until it is over.

    REQUEST is the id that `speed start` printed. Exit code 1 when nothing was measured, or it does not count.
    """
    parts = parts_of(file)
    found = msgspec.convert(asyncio.run(ask(parts, "speed.watch", request=request)), Watch)
    _follow(parts, found, lang or parts.config.lang, watching=not as_json, as_json=as_json)


def _follow(parts: Parts, found: Watch, lang: str, *, watching: bool, as_json: bool) -> None:
    """Shows `found`, and how it goes on; leaves with 1 when it ends without a measurement that counts."""
    gauge = speed_shown.Gauge(lang, quiet=as_json)
    gauge.show(found)
    while watching and found.stage not in OVER:
        if not (Path(parts.config.state_dir) / SOCKET).exists():
            raise Wrong("the collector does not run here: the request waits for it (sansang-collector run)")
        time.sleep(_EVERY)
        asked = ask(parts, "speed.watch", request=found.request.id)
        found = msgspec.convert(asyncio.run(asked), Watch)
        gauge.show(found)
    gauge.end()
    if as_json:
        print_json(msgspec.to_builtins(found))
    bad = found.stage in ("refused", "lost", "expired") or (found.result is not None and found.result.valid != "")
    sys.exit(1 if bad else 0)


@speed.command()
@configured
@in_language
@click.argument("measurement", metavar="NUMBER", type=click.IntRange(1))
@for_programs
def verify(file: str | None, lang: str | None, measurement: int, as_json: bool) -> None:
    """Check one measurement as a dispute would.

    The device's signature over the evidence is checked again, and the server's counts are held against the device's.
    Prints every parameter, the server, the protocol and both counts, and the text, signature and public key with which
    anybody else can check it (Ed25519 over "sansang.evidence.v1", a zero octet, and the text). Exit code 0 when it
    stands, 1 when it does not. NUMBER is in `speed show`.
    """
    parts = parts_of(file)
    told: dict[str, Any] = asyncio.run(ask(parts, "speed.verify", measurement=measurement))
    found = msgspec.convert(told, Verified)
    if as_json:
        print_json(told | {"stands": found.stands})
    else:
        speed_shown.verified(found, parts, lang or parts.config.lang)
    sys.exit(0 if found.stands else 1)


@speed.command()
@configured
@in_language
@of_one_unit
@_author
@click.option("--seconds", type=click.FloatRange(1, 120), default=60.0, show_default=True, help="How long it holds.")
@click.option("--megabytes", type=click.FloatRange(1, 10_000), default=250.0, show_default=True, help="Bytes at most.")
@click.option("--mbps", type=click.FloatRange(0, 1e6), default=0.0, help="Speed at most; else what the line gives.")
@for_programs
def grant(
    file: str | None, lang: str | None, unit: str, author: str, seconds: float, megabytes: float, mbps: float,
    as_json: bool,
) -> None:  # fmt: skip
    """Print addresses with which any public ndt7 client can measure this unit's line.

    The token in them is a lease like any other: counted against the unit's bytes and the server's share, good for one
    test, until its time is over. What such a client finds is no evidence: no device signs it. Exit code 1 when none
    is granted.
    """
    parts = parts_of(file)
    asked = {"author": author, "seconds": seconds, "megabytes": megabytes, "mbps": mbps}
    told = asyncio.run(ask(parts, "speed.grant", unit=today(parts, unit, lang), **asked))
    found = msgspec.convert(told, Given)
    if as_json:
        print_json(told)
    else:
        speed_shown.given(found, lang or parts.config.lang)
    sys.exit(0 if found.urls else 1)
