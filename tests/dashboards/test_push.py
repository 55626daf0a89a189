"""sansang-dashboards push brings the dashboards into a Grafana, once, and overwrites nobody's work."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dashboards import compare
from dashboards.boards import frame
from dashboards.cli_push import OUT
from dashboards.main import main
from tests.dashboards.grafana import TOKEN, WHEN, Grafana, running

CITY = "sansang-city-vi"
ALL = sorted(file.stem for file in OUT.glob("*.json"))
EDITED_EN = f"nguyen.an changed it in Grafana at {WHEN}. See what they changed; --force overwrites it."
EDITED_VI = f"nguyen.an đã sửa bảng này trong Grafana lúc {WHEN}. Xem lại thay đổi đó; --force để ghi đè."


@pytest.fixture
def grafana() -> Iterator[Grafana]:
    with running() as server:
        yield server


def push(grafana: Grafana | str, *options: str, token: str = TOKEN) -> Result:
    """The command's end; its token comes from the environment."""
    url = grafana if isinstance(grafana, str) else grafana.url
    done = CliRunner(env={"SANSANG_GRAFANA_TOKEN": token}).invoke(main, ["push", "--url", url, *options])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    assert not token or token not in done.output
    return done


def actions(done: Result) -> dict[str, str]:
    """What became of each dashboard."""
    return dict(re.findall(r"^(sansang-\S+) +(.*?) · ", done.stdout, re.MULTILINE))


def small(folder: Path, **changes: Any) -> Path:
    """A folder with one small dashboard of ours."""
    folder.mkdir(exist_ok=True)
    board = {"uid": CITY, "title": "Thành phố", "tags": ["sansang", "vi"], "panels": [{"id": 1}, {"id": 2}]}
    (folder / f"{CITY}.json").write_text(json.dumps(board | changes), "utf-8")
    return folder


def test_the_first_push_creates_and_the_second_writes_nothing(grafana: Grafana) -> None:
    """Folder and dashboards as they are committed, under the folder, with the token in a header and nowhere else."""
    first = push(grafana)
    assert (first.exit_code, first.stderr) == (0, "")
    assert first.stdout.splitlines()[0] == "«Sẵn Sàng»                 created · tạo mới"
    assert actions(first) == dict.fromkeys(ALL, "created")
    assert first.stdout.splitlines()[-1] == "12 dashboards · bảng: 12 created · tạo mới"
    assert grafana.folders == [{"id": 1, "uid": "sansang", "title": "Sẵn Sàng"}]
    held = grafana.boards[CITY]
    assert {**held["dashboard"], "id": None, "version": None} == {
        **json.loads((OUT / f"{CITY}.json").read_text("utf-8")), "id": None, "version": None,
    }  # fmt: skip
    assert held["folder"] == "sansang"
    assert grafana.tokens == {f"Bearer {TOKEN}"}
    written = len(grafana.writes)
    second = push(grafana)
    assert (second.exit_code, actions(second)) == (0, dict.fromkeys(ALL, "unchanged"))
    assert second.stdout.splitlines()[-1] == "12 dashboards · bảng: 12 unchanged · không đổi"
    assert len(grafana.writes) == written


def test_a_grafana_that_rewrites_what_it_is_given_gets_it_once(grafana: Grafana) -> None:
    """A newer one brings the schema up to date by itself; the history tells that the newest save was ours."""
    grafana.rewrites = lambda board: board.update(schemaVersion=99)
    push(grafana, "--lang", "vi")
    written = len(grafana.writes)
    assert set(actions(push(grafana, "--lang", "vi")).values()) == {"unchanged"}
    assert len(grafana.writes) == written


def test_a_dry_run_shows_what_would_change_and_changes_nothing(grafana: Grafana, tmp_path: Path) -> None:
    """New ones, and what is different in the others."""
    source = str(small(tmp_path / "boards"))
    first = push(grafana, "--dashboards", source, "--dry-run")
    assert first.stdout == (
        "«Sẵn Sàng»                 would be created · sẽ tạo\n"
        "sansang-city-vi            would be created · sẽ tạo\n"
        "1 dashboards · bảng: 1 would be created · sẽ tạo\n"
    )
    assert (first.exit_code, grafana.writes) == (0, [])
    push(grafana, "--dashboards", source)
    small(tmp_path / "boards", title="Đổi tên", panels=[{"id": 2, "title": "x"}, {"id": 3}])
    written = len(grafana.writes)
    dry = push(grafana, "--dashboards", source, "--dry-run")
    assert dry.stdout.splitlines()[0] == (
        "sansang-city-vi            would be updated · sẽ cập nhật: panels +1 -1 ~1, title"
    )
    assert len(grafana.writes) == written
    real = push(grafana, "--dashboards", source)
    assert real.stdout.splitlines()[0] == "sansang-city-vi            updated · cập nhật: panels +1 -1 ~1, title"
    assert grafana.boards[CITY]["dashboard"]["title"] == "Đổi tên"
    assert (grafana.boards[CITY]["dashboard"]["version"], real.exit_code) == (2, 0)


@pytest.mark.parametrize(("lang", "count"), [("vi", 6), ("en", 6), ("both", 12)])
def test_one_language_or_both(grafana: Grafana, lang: str, count: int) -> None:
    """--lang chooses by the dashboards' tag."""
    push(grafana, "--lang", lang)
    assert len(grafana.boards) == count
    assert lang == "both" or all(uid.endswith(f"-{lang}") for uid in grafana.boards)


def test_a_folder_of_another_name_and_one_that_was_renamed(grafana: Grafana, tmp_path: Path) -> None:
    """Ours is known by its uid; another one by its title, and dashboards move into it."""
    source = ("--dashboards", str(small(tmp_path)))
    push(grafana, *source)
    grafana.folders[0]["title"] = "Hạ tầng"
    assert "unchanged" in push(grafana, *source).stdout
    moved = push(grafana, *source, "--folder", "Quận 4")
    assert moved.stdout.splitlines()[:2] == [
        "«Quận 4»                   created · tạo mới", "sansang-city-vi            updated · cập nhật: folder",
    ]  # fmt: skip
    assert grafana.boards[CITY]["folder"] == "generated1"
    assert len(grafana.folders) == 2
    assert "unchanged" in push(grafana, *source, "--folder", "Quận 4").stdout


def test_what_somebody_edited_is_kept_until_force(grafana: Grafana) -> None:
    """It says who and when; the other dashboards go on."""
    push(grafana)
    grafana.edited(CITY)
    done = push(grafana)
    assert (done.exit_code, actions(done)[CITY]) == (1, "refused")
    assert f"{CITY}            refused · từ chối: title\n" in done.stdout
    assert done.stdout.splitlines()[-1] == "12 dashboards · bảng: 11 unchanged · không đổi, 1 refused · từ chối"
    assert [line.strip() for line in done.stderr.splitlines()] == [EDITED_EN, EDITED_VI]
    assert grafana.boards[CITY]["dashboard"]["title"] == "Edited"
    forced = push(grafana, "--force")
    assert (forced.exit_code, actions(forced)[CITY]) == (0, "updated")
    assert grafana.boards[CITY]["dashboard"]["title"] != "Edited"


def test_an_edit_between_reading_and_writing_is_kept(grafana: Grafana, tmp_path: Path) -> None:
    """412 version-mismatch: refused with the same words; where Grafana keeps no history, with its own."""
    source = ("--dashboards", str(small(tmp_path)))
    push(grafana, *source)
    small(tmp_path, title="Mới")
    grafana.before_save = lambda: grafana.edited(CITY)
    for grafana.mismatch in ({"status": "version-mismatch"}, {}):
        raced = push(grafana, *source)
        assert (raced.exit_code, [line.strip() for line in raced.stderr.splitlines()]) == (1, [EDITED_EN, EDITED_VI])
        grafana.histories[CITY][0]["message"] = "sansang-dashboards push 0"
    grafana.keeps_history, grafana.mismatch = False, {"status": "version-mismatch"}
    raced = push(grafana, *source)
    said = "412 version-mismatch: The dashboard has been changed by someone else"
    assert [line.strip() for line in raced.stderr.splitlines()] == [
        f"Grafana keeps what it has ({said}). --force overwrites it.",
        f"Grafana giữ bản hiện có ({said}). --force để ghi đè.",
    ]
    assert push(grafana, *source, "--force").exit_code == 0


def test_a_dashboard_that_is_not_ours_is_never_overwritten(grafana: Grafana, tmp_path: Path) -> None:
    """One without our tag, and one that comes from files; not even with --force."""
    source = ("--dashboards", str(small(tmp_path)), "--force")
    push(grafana, *source)
    grafana.boards[CITY]["dashboard"] |= {"tags": ["finance"], "title": "Budget"}
    done = push(grafana, *source)
    assert (done.exit_code, grafana.boards[CITY]["dashboard"]["title"]) == (1, "Budget")
    assert [line.strip() for line in done.stderr.splitlines()] == [
        "Another dashboard has this uid; it lacks the tag sansang, so it is not ours to overwrite.",
        "Một bảng khác đang dùng uid này; bảng đó không có thẻ sansang nên không được ghi đè.",
    ]
    grafana.boards[CITY] |= {"provisioned": True}
    grafana.boards[CITY]["dashboard"]["tags"] = ["sansang", "vi"]
    done = push(grafana, *source)
    assert (done.exit_code, grafana.boards[CITY]["dashboard"]["title"]) == (1, "Budget")
    assert [line.strip() for line in done.stderr.splitlines()] == [
        "It comes from provisioned files on Grafana's server: exchange those instead.",
        "Bảng này được nạp từ tệp trên máy chủ Grafana: hãy thay các tệp đó.",
    ]


def test_a_grafana_below_a_path(tmp_path: Path) -> None:
    """Behind a proxy that gives it a folder of an address."""
    with running("/bieu-do") as grafana:
        assert push(grafana.url + "/", "--dashboards", str(small(tmp_path))).exit_code == 0
        assert list(grafana.boards) == [CITY]


def test_a_message_of_ours_begins_what_the_history_says(grafana: Grafana) -> None:
    """Whoever looks at the history sees where a version came from."""
    push(grafana, "--lang", "en")
    (entry,) = grafana.histories["sansang-city-en"]
    assert re.fullmatch("sansang-dashboards push [0-9a-f]{16}", entry["message"])


def test_the_digest_does_not_depend_on_what_grafana_numbers() -> None:
    """Nor on the order of keys; it does on anything else."""
    board = {"uid": "a", "title": "b"}
    assert compare.digest(board) == compare.digest({"version": 3, "title": "b", "id": 9, "uid": "a"})
    assert compare.digest(board) != compare.digest({"uid": "a", "title": "c"})


def test_the_tag_is_the_one_the_dashboards_have() -> None:
    """A push knows it without the SDK that built them."""
    assert compare.TAG == frame.TAG


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "x.json: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[]", "x.json: not a dashboard with a uid and the tag sansang"),
        ('{"uid": "a", "tags": ["b"]}', "x.json: not a dashboard with a uid and the tag sansang"),
    ],
)
def test_a_file_that_is_no_dashboard_of_ours_is_named(tmp_path: Path, text: str, reason: str) -> None:
    """Nothing is sent; exit code 2."""
    (tmp_path / "x.json").write_text(text, "utf-8")
    done = push("http://127.0.0.1:1", "--dashboards", str(tmp_path))
    assert (done.exit_code, done.output) == (2, f"--dashboards: {reason}\n--dashboards: không đọc được: {reason}\n")
