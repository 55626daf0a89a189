"""What a result's numbers and facts are called and how they read."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import pytest

from checks.kit.model import Outcome, Sample, Scalar
from collector.web.lines import LONG, fact_word, lines_of
from tests.collector.web.checks import CHECKS
from tests.collector.web.fakes import result

HANOI = timezone(timedelta(hours=7))


def told(check: str, lang: str = "vi", **said: Any) -> list[tuple[str, str]]:
    """(title, value) of each line without parts."""
    lines = lines_of(result(check, "", Outcome.OK, **said), CHECKS.get(check), lang, HANOI)
    return [(line.title, line.value) for line in lines]


def phases(lang: str, **labels: str) -> list[tuple[str, list[tuple[str, str]]]]:
    samples = (Sample("connectivity_phase", 0.00008, {"phase": "tcp"}), Sample("connectivity_phase", 2.0, labels))
    lines = lines_of(result("connectivity", "", Outcome.OK, samples=samples), CHECKS["connectivity"], lang, HANOI)
    return [(line.title, line.parts) for line in lines]


def test_label_values_are_words_under_one_title() -> None:
    """A run's phases are read as one."""
    assert phases("vi", phase="dns") == [
        ("Thời gian từng bước", [("Kết nối TCP", "0,08 ms"), ("Phân giải tên miền", "2 giây")])
    ]
    assert phases("en", phase="dns") == [("Phase times", [("TCP connection", "0.08 ms"), ("Name lookup", "2 s")])]


def test_numbers_of_one_metric_stand_together_however_they_came() -> None:
    """A check may tell of each direction or stretch in turn."""
    names = ("connectivity_phase", "connectivity_duration", "connectivity_phase")
    samples = tuple(Sample(name, 1.0, {"phase": "tcp"} if "phase" in name else {}) for name in names)
    lines = lines_of(result("connectivity", "", Outcome.OK, samples=samples), CHECKS["connectivity"], "en", HANOI)
    shown = [(line.name, len(line.parts)) for line in lines]
    assert shown == [("connectivity_phase", 2), ("connectivity_duration", 0)]


def test_a_long_fact_has_a_row_of_its_own() -> None:
    """What a device signed need not stand in a narrow column."""
    facts = {"signed": "x" * (LONG + 1), "short": "x" * LONG}
    lines = lines_of(result("connectivity", "", Outcome.OK, facts=facts), CHECKS["connectivity"], "vi", HANOI)
    assert [(line.title, line.value, line.parts) for line in lines] == [
        ("short", "x" * LONG, []), ("signed", "", [("", "x" * (LONG + 1))]),
    ]  # fmt: skip


def test_an_unknown_label_value_is_shown_with_its_name() -> None:
    """A newer agent may have a phase more, or none."""
    assert phases("vi", phase="quic")[0][1][1] == ("phase quic", "2 giây")
    assert phases("vi")[0][1][1] == ("", "2 giây")


@pytest.mark.parametrize(("value", "said"), [(1.0, "có"), (0.0, "không"), (0.5, "0,5")])
def test_a_number_that_stands_for_a_word_is_that_word(value: float, said: str) -> None:
    """Others stay numbers."""
    assert told("connectivity", samples=(Sample("connectivity_up", value),)) == [("Truy cập được", said)]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("age_source", "virtual_machine", "máy ảo"),
        ("age_source", "newer", "newer"),
        ("vendor", "virtual_machine", "virtual_machine"),
        ("vendor", True, "có"),
        ("vendor", 7, "7"),
        ("disk_free_ratio", 0.412, "41,2 %"),
    ],
)
def test_a_fact_reads_as_its_declaration_says(name: str, value: Scalar, said: str) -> None:
    """Closed values are words, free text stays, numbers have their unit."""
    assert [line[1] for line in told("device", facts={name: value})] == [said]


def test_what_is_unknown_is_said_once_at_the_end() -> None:
    """Every name in one line: a column of blanks would hide what is known."""
    seen = result("device", "", Outcome.OK, facts={"vendor": None, "age_source": "virtual_machine", "spin": None})
    lines = lines_of(seen, CHECKS["device"], "vi", HANOI)
    assert [(line.title, line.value, line.parts) for line in lines] == [
        ("Căn cứ tính tuổi máy", "máy ảo", []),
        ("Không rõ", "", [("", "Hãng sản xuất; spin")]),
    ]


@pytest.mark.parametrize(("value", "said"), [("2028-06-30", "30/06/2028"), ("2028-06", "2028-06"), ("a-b-c", "a-b-c")])
def test_a_day_reads_as_people_here_write_it(value: str, said: str) -> None:
    """Facts carry ISO 8601."""
    assert told("device", facts={"vendor": value})[0][1] == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(1_798_736_399, "31/12/2026 23:59:59"), (1.5, "1,5"), (2**63 - 1, "9223372036854775808 s"), ("soon", "soon")],
)
def test_an_instant_is_a_date_of_the_locality(value: Scalar, said: str) -> None:
    """Any 64-bit number can come; one no calendar has stays a number."""
    assert told("connectivity", facts={"tls_not_after": value})[0][1] == said


def test_facts_stand_in_the_declared_order_and_the_unknown_last() -> None:
    """Maker before memory, as people ask."""
    facts = {"zeta": 1, "disk_free_ratio": 0.5, "alpha": 2, "vendor": "Dell"}
    assert [line[0] for line in told("device", facts=facts)] == ["Hãng sản xuất", "Tỷ lệ trống", "alpha", "zeta"]


def test_nothing_is_said_twice() -> None:
    """A fact that repeats a number is left out; one that differs is not."""
    samples = (Sample("device_memory", 8e9),)
    assert told("device", samples=samples, facts={"memory_bytes": 8_000_000_000}) == [("Bộ nhớ (RAM)", "8 GB")]
    assert len(told("device", samples=samples, facts={"memory_bytes": 4_000_000_000})) == 2


def test_what_no_check_here_declares_is_shown_as_it_came() -> None:
    """With its code for a title, and without units."""
    samples = (Sample("spin", 0.5), Sample("charm", 1.0, {"axis": "x"}))
    lines = lines_of(result("quantum", "", Outcome.OK, samples=samples, facts={"up": "yes"}), None, "vi", HANOI)
    assert [(line.title, line.value, line.parts, line.hint) for line in lines] == [
        ("spin", "0,5", [], "spin"),
        ("charm", "", [("axis x", "1")], "charm"),
        ("up", "yes", [], "up"),
    ]
    assert fact_word(None, "up", "yes", "vi") == "yes"
