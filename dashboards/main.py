"""sansang-dashboards: Grafana dashboards and Prometheus rules as code."""

from __future__ import annotations

import sys
from pathlib import Path

import click

OUT = Path(__file__).parent / "out"


def sources() -> dict[str, str]:
    """What `out/` must hold, by file name: rendered from the dashboards' sources, of which there are none yet."""
    return {}


def committed() -> dict[str, str]:
    """What `out/` holds."""
    return {file.name: file.read_text("utf-8") for file in OUT.glob("*")} if OUT.is_dir() else {}


@click.group()
def main() -> None:
    """Build the Grafana dashboards and Prometheus rules of Sẵn Sàng."""


@main.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when dashboards/out differs from the sources.")
def build(check: bool) -> None:
    """Write dashboards/out from the sources, or verify it with --check."""
    wanted, found = sources(), committed()
    differing = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if not check:
        for name, text in wanted.items():
            OUT.mkdir(exist_ok=True)
            (OUT / name).write_text(text, "utf-8")
    click.echo(f"{len(wanted)} dashboards, " + (f"{', '.join(differing)} differ" if differing else "nothing differs"))
    sys.exit(1 if check and differing else 0)
