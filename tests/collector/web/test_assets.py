"""The pages' files, and the ones that packages bring."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from collector.web.assets import FOLDER, Assets
from collector.web.i18n import _WORDS, LANGS, has, text
from collector.web.render import _templates
from tests.collector.web.fakes import ROOT, settings
from tools import assets as fetch


def test_style_sheets_name_their_fonts_by_contents(tmp_path: Path) -> None:
    """A new font has a new address; one that is missing keeps its plain one."""
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "a.woff2").write_bytes(b"font")
    (tmp_path / "f.css").write_text('a { src: url("vendor/a.woff2"); } b { src: url(vendor/b.woff2); }')
    assets = Assets(tmp_path)
    before = assets.address("f.css")
    assert assets.address("vendor/a.woff2").startswith("/static/vendor/a.woff2?v=")
    (tmp_path / "vendor" / "a.woff2").write_bytes(b"another font")
    assert Assets(tmp_path).address("f.css") != before
    assert assets.address("missing.css") == ""
    assert not assets.has("missing.css")


def test_the_lock_names_no_host_and_pins_by_hash() -> None:
    """It installs from whatever registry npm is set to."""
    lock = json.loads((ROOT / "package-lock.json").read_text())
    fetched = {name: entry for name, entry in lock["packages"].items() if name}
    assert all("resolved" not in entry and entry["integrity"].startswith("sha512-") for entry in fetched.values())
    assert "://" not in (ROOT / ".npmrc").read_text()


def test_every_word_is_said_somewhere() -> None:
    """Words nobody uses go."""
    web = ROOT / "collector" / "web"
    sources = [path.read_text() for path in (*web.glob("*.py"), *web.glob("templates/*")) if path.name != "i18n.py"]
    said = set(re.findall(r'"([a-z0-9_]+)"', " ".join(sources).replace("'", '"')))
    looked_up = ("role_", "theme_", "sort_", "roster_", "station_")
    statuses = {"pending", "quarantined", "revoked"}
    assert {
        key for key in _WORDS if key.removesuffix("_one") not in said and not key.startswith(looked_up)
    } - statuses == set()


def test_every_word_exists_in_both_languages() -> None:
    """None is empty, and both take the same values."""
    for key, pair in _WORDS.items():
        assert len(pair) == len(LANGS)
        assert all(pair), key
        assert pair[0].count("{") == pair[1].count("{"), key
    assert has("overview")
    assert not has("nothing")
    assert text("minutes", "en", n=3) == "3 min ago"


def test_one_has_words_of_its_own_where_there_are_any() -> None:
    """Counted as a number or as it is shown; without a singular of its own a word stays."""
    assert [text("samples", "en", count=count) for count in (1, "1", 2)] == ["1 sample", "1 sample", "2 samples"]
    assert text("same_fault", "en", count=1) == "1 units with the same fault"
    assert [key for key in _WORDS if key.endswith("_one") and not has(key.removesuffix("_one"))] == []


NPM = """#!/bin/sh
echo "$@" >> "$0.calls"
for file in $(cat "$0.files"); do mkdir -p "node_modules/$(dirname "$file")"; echo "$file" > "node_modules/$file"; done
"""


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of its own, and an npm that installs what is asked for and writes down how it was called."""
    program = tmp_path / "bin" / "npm"
    program.parent.mkdir()
    program.write_text(NPM)
    program.chmod(0o755)
    program.with_suffix(".files").write_text(
        "\n".join([*fetch.FILES, *(f"{name}/package.json" for name in fetch.FOREIGN)])
    )
    (tmp_path / "package-lock.json").write_text("{}")
    monkeypatch.setattr(fetch, "ROOT", tmp_path)
    monkeypatch.setattr(fetch, "VENDOR", tmp_path / "vendor")
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    return program


def calls(npm: Path) -> list[str]:
    return npm.with_suffix(".calls").read_text().splitlines()


def test_foreign_files_are_installed_by_hash_and_without_scripts(npm: Path) -> None:
    """Once per lock; a file that is missing, or a new lock, brings them anew. Without what only tests use."""
    assert fetch.main() == 0
    assert calls(npm) == ["ci --ignore-scripts --no-audit --no-fund --omit=dev"]
    assert {path.name for path in fetch.VENDOR.iterdir()} == {*fetch.FILES.values(), ".stamp"}
    assert fetch.main() == 0
    assert len(calls(npm)) == 1
    (fetch.VENDOR / "htmx.min.js").unlink()
    assert fetch.main() == 0
    (fetch.ROOT / "package-lock.json").write_text("{ }")
    assert fetch.main() == 0
    assert len(calls(npm)) == 3


def test_what_only_tests_use_is_fetched_for_them(npm: Path) -> None:
    """Where it is missing, everything is installed once more; pages do without it."""
    foreign = fetch.ROOT / "node_modules" / fetch.FOREIGN[0]
    assert fetch.main(tests=True) == 0
    assert calls(npm) == ["ci --ignore-scripts --no-audit --no-fund"]
    shutil.rmtree(foreign)
    assert fetch.main() == 0
    assert len(calls(npm)) == 1
    assert fetch.main(tests=True) == 0
    assert len(calls(npm)) == 2
    assert foreign.is_dir()


def test_without_npm_the_pages_are_plainer_and_it_says_so(
    npm: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line and a non-zero exit; nothing is half done."""
    monkeypatch.setenv("PATH", "")
    assert fetch.main() == 1
    said = "npm is not installed: the pages use the system's font and do not refresh by themselves\n"
    assert capsys.readouterr().err == said
    assert not fetch.VENDOR.exists()


def test_a_failed_install_leaves_no_stamp(npm: Path) -> None:
    """The next run tries again, and the exit code is npm's."""
    npm.write_text("#!/bin/sh\nexit 7\n")
    assert fetch.main() == 7
    assert not fetch.VENDOR.exists()


async def test_pages_work_without_the_foreign_files(tmp_path: Path) -> None:
    """Nothing that is not there is linked: no font, no script, no failed request."""
    for name in ("app.css", "fonts.css", "app.js", "icon.svg"):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    names = Assets(tmp_path)
    assert names.has("app.css")
    assert not names.has("vendor/htmx.min.js")
    page = (
        _templates(names)
        .get_template("base.html")
        .render(
            t=lambda key, **_: key,
            lang="vi",
            theme="auto",
            settings=settings(),
            here="/",
            with_=lambda **_: "/",
            mark="m",
            path="/",
            trouble="",
            read_at="",
        )
    )
    assert "<script" not in page
    assert "fonts.css" not in page
