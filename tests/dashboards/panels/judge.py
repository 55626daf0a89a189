"""What may not be in a panel, by Grafana's own library: each rule yields what it objects to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from tests.dashboards.panels.library import Field, Frame, Judged, letter, properties, steps

Rule = Callable[[Judged], Iterator[str]]
NOTHING, NOBODY = "–", "\0"
TEXT = "#ccccdc"
"""The colour of text in Grafana's dark theme."""
NONSENSE = re.compile(r"NaN|∞|undefined|Invalid|\[object|\$\{|  ")
RAW = re.compile(r"^(?:Time|Value.*|.* #\w+|sansang_.*|\{.*\})$")
ROW = re.compile(r"\$\{__data\.fields\.(\w+)\}")
URI = "~;/?:@&=+$,#-_."
"""What stays as it is in a URI that Grafana encodes."""
HANDLED = {"min", "max", "unit", "decimals", "displayName", "color", "threshold1"}
"""Keys of configFromData that set one property from one value (Grafana's fieldToConfigMapping.ts)."""


def transformed(one: Judged) -> Iterator[str]:
    """No transformation is unknown or fails, and no option of a field is unknown to its kind of panel."""
    if one.drawn.failed:
        yield one.drawn.failed
    yield from (f"{name!r} is unknown" for name in one.drawn.unknown)


def columns(one: Judged) -> Iterator[str]:
    """A table has the columns that it names, in their order; one is missing only where its query found nothing."""
    if one.panel["type"] != "table" or not any(one.answers.values()):
        return
    named = _columns(one.panel)
    there = [name for name in named if _there(one, name)]
    wanted = [properties(one.panel, name).get("displayName", "?") for name in there]
    fields = [field for frame in one.drawn.frames for field in frame.fields]
    if [field.shown for field in fields] != wanted:
        yield f"columns {[field.shown for field in fields]}, not {wanted}"
    if all(one.answers.values()):
        yield from (f"no query yields the column {name!r}" for name in named if name not in there)


def _columns(panel: dict[str, Any]) -> list[str]:
    return [str(name) for name in steps(panel)["filterFieldsByName"]["include"]["names"]]


def _there(one: Judged, name: str) -> bool:
    ref = letter(one.panel, name)
    if ref is not None:
        return bool(one.answers[ref])
    return any(name in series["metric"] for answer in one.answers.values() for series in answer)


def hidden(one: Judged) -> Iterator[str]:
    """What is there for links only is not shown."""
    rules = one.panel["fieldConfig"]["overrides"]
    wanted = {
        rule["matcher"]["options"] for rule in rules for each in rule["properties"] if each["id"] == "custom.hidden"
    }
    found = {field.name for field in one.fields() if field.hidden}
    yield from (f"{name} is shown" for name in wanted - found if any(field.name == name for field in one.fields()))


def overrides(one: Judged) -> Iterator[str]:
    """Every override says something of a field, where there is data for it."""
    for rule, matched in zip(one.panel["fieldConfig"]["overrides"], one.drawn.matched, strict=bool(one.drawn.matched)):
        kind, name = rule["matcher"]["id"], rule["matcher"]["options"]
        expected = bool(one.answers[name]) if kind == "byFrameRefID" else kind != "byName" or _there(one, name)
        if not matched and expected and any(one.answers.values()):
            yield f"the override {kind} {name!r} matches nothing"
        if one.panel["type"] == "table" and name not in _columns(one.panel):
            yield f"the override {kind} {name!r} is of no column"


def names(one: Judged) -> Iterator[str]:
    """No two fields have the same name, none a name that nobody gave it; what is there for links only may share one."""
    shown = [_names(frame) for frame in one.drawn.frames]
    groups = shown if one.panel["type"] in ("geomap", "table") else [[name for group in shown for name in group]]
    for group in groups:
        yield from (f"{count} fields are called {name!r}" for name, count in Counter(group).items() if count > 1)
    if one.panel["type"] != "stat" or len(one.panel["targets"]) > 1:
        raw = {name for group in shown for name in group if RAW.match(name)} - _given(one.panel)
        yield from (f"a field is called {name!r}" for name in sorted(raw))


def _given(panel: dict[str, Any]) -> set[str]:
    """The names that the panel gives: to columns, to queries."""
    said = [each for rule in panel["fieldConfig"]["overrides"] for each in rule["properties"]]
    named = {str(each["value"]) for each in said if each["id"] == "displayName"}
    return named | {target["legendFormat"] for target in panel["targets"]}


def _names(frame: Frame) -> list[str]:
    fields = [field for field in frame.fields if field.type != "time"]
    return [field.shown for field in fields if not field.hidden] + sorted({one.shown for one in fields if one.hidden})


def mapped(one: Judged) -> Iterator[str]:
    """A value of a field with words for its values is shown by its word."""
    words = {*_words(one.panel), NOTHING, one.panel["fieldConfig"]["defaults"]["noValue"]}
    for field in one.fields():
        if field.mapped and field.type != "time":
            yield from (f"{field.shown}: {text!r} is no word" for text in sorted(set(field.texts) - words))


def fills(one: Judged) -> Iterator[str]:
    """A filled cell has the colour of its word or none: Grafana gives a value without one the colour of text. A state's
    colour is its word's."""
    for field in one.fields():
        filled = field.filled or (one.panel["type"] == "state-timeline" and field.type == "number")
        pairs = zip(field.texts, field.colours, strict=True) if filled else []
        bright = {text for text, colour in pairs if colour.lower() == TEXT}
        yield from (f"{field.shown}: {text!r} is filled as text is" for text in sorted(bright))


def _words(panel: dict[str, Any]) -> Iterator[str]:
    config = panel["fieldConfig"]
    found = list(config["defaults"].get("mappings", []))
    found += [each for rule in config["overrides"] for one in rule["properties"] if one["id"] == "mappings"
              for each in one["value"]]  # fmt: skip
    for mapping in found:
        yield from (result["text"] for result in mapping["options"].values())


def texts(one: Judged) -> Iterator[str]:
    """Every value can be read; text is shown letter by letter, also where it looks like a number."""
    for field in one.fields():
        yield from (f"{field.shown}: {text!r}" for text in sorted(set(field.texts)) if NONSENSE.search(text))
        if field.type == "string" and not field.mapped:
            changed = {
                (str(raw), text) for raw, text in zip(field.values, field.texts, strict=True) if raw and raw != text
            }
            yield from (f"{field.shown}: {raw!r} is shown as {text!r}" for raw, text in sorted(changed))
    for stat in one.drawn.stats:
        if NONSENSE.search(stat.text + stat.title):
            yield f"{stat.title!r}: {stat.text!r}"


def links(one: Judged) -> Iterator[str]:
    """A link names the row that it is on, letter by letter, and leaves no variable."""
    said = {field.shown: _links_of(one, field) for field in one.fields() if field.links}
    for frame in one.drawn.frames:
        values = {field.name: field.values for field in frame.fields}
        for field in frame.fields:
            for row, found in enumerate(field.links):
                for link, url in zip(found, said[field.shown], strict=True):
                    wanted = [quote(str(values.get(name, [""] * 9)[row] or NOBODY), safe=URI)
                              for name in ROW.findall(url)]  # fmt: skip
                    if "${" in link.href or not link.title or any(text not in link.href for text in wanted):
                        yield f"{field.shown}: {link.href!r} of {url!r}"


def _links_of(one: Judged, field: Field) -> list[str]:
    said = properties(one.panel, field.name).get("links") or one.panel["fieldConfig"]["defaults"].get("links", [])
    return [link["url"] for link in said]


def sorting(one: Judged) -> Iterator[str]:
    """A table is sorted by a column that it has."""
    for by in one.panel["options"].get("sortBy") or [] if any(one.answers.values()) else []:
        if by["displayName"] not in {field.shown for field in one.fields()}:
            yield f"sorted by {by['displayName']!r}, which is no column"


def places(one: Judged) -> Iterator[str]:
    """Every layer of a map finds its frame, and numbers for where its marks stand."""
    for layer in one.panel["options"]["layers"] if one.panel["type"] == "geomap" else []:
        ref, at = layer["filterData"]["options"], layer["location"]
        (frame,) = (frame for frame in one.drawn.frames if frame.ref == ref)
        if not one.answers[ref]:
            continue
        for name in (at["latitude"], at["longitude"]):
            (field,) = (field for field in frame.fields if field.shown == name)
            if field.type != "number" or not all(isinstance(value, float | int) for value in field.values):
                yield f"{layer['name']}: {name} is no number"


def configured(one: Judged) -> Iterator[str]:
    """A setting that comes from a query comes from one that is there, by names that Grafana's core knows. How the core
    applies it is imitated by options.cjs: only that the names are right is proved."""
    options = steps(one.panel).get("configFromData")
    if options is None:
        return
    refs = {target["refId"] for target in one.panel["targets"]}
    if options["configRefId"] not in refs:
        yield f"no query {options['configRefId']!r}"
    told = one.answers[options["configRefId"]]
    for mapping in options["mappings"]:
        if mapping["handlerKey"] not in HANDLED:
            yield f"{mapping['handlerKey']!r} sets nothing"
        if told and any(mapping["fieldName"] not in series["metric"] for series in told):
            yield f"no field {mapping['fieldName']!r}"
    if {frame.ref for frame in one.drawn.frames} != refs - {options["configRefId"]}:
        yield "the query of the setting is drawn"


RULES: tuple[Rule, ...] = (
    transformed, columns, hidden, overrides, names, mapped, fills, texts, links, sorting, places, configured,
)  # fmt: skip


def complaints(one: Judged) -> Iterator[str]:
    """What the rules object to, with the dashboard and the panel."""
    failed = [*transformed(one)]
    for each in failed if one.drawn.failed else (each for rule in RULES for each in rule(one)):
        yield f"{one.name}: {each}"
