"""The launch of processors, by what they call themselves."""

from __future__ import annotations

import datetime
import re

import pytest

from checks.kit import cpus

DATA = cpus.load()


@pytest.mark.parametrize(
    ("model", "quarter"),
    [
        ("Intel(R) Core(TM)2 Duo CPU E8400 @ 3.00GHz", "2008-Q1"),
        ("Pentium(R) Dual-Core CPU E5300 @ 2.60GHz", "2008-Q3"),
        ("Intel(R) Core(TM) i5 CPU 650 @ 3.20GHz", "2010-Q1"),
        ("Intel(R) Core(TM) i3 CPU M 370 @ 2.40GHz", "2010-Q1"),
        ("Intel(R) Pentium(R) CPU G6950 @ 2.80GHz", "2010-Q1"),
        ("Intel(R) Pentium(R) CPU G620 @ 2.60GHz", "2011-Q2"),
        ("Intel(R) Core(TM) i3-2120 CPU @ 3.30GHz", "2011-Q1"),
        ("Intel(R) Core(TM) i5-3470 CPU @ 3.20GHz", "2012-Q2"),
        ("Intel(R) Core(TM) i3-4130 CPU @ 3.40GHz", "2013-Q2"),
        ("Intel(R) Pentium(R) CPU G3220 @ 3.00GHz", "2013-Q3"),
        ("Intel(R) Celeron(R) CPU J1900 @ 1.99GHz", "2013-Q3"),
        ("Intel(R) Core(TM) i5-5200U CPU @ 2.20GHz", "2015-Q1"),
        ("Intel(R) Core(TM) i3-6100 CPU @ 3.70GHz", "2015-Q3"),
        ("Intel(R) Core(TM) i5-7200U CPU @ 2.50GHz", "2016-Q3"),
        ("Intel(R) Core(TM) i5-7500 CPU @ 3.40GHz", "2017-Q1"),
        ("Intel(R) Core(TM) i5-8250U CPU @ 1.60GHz", "2017-Q3"),
        ("Intel(R) Core(TM) i3-8100 CPU @ 3.60GHz", "2017-Q4"),
        ("Intel(R) Pentium(R) Gold G5400 CPU @ 3.70GHz", "2018-Q2"),
        ("Intel(R) Core(TM) i3-9100 CPU @ 3.60GHz", "2018-Q4"),
        ("Intel(R) Core(TM) i5-10210U CPU @ 1.60GHz", "2019-Q3"),
        ("Intel(R) Core(TM) i7-1065G7 CPU @ 1.30GHz", "2019-Q3"),
        ("Intel(R) Core(TM) i3-10100 CPU @ 3.60GHz", "2020-Q2"),
        ("11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz", "2020-Q3"),
        ("11th Gen Intel(R) Core(TM) i5-11400 @ 2.60GHz", "2021-Q1"),
        ("12th Gen Intel(R) Core(TM) i5-1235U", "2022-Q1"),
        ("12th Gen Intel(R) Core(TM) i9-12900K", "2021-Q4"),
        ("13th Gen Intel(R) Core(TM) i5-13400", "2023-Q1"),
        ("Intel(R) Core(TM) i7-14700", "2024-Q1"),
        ("Intel(R) Core(TM) Ultra 5 125U", "2023-Q4"),
        ("Intel(R) N100", "2023-Q1"),
        ("Intel(R) Xeon(R) CPU E3-1225 v5 @ 3.30GHz", "2015-Q3"),
        ("Intel(R) Xeon(R) CPU E3-1230 V2 @ 3.30GHz", "2012-Q2"),
        ("Intel(R) Xeon(R) CPU E31230 @ 3.20GHz", "2011-Q2"),
        ("AMD FX(tm)-6300 Six-Core Processor", "2012-Q4"),
        ("AMD A8-7600 Radeon R7, 10 Compute Cores 4C+6G", "2014-Q1"),
        ("AMD Ryzen 5 2400G with Radeon Vega Graphics", "2018-Q1"),
        ("AMD Ryzen 5 3500U with Radeon Vega Mobile Gfx", "2019-Q1"),
        ("AMD Ryzen 5 PRO 4650G with Radeon Graphics", "2020-Q1"),
        ("AMD Ryzen 5 5600G with Radeon Graphics", "2020-Q4"),
    ],
)
def test_the_processors_of_offices_are_known(model: str, quarter: str) -> None:
    """Several spaces between the words, as some name themselves, change nothing."""
    assert cpus.launch(model, DATA) == cpus.first_day(quarter)
    assert cpus.launch(model.replace(" CPU ", "  CPU   "), DATA) == cpus.first_day(quarter)


@pytest.mark.parametrize(
    "model", [None, "", "AMD EPYC", "QEMU Virtual CPU version 2.5+", "Intel(R) Xeon(R) Platinum 8370C CPU", "Pentium",
              "AMD Ryzen 5 PRO 10500", "VIA Nano U2250", "Intel(R) Core(TM) i5-99999999"],
)  # fmt: skip
def test_what_is_not_listed_is_unknown(model: str | None) -> None:
    """A guess would be an upper bound that is none."""
    assert cpus.launch(model, DATA) is None


def test_the_file_is_dated_and_every_entry_has_a_source() -> None:
    """No launch after the day the file was checked, and no source that nobody uses."""
    dated = datetime.date.fromisoformat(DATA.dated)
    assert {source for _, _, source in DATA.families} == set(DATA.sources)
    for pattern, quarter, _ in DATA.families:
        assert datetime.date(2000, 1, 1) <= cpus.first_day(quarter) < dated
        re.compile(pattern)


def test_no_family_is_listed_twice() -> None:
    """The second entry would never count."""
    patterns = [pattern for pattern, _, _ in DATA.families]
    assert len(patterns) == len(set(patterns))


@pytest.mark.parametrize("text", ["2012-Q5", "2012-Q0", "2012", "Q1'12", ""])
def test_what_is_no_quarter_is_refused(text: str) -> None:
    """As ARK writes them is not as the file does."""
    with pytest.raises(ValueError, match="is no quarter"):
        cpus.first_day(text)
