"""RUNBOOK.md as a page of the product, so that a link in a message opens where no host outside can be reached."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from msgspec import Struct

FILE = Path(__file__).resolve().parents[2] / "RUNBOOK.md"
"""The only copy: at the root of the release, where ``configs`` is too."""
LIMIT = 1_000_000
"""Bytes; ours has 52,000."""


class Section(Struct, frozen=True):
    """A heading of the second level."""

    anchor: str
    title: str


class Manual(Struct, frozen=True):
    """The text as HTML, without its title, and its sections."""

    body: Markup
    sections: tuple[Section, ...]


class Runbook:
    """`file`, read and written out when it is first asked for."""

    def __init__(self, file: Path = FILE) -> None:
        self._file = file
        self._manual: Manual | None = None

    async def manual(self) -> Manual | None:
        """None where there is no such file, or none that can be read as text; the next call looks again."""
        if self._manual is None:
            self._manual = await asyncio.to_thread(self._read)
        return self._manual

    def _read(self) -> Manual | None:
        try:
            with self._file.open("rb") as opened:
                content = opened.read(LIMIT + 1)
            return written(content.decode("utf-8")) if len(content) <= LIMIT else None
        except (OSError, ValueError):
            return None


def written(text: str) -> Manual:
    """Markdown (CommonMark and tables) as a page of ours: headings have the anchors that GitHub gives them, tables
    stand in a frame that scrolls by itself, HTML in the text stays text, and of links only those into the page and to
    the web stay."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    tokens = markdown.parse(text)
    sections = tuple(_anchored(tokens))
    if tokens and tokens[0].tag == "h1":
        tokens = tokens[3:]  # its beginning, words and end: the page has a title in the reader's language
    for token in tokens:
        _restrained(token)
    html = markdown.renderer.render([*_framed(tokens)], markdown.options, {})
    return Manual(Markup(html), sections)  # noqa: S704  the renderer escapes every text


def _anchored(tokens: Sequence[Token]) -> Iterator[Section]:
    """Gives every heading its id; the sections."""
    taken: Counter[str] = Counter()
    for opening, inline in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        title = _plain(inline)
        anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        again, taken[anchor] = taken[anchor], taken[anchor] + 1
        opening.attrs["id"] = f"{anchor}-{again}" if again else anchor
        if opening.tag == "h2":
            yield Section(str(opening.attrs["id"]), title)


def _plain(inline: Token) -> str:
    return "".join(each.content for each in inline.children or () if each.type in ("text", "code_inline"))


def _restrained(token: Token) -> None:
    """What the pages' policy forbids, or what would lead nowhere, is left out."""
    if "text-align:right" in str(token.attrs.pop("style", "")):
        token.attrs["class"] = "right"
    leads = True
    for each in token.children or ():
        if each.type == "link_open":
            leads = str(each.attrs.get("href", "")).startswith(("#", "https://", "http://"))
        each.hidden = each.type in ("link_open", "link_close") and not leads


def _framed(tokens: Sequence[Token]) -> Iterator[Token]:
    """A table's frame is called by the heading above it, and can be reached and scrolled by keyboard."""
    label = ""
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            label = _plain(tokens[place + 1])
        if token.type == "table_open":
            frame = Markup('<div class="scroll" role="region" tabindex="0" aria-label="{}">\n').format(label)
            yield Token("html_block", "", 0, content=str(frame))
        yield token
        if token.type == "table_close":
            yield Token("html_block", "", 0, content="</div>\n")
