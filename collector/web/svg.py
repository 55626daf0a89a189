"""Drawings: the tile map, the state bar and the timeline. Pure, and the same on the page, in print and in a PDF.

Colours are presentation attributes, so a drawing needs no style sheet. State is never colour alone: tiles carry a
glyph, bars a height (ready is low, trouble is tall), and what is unknown is hatched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape
from msgspec import Struct

from collector.web.faces import FACES, Face

MUTED = "#8A8F98"
CELL = 24
GAP = 3
LETTER = 6.9
"""Pixels a letter takes at the most, on the average of a name, at 13 px."""
_INK = {"ready": "#FFFFFF", "at_risk": "#3A2600", "not_ready": "#FFFFFF"}
_HEIGHT = {"ready": 0.36, "at_risk": 0.66, "not_ready": 1.0, "unknown": 0.66}
_THIN = f'stroke="{MUTED}" stroke-opacity=".45"'


class Tile(Struct, frozen=True):
    """A unit's square: where it stands, how it is, where it leads to. ``dimmed`` when it is filtered out."""

    column: int
    row: int
    face: Face
    title: str
    href: str
    dimmed: bool = False


class Span(Struct, frozen=True):
    """A state from ``start`` to ``end`` (µs). Between spans nothing is known, and nothing is drawn."""

    start: int
    end: int
    face: Face
    title: str = ""


class Row(Struct, frozen=True):
    """One line of a timeline."""

    label: str
    spans: Sequence[Span]
    strong: bool = False


class Box(Struct, frozen=True):
    x: float
    y: float
    width: float
    height: float


def defs() -> Markup:
    """The hatch every drawing refers to; once per document."""
    return _markup(
        '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="5" height="5" fill="{MUTED}" fill-opacity=".22"/>'
        f'<rect width="1.6" height="5" fill="{MUTED}"/></pattern></defs>'
    )


def standalone(drawing: Markup) -> Markup:
    """`drawing` as a document of its own."""
    start, end = str(drawing).split(">", 1)
    return _markup(f'{start} xmlns="http://www.w3.org/2000/svg">{defs()}{end}')


def tile_map(tiles: Sequence[Tile], title: str, about: str) -> Markup:
    """One square per unit. Links are outside the tab order: the table under the map has the same ones."""
    width = (max((tile.column for tile in tiles), default=0) + 1) * (CELL + GAP) + GAP
    height = (max((tile.row for tile in tiles), default=0) + 1) * (CELL + GAP) + GAP
    head = (
        f'<svg class="tiles" viewBox="0 0 {width} {height}" role="group" aria-labelledby="map-title map-about">'
        f'<title id="map-title">{escape(title)}</title><desc id="map-about">{escape(about)}</desc>'
    )
    return _joined(head, map(_tile, tiles))


def mark(key: str) -> Markup:
    """A tile by itself, for the list of states."""
    side = CELL + 2
    return _markup(
        f'<svg class="mark" viewBox="0 0 {side} {side}" aria-hidden="true">{_square(FACES[key], 1, 1)}'
        f"{_glyph(key, 1 + CELL / 2, 1 + CELL / 2)}</svg>"
    )


def _tile(tile: Tile) -> str:
    x, y = tile.column * (CELL + GAP) + GAP, tile.row * (CELL + GAP) + GAP
    dim = ' class="dim"' if tile.dimmed else ""
    return (
        f'<a href="{escape(tile.href)}" tabindex="-1"{dim}><title>{escape(tile.title)}</title>'
        f"{_square(tile.face, x, y)}{_glyph(tile.face.key, x + CELL / 2, y + CELL / 2)}</a>"
    )


def _square(face: Face, x: int, y: int) -> str:
    if face.fill:
        return f'<rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" rx="4" fill="{face.fill}"/>'
    dash = ' stroke-dasharray="2 2.5"' if face.key == "never_enrolled" else ""
    return (
        f'<rect x="{x + 0.5}" y="{y + 0.5}" width="{CELL - 1}" height="{CELL - 1}" rx="3.5" fill="none" '
        f'stroke="{MUTED}" pointer-events="all"{dash}/>'
    )


def _glyph(key: str, x: float, y: float) -> str:
    """The state's mark around (x, y) as a path: fonts draw these signs at all sizes and heights."""
    ink = _INK.get(key, MUTED)
    line = f'fill="none" stroke="{ink}" stroke-linecap="round" stroke-linejoin="round"'
    ring = f"M{x - 4} {y}a4 4 0 1 0 8 0a4 4 0 1 0-8 0"
    return {
        "ready": f'<circle cx="{x}" cy="{y}" r="3" fill="{ink}" fill-opacity=".85"/>',
        "at_risk": f'<path d="M{x} {y - 5.5}l5.5 9.5h-11z" fill="{ink}"/>',
        "not_ready": f'<path d="M{x - 4.5} {y - 4.5}l9 9m0-9l-9 9" {line} stroke-width="2.4"/>',
        "lost_contact": f'<path d="M{x - 5} {y}l5-4v8l5-4" {line} stroke-width="1.6"/>',
        "no_data": f'<path d="{ring}M{x - 4} {y + 5}l8-10" {line} stroke-width="1.5"/>',
        "late": f'<path d="{ring}M{x} {y - 2.2}v2.2h2" {line} stroke-width="1.5"/>',
        "office_closed": f'<path d="M{x + 3.2} {y + 2.2}a4.6 4.6 0 1 1-3-7.2a3.8 3.8 0 0 0 3 7.2z" {line} '
        'stroke-width="1.5"/>',
    }.get(key, "")


def state_bar(spans: Iterable[Span], start: int, end: int, title: str, width: int = 112, height: int = 14) -> Markup:
    """The states from `start` to `end` (µs) on one line; `title` says them in words."""
    head = (
        f'<svg class="bar" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">'
        f'<title>{escape(title)}</title><path d="M0 {height - 0.5}h{width}" {_THIN}/>'
    )
    return _joined(head, _bars(spans, start, end, Box(0, 0, width, height)))


def timeline(
    rows: Sequence[Row], days: Sequence[tuple[int, str]], end: int, title: str, width: int = 1200, labels: int = 400
) -> Markup:
    """States of several subjects over the same days. `days` are (start in µs, label), oldest first; the drawing
    ends at `end` (µs). With ``labels=0`` the names stand above their lines, for narrow screens."""
    pitch, bar, top = 30 if labels else 46, 16, 22
    span, height, start = width - labels - 1, top + pitch * len(rows) + 4, days[0][0]
    parts = [_day(label, labels + (at - start) / (end - start) * span, height) for at, label in days]
    for index, row in enumerate(rows):
        y = top + (index + 1) * pitch - bar - 4
        parts.append(_label(row, y + 13 if labels else y - 6, labels or width))
        parts.append(f'<path d="M{labels} {y + bar + 0.5}h{span}" {_THIN}/>')
        parts += _bars(row.spans, start, end, Box(labels, y, span, bar))
    head = f'<svg class="timeline" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
    return _joined(f"{head}<title>{escape(title)}</title>", parts)


def _day(label: str, x: float, height: int) -> str:
    return (
        f'<path d="M{x + 0.5:.1f} 16V{height}" stroke="{MUTED}" stroke-opacity=".35"/>'
        f'<text x="{x + 0.5:.1f}" y="11" font-size="12" fill="currentColor" fill-opacity=".75">{escape(label)}</text>'
    )


def _label(row: Row, y: int, room: int) -> str:
    """The row's name, cut to `room` pixels; all of it is in the title."""
    most = int((room - 8) / LETTER)
    label = row.label if len(row.label) <= most else row.label[: most - 1].rstrip(" ,") + "…"
    name = f"<title>{escape(row.label)}</title>" if label != row.label else ""
    weight = ' font-weight="600"' if row.strong else ""
    return f'<text x="0" y="{y}" font-size="13" fill="currentColor"{weight}>{escape(label)}{name}</text>'


def _bars(spans: Iterable[Span], start: int, end: int, box: Box) -> Iterable[str]:
    scale = box.width / (end - start)
    for span in spans:
        left, right = max(span.start, start), min(span.end, end)
        if right > left:
            tall = box.height * _HEIGHT.get(span.face.key, 0.36)
            x, wide = box.x + (left - start) * scale, max(1.0, (right - left) * scale)
            yield _bar(span, Box(x, box.y + box.height - tall, wide, tall))


def _bar(span: Span, box: Box) -> str:
    paint = f'fill="{span.face.fill}"'
    if not span.face.fill:
        paint = f'fill="{MUTED}" fill-opacity=".12" stroke="{MUTED}" stroke-opacity=".6" stroke-dasharray="2 2"'
    shape = f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" {paint}'
    return f"{shape}><title>{escape(span.title)}</title></rect>" if span.title else f"{shape}/>"


def _joined(head: str, parts: Iterable[str]) -> Markup:
    return _markup(head + "".join(parts) + "</svg>")


def _markup(drawing: str) -> Markup:
    # Every text in it went through escape(), every number is ours; Markup.format costs three times as much.
    return Markup(drawing)  # noqa: S704
