"""sansang-dashboards: Grafana dashboards and Prometheus rules as code."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dashboards.cli_push import push

OUT = Path(__file__).parent / "out"


def sources() -> dict[str, str]:
    """What `out/` must hold, by file name below it."""
    from dashboards import provisioning  # here: who pushes what is built needs no SDK to build it
    from dashboards.boards import build as boards
    from dashboards.rules import build as rules

    return {**boards.files(), **rules.files(), **provisioning.files()}


def committed() -> dict[str, str]:
    """What `out/` holds."""
    found = (file for file in sorted(OUT.rglob("*")) if file.is_file())
    return {file.relative_to(OUT).as_posix(): file.read_text("utf-8") for file in found}


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """Build the Grafana dashboards and Prometheus rules of Sẵn Sàng."""


@main.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when dashboards/out differs from the sources.")
def build(check: bool) -> None:
    """Write dashboards/out from the sources, or verify it with --check."""
    wanted, found = sources(), committed()
    differing = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if not check:
        _write(wanted, found.keys() - wanted.keys())
    click.echo(f"{len(wanted)} files, " + (f"{', '.join(differing)} differ" if differing else "nothing differs"))
    sys.exit(1 if check and differing else 0)


main.add_command(push)


def _write(wanted: dict[str, str], stray: set[str]) -> None:
    for name, text in wanted.items():
        (OUT / name).parent.mkdir(parents=True, exist_ok=True)
        (OUT / name).write_text(text, "utf-8")
    for name in stray:
        (OUT / name).unlink()


if __name__ == "__main__":
    main()
