"""What units are held to, as ``/metrics`` tells it: the profile in force, its limits, the systems to be reached."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from checks.kit.model import Bilingual, Scalar
from collector.families import STANDARDS, head
from collector.readiness.evaluate import is_mandatory
from collector.readiness.model import Target
from collector.readiness.profile import Band, Profile, Requirement
from collector.textformat import line

Labels = dict[str, str]

BASES: dict[str, tuple[str, float]] = {
    "": ("1", 1.0),
    "s": ("seconds", 1.0),
    "ms": ("seconds", 1e-3),
    "minutes": ("seconds", 60.0),
    "hours": ("seconds", 3600.0),
    "days": ("seconds", 86400.0),
    "years": ("seconds", 365.2425 * 86400),
    "%": ("ratio", 1e-2),
    "MB": ("bytes", 1e6),
    "GB": ("bytes", 1e9),
    "Mbps": ("bytes_per_second", 125_000.0),
    "Mbit/s": ("bytes_per_second", 125_000.0),
}
"""From a unit that people read to the base unit, and how many of that one there are in it. Any other is exported as it
is, under its own name."""


def in_base(value: Scalar, unit: str) -> float | None:
    """`value`, in the `unit` of a requirement, in its base unit; None for a word."""
    if value is None or isinstance(value, str):
        return None
    found = float(value) * BASES.get(unit, (unit, 1.0))[1]
    return float(f"{found:.12g}") if math.isfinite(found) else found


def exported(
    profile: Profile, targets: Iterable[Target], checks: Mapping[str, Bilingual], now: int, *, loaded: bool
) -> str:
    """The families of STANDARDS, whole, for ``/metrics``, as they are at `now` (µs): a requirement may become mandatory
    on a day. `checks` are the titles of all that there are, by name: what no job asks for any more keeps its title
    where it is still drawn. `loaded` says whether the files say the same."""
    samples = {
        "sansang_profile_loaded": [f"sansang_profile_loaded {int(loaded)}\n"],
        "sansang_profile_info": [line("sansang_profile_info", 1, {"profile": profile.name})],
        "sansang_requirement_info": [_requirement(one, now) for one in profile.requirements],
        "sansang_requirement_threshold": [told for one in profile.requirements for told in _thresholds(one)],
        "sansang_target_info": [_target(one) for one in targets],
        "sansang_check_info": [_check(name, title) for name, title in checks.items()],
    }
    return "".join(head(one) + "".join(samples[one.series]) for one in STANDARDS if samples[one.series])


def _requirement(one: Requirement, now: int) -> str:
    base = BASES.get(one.unit, (one.unit, 1.0))[0]
    labels = {"requirement": one.id, **_titles(one.title), "mandatory": _bool(is_mandatory(one, now)), "unit": base}
    return line("sansang_requirement_info", 1, labels)


def _thresholds(one: Requirement) -> Iterator[str]:
    bands: tuple[tuple[str, Band | None], ...] = (("ready", one.ready), ("at_risk", one.at_risk))
    for name, band in bands:
        limit = in_base(band.limit, one.unit) if band is not None else None
        if limit is not None:
            yield line("sansang_requirement_threshold", limit, {"requirement": one.id, "band": name})


def _target(one: Target) -> str:
    told = {"network": one.network, "mandatory": _bool(one.mandatory)}
    return line("sansang_target_info", 1, {"target": one.id, **_titles(one.title), **told})


def _check(name: str, title: Bilingual) -> str:
    return line("sansang_check_info", 1, {"check": name, **_titles(title)})


def _titles(title: Bilingual) -> Labels:
    return {"title_vi": title.get("vi", ""), "title_en": title.get("en", "")}


def _bool(value: bool) -> str:
    return "true" if value else "false"
