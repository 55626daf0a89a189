"""Reads a profile from YAML, with those it extends, and refuses what cannot be judged by, saying where and why."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec

from collector.config import SHIPPED
from collector.readiness import layers as stack
from collector.readiness import profile_check, subjects
from collector.readiness.layers import Layers
from collector.readiness.layers import nearest as nearest
from collector.readiness.profile import Freshness, Profile
from collector.readiness.profile_check import LONGEST as LONGEST
from collector.readiness.subjects import Known as Known
from collector.units import KINDS

FOLDERS = (SHIPPED / "profiles",)
"""Where a profile that another one extends is looked for, when it does not lie beside it."""


def load(
    file: Path | str,
    known: Known,
    *,
    now: int | None = None,
    kinds: Collection[str] = KINDS,
    folders: Sequence[Path] = FOLDERS,
) -> Profile:
    """The profile in `file`, checked against what is `known` to be measured, and which `kinds` of units there are.
    Raises ConfigError, also where it is not in force yet at `now` (µs; None: today)."""
    return load_with_files(file, known, now=now, kinds=kinds, folders=folders)[0]


def load_with_files(
    file: Path | str,
    known: Known,
    *,
    now: int | None = None,
    kinds: Collection[str] = KINDS,
    folders: Sequence[Path] = FOLDERS,
) -> tuple[Profile, tuple[Path, ...]]:
    """As :func:`load`, with the files that it was read from: `file` itself, then each that the one before extends. Who
    looks for a change of the profile looks at all of them."""
    profile, layers = _read(file, known, kinds, folders)
    if profile.valid_from > (time.time_ns() // 1000 if now is None else now):
        expected = f"not in force yet: {profile.name} is valid from {layers.value.valid_from} on"
        raise layers.error(("valid_from",), expected)
    return profile, layers.files


def read(
    file: Path | str, known: Known, *, kinds: Collection[str] = KINDS, folders: Sequence[Path] = FOLDERS
) -> Profile:
    """As :func:`load`, also of a profile that is not in force yet: to compare it with the present one."""
    return _read(file, known, kinds, folders)[0]


def stored(profile: Profile) -> str:
    """`profile` as JSON, the same text for the same profile: what a past verdict is reproduced from."""
    return msgspec.json.encode(profile, order="deterministic").decode()


def restored(text: str) -> Profile:
    """The profile in `text`, of :func:`stored` by this release or an older one: a field that is newer has its default.
    Raises msgspec.DecodeError for any other text."""
    return msgspec.json.decode(text, type=Profile)


def _read(file: Path | str, known: Known, kinds: Collection[str], folders: Sequence[Path]) -> tuple[Profile, Layers]:
    layers = stack.load(file, folders)
    written = layers.value
    freshness = _freshness(layers)
    begins = 0 if written.valid_from is None else subjects.day(layers, ("valid_from",), written.valid_from)
    profile = Profile(
        id=written.id,
        version=written.version,
        title=written.title.both,
        freshness=freshness,
        coverage=written.coverage.minimum,
        requirements=profile_check.requirements(layers, known, kinds, freshness, begins),
        extends=layers.parent,
        valid_from=begins,
    )
    if not profile_check.mandatory(profile):
        raise layers.error(("requirements",), "expected at least one mandatory requirement, else all is ready always")
    return profile, layers


def _freshness(layers: Layers) -> Freshness:
    written = layers.value.freshness
    lost = subjects.length(layers, ("freshness", "lost_contact", "after"), written.lost_contact.after)
    gone = subjects.length(layers, ("freshness", "no_data", "after"), written.no_data.after)
    if not 0 < lost < gone:
        expected = "expected a longer time than lost_contact, and both above 0"
        raise layers.error(("freshness", "no_data", "after"), expected)
    if written.late is None:
        return Freshness(lost, gone, min(Freshness(lost, gone).late, lost))
    late = subjects.length(layers, ("freshness", "late", "after"), written.late.after)
    if not 0 < late < lost:
        expected = "expected a shorter time than lost_contact, above 0: who is late has not been lost yet"
        raise layers.error(("freshness", "late", "after"), expected)
    return Freshness(lost, gone, late)
