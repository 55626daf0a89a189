"""Reads a YAML file as a typed value, or says where and why not: ``file:line:column: key: what was expected``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
import yaml
from msgspec import inspect

T = TypeVar("T")
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")
_EXPECTED = re.compile(r"^Expected `(.+?)`, got `(.+?)`$")
_BOUNDED = re.compile(r"^Expected `(int|float|str)` ((?:<|>|of length).+)$")
_WORDS = {
    "str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "array": "a list",
    "object": "a mapping", "null": "nothing", "date": "a date",
}  # fmt: skip
Step = str | int
Where = tuple[Step, ...]


class ConfigError(Exception):
    """A file that cannot be used. ``str()`` is the one line to show."""

    def __init__(self, file: Path | str, line: int, column: int, key: str, expected: str) -> None:
        place = f"{file}:{line}:{column}: " if line else f"{file}: "
        super().__init__(place + (f"{key}: " if key else "") + expected)
        self.file, self.line, self.column, self.key, self.expected = str(file), line, column, key, expected


class Document(Generic[T]):
    """A decoded file that still knows where each key stands."""

    def __init__(self, file: Path | str, value: T, raw: Any, places: dict[Where, tuple[int, int]]) -> None:
        self.file, self.value, self.raw, self._places = file, value, raw, places

    def error(self, where: Where, expected: str) -> ConfigError:
        """A ConfigError at `where`, or at its nearest ancestor that stands in the file."""
        return _error(self.file, self._places, where, expected)


def load(file: Path | str, kind: type[T]) -> Document[T]:
    """`file` as a `kind`. Raises ConfigError, for an unreadable file too."""
    try:
        text = Path(file).read_text("utf-8")
    except OSError as why:
        raise ConfigError(file, 0, 0, "", f"cannot be read: {(why.strerror or str(why)).lower()}") from None
    except UnicodeDecodeError as why:
        raise ConfigError(file, 0, 0, "", f"expected UTF-8 text, byte {why.start} is not") from None
    return loads(text, kind, file)


def loads(text: str, kind: type[T], file: Path | str) -> Document[T]:
    """`text` as a `kind`; `file` is the name that errors carry."""
    try:
        root = yaml.compose(text, Loader=Loader)
    except yaml.MarkedYAMLError as why:
        mark = why.problem_mark or why.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise ConfigError(file, line, column, "", f"not YAML: {why.problem}") from None
    except yaml.YAMLError as why:
        raise ConfigError(file, 1, 1, "", f"not YAML: {' '.join(str(why).split())}") from None
    places: dict[Where, tuple[int, int]] = {}
    raw = _value(root, (), places, file) if root is not None else None
    if raw is None:
        raise ConfigError(file, 1, 1, "", "expected a mapping, the file is empty")
    return Document(file, _typed(raw, kind, places, file), raw, places)


def _value(node: Any, where: Where, places: dict[Where, tuple[int, int]], file: Path | str) -> Any:
    places.setdefault(where, (node.start_mark.line + 1, node.start_mark.column + 1))
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*where, index), places, file) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, where, places, file)
    return _scalar(node, where, places, file)


def _mapping(node: Any, where: Where, places: dict[Where, tuple[int, int]], file: Path | str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in node.value:
        line, column = key.start_mark.line + 1, key.start_mark.column + 1
        if key.tag != "tag:yaml.org,2002:str":
            shown = dotted((*where, str(key.value)))
            raise ConfigError(file, line, column, shown, f'a key must be text: write "{key.value}" in quotes')
        if key.value in found:
            raise ConfigError(file, line, column, dotted((*where, key.value)), "stands twice")
        places[(*where, key.value)] = (line, column)
        found[key.value] = _value(item, (*where, key.value), places, file)
    return found


def _scalar(node: Any, where: Where, places: dict[Where, tuple[int, int]], file: Path | str) -> Any:
    if node.tag == "tag:yaml.org,2002:str":
        return node.value
    if node.tag == "tag:yaml.org,2002:timestamp":
        return node.value
    try:
        return yaml.SafeLoader.construct_object(_Plain(), node)
    except (yaml.YAMLError, ValueError):
        raise _error(file, places, where, f"{node.value!r} cannot be understood") from None


class _Plain(yaml.SafeLoader):
    """Constructs lone scalars."""

    def __init__(self) -> None:
        super().__init__("")


def _typed(raw: Any, kind: type[T], places: dict[Where, tuple[int, int]], file: Path | str) -> T:
    try:
        return msgspec.convert(raw, kind, strict=True)
    except msgspec.ValidationError as why:
        message, _, path = str(why).partition(" - at `$")
        where = _steps(path.rstrip("`"))
        unknown = re.fullmatch(r"Object contains unknown field `(.+)`", message)
        missing = re.fullmatch(r"Object missing required field `(.+)`", message)
        if unknown:
            raise _error(file, places, (*where, unknown[1]), _unknown(unknown[1])) from None
        if missing:
            raise _error(file, places, (*where, missing[1]), "is missing") from None
        choices = _choices(kind, where) if message.startswith("Invalid enum value") else []
        if choices:
            expected = f"expected one of {', '.join(choices)}, got {_at(raw, where)!r}"
            raise _error(file, places, where, expected) from None
        raise _error(file, places, where, _expected(message, _at(raw, where))) from None


def _choices(kind: Any, where: Where) -> list[str]:
    """The words that may stand at `where` in a `kind`."""
    found = [inspect.type_info(kind)]
    for step in where:
        found = [inner for info in _unfolded(found) for inner in _inside(info, step)]
    return [str(word) for info in _unfolded(found) if isinstance(info, inspect.LiteralType) for word in info.values]


def _unfolded(found: list[inspect.Type]) -> list[inspect.Type]:
    flat: list[inspect.Type] = []
    for info in found:
        if isinstance(info, inspect.Metadata):
            flat += _unfolded([info.type])
        else:
            flat += _unfolded(list(info.types)) if isinstance(info, inspect.UnionType) else [info]
    return flat


def _inside(info: inspect.Type, step: Step) -> list[inspect.Type]:
    if isinstance(info, inspect.StructType):
        return [field.type for field in info.fields if field.encode_name == step]
    if isinstance(info, inspect.DictType):
        return [info.value_type]
    return [info.item_type] if isinstance(info, inspect.ListType | inspect.VarTupleType) else []


def _unknown(key: str) -> str:
    return f"unknown key {key!r}"


def _expected(message: str, value: Any) -> str:
    bounded = _BOUNDED.match(message)
    if bounded:
        return f"expected {_WORDS.get(bounded[1], bounded[1])} {bounded[2]}, got {value!r}"
    match = _EXPECTED.match(message)
    if not match:
        return message[0].lower() + message[1:]
    wanted = " or ".join(_WORDS.get(word.strip(), word.strip()) for word in match[1].split("|"))
    if match[1] == "str" and isinstance(value, int) and not isinstance(value, bool):
        return f'expected text, got the number {value}: write it in quotes, with its leading zeros (e.g. "00004")'
    got = _WORDS.get(match[2], match[2]) if isinstance(value, dict | list | bool | None) else repr(value)
    return f"expected {wanted}, got {got}"


def _steps(path: str) -> Where:
    """msgspec's ``.jobs[1].every`` as steps; its ``[...]`` stands for "some value of this mapping"."""
    steps: list[Step] = []
    for name, index in _STEP.findall(path):
        if name:
            steps.append(name)
        elif index != "...":
            steps.append(int(index))
        else:
            break
    return tuple(steps)


def _at(raw: Any, where: Where) -> Any:
    for step in where:
        try:
            raw = raw[step]
        except (KeyError, IndexError, TypeError):
            return None
    return raw


def _error(file: Path | str, places: dict[Where, tuple[int, int]], where: Where, expected: str) -> ConfigError:
    known = where
    while known and known not in places:
        known = known[:-1]
    line, column = places.get(known, (1, 1))
    return ConfigError(file, line, column, dotted(where), expected)


def dotted(where: Where) -> str:
    """``("jobs", 1, "every")`` as ``jobs[1].every``."""
    shown = ""
    for step in where:
        shown += f"[{step}]" if isinstance(step, int) else (f".{step}" if shown else step)
    return shown
