"""Every unusable configuration file is refused with the one line that stands beside its name in expected.txt."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.kit.strict import ConfigError
from tests.configs.loading import load

BAD = Path(__file__).parent / "bad"
EXPECTED = {line.partition(":")[0]: line for line in (BAD / "expected.txt").read_text("utf-8").splitlines() if line}
FILES = sorted(file.name for file in BAD.iterdir() if file.name != "expected.txt")


def test_every_bad_file_has_its_message_and_every_message_its_file() -> None:
    assert sorted(EXPECTED) == FILES
    assert len(FILES) >= 25


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_refused_with_its_exact_message(name: str) -> None:
    """The message begins with the file, the line and the column where there is one."""
    with pytest.raises(ConfigError) as refused:
        load(BAD / name)
    assert str(refused.value) == f"{BAD}/{EXPECTED[name]}"


@pytest.mark.parametrize("kind", ["collector", "locality", "profile", "units"])
def test_a_missing_file_is_named(kind: str, tmp_path: Path) -> None:
    missing = tmp_path / f"{kind}-missing.yaml"
    with pytest.raises(ConfigError, match="cannot be read: no such file or directory") as refused:
        load(missing)
    assert str(refused.value).startswith(f"{missing}: ")
