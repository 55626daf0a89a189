"""A spool file cut or flipped anywhere opens again, loses at most what was touched, and says what it lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agent.config import SpoolConfig
from agent.ledger import PAGE, open_database
from agent.spool import Spool
from tests.agent.fakes import FakeClock, make_result, number_of

RECORDS = 120
ACKNOWLEDGED = 20


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed spool of RECORDS records, the first ACKNOWLEDGED of them acknowledged."""
    folder = tmp_path_factory.mktemp("whole")
    spool = Spool(str(folder), SpoolConfig(), FakeClock())
    for index in range(RECORDS):
        spool.put(make_result(index, target=f"t{index % 3}", size=700))
    spool.acknowledge(ACKNOWLEDGED + 1, range(1, ACKNOWLEDGED + 1), [])
    spool.close()
    return folder


def reopened(whole: Path, folder: Path, damaged: bytes) -> tuple[set[int], Spool]:
    """The records found in a spool of these bytes; every number handed out must be accounted for."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "spool.db").write_bytes(damaged)
    spool = Spool(str(folder), SpoolConfig(), FakeClock())
    found = {result.seq: number_of(result) for result in spool.peek_backlog(10_000)}
    lost = {seq for gap in spool.gaps(10_000) for seq in range(gap.first, gap.last + 1)}
    assert set(found) | lost == set(range(spool.durable, spool.next))
    assert spool.put(make_result(9999)) == spool.next - 1
    spool.close()
    return set(found.values()), spool


def test_a_flipped_bit_loses_at_most_what_it_touched(whole: Path, tmp_path: Path) -> None:
    """At some 150 places over the whole file: never a crash, never more than one page of records."""
    original = (whole / "spool.db").read_bytes()
    unsent = set(range(ACKNOWLEDGED, RECORDS))
    per_page = PAGE // 500
    for offset in [*range(0, 110, 5), *range(110, len(original), max(1, len(original) // 130))]:
        damaged = bytearray(original)
        damaged[offset] ^= 1 << (offset % 8)
        found, _ = reopened(whole, tmp_path / "spool", bytes(damaged))
        assert len(unsent - found) <= per_page, offset
        assert not found - unsent, offset


def test_a_cut_file_keeps_what_lies_before_the_cut(whole: Path, tmp_path: Path) -> None:
    """Cut at 25 places; a record that lies whole before the cut is found."""
    original = (whole / "spool.db").read_bytes()
    unsent = set(range(ACKNOWLEDGED, RECORDS))
    for length in range(0, len(original), len(original) // 25):
        found, _ = reopened(whole, tmp_path / "spool", original[:length])
        assert found <= set(range(RECORDS)), length
        pages = length // PAGE
        if pages > 8:
            assert len(found & unsent) >= (pages - 8) * 8 - ACKNOWLEDGED - 8, length


def test_the_first_page_wiped_loses_no_record(whole: Path, tmp_path: Path) -> None:
    """Without SQLite's own header every record is found by its frame, and none that was acknowledged comes back."""
    original = (whole / "spool.db").read_bytes()
    found, _ = reopened(whole, tmp_path / "spool", bytes(PAGE) + original[PAGE:])
    assert found == set(range(ACKNOWLEDGED, RECORDS))
    assert [file.name.partition("-")[0] for file in (tmp_path / "spool").glob("spool.corrupt-*")] == ["spool.corrupt"]


@pytest.mark.parametrize(
    "content", [b"\0" * 50_000, b"not a database at all" * 999, b"SQLite format 3\0" + b"\xff" * 9000]
)
def test_a_file_of_rubbish_is_set_aside(whole: Path, tmp_path: Path, content: bytes) -> None:
    """A new epoch begins, the old file is kept for whoever wants to look."""
    found, _ = reopened(whole, tmp_path / "spool", content)
    assert found == set()


def test_lost_numbers_are_declared_corrupt(whole: Path, tmp_path: Path) -> None:
    """A page of records overwritten: their numbers are a gap with that reason, the others follow in order."""
    original = bytearray((whole / "spool.db").read_bytes())
    at = (len(original) // PAGE - 3) * PAGE
    original[at : at + PAGE] = b"\xaa" * PAGE
    shutil.copytree(whole, tmp_path / "spool")
    (tmp_path / "spool/spool.db").write_bytes(original)
    spool = Spool(str(tmp_path / "spool"), SpoolConfig(), FakeClock())
    records = spool.peek_backlog(1000)
    lost = sum(gap.last - gap.first + 1 for gap in spool.gaps())
    assert {gap.reason for gap in spool.gaps()} == {"spool_corrupt"}
    assert 0 < lost < 20
    assert len(records) == RECORDS - ACKNOWLEDGED - lost
    assert [number_of(result) - result.seq for result in records] == [ACKNOWLEDGED - 1] * len(records)
    assert spool.numbers()["spool_corrupt"] == lost


def test_a_kill_during_the_rescue_loses_nothing(whole: Path, tmp_path: Path) -> None:
    """The damaged file was set aside and not searched yet, or the new one was begun: the next start finishes it."""
    original = (whole / "spool.db").read_bytes()
    for begun in (False, True):
        folder = tmp_path / str(begun)
        folder.mkdir()
        (folder / "spool.rescue").write_bytes(b"\0" * PAGE + original[PAGE:])
        if begun:
            open_database(str(folder / "spool.db"), 50).close()
        spool = Spool(str(folder), SpoolConfig(), FakeClock())
        found = {number_of(result) for result in spool.peek_backlog(1000)}
        assert found == set(range(ACKNOWLEDGED, RECORDS))
        spool.close()
        assert sorted(file.name for file in folder.glob("spool.*") if "journal" not in file.name) == [
            "spool.corrupt-1700000000",
            "spool.db",
        ]
