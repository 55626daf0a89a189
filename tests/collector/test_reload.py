"""A profile that changes while the collector runs: taken when it is good, refused by name when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from checks.kit.strict import ConfigError
from collector.readiness.text import ZONE
from collector.reload import Reload, Trouble
from collector.store.profiles import Changed
from tests.collector.readiness.cities import DAY, NOW

Said = list[str]


class Folder:
    """A profile `child` that may extend a `parent`: each file holds its text, ``bad`` cannot be read, and a line
    ``+ name`` has another file read too."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.at, self.reads = folder, NOW, 0
        self.refuse: Exception | None = None
        self.write("child", "one")
        self.reload = Reload([self.file("child")], self.read, self.accept, lambda: self.at)

    def file(self, name: str) -> Path:
        return self.folder / f"{name}.yaml"

    def write(self, name: str, text: str) -> None:
        self.file(name).write_text(text)

    def read(self) -> tuple[Said, list[Path]]:
        self.reads += 1
        texts, files, queue = [], [], ["child"]
        while queue:
            files.append(self.file(queue.pop()))
            try:
                text = files[-1].read_text()
            except OSError:
                raise ConfigError(files[-1], 0, 0, "", "cannot be read") from None
            if text == "bad":
                raise ConfigError(files[-1], 7, 3, "requirements[0].bands", "expected a limit")
            if text == "worse":
                raise RecursionError("too deep")
            texts.append(text)
            queue += text.split("+ ")[1:]
        return texts, files

    async def accept(self, value: Said) -> None:
        if self.refuse is not None:
            raise self.refuse

    async def look(self, times: int = 2) -> Said | None:
        """What the last of so many looks finds; those before find nothing."""
        for _ in range(times - 1):
            assert await self.reload.look() is None
        return await self.reload.look()

    @property
    def why(self) -> str:
        assert self.reload.trouble
        return self.reload.trouble.why.replace(f"{self.folder}/", "")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


async def test_files_that_stay_are_not_read(folder: Folder) -> None:
    assert await folder.look(5) is None
    assert folder.reads == 0


async def test_a_change_is_taken_once_it_stands_still(folder: Folder) -> None:
    """The look that sees it leaves it alone, the next one takes it, once."""
    folder.write("child", "two + parent")
    folder.write("parent", "p")
    assert await folder.look() == ["two + parent", "p"]
    assert await folder.look(3) is None
    assert folder.reads == 1


async def test_a_file_that_is_being_written_is_left_alone(folder: Folder) -> None:
    """Half of a profile may be a good profile: it must not be in force for a moment."""
    for length in range(1, 6):
        folder.write("child", "abcdef"[:length])
        assert await folder.look(1) is None
    assert folder.reads == 0
    folder.write("child", "abcdef")
    assert await folder.look() == ["abcdef"]


async def test_a_bad_file_leaves_the_old_in_force_and_says_where_it_is_bad(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    """It is read once, and told with the instant it was first refused, until it is good."""
    folder.write("child", "bad")
    assert await folder.look() is None
    assert folder.reload.trouble
    assert folder.reload.trouble.since == NOW
    assert folder.why == "child.yaml:7:3: requirements[0].bands: expected a limit"
    folder.at += 60_000_000
    assert await folder.look(3) is None
    assert folder.reads == 1
    assert [record.getMessage() for record in caplog.records] == ["profile refused"]
    folder.write("child", "worse")
    assert await folder.look() is None
    assert folder.why == "RecursionError: too deep"
    assert folder.reload.trouble.since == NOW
    folder.write("child", "one more")
    assert await folder.look() == ["one more"]
    assert folder.reload.trouble is None


async def test_an_error_in_a_file_that_is_new_is_mended_there(folder: Folder) -> None:
    """Missing, then bad, then good, and the child untouched."""
    folder.write("child", "two + parent")
    assert await folder.look() is None
    assert folder.why == "parent.yaml: cannot be read"
    folder.write("parent", "bad")
    assert await folder.look() is None
    assert folder.why == "parent.yaml:7:3: requirements[0].bands: expected a limit"
    folder.write("parent", "good")
    assert await folder.look() == ["two + parent", "good"]
    folder.write("parent", "better")
    assert await folder.look() == ["two + parent", "better"]


async def test_a_file_that_is_gone_is_trouble_and_comes_back(folder: Folder) -> None:
    folder.file("child").unlink()
    assert await folder.look() is None
    assert folder.why == "child.yaml: cannot be read"
    folder.write("child", "back")
    assert await folder.look() == ["back"]


async def test_a_change_without_a_raised_version_is_refused(folder: Folder) -> None:
    """What the parts of it say is watched from then on."""
    folder.refuse = Changed("default@3 was changed without raising its version")
    folder.write("parent", "p")
    folder.write("child", "two + parent")
    assert await folder.look() is None
    assert folder.why == "default@3 was changed without raising its version"
    folder.refuse = None
    folder.write("parent", "raised")
    assert await folder.look() == ["two + parent", "raised"]


async def test_a_database_that_is_away_says_nothing_of_the_files(folder: Folder) -> None:
    """The look fails as every write does; the files are taken when it is back."""
    folder.refuse = sa.exc.OperationalError("INSERT", {}, Exception("gone"))
    folder.write("child", "another")
    assert await folder.reload.look() is None
    for _ in range(2):
        with pytest.raises(sa.exc.OperationalError):
            await folder.reload.look()
    assert folder.reload.trouble is None
    folder.refuse = None
    assert await folder.look(1) == ["another"]


def test_trouble_is_told_in_both_languages() -> None:
    trouble = Trouble(why="default.yaml:7:3: requirements[0].bands: expected a limit", since=NOW)
    assert trouble.said("default@3", NOW, "vi", ZONE) == (
        "Cấu hình mới (bộ tiêu chí, bảng giá) bị từ chối từ 09:30, default@3 vẫn được dùng: "
        "default.yaml:7:3: requirements[0].bands: expected a limit"
    )
    assert trouble.said("default@3", NOW + DAY, "en", ZONE) == (
        "The new configuration (profile, prices) is refused since 09:30 on 21 Nov 2026, default@3 stays in force: "
        "default.yaml:7:3: requirements[0].bands: expected a limit"
    )


async def test_what_is_refused_is_tried_again_by_the_hour(folder: Folder) -> None:
    """A profile's first day comes, though its file stands still."""
    folder.refuse = Changed("not in force yet")
    folder.write("child", "two")
    assert await folder.look() is None
    assert folder.why == "not in force yet"
    folder.refuse = None
    folder.at += 3_599_000_000
    assert await folder.look() is None
    folder.at += 1_000_000
    assert await folder.look(1) == ["two"]
    assert folder.reload.trouble is None
    folder.at += 7_200_000_000
    assert await folder.look() is None
