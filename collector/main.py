"""``sansang-collector``: the command line. It constructs things; everything else is told."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import click
import uvloop

from checks.kit.strict import ConfigError
from collector import log
from collector.app import AddressInUse, Parts, Server, build
from collector.cli import (
    basics,
    bundle,
    devices,
    findings,
    profile,
    readiness,
    roster,
    series,
    simulate,
    speed,
    tokens,
    waivers,
)
from collector.cli.common import configured, load
from collector.office import Office, Socket, Wrong
from collector.store.engine import StoreError

TROUBLE = (ConfigError, StoreError, AddressInUse, Wrong)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def cli() -> None:
    """Sẵn Sàng's collector: takes what the agents measured, judges which units are ready, and says why.

    \b
    sansang-collector validate                               is the configuration right?
    sansang-collector run                                    serve agents, pages and /metrics
    sansang-collector tokens create --unit 27259 --seats 5   let five PCs of Phường Xóm Chiếu enrol
    sansang-collector readiness --unit 27259                 the verdict, with its reasons
    """


def main() -> None:
    """Entry point: every expected trouble is one line on standard error and exit code 1."""
    os.umask(0o077)  # the database names offices and their faults: it is for the collector's own user
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    try:
        cli()
    except TROUBLE as why:
        click.echo(f"sansang-collector: {why}", err=True)
        sys.exit(1)


@cli.command()
@configured
def run(file: str | None) -> None:
    """Serve until Ctrl-C or SIGTERM. Logs go to standard error, one JSON object a line."""
    config, catalog = load(file)
    log.setup(config.log_level)
    uvloop.run(_serve(build(config, catalog)))


async def _serve(parts: Parts) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with Server(parts) as server, Socket(Office(parts), Path(parts.config.state_dir)):
        log.event("serving", url=server.url, locality=parts.config.locality, units=len(parts.live.units))
        await stop.wait()
        log.event("stopping")


for group in (
    basics.validate, basics.units, readiness.readiness, findings.findings, waivers.waivers, profile.profile,
    tokens.tokens, devices.devices,
    roster.roster, bundle.import_, speed.speed, series.series, simulate.simulate,
):  # fmt: skip
    cli.add_command(group)


if __name__ == "__main__":
    main()
