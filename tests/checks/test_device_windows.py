"""Windows 7, 10 and 11 as recorded: what PowerShell wrote, byte for byte, and the registry. Not yet proven on a PC."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.device import CHECK, Params
from checks.kit.child import ChildError
from checks.kit.model import Outcome, Reason
from tests.checks.conftest import FixedClock, environment
from tests.checks.device_records import (
    NOW,
    RECORDED,
    WINDOWS,
    Child,
    WindowsHost,
    answer,
    recorded,
    stated,
    windows_reading,
)


def test_the_recorded_answers_are_in_the_encodings_of_the_field() -> None:
    """cp1258 of an old console, UTF-8 with a mark and without one."""
    cp1258, marked, plain = ((RECORDED / f"windows-{name}.txt").read_bytes() for name in ("7", "10", "11"))
    with pytest.raises(UnicodeDecodeError):
        cp1258.decode()
    assert marked.startswith(b"\xef\xbb\xbf")
    assert "phường Xóm Chiếu" in plain.decode()


def test_vietnamese_in_cp1258_is_composed() -> None:
    """The two characters of a vowel and its tone become one, so that names compare."""
    assert [disk.model for disk in answer("windows-7").disks][1] == "Ổ đĩa của Bộ phận một cửa USB Device"


@pytest.mark.parametrize("name", WINDOWS)
def test_registry_and_query_together_are_the_reading(name: str, tmp_path: Path) -> None:
    """PowerShell in a function that the child runs, one answer."""
    record = recorded(name)
    kernel, architecture = record["system"]
    host = WindowsHost(tmp_path, {**record, "system": ["windows", kernel, architecture], "usage": record["volume"]})
    child = Child(cim_query=answer(name), smart_read=())
    reading = CHECK.run(Params(), environment(host=host, child=child, clock=FixedClock(int(NOW * 1e6))))
    assert child.called[0] == "checks.kit.cim:query"
    assert stated(reading) == record["facts"]


def test_hours_that_windows_tells_need_no_smartctl(tmp_path: Path) -> None:
    """The same number, at the price of a second program."""
    record = recorded("windows-10")
    host = WindowsHost(tmp_path, {**record, "system": ["windows", "10.0.19045", "amd64"], "usage": None})
    child = Child(cim_query=answer("windows-10"))
    reading = CHECK.run(Params(), environment(host=host, child=child, clock=FixedClock(int(NOW * 1e6))))
    assert child.called == ["checks.kit.cim:query"]
    assert reading.facts["age_disk_years"] == 2.4


def test_a_query_that_fails_is_an_error_with_the_childs_reason(tmp_path: Path) -> None:
    """PowerShell may hang or be forbidden."""
    host = WindowsHost(tmp_path, {"system": ["windows", "10.0", "amd64"], "usage": None, "registry": {}})
    child = Child(cim_query=ChildError(Reason.CHILD_HUNG, "no answer within 25 s"))
    reading = CHECK.run(Params(), environment(host=host, child=child))
    assert (reading.outcome, reading.reason, reading.detail) == (
        Outcome.ERROR, Reason.CHILD_HUNG, "the query of this PC failed: no answer within 25 s",
    )  # fmt: skip


def test_feature_updates_do_not_make_a_pc_young() -> None:
    """Windows starts its own date anew with each; the former ones are kept, one of them with a wrong clock."""
    facts = windows_reading("windows-10").facts
    assert (facts["age_source"], facts["age_system_years"], facts["age_confidence"]) == ("system_date", 8.9, "high")


def test_windows_7_tells_no_kind_of_disk() -> None:
    """It has no MSFT_PhysicalDisk: unknown, not "hdd"."""
    assert windows_reading("windows-7").facts["disk_kind"] is None
