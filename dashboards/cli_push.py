"""sansang-dashboards push: the command, its options, and what it prints."""

from __future__ import annotations

import ipaddress
import os
import sys
import urllib.parse
from collections import Counter
from pathlib import Path

import click

from dashboards import compare
from dashboards.compare import FOLDER, FOLDER_UID
from dashboards.failure import Failed

OUT = Path(__file__).parent / "out" / "grafana"
TOKEN = "SANSANG_GRAFANA_TOKEN"  # noqa: S105  the variable's name
TOKEN_LIMIT = 4096
ACTIONS = {
    "created": ("created · tạo mới", "would be created · sẽ tạo"),
    "updated": ("updated · cập nhật", "would be updated · sẽ cập nhật"),
    "unchanged": ("unchanged · không đổi", "unchanged · không đổi"),
    "refused": ("refused · từ chối", "would be refused · sẽ từ chối"),
}


@click.command(epilog=f"The token stands in FILE or in the environment as {TOKEN}: of a service account with the role "
               "Editor. Exit code 0: done, or nothing to do; 1: Grafana is out of reach or something was refused; 2: "
               "wrong usage.")  # fmt: skip
@click.option("--url", required=True, help="Address of Grafana, with its path if it has one.")
@click.option("--token-file", type=click.Path(path_type=Path), help="File with the token; - reads standard input.")
@click.option("--folder", default=FOLDER, show_default=True, help="Title of the folder; created when it is missing.")
@click.option("--lang", type=click.Choice(["vi", "en", "both"]), default="both", show_default=True,
              help="Which of them.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Change nothing; show what would change.")
@click.option("--force", is_flag=True, help="Overwrite ours even where somebody edited them in Grafana.")
@click.option("--ca-file", type=click.Path(exists=True, dir_okay=False), help="PEM file of your own authority.")
@click.option("--timeout", type=click.FloatRange(0.1, 300), default=10.0, show_default=True, help="Seconds.")
@click.option("--dashboards", "source", type=click.Path(exists=True, file_okay=False, path_type=Path), default=OUT,
              help="Folder with the JSON files; without it the ones that came with this program.")  # fmt: skip
def push(
    url: str,
    token_file: Path | None,
    folder: str,
    lang: str,
    dry_run: bool,
    force: bool,
    ca_file: str | None,
    timeout: float,
    source: Path,
) -> None:
    """Bring the dashboards into a running Grafana. What is there already stays as it is; the second run changes
    nothing."""
    try:
        server = address(url, "--url")
        boards = _boards(source, lang)
        token = read_token(token_file)
        sys.exit(_run(server, token, boards, folder, force, dry_run, timeout, ca_file or ""))
    except Failed as why:
        click.echo(str(why), err=True)
        sys.exit(why.code)


def _run(
    url: str, token: str, boards: list[compare.Board], folder: str, force: bool, dry_run: bool, timeout: float, ca: str
) -> int:
    try:
        from dashboards import steps
        from dashboards.push import Grafana
    except ModuleNotFoundError as why:
        raise Failed(
            f"{why.name} is not installed: pip install 'sansang[grafana]'",
            f"Chưa cài {why.name}: pip install 'sansang[grafana]'",
        ) from None
    _warn_of_plain_text(url)
    grafana = Grafana(url, token, timeout, ca)
    plan = steps.Plan(
        folder=folder, folder_uid=FOLDER_UID if folder == FOLDER else "", force=force, dry_run=dry_run
    )  # fmt: skip
    counted: Counter[str] = Counter()
    try:
        for step in steps.push(grafana, boards, plan):
            counted[step.action] += not step.uid.startswith("«")
            click.echo(f"{step.uid:26} {ACTIONS[step.action][dry_run]}{step.what and f': {step.what}'}")
            for line in filter(None, step.why):
                click.echo(f"{'':26} {line}", err=True)
    finally:
        grafana.close()
    said = ", ".join(f"{counted[action]} {words[dry_run]}" for action, words in ACTIONS.items() if counted[action])
    click.echo(f"{len(boards)} dashboards · bảng: {said}")
    return 1 if counted["refused"] else 0


def _boards(source: Path, lang: str) -> list[compare.Board]:
    try:
        found = compare.boards(source, lang)
    except (ValueError, OSError) as why:
        raise Failed(f"--dashboards: {why}", f"--dashboards: không đọc được: {why}", 2) from None
    if not found:
        raise Failed(
            f"--dashboards: {source} holds none for --lang {lang}.",
            f"--dashboards: {source} không có bảng nào cho --lang {lang}.",
            2,
        )
    return found


def address(text: str, option: str) -> str:
    """`text` without the slash at its end. Raises Failed for what is no address of a server."""
    try:
        parts = urllib.parse.urlsplit(text)
        fit = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        fit = False
    if not fit or parts.query or parts.fragment or not text.isascii() or not text.isprintable() or " " in text:
        raise Failed(
            f"{option}: an address such as https://grafana.example.vn is meant.",
            f"{option}: cần địa chỉ dạng https://grafana.example.vn.",
            2,
        )
    if parts.username is not None:
        raise Failed(
            f"{option}: no name and no password in the address; the token goes into a file.",
            f"{option}: không ghi tên và mật khẩu trong địa chỉ; token để trong tệp.",
            2,
        )
    return text.rstrip("/")


def read_token(file: Path | None) -> str:
    """The token out of `file`, else of the environment. Raises Failed; what it says never shows what was read."""
    if file is None and not os.environ.get(TOKEN):
        raise Failed(
            f"No token: give --token-file FILE or set {TOKEN}.", f"Thiếu token: dùng --token-file hoặc đặt {TOKEN}.", 2
        )
    try:
        token = os.environ[TOKEN] if file is None else _content(file)
    except (OSError, ValueError) as why:
        reason = why.strerror if isinstance(why, OSError) else "not text"
        raise Failed(f"--token-file {file}: {reason}", f"--token-file {file}: không đọc được ({reason})", 2) from None
    token = token.strip()
    if not token or len(token) > TOKEN_LIMIT or not token.isascii() or not token.isprintable() or " " in token:
        where = TOKEN if file is None else f"--token-file {file}"
        raise Failed(f"{where}: not a token: one word is meant.", f"{where}: không phải token: chỉ gồm một từ.", 2)
    return token


def _content(file: Path) -> str:
    if str(file) == "-":
        return sys.stdin.read(TOKEN_LIMIT + 2)
    with file.open("r", encoding="utf-8") as opened:
        return opened.read(TOKEN_LIMIT + 2)


def _warn_of_plain_text(url: str) -> None:
    parts = urllib.parse.urlsplit(url)
    try:
        here = ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        here = parts.hostname == "localhost"
    if parts.scheme == "http" and not here:
        click.echo(f"{url}: http, so whoever listens on the way reads the token.", err=True)
        click.echo(f"{url}: http, nên người nghe lén trên đường truyền đọc được token.", err=True)
