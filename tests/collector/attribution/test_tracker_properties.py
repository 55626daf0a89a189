"""What holds of kept findings, whatever attribution sees in whatever order."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from checks.kit.segment import Segment
from collector.attribution.model import Cause, Finding
from collector.attribution.tracker import CLOSE_AFTER, advance, is_present
from tests.collector.attribution.faults import MINUTE, NOW, UNITS, access, destination, device, lan, provider

CAUSES = (Cause.UNREACHABLE, Cause.CLOCK, Cause.DNS)
SIGHTS = [
    *(device(f"{unit}-1", unit, cause=cause) for unit in UNITS for cause in CAUSES),
    *(build(unit, cause=cause) for build in (lan, access) for unit in UNITS for cause in CAUSES),
    *(provider(units=UNITS[:count], cause=cause) for count in (2, 3) for cause in CAUSES),
    *(destination(name, UNITS[:count]) for name in ("portal", "mail") for count in (1, 3)),
]
steps = st.integers(1, 2 * CLOSE_AFTER) | st.just(MINUTE)
plays = st.lists(st.tuples(steps, st.lists(st.sampled_from(SIGHTS), max_size=5)), max_size=12)


def played(play: list[tuple[int, list[Finding]]]) -> list[tuple[int, list[Finding], list[Finding]]]:
    """(when, what is open then, what was closed then) at each step."""
    now, open, found = NOW, list[Finding](), []
    for wait, seen in play:
        now += wait
        moves = advance(open, seen, now)
        open = moves.open
        found.append((now, open, moves.closed))
    return found


@given(plays)
def test_no_place_has_two_open_findings(play: list[tuple[int, list[Finding]]]) -> None:
    """And each that is seen is present, by itself or as what is left of a wider one; nothing else is."""
    for (_, open, _), (_, seen) in zip(played(play), play, strict=True):
        keys = [finding.key for finding in open]
        assert len(keys) == len(set(keys))
        present = [finding for finding in open if is_present(finding)]
        assert all(any(_shows(one, sight) for one in present) for sight in seen)
        assert all(any(_shows(one, sight) for sight in seen) for one in present)


def _shows(finding: Finding, sight: Finding) -> bool:
    if finding.key == sight.key:
        return True
    wider = list(Segment).index(finding.segment) > list(Segment).index(sight.segment)
    return wider and set(sight.units) <= set(finding.units)


@given(plays)
def test_what_is_over_is_remembered_by_all_units_that_it_stopped(play: list[tuple[int, list[Finding]]]) -> None:
    """However few were left at the end."""
    stopped: dict[str, set[str]] = {}
    for _, open, closed in played(play):
        for finding in open:
            stopped.setdefault(finding.id, set()).update(finding.units)
        for finding in (*closed, *(one for one in open if not is_present(one))):
            assert set(finding.units) == stopped.get(finding.id, set(finding.units))
            assert finding.struck == ()


@given(plays)
def test_the_times_of_a_finding_are_in_order(play: list[tuple[int, list[Finding]]]) -> None:
    """Opened, then cleared, then closed; what is merged goes on as one that was open then."""
    for now, open, closed in played(play):
        for finding in closed:
            assert finding.closed_at is not None
            assert finding.cleared_at is not None
            assert now == finding.closed_at >= finding.cleared_at >= finding.opened_at
            assert not finding.merged_into or finding.merged_into in {one.id for one in open}
        assert all(finding.closed_at is None and not finding.merged_into for finding in open)


@given(plays)
def test_ids_are_never_used_again(play: list[tuple[int, list[Finding]]]) -> None:
    """What was closed stays closed."""
    over: set[str] = set()
    for _, open, closed in played(play):
        over |= {finding.id for finding in closed}
        assert not over & {finding.id for finding in open}


@settings(max_examples=50)
@given(st.sampled_from(SIGHTS), st.lists(st.integers(1, CLOSE_AFTER - 1), min_size=1, max_size=8))
def test_an_id_outlasts_every_flap_that_is_shorter_than_the_wait(sight: Finding, gaps: list[int]) -> None:
    """Nothing is closed, nothing is opened anew."""
    now = NOW
    moves = advance([], [sight], now)
    name = moves.open[0].id
    for count, gap in enumerate(gaps, 1):
        away = advance(moves.open, [], now + 1)
        moves = advance(away.open, [sight], now + 1 + gap)
        now += 1 + gap
        assert [(one.id, one.flaps) for one in moves.open] == [(name, count)]
        assert away.closed == moves.closed == []


@given(plays, st.randoms(use_true_random=False))
def test_the_order_in_which_findings_come_changes_nothing(
    play: list[tuple[int, list[Finding]]], random: Random
) -> None:
    """Neither of those that are open nor of those that are seen."""
    now, open = NOW, list[Finding]()
    for wait, seen in play:
        now += wait
        sights = list({finding.key: finding for finding in seen}.values())
        moves = advance(open, sights, now)
        assert moves == advance(random.sample(open, len(open)), random.sample(sights, len(sights)), now)
        open = moves.open
