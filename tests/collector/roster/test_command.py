"""``sansang-collector roster`` as people call it: real processes, with the collector running and without."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import openpyxl
import pytest

from collector import config
from collector.roster.columns import COLUMNS, KINDS
from collector.store import roster
from tests.collector.pushing import Sender
from tests.collector.roster.files import CITY, XOM_CHIEU, book, checked, text_file
from tests.collector.standing import Client
from tests.collector.test_main import call, run

EXAMPLE = str(config.SHIPPED / "roster.example.csv")
UNITS = "Mã đơn vị;Số cán bộ;SNMP: community;Tải xuống hợp đồng (Mbps)\n27259;45;canary-bi-mat;1.234,5\n"


def test_a_roster_from_its_first_import_to_its_export(file: str, tmp_path: Path) -> None:
    """Tried, taken, taken again, shown, written out and read back, in a collector that is not running."""
    units = str(text_file(tmp_path, UNITS, "don-vi.csv"))
    options = ("--config", file)
    code, out, err = run("roster", "import", *options, "--dry-run", units, EXAMPLE)
    assert (code, err) == (0, "")
    assert "Phường Xóm Chiếu" in out
    assert out.splitlines()[-1] == "chạy thử, chưa lưu gì: Đơn vị: 1 mới; Vị trí máy: 5 mới"
    code, out, err = run("roster", "import", *options, units, EXAMPLE)
    assert (code, out.splitlines()[-1], err) == (0, "đã lưu: Đơn vị: 1 mới; Vị trí máy: 5 mới", "")
    assert run("roster", "import", *options, "--lang", "en", units, EXAMPLE) == (0, "no changes\n", "")
    _, out, _ = run("roster", "show", *options)
    [row] = [line for line in out.splitlines() if XOM_CHIEU in line]
    assert row.split()[4:10] == ["45", "—", "2", "1", "1", "1"]
    _, out, _ = run("roster", "show", *options, "--unit", XOM_CHIEU, "--lang", "en")
    assert "SNMP: community: ***" in out
    assert "HP ProDesk 400 G4" in out
    for name in ("ra.xlsx", "ra.csv"):
        assert run("roster", "export", *options, str(tmp_path / name))[0] == 0
    assert (tmp_path / "ra.xlsx").stat().st_mode & 0o077 == 0
    for files in (["ra.xlsx"], [f"ra-{kind}.csv" for kind in KINDS]):
        again = run("roster", "import", *options, *(str(tmp_path / name) for name in files))
        assert again == (0, "không có thay đổi\n", "")


def test_errors_are_lines_on_standard_error_and_nothing_is_stored(file: str, tmp_path: Path) -> None:
    """Of all files; then how many."""
    bad = str(text_file(tmp_path, "Mã đơn vị;Số cán bộ\n27259;45\n27265;mười\n", "sai.csv"))
    line = 'sai.csv, hàng 3, cột B "Số cán bộ": "mười" không phải số nguyên từ 0 trở lên\n'
    gone = "khong-co.xlsx: không có tệp này\n"
    code, out, err = run("roster", "import", "--config", file, bad, str(tmp_path / "khong-co.xlsx"))
    assert (code, out) == (1, "")
    assert err == line + gone + "sansang-collector: không có gì được lưu; số lỗi: 2\n"
    code, out, err = run("roster", "import", "--config", file, "--json", "--lang", "en", bad)
    said = 'sai.csv, row 3, column B "Số cán bộ": "mười" is not a whole number from 0 up'
    assert (code, json.loads(out)) == (1, {"errors": [said], "notes": [], "changes": []})
    assert err == "sansang-collector: nothing is stored; errors: 1\n"
    assert run("roster", "show", "--config", file)[1] == "danh mục chưa có gì; xem `roster template`\n"


def test_the_template_is_a_workbook_that_says_nothing_yet(file: str, tmp_path: Path) -> None:
    """All units of the locality, notes, drop-downs, guide and example; filled in, it is an import."""
    made = tmp_path / "mau.xlsx"
    assert run("roster", "template", "--config", file, str(made)) == (0, f"đã ghi {made}\n", "")
    assert run("roster", "template", "--config", file, str(made)) == (
        1, "", f"sansang-collector: {made}: đã có tệp này; dùng --force để ghi đè\n",
    )  # fmt: skip
    assert checked(made)[1:] == (["mau.xlsx: không có hàng dữ liệu nào"], [])
    filled = openpyxl.load_workbook(made)
    assert filled.sheetnames == ["Đơn vị", "Điểm làm việc", "Vị trí máy", "Hướng dẫn", "Ví dụ"]
    units, stations = filled["Đơn vị"], filled["Vị trí máy"]
    assert {units.cell(row, 1).value for row in range(2, units.max_row + 1)} == set(CITY)
    assert all(units.cell(1, at).comment for at in range(1, len(COLUMNS["units"]) + 1))
    lists = [str(choice.formula1) for choice in stations.data_validations.dataValidation]
    assert lists == ['"quầy,kiosk,văn phòng,bộ định tuyến"', '"có,không"', '"có,không"']
    row = next(row for row in range(2, units.max_row + 1) if units.cell(row, 1).value == XOM_CHIEU)
    units.cell(row, 3).value = 45
    for at, value in enumerate((XOM_CHIEU, None, "Q1", None, "quầy"), 1):
        stations.cell(2, at).value = value
    filled.save(made)
    code, out, _ = run("roster", "import", "--config", file, "--json", str(made))
    assert (code, [(one["unit"], one["kind"], one["what"]) for one in json.loads(out)["changes"]]) == (
        0, [(XOM_CHIEU, "units", "new"), (XOM_CHIEU, "stations", "new")],
    )  # fmt: skip
    assert run("roster", "template", "--config", file, "--lang", "en", "--force", str(made))[1] == f"wrote {made}\n"
    assert openpyxl.load_workbook(made).sheetnames == ["Units", "Sites", "Stations", "Guide", "Example"]
    assert checked(made, lang="en")[1] == ["mau.xlsx: no rows of data in it"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("show", "--unit", "99999"), "không có đơn vị mã '99999' trong địa phương này"),
        (("show", "--unit", "99999", "--lang", "en"), "no unit has the code '99999' in this locality"),
        (("export", "x.ods"), "x.ods: cần tên tệp .xlsx hoặc .csv"),
        (("template", "x.csv", "--lang", "en"), "x.csv: expected a name that ends in .xlsx or .csv"),
        (("export", "/nowhere/x.xlsx"), "/nowhere/x.xlsx: no such file or directory"),
    ],
)
def test_a_wrong_word_is_one_line(file: str, words: tuple[str, ...], message: str) -> None:
    """Exit code 1."""
    assert run("roster", words[0], "--config", file, *words[1:]) == (1, "", f"sansang-collector: {message}\n")


async def test_a_running_collector_takes_a_roster_while_devices_push(client: Client, tmp_path: Path) -> None:
    """Through its socket; devices' pushes go on, and no answer, page or metric holds the secret."""
    file, units = str(tmp_path / "collector.yaml"), str(text_file(tmp_path, UNITS, "don-vi.csv"))
    sender = await client.enrolled(Sender())
    running = asyncio.create_task(call("roster", "import", "--config", file, units, EXAMPLE))
    while not running.done():
        status, _ = await client.push(sender.sealed(sender.result(target="tiep-nhan")))
        assert status == 200
    code, out, err = await running
    assert (code, out.splitlines()[-1], err) == (0, "đã lưu: Đơn vị: 1 mới; Vị trí máy: 5 mới", "")
    shown = await call("roster", "show", "--config", file, "--json")
    assert json.loads(shown[1])["units"][XOM_CHIEU]["snmp"] == {"community": "***"}
    await call("roster", "export", "--config", file, str(tmp_path / "ra.csv"))
    exported = (tmp_path / "ra-units.csv").read_text("utf-8")
    pages = [(await client.get(path))[1] for path in ("/", f"/units/{XOM_CHIEU}", "/metrics")]
    assert "***" in exported
    assert "canary" not in "".join([out, err, *shown[1:], exported, *pages])
    assert (await client.server.parts.store.read(roster.load)).units[XOM_CHIEU].snmp is not None


async def test_a_roster_larger_than_a_batch_goes_through_the_socket(client: Client, tmp_path: Path) -> None:
    """2,000 stations in one workbook, the change of one unit, and a retired station by its words."""
    codes = list(CITY)[:100]
    rows = [[code, f"V{at:03}", "văn phòng", "x" * 100] for code in codes for at in range(20)]
    made = book(tmp_path, {"Vị trí máy": [["Mã đơn vị", "Mã vị trí", "Vai trò", "Tên vị trí"], *rows]})
    file = str(tmp_path / "collector.yaml")
    code, out, err = await call("roster", "import", "--config", file, str(made))
    assert (code, out.splitlines()[-1], err) == (0, "đã lưu: Vị trí máy: 2000 mới", "")
    few = text_file(tmp_path, f"Mã đơn vị;Mã vị trí;Vai trò;Tên vị trí\n{codes[0]};V000;quầy;Quầy\n")
    code, out, err = await call("roster", "import", "--config", file, "--keep-missing", "--lang", "en", str(few))
    assert (code, out.splitlines()[-1]) == (0, "stored: Stations: 1 changed")
    assert "Role, Title" in out
    code, out, _ = await call("roster", "import", "--config", file, str(few))
    assert out.splitlines()[-1] == "đã lưu: Vị trí máy: 19 ngừng dùng"
