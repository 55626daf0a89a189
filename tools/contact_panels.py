"""What :mod:`tools.contact_sheet` draws inside a panel: sketches from the panel's JSON and the series it asked for."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

try:
    from tools.contact_texts import Field, shown
except ImportError:  # run as a script
    from contact_texts import Field, shown  # type: ignore[no-redef, import-not-found, unused-ignore]

VIRIDIS = ("#440154", "#414487", "#2a788e", "#22a884", "#7ad151", "#fde725")
NOTHING = "<span class=none>{}</span>"


class Asked(NamedTuple):
    """A query of a panel and the series it yields, as Prometheus answers."""

    target: Mapping[str, Any]
    series: list[dict[str, Any]]

    def name(self, one: Mapping[str, Any]) -> str:
        legend = str(self.target.get("legendFormat", ""))
        if legend in ("", "__auto"):
            return ", ".join(one["metric"].values())
        return re.sub(r"{{\s*(\w+)\s*}}", lambda found: one["metric"].get(found[1], ""), legend)


def drawn(panel: Mapping[str, Any], asked: Sequence[Asked], width: int, height: int, now: float, span: float) -> str:
    """The inside of `panel` as HTML, that wide and high."""
    kinds: dict[str, Callable[[Drawing], str]] = {
        "stat": Drawing.stat, "table": Drawing.table, "timeseries": Drawing.lines, "state-timeline": Drawing.states,
        "heatmap": Drawing.heat, "bargauge": Drawing.bars, "barchart": Drawing.columns, "geomap": Drawing.map,
    }  # fmt: skip
    drawing = Drawing(panel, asked, width, height, now, span)
    if panel["type"] not in kinds:
        return NOTHING.format(f"{panel['type']}: not drawn here")
    if not any(one.series for one in asked):
        return NOTHING.format(escape(drawing.defaults.get("noValue", "")))
    return kinds[panel["type"]](drawing)


class Drawing:
    """One panel with its data."""

    def __init__(
        self, panel: Mapping[str, Any], asked: Sequence[Asked], width: int, height: int, now: float, span: float
    ) -> None:
        self.panel, self.asked = panel, asked
        self.width, self.height, self.now, self.span = width, height, now, span
        self.defaults: dict[str, Any] = {**panel["fieldConfig"]["defaults"], "now": now}

    def properties(self, kind: str, name: str) -> dict[str, Any]:
        """What overrides say of a field (``byName``) or of a query (``byFrameRefID``)."""
        found: dict[str, Any] = {}
        for each in self.panel["fieldConfig"]["overrides"]:
            matches = each["matcher"]["id"] == kind and each["matcher"]["options"] == name
            regexp = each["matcher"]["id"] == "byRegexp" and kind == "byName"
            if matches or (regexp and re.search(each["matcher"]["options"].strip("/"), name)):
                found |= {one["id"]: one["value"] for one in each["properties"]}
        return found

    def field(self, said: Mapping[str, Any]) -> Field:
        return {**self.defaults, **said}

    def fill(self, ref: str, value: float | None = None) -> str:
        colour = self.properties("byFrameRefID", ref).get("color", self.defaults.get("color", {}))
        found = str(colour.get("fixedColor", "text"))
        if colour.get("mode") == "thresholds" and value is not None:
            reached = [
                step for step in self.defaults["thresholds"]["steps"] if value >= (step.get("value") or -math.inf)
            ]
            found = str(reached[-1]["color"])
        return "#ccccdc" if found == "text" else found

    def stat(self) -> str:
        parts = []
        for one in self.asked:
            for series in one.series[:3]:
                number = _last(series)
                text, mapped = shown(number, self.defaults)
                name = one.name(series) if len(self.asked) > 1 else ""
                if self.panel["options"].get("textMode") == "name":
                    text = one.name(series)
                style = f"color:{self.fill(one.target['refId'], number)}"
                if mapped:
                    style = f"background:{mapped};color:#fff;padding:4px 10px"
                parts.append(f'<span class=big>{escape(name)}<b style="{style}">{escape(text)}</b></span>')
            if not one.series and len(self.asked) > 1:
                parts.append(f"<span class=big>{escape(one.target['legendFormat'])}<b class=none>–</b></span>")
        return "".join(parts)

    def table(self) -> str:
        fields, rows = self.cells()
        head = "".join(f"<th{_width(field)}>{escape(field['displayName'])}</th>" for field in fields)
        body = "".join(
            f"<tr>{''.join(_cell(value, field) for value, field in zip(row, fields, strict=True))}</tr>" for row in rows
        )
        return f"<table><tr>{head}</tr>{body}</table>"

    def cells(self) -> tuple[list[Field], list[list[object]]]:
        """The columns that are seen, and under them the values, sorted. A column whose queries found nothing is none,
        as in Grafana."""
        steps = {each["id"]: each["options"] for each in self.panel["transformations"]}
        rows = self._rows(steps.get("joinByField", {}).get("byField"))
        there = {name for row in rows for name in row}
        names = [name for name in steps["filterFieldsByName"]["include"]["names"] if name in there]
        fields = {name: self.field(self.properties("byName", name)) for name in names}
        order = self.panel["options"]["sortBy"][0]
        by = next((name for name, field in fields.items() if field["displayName"] == order["displayName"]), names[0])
        rows.sort(key=lambda row: _key(row.get(by)), reverse=order.get("desc", False))
        seen = {name: field for name, field in fields.items() if not field.get("custom.hidden")}
        return list(seen.values()), [[row.get(name) for name in seen] for row in rows]

    def _rows(self, by: str | None) -> list[dict[str, Any]]:
        """Joined as Grafana's joinByField does: of several series of one query with the same `by` the last counts."""
        joined: dict[str, dict[str, Any]] = {}
        for one in self.asked:
            number = f"Value #{one.target['refId']}" if len(self.asked) > 1 else "Value"
            own: dict[str, dict[str, Any]] = {}
            for place, series in enumerate(one.series):
                key = series["metric"].get(by, "") if by else str(place)
                own[key] = {**series["metric"], number: _last(series)}
            for key, row in own.items():
                joined[key] = row | joined.get(key, {})
        return list(joined.values())

    def lines(self) -> str:
        drawn_series = [(one, series) for one in self.asked for series in one.series if "values" in series]
        points = [float(value) for _, series in drawn_series for _, value in series["values"] if _number(value)]
        if not points:
            return NOTHING.format(escape(self.defaults.get("noValue", "")))
        stacked = self.defaults["custom"]["stacking"]["mode"] == "normal"
        low, high = min(0.0, *points), max(points)
        high = high if not stacked else _stack_height([series for _, series in drawn_series])
        frame = _Frame(self.now - self.span, self.now, low, high or 1.0, self.width, self.height - 22)
        below: dict[float, float] = {}
        paths, keys = [], []
        for one, series in drawn_series:
            said = self.properties("byFrameRefID", one.target["refId"])
            dash = "6 5" if said.get("custom.lineStyle", {}).get("fill") == "dash" else ""
            fill = self.fill(one.target["refId"])
            paths.append(frame.path(series["values"], fill, dash, below if stacked else None))
            keys.append(f'<i class=k style="background:{fill}"></i>{escape(one.name(series))}{" - -" if dash else ""}')
        axis = frame.axis(lambda value: shown(value, self.defaults)[0])
        return (
            f"<svg width={self.width} height={self.height - 20}>{axis}{''.join(paths)}</svg><div>{''.join(keys)}</div>"
        )

    def states(self) -> str:
        rows = [(one.name(series), series) for one in self.asked for series in one.series]
        tall = min(30.0, (self.height - 16) / max(1, len(rows)))
        step, parts = max(60.0, self.span / 120), []
        for place, (name, series) in enumerate(rows):
            parts.append(f"<text x=0 y={place * tall + tall * 0.7}>{escape(name[:44])}</text>")
            for at, value in series["values"]:
                left = 280 + (self.width - 290) * (1 - (self.now - at) / self.span)
                wide = (self.width - 290) * step / self.span + 0.5
                fill = shown(float(value), self.defaults)[1] or "#555"
                parts.append(
                    f'<rect x={left:.1f} y={place * tall:.1f} width={wide:.1f} height={tall * 0.8:.1f} fill="{fill}"/>'
                )
        return f"<svg width={self.width} height={self.height}>{''.join(parts)}</svg>"

    def heat(self) -> str:
        rows = [(one.name(series), series) for one in self.asked for series in one.series]
        numbers = [float(value) for _, series in rows for _, value in series["values"] if _number(value)]
        high, tall, parts = max(numbers, default=1.0) or 1.0, (self.height - 24) / max(1, len(rows)), []
        wide = (self.width - 250) / (self.span / max(60.0, self.span / 120))
        for place, (name, series) in enumerate(rows):
            parts.append(f"<text x=0 y={place * tall + tall * 0.7}>{escape(name[:38])}</text>")
            for at, value in series["values"]:
                left = 240 + (self.width - 250) * (1 - (self.now - at) / self.span)
                share = float(value) / high if _number(value) else 0.0
                fill = VIRIDIS[min(5, int(math.sqrt(max(0.0, share)) * 6))]
                parts.append(
                    f'<rect x={left:.1f} y={place * tall:.1f} width={wide:.1f} height={tall - 1:.1f} fill="{fill}"/>'
                )
        foot = f"<text x=240 y={self.height - 6}>0 … {escape(shown(high, self.defaults)[0])}</text>"
        return f"<svg width={self.width} height={self.height}>{''.join(parts)}{foot}</svg>"

    def bars(self) -> str:
        numbers = [
            (one.name(series), _last(series), self.fill(one.target["refId"]))
            for one in self.asked
            for series in one.series
        ]
        most = max((value for _, value, _ in numbers), default=1.0) or 1.0
        tall = min(34.0, self.height / max(1, len(numbers)))
        parts = []
        for place, (name, value, fill) in enumerate(numbers):
            wide = (self.width - 230) * value / most
            middle = place * tall + tall * 0.65
            parts.append(f"<text x=0 y={middle:.0f}>{escape(name[:26])}</text>")
            parts.append(f'<rect x=170 y={place * tall:.0f} width={wide:.0f} height={tall * 0.8:.0f} fill="{fill}"/>')
            parts.append(f"<text x={176 + wide:.0f} y={middle:.0f}>{escape(shown(value, self.defaults)[0])}</text>")
        return f"<svg width={self.width} height={self.height}>{''.join(parts)}</svg>"

    def columns(self) -> str:
        label = self.panel["options"]["xField"]
        found = sorted((float(one["metric"][label]), _last(one)) for one in self.asked[0].series)
        most = max(value for _, value in found) or 1.0
        wide, parts = self.width / len(found), []
        for place, (key, value) in enumerate(found):
            tall = (self.height - 34) * value / most
            left, top = place * wide, self.height - 18 - tall
            parts.append(f'<rect x={left + 2:.0f} y={top:.0f} width={wide - 4:.0f} height={tall:.0f} fill="#56B4E9"/>')
            parts.append(f"<text x={left + wide / 2 - 5:.0f} y={top - 3:.0f}>{value:.0f}</text>")
            parts.append(f"<text x={left + wide / 2 - 5:.0f} y={self.height - 4}>{key:.0f}</text>")
        return f"<svg width={self.width} height={self.height}>{''.join(parts)}</svg>"

    def map(self) -> str:
        places = [one["metric"] for asked in self.asked for one in asked.series]
        lats, lons = [float(one["lat"]) for one in places], [float(one["lon"]) for one in places]
        parts = []
        for layer in self.panel["options"]["layers"]:
            style = layer["config"]["style"]
            glyph = layer["name"][0]
            chosen = next(one for one in self.asked if one.target["refId"] == layer["filterData"]["options"])
            for one in chosen.series:
                left = 20 + (self.width - 40) * _share(float(one["metric"]["lon"]), lons)
                top = self.height - 40 - (self.height - 70) * _share(float(one["metric"]["lat"]), lats)
                size = 10 + 2 * style["size"]["fixed"]
                drawn_glyph = f'style="fill:{style["color"]["fixed"]};font-size:{size}px"'
                parts.append(f"<text x={left:.0f} y={top:.0f} {drawn_glyph}>{glyph}</text>")
        names = "   ".join(layer["name"] for layer in self.panel["options"]["layers"])
        parts.append(f"<text x=4 y={self.height - 4}>{escape(names)}</text>")
        return f"<svg width={self.width} height={self.height}>{''.join(parts)}</svg>"


class _Frame(NamedTuple):
    """A chart's axes: time and value to pixels."""

    start: float
    end: float
    low: float
    high: float
    width: int
    height: int

    def at(self, moment: float, value: float) -> tuple[float, float]:
        left = 64 + (self.width - 70) * (moment - self.start) / (self.end - self.start)
        return left, 6 + (self.height - 12) * (1 - (value - self.low) / ((self.high - self.low) or 1))

    def axis(self, words: Callable[[float], str]) -> str:
        values = [self.low + (self.high - self.low) * part / 4 for part in range(5)]
        marks = []
        for value in values:
            _, top = self.at(self.start, value)
            marks.append(f'<line x1=64 x2={self.width} y1={top:.0f} y2={top:.0f} stroke="#2b2e34"/>')
            marks.append(f"<text x=0 y={top + 4:.0f}>{escape(words(value))}</text>")
        return "".join(marks)

    def path(self, values: Sequence[Any], fill: str, dash: str, below: dict[float, float] | None) -> str:
        points, base = [], []
        for moment, value in values:
            if not _number(value):
                continue
            under = below.get(moment, 0.0) if below is not None else 0.0
            base.append("{:.1f},{:.1f}".format(*self.at(moment, under)))
            points.append("{:.1f},{:.1f}".format(*self.at(moment, under + float(value))))
            if below is not None:
                below[moment] = under + float(value)
        if below is not None:
            return f'<polygon points="{" ".join(points + base[::-1])}" fill="{fill}" fill-opacity=".8"/>'
        stroke = f'stroke="{fill}" stroke-width=2 stroke-dasharray="{dash}"'
        return f'<polyline points="{" ".join(points)}" fill=none {stroke}/>'


def _cell(value: object, field: Field) -> str:
    text, fill = shown(value, field)
    style = f' style="background:{fill};color:#fff"' if fill and "custom.cellOptions" in field else ""
    right = isinstance(value, float) and "custom.align" not in field
    return f"<td{' class=n' if right else ''}{style}>{escape(text)}</td>"


def _width(field: Field) -> str:
    return f' style="width:{field["custom.width"]}px"' if "custom.width" in field else ""


def _key(value: object) -> tuple[int, float, str]:
    if value is None:
        return 0, 0.0, ""
    return (1, value, "") if isinstance(value, float) else (1, 0.0, str(value))


def _last(series: Mapping[str, Any]) -> float:
    return float(series["value"][1] if "value" in series else series["values"][-1][1])


def _number(value: str) -> bool:
    return math.isfinite(float(value))


def _share(value: float, among: Sequence[float]) -> float:
    low, high = min(among), max(among)
    return (value - low) / (high - low) if high > low else 0.5


def _stack_height(series: Sequence[Mapping[str, Any]]) -> float:
    total: dict[float, float] = {}
    for one in series:
        for at, value in one["values"]:
            total[at] = total.get(at, 0.0) + float(value)
    return max(total.values())
