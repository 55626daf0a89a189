"""``sansang-collector import``."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator
from pathlib import Path

import click

from checks.kit import wire
from collector.cli.common import configured, parts_of
from collector.counter import ask
from collector.office import Wrong


@click.command("import")
@configured
@click.argument("bundle", type=click.Path(dir_okay=False, path_type=Path))
def import_(file: str | None, bundle: Path) -> None:
    """Take a technician's file.

    Of `sansang-agent check --bundle FILE`, exactly as if its device had pushed it.
    """
    refused, batches = 0, list(_frames(bundle))
    if not batches:
        raise Wrong(f"{bundle}: is empty: it holds no batch")
    answers = asyncio.run(ask(parts_of(file), "import", batches=batches))
    for number, answer in enumerate(answers, 1):
        refused += "error" in answer
        said = f"refused: {answer['error']}: {answer['message']}" if "error" in answer else f"taken: {answer['device']}"
        click.echo(f"batch {number}: {said}")
    if refused:
        raise Wrong(f"{refused} of the file's batches were refused; the file itself is unchanged")


def _frames(bundle: Path) -> Iterator[bytes]:
    """The envelopes of a bundle: each after its length, 4 bytes, big-endian. Raises Wrong."""
    try:
        data = bundle.read_bytes()
    except OSError as why:
        raise Wrong(f"{bundle}: cannot be read: {(why.strerror or str(why)).lower()}") from None
    at = 0
    while at < len(data):
        head = data[at : at + 4]
        length = struct.unpack(">I", head)[0] if len(head) == 4 else 0
        sealed = data[at + 4 : at + 4 + length]
        if not wire.PREFIX < length <= wire.MAX_SEALED or len(sealed) != length:
            raise Wrong(f"{bundle}: not a bundle, or cut short, at byte {at}")
        yield sealed
        at += 4 + length
