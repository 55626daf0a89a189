"""Groups of the series on ``/metrics/devices``, for a Prometheus that wants less: ``collect[]`` and ``exclude[]`` name
what a page has, as node_exporter's do (github.com/prometheus/node_exporter, "Filtering enabled collectors").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from checks.kit.model import Metric
from collector.families import AGENT, REGISTERED, RUN, family
from collector.ingest import Refusal
from collector.scrape.watched import WATCHED

DASHBOARDS = "dashboards"
"""A name for what the shipped dashboards and alerts ask for, from whichever group."""
SHOWN = 80  # characters of a name that nobody knows


class Groups:
    """Of `measures`, metrics with their checks. ``series`` are the names of each group's series: every check's by its
    name, what an agent says of itself as ``agent``, outcomes, reasons and times of runs as ``run``, and what the
    registry knows as ``device``, where the check of that name has its own."""

    def __init__(self, measures: Iterable[tuple[str, Metric]] = ()) -> None:
        found = {name: [one.series for one in own] for name, own in (("agent", AGENT), ("run", RUN))}
        found["device"] = [one.series for one in REGISTERED]
        for check, metric in measures:
            found.setdefault(check, []).append(family(metric).series)
        self.series = {name: frozenset(series) for name, series in sorted(found.items())}
        self._every = frozenset[str]().union(*self.series.values())
        self._named = {one: frozenset((one,)) for one in self._every} | self.series | {DASHBOARDS: WATCHED}

    def chosen(self, collect: Sequence[str], exclude: Sequence[str]) -> frozenset[str] | None:
        """Names of the series that a page has, None for all. Raises Refusal."""
        if collect and exclude:
            raise _refused("collect[] names what a page has, exclude[] what it has not: give one of them")
        if collect:
            return self._of("collect[]", collect)
        if not exclude:
            return None
        left = self._every - self._of("exclude[]", exclude)
        if not left:
            raise _refused("exclude[] leaves nothing")
        return left

    def _of(self, key: str, names: Sequence[str]) -> frozenset[str]:
        for name in names:
            if name not in self._named:
                known = ", ".join((*self.series, DASHBOARDS))
                raise _refused(f"{key} takes {known}, or the name of a device's series; got {name[:SHOWN]!r}")
        return frozenset[str]().union(*(self._named[name] for name in names))


def _refused(why: str) -> Refusal:
    return Refusal(400, "bad_collect", why)
