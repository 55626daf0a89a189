"""``sansang-collector profile diff`` and ``validate``: what would change, and what there is, before it counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from collector.cli.basics import units, validate
from tests.collector.commanding import PROFILE, XOM_CHIEU, call, rows, town, troubled

HARDER = PROFILE.replace("version: 1", "version: 2").replace('ready: ">= 8", at_risk: ">= 4"', 'ready: ">= 32"')
LIMIT = 'expected a limit such as "<= 100", ">= 99" or "== ssd", got \'eight\''
THERE = "Thị trấn (town): 6 units, 3 targets; profile small@1: 3 requirements; prices: 2 items"


@pytest.fixture
def file(tmp_path: Path) -> str:
    return town(tmp_path)


def written(file: str, name: str, text: str) -> str:
    path = Path(file).parent / name
    path.write_text(text, "utf-8")
    return str(path)


@pytest.mark.parametrize("way", ["running", "alone"])
async def test_who_would_change_is_told_before_a_profile_is_applied(file: str, way: str) -> None:
    """What differs, then each unit with what of it; nothing is stored."""
    old, new = written(file, "old.yaml", PROFILE), written(file, "new.yaml", HARDER)
    async with troubled(file, way):
        code, out, err = await call("profile", "diff", "--config", file, "--lang", "en", old, new)
        assert (code, err) == (0, "")
        assert rows(out) == [
            "- Memory of a PC: ready band from ≥ 8 GB to ≥ 32 GB",
            "- Memory of a PC: at-risk band from ≥ 4 GB to none",
            "By small@2, 5 units would change:",
            "26878 Phường An Hội Đông: ready → not ready",
            "Memory of a PC: ready (mandatory) → not ready (mandatory)",
            "26882 Phường An Hội Tây: ready → not ready",
            "Memory of a PC: ready (mandatory) → not ready (mandatory)",
            "27316 Phường An Đông: ready → not ready",
            "Memory of a PC: ready (mandatory) → not ready (mandatory)",
            "26732 Đặc khu Côn Đảo: not ready",
            "Memory of a PC: ready (mandatory) → not ready (mandatory)",
            "27265 Phường Khánh Hội: not ready",
            "Memory of a PC: ready (mandatory) → not ready (mandatory)",
        ]
        _, out, _ = await call("profile", "diff", "--config", file, "--lang", "vi", old, new)
        assert rows(out)[2:5] == [
            "Theo small@2, 5 đơn vị thay đổi:",
            "26878 Phường An Hội Đông: sẵn sàng → chưa sẵn sàng",
            "Bộ nhớ máy trạm: sẵn sàng (bắt buộc) → chưa sẵn sàng (bắt buộc)",
        ]
        _, out, _ = await call("profile", "diff", "--config", file, "--json", old, new)
        found = json.loads(out)
        assert [change["key"] for change in found["changes"]] == ["ready", "at_risk"]
        assert len(found["units"]) == 5
        _, out, _ = await call("readiness", "--config", file, "--unit", "27316", "--json")
        assert json.loads(out)[0]["profile"] == "small@1"


async def test_a_profile_that_changes_nobody_is_told_so(file: str) -> None:
    old = written(file, "old.yaml", PROFILE)
    assert await call("profile", "diff", "--config", file, "--lang", "en", old, old) == (
        0, "Both profiles say the same.\nBy small@1, no unit would change.\n", "",
    )  # fmt: skip
    assert (await call("profile", "diff", "--config", file, "--lang", "vi", old, old))[1] == (
        "Hai bộ tiêu chí như nhau.\nTheo small@1, không đơn vị nào thay đổi.\n"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            PROFILE.replace("GB", "litres"),
            ":23:3: requirements[1].unit: expected a unit for bytes: MB, GB, got 'litres'",
        ),
        (
            PROFILE.replace("id: memory", "id: systems"),
            ":19:3: requirements[1].id: 'systems' stands twice, first as requirements[0]",
        ),
        (PROFILE.replace('">= 8"', '"eight"'), f":24:11: requirements[1].bands.ready: {LIMIT}"),
        ("requirements: [", ":2:1: not YAML: did not find expected node content"),
        (None, ": cannot be read: no such file or directory"),
    ],
)
async def test_a_bad_file_is_one_line_with_its_place(file: str, text: str | None, why: str) -> None:
    """Either of the two."""
    good = written(file, "good.yaml", PROFILE)
    bad = str(Path(file).parent / "bad.yaml") if text is None else written(file, "bad.yaml", text)
    for pair in ((good, bad), (bad, good)):
        code, out, err = await call("profile", "diff", "--config", file, *pair)
        assert (code, out) == (1, "")
        assert err == f"sansang-collector: {bad}{why}\n"


def test_validate_says_what_there_is_and_what_nobody_has_listed(file: str) -> None:
    """Two lines; the second goes when all is listed."""
    done = CliRunner().invoke(validate, ["--config", file])
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        f"ok: {THERE}; database sqlite:///{Path(file).parent}/state/sansang.db",
        "not listed yet: wards, communes, special zones: 7 expected, 6 listed; other offices: 2 expected, 0 listed",
    ]
    place = Path(file).parent / "localities/town.yaml"
    place.write_text(place.read_text().replace("units: 7, offices: 2", "units: 6"))
    assert "not listed" not in CliRunner().invoke(validate, ["--config", file]).output


def test_units_are_found_by_what_they_were_before(file: str) -> None:
    """By a former code or name, with what became of it."""
    found = CliRunner().invoke(units, ["--config", file, "--lang", "en", "phuong 13"])
    assert found.output == (
        "27256 was the code of Phường 13, Quận 4 until 30/06/2025; today it belongs to 27265 Phường Khánh Hội (75 %), "
        f"{XOM_CHIEU} Phường Xóm Chiếu (25 %): write the code of one\n"
    )
    assert CliRunner().invoke(units, ["--config", file, "--lang", "vi", "27253"]).output == (
        "27253 là mã cũ của Phường 12, Quận 4, dùng đến hết 30/06/2025; nay là 27259 Phường Xóm Chiếu\n"
    )
    assert CliRunner().invoke(units, ["--config", file, "--lang", "en", "zzz"]).output == "No unit is called so.\n"
    assert rows(CliRunner().invoke(units, ["--config", file, "--lang", "en", "xom chieu"]).output) == [
        "code name province",
        "27259 Phường Xóm Chiếu Thành phố Hồ Chí Minh",
    ]
