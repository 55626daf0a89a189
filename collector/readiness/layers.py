"""A profile file with those it extends, as one: what each layer says goes before what lies below it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from checks.kit import strict
from checks.kit.strict import Where
from collector.readiness.profile import Kind
from collector.readiness.schema import ChildFile, Head, ProfileFile, RequirementFile

Document = strict.Document[Any]
_PINNED = re.compile(r"([a-z][a-z0-9_-]*)@([1-9][0-9]{0,8})")
_NEEDED = [part.name for part in msgspec.structs.fields(RequirementFile) if part.required]
_SUBJECTS = [kind.value for kind in Kind]


def nearest(word: str, words: Collection[str]) -> str:
    """``did you mean …`` with the known words most like `word`, or all of them."""
    close = difflib.get_close_matches(word, sorted(words), 3, 0.5)
    return f"did you mean {' or '.join(close)}?" if close else f"known are {', '.join(sorted(words))}"


class Layers:
    """``value`` is the whole profile as written, ``parent`` the name of the one it extends, empty for none; ``files``
    are those that it was read from."""

    def __init__(
        self, value: ProfileFile, parent: str, origins: dict[Where, tuple[Document, Where]], files: tuple[Path, ...]
    ) -> None:
        self.value, self.parent, self._origins, self.files = value, parent, origins, files

    def error(self, where: Where, expected: str) -> strict.ConfigError:
        """A ConfigError at `where`, in the file and under the key where what stands there was written."""
        for cut in range(len(where), -1, -1):
            origin = self._origins.get(where[:cut])
            if origin is not None:
                document, there = origin
                return document.error((*there, *where[cut:]), expected)
        raise LookupError(where)


class Entry(Struct):
    """A requirement as its layers wrote it: ``home`` is the newest that names it, ``places`` where each key stands."""

    raw: dict[str, Any]
    home: tuple[Document, Where]
    places: dict[str, tuple[Document, Where]]


def load(file: Path | str, folders: Sequence[Path]) -> Layers:
    """The profile in `file` on top of those it extends, which lie beside it or in `folders`. Raises ConfigError."""
    chain = _chain(Path(file), folders)
    top: dict[str, tuple[Document, Where]] = {}
    entries: dict[str, Entry] = {}
    raw: dict[str, Any] = {}
    for document in reversed(chain):
        for key in ("extends", "drop"):
            raw.pop(key, None)
        raw |= document.raw
        top |= {key: (document, (key,)) for key in document.raw}
        _drop(document, entries)
        _lay(document, entries, raw)
    _whole(chain[0], entries)
    raw["requirements"] = [entry.raw for entry in entries.values()]
    origins: dict[Where, tuple[Document, Where]] = {(): (chain[0], ()), **{(key,): place for key, place in top.items()}}
    for index, entry in enumerate(entries.values()):
        origins["requirements", index] = entry.home
        origins |= {("requirements", index, key): place for key, place in entry.places.items()}
    parent = chain[1].value.id if len(chain) > 1 else ""
    files = tuple(Path(document.file) for document in chain)
    return Layers(msgspec.convert(raw, ProfileFile, strict=True), parent, origins, files)


def _chain(file: Path, folders: Sequence[Path]) -> list[Document]:
    """The documents, the one asked for first, each followed by the one that it extends."""
    chain: list[Document] = []
    seen: list[Path] = []
    while True:
        extends = strict.load(file, Head).value.extends
        document: Document = strict.load(file, ProfileFile if extends is None else ChildFile)
        if chain:
            _pinned(chain[-1], document)
        chain.append(document)
        seen.append(file.resolve())
        if extends is None:
            return chain
        file = _parent(document, file, folders)
        if file.resolve() in seen:
            first = seen.index(file.resolve())
            names = [each.value.id for each in chain[first:]]
            raise chain[first].error(("extends",), f"circular: {' extends '.join([*names, names[0]])}")


def _parent(document: Document, file: Path, folders: Sequence[Path]) -> Path:
    match = _PINNED.fullmatch(document.value.extends)
    if match is None:
        expected = f"expected a profile with its version, such as default@3, got {document.value.extends!r}"
        raise document.error(("extends",), expected)
    places = (file.parent, *folders)
    for folder in places:
        if (folder / f"{match[1]}.yaml").is_file():
            return folder / f"{match[1]}.yaml"
    known = {path.stem for folder in places for path in folder.glob("*.yaml")} - {file.stem}
    raise document.error(("extends",), f"no profile is called {match[1]!r}; {nearest(match[1], known)}")


def _pinned(child: Document, parent: Document) -> None:
    """Refuses a parent of another version than the child was made from: its author is to look at it first."""
    name, _, version = child.value.extends.partition("@")
    if parent.value.id != name:
        raise child.error(("extends",), f"{parent.file} calls itself {parent.value.id!r}")
    there = parent.value.version
    if there < int(version):
        raise child.error(("extends",), f"{name} is at version {there}, there is no {version} yet")
    if there > int(version):
        touched = [line["id"] for line in child.raw.get("requirements", [])] + list(child.raw.get("drop", []))
        review = f"look at what is changed here ({', '.join(touched)}) beside it, then " if touched else ""
        raise child.error(("extends",), f"{name} is now at version {there}: {review}write {name}@{there}")


def _drop(document: Document, entries: dict[str, Entry]) -> None:
    dropped = document.raw.get("drop", [])
    if dropped and document.value.extends is None:
        raise document.error(("drop",), "expected none without extends: there is nothing to leave out")
    for index, name in enumerate(dropped):
        if name not in entries:
            known = nearest(name, entries) if entries else "none is left"
            raise document.error(("drop", index), f"{document.raw['extends']} has no requirement {name!r}; {known}")
        del entries[name]


def _lay(document: Document, entries: dict[str, Entry], raw: dict[str, Any]) -> None:
    """Puts the layer's requirements over `entries`: those that are there stay in their place, new ones follow."""
    own: dict[str, int] = {}
    for index, line in enumerate(document.raw.get("requirements", [])):
        here: Where = ("requirements", index)
        name = line["id"]
        if name in own:
            raise document.error((*here, "id"), f"{name!r} stands twice, first as requirements[{own[name]}]")
        own[name] = index
        if name in entries:
            _change(document, here, line, entries[name], raw.get("extends", ""))
        else:
            if missing := [key for key in _NEEDED if key not in line]:
                close = difflib.get_close_matches(name, entries, 1, 0.5)
                meant = f": {name!r} is new here; did you mean {close[0]}?" if close else ""
                raise document.error((*here, missing[0]), f"is missing{meant}")
            entries[name] = Entry({}, (document, here), {})
        entry = entries[name]
        entry.raw |= line
        entry.home = (document, here)
        entry.places |= {key: (document, (*here, key)) for key in line}


def _change(document: Document, here: Where, line: dict[str, Any], entry: Entry, parent: str) -> None:
    """Refuses a change that makes something else of a requirement, or a number of no source."""
    subject = next((kind for kind in _SUBJECTS if entry.raw.get(kind) is not None), "")
    other = next((kind for kind in _SUBJECTS if line.get(kind) is not None and kind != subject), None)
    if subject and other is not None:
        expected = f"expected {subject}, as in {parent}: another subject is another requirement, with its own id"
        raise document.error((*here, other), expected)
    if "bands" in line and "source" not in line:
        raise document.error((*here, "source"), "is missing: the bands are changed here, and theirs was another's")


def _whole(document: Document, entries: dict[str, Entry]) -> None:
    if not entries:
        raise document.error(("drop",), "expected at least one requirement to be left")
