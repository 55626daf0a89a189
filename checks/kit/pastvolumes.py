"""What a device remembers of its volumes between runs and over restarts: labels that stay, and how full they were.

It is kept on the device (``Env.lasting``), with hashed keys; of it only labels, trends and verdicts are sent.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from checks.kit import filling
from checks.kit.filling import Points, Trend
from checks.kit.volumes import Volume

SYSTEM = "system"
LABELS = (SYSTEM, *(f"data{number}" for number in range(1, 10)))
MOST = len(LABELS)
"""Volumes remembered: the present ones and some that were unplugged or unmounted."""


class Past(Struct):
    """What is remembered of a volume. ``writable``: it was seen to take writes; ``seen`` when, epoch seconds."""

    label: str
    size: Annotated[int, Meta(ge=0, le=2**60)]
    seen: Annotated[int, Meta(ge=0, le=2**40)] = 0
    writable: bool = False
    points: Points = []


class Known(Struct, frozen=True):
    """A volume with what its past adds: the label, the trend, and whether it refuses writes that it should take."""

    label: str
    volume: Volume
    trend: Trend
    read_only: bool


Kept = Annotated[dict[str, Past], Meta(max_length=MOST)]


def decoded(kept: Any) -> dict[str, Past]:
    """What a former run left; nothing where it is not that."""
    try:
        found = msgspec.convert(kept, Kept)
    except msgspec.ValidationError:
        return {}
    labels = [past.label for past in found.values()]
    return found if len(set(labels)) == len(labels) and set(labels) <= set(LABELS) else {}


def know(volumes: tuple[Volume, ...], past: dict[str, Past], now: float) -> tuple[tuple[Known, ...], dict[str, Past]]:
    """`volumes` with what `past` says of them, and the past that the next run finds. Pure."""
    keys = {_key(volume): volume for volume in volumes}
    kept = _bounded(past, set(keys))
    known = []
    for key, volume in keys.items():
        before = kept.get(key)
        label = _label(volume, before, kept)
        for other in [other for other in kept if other != key and kept[other].label == label]:
            del kept[other]  # the system moved to another volume: a label has one past
        if before is None or before.size != volume.size or before.label != label:
            before = Past(label, volume.size, writable=before is not None and before.writable)
        kept[key] = Past(
            label, volume.size, max(0, int(now)), before.writable or not volume.refuses,
            filling.extended(before.points, now, volume.free, volume.size),
        )  # fmt: skip
        known.append(Known(label, volume, filling.trend(kept[key].points, volume.free), _faulty(volume, before)))
    return tuple(known), kept


def _faulty(volume: Volume, before: Past) -> bool:
    """A volume that gave up is never meant to be read-only; one that nothing is known of may be, until it was seen to
    take writes."""
    if volume.gave_up:
        return True
    return volume.refuses and (before.writable if volume.meant is None else not volume.meant)


def _label(volume: Volume, before: Past | None, kept: dict[str, Past]) -> str:
    if volume.system:
        return SYSTEM
    if before is not None and before.label != SYSTEM:
        return before.label
    taken = {past.label for past in kept.values()}
    return next(label for label in LABELS if label not in taken and label != SYSTEM)


def _bounded(past: dict[str, Past], present: set[str]) -> dict[str, Past]:
    """The past of the present volumes, and of as many absent ones as leave a label for each: the last seen."""
    absent = sorted((key for key in past if key not in present), key=lambda key: past[key].seen, reverse=True)
    room = max(0, MOST - 1 - len(present))
    keep = {key for key in past if key in present} | set(absent[:room])
    return {key: found for key, found in past.items() if key in keep}


def _key(volume: Volume) -> str:
    return hashlib.blake2b(volume.key.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
