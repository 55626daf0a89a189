"""The published schema of ``sansang-agent check --json``: what it says, and that every check really keeps to it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from agent import schema
from checks.kit import registry
from checks.kit.model import Outcome, Reason
from tests.lab.namespaces import Office, office

ROOT = Path(__file__).parents[2]
AGENT = str(Path(sys.executable).parent / "sansang-agent")
SERVER = Office.SERVER[0]
AIMS = {"connectivity": f"http://{SERVER}:9/", "dns": "portal.example.vn", "path": SERVER, "uplink": Office.ROUTER[0]}
"""What each check that is aimed at something is aimed at; a new check with a target belongs here."""


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    found = json.loads((ROOT / schema.PLACE).read_text("utf-8"))
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[int, str]]]:
    """Exit code and output of each check, run with ``--json`` in a small office that leads nowhere else."""
    settings = tmp_path_factory.mktemp("agent") / "agent.yaml"
    settings.write_text(f"state_dir: {settings.parent}/state\n", "utf-8")
    with office() as place, ThreadPoolExecutor(8) as at_once:
        place.pc.resolver(Office.ROUTER[0])

        def run(name: str) -> tuple[int, str]:
            aim = ("--target", AIMS[name]) if name in AIMS else ()
            done = place.pc.run(AGENT, "check", "--config", str(settings), name, *aim, "--json", check=False)
            assert done.stderr == "", name
            return done.returncode, done.stdout

        yield dict(zip(registry.names(), at_once.map(run, registry.names()), strict=True))


def test_the_kept_schema_is_that_of_the_code() -> None:
    """``sansang-agent check --schema`` writes it anew."""
    assert (ROOT / schema.PLACE).read_text("utf-8") == schema.results()


@pytest.mark.parametrize("name", registry.names())
def test_what_a_check_really_prints_keeps_to_the_schema(
    name: str, results: dict[str, tuple[int, str]], validator: Draft202012Validator
) -> None:
    """Whatever came of it; and the exit code says the same."""
    code, text = results[name]
    found = json.loads(text)
    validator.validate(found)
    assert [result["check"] for result in found] == [name]
    assert code == int(found[0]["outcome"] in ("failed", "error"))


GOOD: dict[str, Any] = {"check": "a", "outcome": "failed", "reason": "tcp_refused", "at": 1, "mono": 2, "boot": "b"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcome": "fine"}, {"reason": "made_up"}, {"reason": None}, {"at": "now"}, {"took": -1}, {"check": ""},
        {"samples": [["a", "b"]]}, {"facts": {"a": []}}, {"detail": "x" * 513},
    ],
)  # fmt: skip
def test_the_schema_refuses_what_is_no_result(wrong: dict[str, Any], validator: Draft202012Validator) -> None:
    """It says something: outcomes and reasons are closed, and what failed has a reason."""
    assert validator.is_valid([GOOD])
    assert not validator.is_valid([{**GOOD, **wrong}])
    assert not validator.is_valid([{key: value for key, value in GOOD.items() if key != "reason"}])


def test_every_outcome_and_reason_is_in_the_schema(validator: Draft202012Validator) -> None:
    for reason in Reason:
        assert validator.is_valid([{**GOOD, "reason": reason.value}])
    for outcome in Outcome:
        assert validator.is_valid([{**GOOD, "outcome": outcome.value}])
