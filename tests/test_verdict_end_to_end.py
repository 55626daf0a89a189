"""A scripted fault and what a city is told of it: within 5 s of the result's arrival that the unit is not ready, why,
and whose fault it is; and as soon, that it is over. The installed programs, the demo locality, a town of four offices.
"""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.demo import PORT, UNITS, demo
from tests.lab.script import FAULTS, Delays, Script, Told
from tests.lab.sightings import watching

LIMIT = 5.0


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Script]:
    """Played to its end; the delays are printed."""
    with contextlib.ExitStack() as stack:
        here = stack.enter_context(demo(tmp_path_factory.mktemp("verdict")))
        seen = stack.enter_context(watching(here.town.centre, here.database, PORT, UNITS))
        played = Script(here, seen)
        played.play()
        for name, told in played.told.items():
            print(f"{name}: begun {_written(told.begun)}; over {_written(told.over)}")
        print(f"blamed meanwhile: {played.meanwhile or 'nothing else'}")
        yield played


def _written(delays: Delays) -> str:
    verdicts = ", ".join(f"{seconds:.1f}" for seconds in delays.verdicts.values())
    return f"verdict {verdicts} s, finding {delays.finding:.1f} s, nothing else {delays.settled:.1f} s"


@pytest.fixture(params=FAULTS)
def name(request: pytest.FixtureRequest) -> str:
    """Of a fault."""
    return str(request.param)


@pytest.fixture
def told(script: Script, name: str) -> Told:
    """What was told of it."""
    return script.told[name]


def deciding(verdict: Any) -> list[tuple[str, str, str]]:
    """The requirements that made a verdict: which, its state, and why."""
    found = {one["id"]: one for one in verdict["requirements"]}
    return [(one, found[one]["state"], found[one].get("reason", "")) for one in verdict["deciding"]]


def test_the_verdict_turns_with_the_reason_within_five_seconds(told: Told, name: str) -> None:
    """In /metrics for each unit it strikes; the command says what decides, and why."""
    fault = FAULTS[name]
    assert {unit: seconds for unit, seconds in told.begun.verdicts.items() if seconds > LIMIT} == {}
    for verdict in told.verdicts.values():
        (requirement, state, reason) = deciding(verdict)[0]
        assert (verdict["verdict"], requirement, state) == ("not_ready", fault.requirement, "not_ready")
        assert reason in fault.reasons
        assert verdict["deciding"] == [fault.requirement]


def test_the_finding_names_the_guilty_part_within_five_seconds(told: Told, name: str) -> None:
    """One finding, whatever the number of units; beside it only those of the faults that are there as well."""
    fault = FAULTS[name]
    assert max(told.begun.finding, told.begun.settled) <= LIMIT
    found = [one for one in told.findings if set(one["units"]) & set(fault.units)]
    assert [(one["segment"], one["cause"], one["units"]) for one in found] == [
        (*fault.finding[:2], sorted(fault.units)),
    ]


def test_the_page_says_it_in_a_sentence(told: Told, name: str) -> None:
    """What fails, then where and whose it is."""
    for text in told.pages.values():
        words = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())
        assert "Chưa sẵn sàng từ" in words
        assert FAULTS[name].said in words


def test_it_is_over_within_five_seconds(told: Told) -> None:
    """Each unit is ready again, and nothing is blamed any more."""
    assert {unit: seconds for unit, seconds in told.over.verdicts.items() if seconds > LIMIT} == {}
    assert max(told.over.finding, told.over.settled) <= LIMIT


def test_both_changes_are_kept_with_their_reason(told: Told, name: str) -> None:
    """Of the verdict, and of the requirement that decided it."""
    fault, subject = FAULTS[name], f"requirement:{FAULTS[name].requirement}"
    for changes in told.changes.values():
        verdict = [(one.old, one.new, one.reason) for one in changes if one.subject == "verdict"]
        assert verdict == [("ready", "not_ready", subject), ("not_ready", "ready", "")]
        needs = [(one.old, one.new) for one in changes if one.subject == subject]
        assert needs == [("ready", "not_ready"), ("not_ready", "ready")]
        assert next(one.reason for one in changes if one.subject == subject) in fault.reasons


def test_the_past_verdict_can_be_told_again(told: Told) -> None:
    """By the command, when all is well: what decided it then, and why."""
    for unit, then in told.then.items():
        assert then["verdict"] == "not_ready"
        assert deciding(then) == deciding(told.verdicts[unit])


def test_every_finding_closes_and_is_kept(script: Script) -> None:
    """One for each fault that was scripted, be it that it ended as what was left of it; none of them is open."""
    kept = [(one["segment"], one["cause"], tuple(one["units"])) for one in script.closed]
    for fault in FAULTS.values():
        assert kept.count((*fault.finding[:2], tuple(sorted(fault.units)))) == 1
    assert [one["id"] for one in script.closed if one["closed_at"] is None] == []
