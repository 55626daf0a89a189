"""Every unusable price list is refused with the one line that stands beside its name in expected.txt."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.kit.strict import ConfigError
from collector.readiness import prices

BAD = Path(__file__).parents[2] / "configs" / "bad_prices"
EXPECTED = {line.partition(":")[0]: line for line in (BAD / "expected.txt").read_text("utf-8").splitlines() if line}
FILES = sorted(file.name for file in BAD.iterdir() if file.name != "expected.txt")
KNOWN = {"memory", "pc_age", "router", "router.ups"}


def test_every_bad_file_has_its_message_and_every_message_its_file() -> None:
    assert sorted(EXPECTED) == FILES
    assert len(FILES) >= 30


@pytest.mark.parametrize("name", FILES)
def test_a_bad_price_list_is_refused_with_its_exact_message(name: str) -> None:
    with pytest.raises(ConfigError) as refused:
        prices.load(BAD / name, KNOWN)
    assert str(refused.value) == f"{BAD}/{EXPECTED[name]}"


def test_a_missing_price_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: no such file or directory"):
        prices.load(tmp_path / "prices.yaml", KNOWN)
