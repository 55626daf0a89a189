"""Losses are told apart by way, and bursts are bursts."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.kit import packetloss
from checks.kit.packetloss import ARRIVED, DOWN, SOMEWHERE, UP, fates

FIRST = 2**32 - 3
WRAP = 2**32


def line(lost: str, first: int = 7_000) -> tuple[list[int], list[tuple[int, int]]]:
    """Sent numbers and answers of a stateful reflector: ``u`` is lost there, ``d`` on the way back, ``.`` arrives,
    ``2`` is doubled on the way there, ``3`` on the way back."""
    sent, heard, own = [], [], 0
    for index, fate in enumerate(lost):
        number = (first + index) % WRAP
        sent.append(number)
        for _ in range({"u": 0, "2": 2}.get(fate, 1)):
            if fate != "d":
                heard += [(number, own)] * (2 if fate == "3" else 1)
            own += 1
    return sent, heard


def letters(found: packetloss.Fates) -> str:
    return "".join({ARRIVED: ".", UP: "u", DOWN: "d", SOMEWHERE: "?"}[fate] for fate in found.each)


@pytest.mark.parametrize(
    ("truth", "told"),
    [
        (".....", "....."), (".u.d.", ".u.d."), (".uuu.ddd..", ".uuu.ddd.."), (".du.", ".du."), (".ud.", ".du."),
        ("..2.d.3.u.", "....d...u."), (".u2d.", ".u.d."), (".u.dd", ".u.??"), (".2u.", "..u."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("first", [7_000, FIRST])
def test_a_stateful_reflector_tells_the_ways_apart(truth: str, told: str, first: int) -> None:
    """Also when the sequence wraps. Of two lost side by side the first was answered, as far as anybody knows; what was
    lost after the last answer may have been lost anywhere."""
    found = fates(*line(truth, first))
    assert (letters(found), found.stateful, found.renumbered) == (told, True, False)


def test_a_stateless_reflector_does_not() -> None:
    """Its answers bear the sender's numbers."""
    sent, heard = line(".u.d.")
    found = fates(sent, [(number, number) for number, _ in heard])
    assert (letters(found), found.stateful) == (".?.?.", False)


def test_silence_says_nothing() -> None:
    assert letters(fates([1, 2], [])) == "??"
    assert letters(fates([1, 2], [(99, 0)])) == "??"


def test_a_reflector_that_began_anew_is_found_out() -> None:
    """The same number for two packets: another session, or another reflector."""
    sent, heard = line("........")
    found = fates(sent, [(number, own % 4) for number, own in heard])
    assert found.renumbered
    assert letters(found) == "........"


@given(st.integers(0, 2**32), st.integers(0, WRAP - 1))
def test_totals_are_exact_whatever_is_lost(seed: int, first: int) -> None:
    """As long as the last packets arrive: as many are blamed on each way as were lost there."""
    chosen = random.Random(seed)
    truth = "." + "".join(chosen.choice("....ud") for _ in range(60)) + "."
    told = letters(fates(*line(truth, first)))
    assert [told.count(one) for one in "ud."] == [truth.count(one) for one in "ud."]
    assert all((one == ".") == (other == ".") for one, other in zip(truth, told, strict=True))


def test_a_packet_that_was_overtaken_is_not_taken_for_lost() -> None:
    """Numbers 1 2 3 4 5 came as 1 3 4 2 5, and the answer to 4 was lost."""
    found = fates([1, 2, 3, 4, 5], [(1, 0), (3, 1), (2, 3), (5, 4)])
    assert letters(found) == "...d."


@given(st.integers(0, 2**32))
def test_totals_are_exact_where_packets_overtake_one_another(seed: int) -> None:
    """Those lost on the way back are as many as the reflector's missing numbers, whatever came in which order."""
    chosen = random.Random(seed)
    count = 80
    there = [index for index in range(1, count - 1) if chosen.random() > 0.15]
    there.sort(key=lambda index: index + chosen.uniform(0, 6))
    order = [0, *there, count - 1]
    heard = [(index, own) for own, index in enumerate(order) if index in (0, count - 1) or chosen.random() > 0.1]
    found = fates([*range(count)], [(number, own + 5) for number, own in heard])
    assert letters(found).count("d") == len(order) - len(heard)
    assert letters(found).count("u") == count - len(order)


@pytest.mark.parametrize(
    ("order", "count"),
    [
        ([], 0), ([1, 2, 3], 0), ([1, 3, 2], 1), ([5, 1, 2, 3, 4], 4), ([1, 3, 3, 2, 2], 1), ([2, 1, 4, 3], 2),
        ([-5, -7, -6], 2),
    ],
)  # fmt: skip
def test_reordering_is_counted_as_rfc_4737_has_it(order: list[int], count: int) -> None:
    """Later than one that was sent after it; copies do not count."""
    assert packetloss.reordered(order) == count


def test_bursts_are_runs_and_the_dense_stretches_of_rfc_3611() -> None:
    """Two losses 16 packets apart are apart, 15 packets apart they are one burst."""
    alone = packetloss.bursts([True, *[False] * 16, True, *[False] * 2])
    assert (alone.longest, alone.mean, alone.density, alone.share) == (1, 1.0, 0.0, 0.0)
    together = packetloss.bursts([True, *[False] * 15, True, True, False, False])
    assert (together.longest, together.mean) == (2, 1.5)
    assert together.density == pytest.approx(3 / 18)
    assert together.share == pytest.approx(18 / 20)
    assert packetloss.bursts([]) == packetloss.Bursts(0, 0.0, 0.0, 0.0)
