"""The names that ``collect[]`` and ``exclude[]`` take."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from checks.kit import registry
from collector.catalog import Measures
from collector.families import AGENT, DEVICE, REGISTERED, RUN, family
from collector.ingest import Refusal
from collector.scrape.groups import DASHBOARDS, Groups
from collector.scrape.watched import WATCHED
from tests.collector.scrape.serving import MEASURES, SENT, UP

SHIPPED = tuple(Measures(registry.find()).metrics.values())
KNOWN = "agent, connectivity, device, run, uplink, dashboards, or the name of a device's series"


def test_every_series_of_devices_is_in_exactly_one_group() -> None:
    """Of all checks that ship, of the registry, of runs and of agents."""
    found = [one for own in Groups(SHIPPED).series.values() for one in own]
    assert sorted(found) == sorted(one.series for one in (*DEVICE, *(family(metric) for _, metric in SHIPPED)))


def test_a_group_is_called_as_its_check_and_three_have_names_of_their_own() -> None:
    """What the registry knows of a device stands with what the check of that name measures."""
    groups, checks = Groups(SHIPPED).series, registry.find()
    measuring = {name for name, check in checks.items() if check.metrics}
    assert set(groups) == measuring | {"agent", "device", "run"}
    assert not checks.keys() & {"agent", "run", DASHBOARDS}
    assert groups["connectivity"] == {metric.series for metric in checks["connectivity"].metrics}
    assert groups["device"] == {one.series for one in (*REGISTERED, *map(family, checks["device"].metrics))}
    assert groups["agent"] == {one.series for one in AGENT}
    assert groups["run"] == {one.series for one in RUN}


def test_names_may_be_of_groups_of_series_or_of_what_dashboards_ask_for() -> None:
    """In any order, as often as one likes; without any, a page has everything."""
    groups = Groups(MEASURES)
    run, up = frozenset(one.series for one in RUN), frozenset((UP.series,))
    assert groups.chosen([], []) is None
    assert groups.chosen(["run"], []) == run
    assert groups.chosen(["run", UP.series, "run"], []) == groups.chosen([UP.series, "run"], []) == run | up
    assert groups.chosen([DASHBOARDS], []) == WATCHED
    assert groups.chosen(["connectivity"], []) == groups.chosen([UP.series], []) == up
    others = frozenset(one.series for one in (*REGISTERED, *AGENT))
    assert groups.chosen([], ["run", SENT.series]) == others | up


@pytest.mark.parametrize(("collect", "exclude", "message"), [
    (["flying"], [], f"collect[] takes {KNOWN}; got 'flying'"),
    (["connectivity", ""], [], f"collect[] takes {KNOWN}; got ''"),
    (["connectivity,run"], [], f"collect[] takes {KNOWN}; got 'connectivity,run'"),
    ([], ["Connectivity"], f"exclude[] takes {KNOWN}; got 'Connectivity'"),
    ([], ["sansang_unit_verdict"], f"exclude[] takes {KNOWN}; got 'sansang_unit_verdict'"),
    (["x" * 5000], [], f"collect[] takes {KNOWN}; got {'x' * 80!r}"),
    (["run"], ["agent"], "collect[] names what a page has, exclude[] what it has not: give one of them"),
    ([""], [""], "collect[] names what a page has, exclude[] what it has not: give one of them"),
    ([], ["agent", "connectivity", "device", "run", "uplink"], "exclude[] leaves nothing"),
])  # fmt: skip
def test_what_names_nothing_is_refused_and_told_what_there_is(
    collect: Sequence[str], exclude: Sequence[str], message: str
) -> None:
    """400; a page that lacks what was asked for would look well."""
    with pytest.raises(Refusal) as why:
        Groups(MEASURES).chosen(collect, exclude)
    assert (why.value.status, why.value.code, str(why.value)) == (400, "bad_collect", message)
