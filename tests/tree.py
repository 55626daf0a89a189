"""What belongs to the project: its files, as git would publish them, and what its documents say."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
BINARY = (".png", ".woff2", ".gz", ".ssb", ".db", ".ico", ".der", ".bin")


def files() -> list[Path]:
    """Every file that is committed or would be, not the ignored ones."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return sorted({ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()})


def texts() -> Iterator[tuple[str, str]]:
    """(path from the root, content) of every file that is text."""
    for file in files():
        if file.suffix not in BINARY:
            yield str(file.relative_to(ROOT)), file.read_text("utf-8", errors="replace")


def heading_anchors(markdown: str) -> set[str]:
    """The anchors a Markdown page offers, as the usual renderers make them from its headings."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *$", unfenced(markdown), re.MULTILINE):
        words = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
        found.add(words.replace(" ", "-"))
    return found


def unfenced(markdown: str) -> str:
    """The page without its code blocks."""
    return re.sub(r"^```.*?^```", "", markdown, flags=re.MULTILINE | re.DOTALL)


def links(markdown: str) -> list[str]:
    """The targets of a page's links and pictures."""
    return re.findall(r"\]\(([^)\s]+)\)", unfenced(markdown))


def broken_links(page: Path) -> list[str]:
    """The links of `page` into the tree that lead to no file or no heading."""
    text = page.read_text("utf-8")
    broken = []
    for link in links(text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in heading_anchors(file.read_text("utf-8"))):
            broken.append(link)
    return broken


def commands(markdown: str) -> list[list[str]]:
    """The shell commands of ours that a page shows in its code blocks, in words."""
    blocks = re.findall(r"^```(?:sh|console|bash)\n(.*?)^```", markdown, re.MULTILINE | re.DOTALL)
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    found = []
    for line in lines:
        for part in re.split(r"&&|\|", line.partition(" #")[0]):
            words = [word for word in part.split() if "=" not in word.split("/")[0] or word.startswith("-")]
            while words and words[0] in ("sudo", "exec"):
                words = words[1:]
            if words and (words[0] == "make" or Path(words[0]).name.startswith("sansang-")):
                found.append([Path(words[0]).name, *words[1:]])
    return found


def unknown_words(command: click.Command, words: list[str]) -> list[str]:
    """The words that name no subcommand or option of `command`, nor the value of one."""
    takes_value = {
        name: not (isinstance(param, click.Option) and param.is_flag) for param in command.params for name in param.opts
    }
    takes_value["--help"] = False
    unknown: list[str] = []
    rest = iter(words)
    for word in rest:
        name, _, value = word.partition("=")
        if word.startswith("--"):
            if name not in takes_value:
                unknown.append(word)
            elif takes_value[name] and not value:
                next(rest, None)
        elif isinstance(command, click.Group):
            inner = command.commands.get(word)
            return [*unknown, *(unknown_words(inner, list(rest)) if inner else [word])]
    return unknown
