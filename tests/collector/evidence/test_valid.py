"""What counts as a measurement, and what counts for nothing and why."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from checks.kit.model import Outcome, Reason, Sample
from collector.directory import Key
from collector.evidence.valid import Case, judge, lease_of
from collector.leases.model import SECOND
from tests.collector.evidence.measuring import BOTH, LEASE, NOW, REFLECTED, Pc, lease, record
from tests.collector.pushing import Signer

PC = Pc()
KEY = Key(PC.signer.public)
ENORMOUS = f'{{"check": "bandwidth", "lease": "{LEASE}", "download": {{"rate": 8e300}}}}'


def judged(**changes: Any) -> str:
    values: dict[str, Any] = {
        "result": PC.result(), "at": NOW, "device": "pc", "key": KEY, "lease": lease("pc"), "records": BOTH
    }  # fmt: skip
    return judge(Case(**(values | changes)))


def test_what_is_signed_leased_and_confirmed_counts() -> None:
    """Both directions agree with the server's counts."""
    assert judged() == ""


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"active": False}, "device"),
        ({"lease": None}, "lease_unknown"),
        ({"lease": lease("other")}, "lease_foreign"),
        ({"lease": lease("")}, "lease_foreign"),
        ({"lease": lease("pc", check="realtime")}, "lease_foreign"),
        ({"at": NOW - 121 * SECOND}, "lease_expired"),
        ({"at": NOW + 181 * SECOND}, "lease_expired"),
        ({"first": False}, "lease_used"),
        ({"key": Key(Signer(2).public)}, "signature_wrong"),
        ({"key": None}, "signature_wrong"),
        ({"result": PC.result(signed={"lease": "fedcba9876543210"})}, "evidence_wrong"),
        ({"result": PC.result(signed={"check": "realtime"})}, "evidence_wrong"),
        ({"result": PC.result(signed={"download": {"rate": 200_000_000}})}, "evidence_wrong"),
        ({"result": PC.result(signed={"upload": None})}, "evidence_wrong"),
        ({"records": []}, "unconfirmed"),
        ({"records": BOTH[:1]}, "unconfirmed"),
        ({"records": [BOTH[0], record("upload", 41.2e6, end="server_stopping")]}, "test_cut"),
        ({"records": [record("download", 93.4e6, end="client_lied"), BOTH[1]]}, "server_ended"),
        ({"records": [BOTH[0], BOTH[0] | {"test": "upload", "at": "soon"}]}, "unconfirmed"),
    ],
)
def test_what_counts_for_nothing_says_why(changes: dict[str, Any], why: str) -> None:
    """The first reason that applies."""
    assert judged(**changes) == why


@pytest.mark.parametrize(
    ("down", "why"),
    [
        (93.4, ""),
        (110.0, ""),
        (72.0, ""),
        (125.0, "counts_disagree"),
        (930.0, "counts_disagree"),
        (55.0, "counts_disagree"),
    ],
)
def test_a_figure_far_from_the_servers_count_does_not_count(down: float, why: str) -> None:
    """The server's whole test gives 81.7 Mbit/s, its second half 93.4: a quarter about these is allowed."""
    assert judged(result=PC.result(down)) == why


def test_a_rate_that_no_line_has_does_not_count() -> None:
    """Though it is signed so."""
    huge = Sample("bandwidth_throughput", 1e300, {"direction": "download"})
    assert judged(result=PC.result(samples=(huge,))) == "evidence_wrong"
    whole = PC.result()
    result = msgspec.structs.replace(whole, samples=(huge,), facts=whole.facts | PC.facts(ENORMOUS))
    assert judged(result=result) == "counts_disagree"


def test_streams_add_up() -> None:
    """Of three connections, of which the last came a second later, the server's counts are one line's."""
    streams = [record("download", 31e6), record("download", 31e6), record("download", 31e6, seconds=3.0, begin=1.0)]
    assert judged(records=[*streams, BOTH[1]]) == ""
    assert judged(records=[*streams[:1], BOTH[1]]) == "counts_disagree"


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"lease": None}, "lease_missing"),
        ({"signature": ""}, "unsigned"),
        ({"signature": "%%%"}, "signature_wrong"),
        ({"signature": "é"}, "signature_wrong"),
        ({"evidence": None}, "unsigned"),
        ({"evidence": "\ud800"}, "signature_wrong"),
        ({"evidence": "{}"}, "signature_wrong"),
    ],
)
def test_a_damaged_signature_is_named(facts: dict[str, Any], why: str) -> None:
    """Nothing that stands in a fact raises."""
    whole = PC.result()
    told = {key: value for key, value in (whole.facts | facts).items() if value is not None}
    result = msgspec.structs.replace(whole, facts=told)
    assert judged(result=result, lease=lease("pc") if lease_of(result) else None) == why


@pytest.mark.parametrize("text", ["[]", "7", "not json", "[" * 900, '{"lease": ["x"]}', ""])
def test_evidence_that_is_none_is_not_believed(text: str) -> None:
    """Well signed or not."""
    whole = PC.result()
    result = msgspec.structs.replace(whole, facts=whole.facts | PC.facts(text))
    assert judged(result=result) == ("unsigned" if not text else "evidence_wrong")


@pytest.mark.parametrize(("reason", "why"), [(Reason.CLOCK_STEPPED, "clock_stepped"), (Reason.TEST_CUT, "test_cut")])
def test_what_the_device_says_against_itself_is_believed(reason: Reason, why: str) -> None:
    """A failed result that has figures all the same."""
    assert judged(result=PC.result(outcome=Outcome.FAILED, reason=reason)) == why


def test_a_failure_claims_nothing_and_needs_no_confirmation() -> None:
    """It stands as a failure, under its lease."""
    result = PC.result(outcome=Outcome.FAILED, reason="tls_name", samples=())
    assert judged(result=result, records=[]) == ""
    assert judged(result=result, records=[], lease=lease("other")) == "lease_foreign"


@pytest.mark.parametrize(
    ("records", "why"),
    [
        ([REFLECTED], ""),
        ([REFLECTED | {"packets": 9, "reflected": 9}, REFLECTED], ""),
        ([], "unconfirmed"),
        ([REFLECTED | {"reflected": "all"}], "unconfirmed"),
        ([REFLECTED | {"packets": 1500}], "counts_disagree"),
        ([REFLECTED | {"packets": 2500}], "counts_disagree"),
    ],
)
def test_a_call_is_held_against_the_reflectors_count(records: list[dict[str, Any]], why: str) -> None:
    """1,980 packets got there, says the device; packets around the call are not in that."""
    assert judged(result=PC.call(), lease=lease("pc", check="realtime"), records=records) == why


@pytest.mark.parametrize(
    "sample",
    [
        Sample("realtime_mos", 4.9, {"call": "1500k"}),
        Sample("realtime_mos", 4.21, {"call": "3000k"}),
        Sample("realtime_loss", 0.5, {"call": "1500k", "way": "up"}),
        Sample("realtime_loss", 0.01, {"call": "1500k", "way": "sideways"}),
    ],
)
def test_a_call_that_was_not_signed_does_not_count(sample: Sample) -> None:
    """Each figure that somebody could rely on stands in the evidence."""
    result = PC.call(samples=(sample,))
    assert judged(result=result, lease=lease("pc", check="realtime"), records=[REFLECTED]) == "evidence_wrong"


@pytest.mark.parametrize(
    ("told", "named"),
    [(LEASE, LEASE), ("", ""), (None, ""), (7, ""), ("x" * 16, ""), ("a" * 17, ""), ("ab\x00", ""), ("AB", "")],
)
def test_only_a_name_that_can_be_one_is_looked_up(told: Any, named: str) -> None:
    """Hexadecimal digits: a database takes these whatever it is."""
    assert lease_of(PC.result(facts={"lease": told})) == named
