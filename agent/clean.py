"""Makes a reading fit to be sent: what one check does wrong must not keep a batch from being taken."""

from __future__ import annotations

import math
import re

from msgspec import UNSET, UnsetType

from checks.kit.model import INT63, Reading, Sample, Scalar

DETAIL = 512
TEXT = 1024
FACTS = 128
SAMPLES = 512
LABELS = 16
KEY = 64
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_PATH = re.compile(r"(?:[A-Za-z]:)?(?:[\\/][^\s\\/'\":;,()]+){2,}[\\/]?")


def text(value: str, at_most: int = TEXT) -> str:
    """`value` without control characters and lone surrogates, at most `at_most` characters."""
    value = _SURROGATE.sub("\ufffd", _UNFIT.sub(" ", value[: 4 * at_most])).strip()
    # The wire refuses the JSON escape of NUL wherever it stands, so the six characters may not be sent as text either.
    value = value.replace("\\u0000", "\\u 0000")
    return value if len(value) <= at_most else value[: at_most - 1] + "…"


def exception(error: BaseException) -> str:
    """What `error` says, in one bounded line that names no file of this PC."""
    try:
        said = str(error)
    except Exception:
        said = "(it cannot be shown)"
    return text(_PATH.sub("…", f"{type(error).__name__}: {said}"), 200)


def samples(reading: Reading) -> tuple[tuple[Sample, ...], int]:
    """The samples that can be sent, and how many cannot: not a number, infinite, misnamed, or too many."""
    kept = tuple(found for found in (_sample(sample) for sample in reading.samples[:SAMPLES]) if found is not None)
    return kept, len(reading.samples) - len(kept)


def facts(reading: Reading) -> dict[str, Scalar]:
    """The facts that can be sent; one that is not a number becomes unknown."""
    kept: dict[str, Scalar] = {}
    for key, value in list(reading.facts.items())[:FACTS]:
        scalar = _scalar(value)
        if not isinstance(scalar, UnsetType):
            kept[text(str(key), KEY)] = scalar
    return kept


def _sample(sample: Sample) -> Sample | None:
    if _NAME.fullmatch(str(sample.name)) is None or len(sample.labels) > LABELS:
        return None
    try:
        value = float(sample.value)
    except (TypeError, ValueError, OverflowError):
        return None
    if not math.isfinite(value):
        return None
    return Sample(sample.name, value, {text(str(key), KEY): text(str(item)) for key, item in sample.labels.items()})


def _scalar(value: object) -> Scalar | UnsetType:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int):
        return value if -INT63 - 1 <= value <= INT63 else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return UNSET
