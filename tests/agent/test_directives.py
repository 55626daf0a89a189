"""What a collector may ask of an agent: to measure sooner what it measures anyway, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.directives import APART, AT_ONCE, REMEMBERED, Directives

ASKED = {"do": "measure", "check": "bandwidth", "request": "r-1"}


class Jobs:
    """Has one job, of bandwidth; remembers what was hastened."""

    def __init__(self) -> None:
        self.hurried: list[str] = []

    def __call__(self, check: str) -> bool:
        self.hurried += [check] if check == "bandwidth" else []
        return check == "bandwidth"


def test_a_request_hastens_its_job_and_is_told() -> None:
    """What else it says is a newer collector's."""
    found, jobs = Directives(), Jobs()
    (done,) = found.follow([{**ASKED, "newer": 1}], 0.0, jobs)
    assert (done.check, done.request, jobs.hurried) == ("bandwidth", "r-1", ["bandwidth"])
    assert (found.followed, found.ignored) == (1, 0)


HOSTILE: list[Any] = [
    {}, {"do": "run", "check": "bandwidth", "request": "r-1"}, {"do": "exec", "command": "rm -rf /"},
    {"do": "update", "url": "https://evil/"}, {"do": "configure", "jobs": []}, {**ASKED, "do": "Measure"},
    {"do": ["measure"], "check": "bandwidth", "request": "r-1"}, {"do": "measure"},
    {"do": "measure", "check": "bandwidth"}, {"do": "measure", "request": "r-1"}, {**ASKED, "check": "nothing"},
    {**ASKED, "check": ""}, {**ASKED, "check": "x" * 65}, {**ASKED, "check": None}, {**ASKED, "check": ["bandwidth"]},
    {**ASKED, "check": "../../etc/passwd"}, {**ASKED, "check": "bandwidth\0"}, {**ASKED, "request": ""},
    {**ASKED, "request": "x" * 17}, {**ASKED, "request": "a b"}, {**ASKED, "request": "r\r\nX: y"},
    {**ASKED, "request": "r-1\n"},
    {**ASKED, "request": 1}, {**ASKED, "request": {"$ne": ""}}, {"measure": ASKED}, {"do": None}, {"": ""},
]  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_else_can_be_asked(hostile: dict[str, Any]) -> None:
    """It is ignored and counted, and keeps nobody from asking properly."""
    found, jobs = Directives(), Jobs()
    assert found.follow([hostile], 0.0, jobs) == []
    assert (found.followed, found.ignored, jobs.hurried) == (0, 1, [])
    assert len(found.follow([ASKED], 0.0, jobs)) == 1


@pytest.mark.parametrize(
    "added", [{"params": {"seconds": 100}}, {"target": "x"}, {"every": 1}, {"at": 0}, {"bytes": 1}]
)
def test_a_request_sets_nothing(added: dict[str, Any]) -> None:
    """All that comes of it is a check's name and a request's."""
    (done,) = Directives().follow([{**ASKED, **added}], 0.0, Jobs())
    assert done.__struct_fields__ == ("do", "check", "request")


def test_a_request_is_followed_once() -> None:
    """A collector repeats it in each acknowledgement until it is measured; that is no fault of it."""
    found, jobs = Directives(), Jobs()
    for number in range(100):
        found.follow([ASKED], number * APART, jobs)
    assert (found.followed, found.ignored, len(jobs.hurried)) == (1, 0, 1)


def test_a_check_is_hastened_at_most_every_ten_minutes() -> None:
    """A request that comes too soon is followed when it comes again."""
    found, jobs = Directives(), Jobs()
    second = {**ASKED, "request": "r-2"}
    assert len(found.follow([ASKED, second], 0.0, jobs)) == 1
    assert found.follow([second], APART - 1, jobs) == []
    assert [done.request for done in found.follow([second], APART, jobs)] == ["r-2"]
    assert (found.followed, found.ignored) == (2, 0)


def test_a_flood_is_cut() -> None:
    """Of one acknowledgement a few are looked at, of all that were followed some are remembered."""
    found, jobs = Directives(), Jobs()
    flood = [{"do": "measure", "check": f"c{number}", "request": "r"} for number in range(10_000)]
    found.follow(flood, 0.0, jobs)
    assert found.ignored == 10_000
    for number in range(1000):
        found.follow([{**ASKED, "request": f"f{number}"}] * (AT_ONCE + 1), number * APART, jobs)
    assert len(jobs.hurried) == 1000
    assert len(found._known) == REMEMBERED
    assert len(found._last) == 1


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda some: st.one_of(st.lists(some, max_size=3), st.dictionaries(st.text(max_size=8), some, max_size=3)),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["do", "check", "request", "x"]), anything), max_size=30))
def test_whatever_is_sent_hastens_only_what_is_there(told: list[dict[str, Any]]) -> None:
    """And nothing is raised."""
    found, jobs = Directives(), Jobs()
    found.follow(told, 0.0, jobs)
    assert set(jobs.hurried) <= {"bandwidth"}
    assert len(jobs.hurried) <= 1
