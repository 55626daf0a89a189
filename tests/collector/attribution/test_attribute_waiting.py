"""What is left open while it can still be told apart, and what must not be told apart by chance."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace

from collector.attribution.attribute import attribute
from collector.attribution.causes import Place
from collector.attribution.ground import Suspect, survey
from collector.attribution.model import DEDICATED, INTERNET, Line, Observation, Topology
from tests.collector.attribution.attribute_small import INSIDE, MINUTE, NOW, UNITS, places
from tests.collector.attribution.faults import bad, ok

TARGETS = ("dvc", "van-ban", "mail", "tslcd-dvc", "tslcd-mail", "tslcd-ban-do")
OFFICE = UNITS[0]
LINES = tuple(Line(network=network, provider="vnpt") for network in (INTERNET, DEDICATED))
CITY = Topology(
    units={f"{unit}-{one}": unit for unit in UNITS for one in INSIDE},
    lines=dict.fromkeys(UNITS, LINES),
    networks={target: DEDICATED for target in TARGETS if target.startswith("tslcd")},
)


def asked(fails: bool | None, network: str, at: int) -> list[Observation]:
    """What the office's PCs find at `at` of every system of `network`; None: they do not ask."""
    targets = [target for target in TARGETS if CITY.networks.get(target, INTERNET) == network]
    ways = [(f"{OFFICE}-{one}", target) for one in INSIDE for target in targets]
    return [] if fails is None else [(bad if fails else ok)(pc, target, at) for pc, target in ways]


def newest(dedicated: bool | None) -> list[Observation]:
    """The newest of each way: an hour ago all was well; now the office fails on the Internet, and finds `dedicated`."""
    hour = NOW - 60 * MINUTE
    before = [ok(pc, target, hour) for pc in CITY.units for target in TARGETS]
    since = [*asked(True, INTERNET, NOW), *asked(dedicated, DEDICATED, NOW)]
    return list({(one.device, one.target): one for one in [*before, *since]}.values())


@pytest.mark.parametrize(
    ("dedicated", "found"),
    [
        (None, []),
        (False, [("access", "internet", OFFICE, "unreachable")]),
        (True, [("lan", "", OFFICE, "unreachable")]),
    ],
    ids=["unasked", "works", "fails"],
)
def test_an_office_is_not_placed_before_its_other_network_was_asked(
    dedicated: bool | None, found: list[tuple[str, ...]]
) -> None:
    """Its line or its router: that is known as soon as the other network was asked since the fault began."""
    assert places(newest(dedicated), CITY) == found


def test_what_nobody_could_tell_apart_is_named_at_once() -> None:
    """Nothing in another network is ever asked; what is as likely stands beside it."""
    seen = [one for one in newest(None) if one.target not in CITY.networks]
    (finding,) = attribute(seen, CITY)
    assert (finding.segment, finding.subject, finding.also) == ("access", OFFICE, ("lan",))


def round_of_pcs(pcs: int, minute: int, phase: int) -> list[Observation]:
    """The newest of each way of that many PCs of the office, each asked every half hour at a moment of its own. The
    line to the Internet has been cut since minute 0."""
    chance, found = random.Random(phase), []
    for pc in INSIDE[:pcs]:
        for target in TARGETS:
            at = minute - (minute - chance.randrange(30)) % 30
            way = bad if at >= 0 and target not in CITY.networks else ok
            found.append(way(f"{OFFICE}-{pc}", target, NOW + at * MINUTE))
    return found


@pytest.mark.parametrize("pcs", [1, 2, 3])
def test_a_fault_that_was_named_stays_named(pcs: int) -> None:
    """Whatever was asked last: it does not come and go with each round."""
    for phase in range(12):
        found = [bool(attribute(round_of_pcs(pcs, minute, phase), CITY)) for minute in range(30, 90)]
        assert all(found)


@pytest.mark.parametrize(
    ("reasons", "line"),
    [
        (("http_status", "tcp_timeout"), 1.0),
        (("tcp_timeout", "http_status"), 0.0),
        (("http_status", "tcp_timeout", "tcp_unreachable"), 1.0),
        (("tcp_timeout", "tls_timeout", "http_status"), 1.0),
        (("tcp_timeout", "http_status", "http_body"), 0.0),
    ],
)
def test_a_way_that_failed_for_several_reasons_speaks_by_what_most_of_them_say(
    reasons: tuple[str, ...], line: float
) -> None:
    """Whatever their names; of as many, by the newest."""
    seen = [bad(f"{OFFICE}-a", at=NOW + number, reason=reason) for number, reason in enumerate(reasons)]
    (way,) = survey(seen, CITY).ways
    assert way.covers[Suspect(Place.ACCESS, INTERNET, OFFICE)] == line


def dedicated(
    shares: dict[str, float], carriers: dict[str, str], replies: int = 0
) -> tuple[list[Observation], Topology]:
    """A city whose offices ask systems on the dedicated network, each of which fails for its share of the ways;
    `carriers` by office. That many of the failures are answers of the systems themselves."""
    chance, seen = random.Random(5), []
    tree = Topology(
        units={f"{unit}-{pc}": unit for unit in carriers for pc in range(6)},
        lines={unit: (Line(network=DEDICATED, provider=one),) for unit, one in carriers.items()},
        networks=dict.fromkeys(shares, DEDICATED),
    )
    for pc in tree.units:
        for target, share in shares.items():
            seen.append(bad(pc, target) if chance.random() < share else ok(pc, target))
    for number in chance.sample([number for number, one in enumerate(seen) if one.ok], replies):
        seen[number] = bad(seen[number].device, seen[number].target, reason="http_status")
    return seen, tree


def test_a_few_answers_do_not_make_a_provider_into_its_systems() -> None:
    """All offices have one provider, so what it stops in part might be all of the systems, were there many answers."""
    offices = {f"{number}": "cuc" for number in range(40)}
    for replies in (0, 1, 2, 3):
        seen, tree = dedicated(dict.fromkeys(("a", "b", "c"), 0.65), offices, replies)
        assert places(seen, tree) == [("provider", DEDICATED, "cuc", "unreachable")]


def test_a_system_that_mostly_does_not_answer_is_not_its_provider() -> None:
    """A way that failed in several ways, one of them an answer, speaks against the system as the others do."""
    seen, tree = dedicated({"a": 1.0, "b": 0.015, "c": 0.015}, {f"{number}": "cuc" for number in range(90)})
    down = [one for one in seen if one.target == "a"]
    before = [replace(one, at=NOW - MINUTE) for one in down]
    answered = [replace(one, at=NOW - 2 * MINUTE, reason="http_status") for one in down[::30]]
    assert places([*seen, *before, *answered], tree) == [("destination", "", "a", "unreachable")]


def test_two_systems_are_not_taken_for_the_two_providers_that_lead_to_them() -> None:
    """Each provider loses two of three systems, which are more ways than any system has."""
    offices = {f"{number}": "cuc" if number % 3 else "vnpt" for number in range(90)}
    seen, tree = dedicated({"a": 0.95, "b": 0.95, "c": 0.01}, offices)
    assert sorted(places(seen, tree)) == [("destination", "", one, "unreachable") for one in ("a", "b")]
