"""What jobs keep over restarts: bounded, whole, and dropped rather than in the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import onsite
from agent.lasting import FILE_BYTES, JOB_BYTES, SAVE_EVERY, Lasting
from checks.kit.model import Job, Reading, ok
from tests.agent.fakes import FakeClock, make_check, make_env

KEY = ("storage", "")


class Notes:
    """The events that were logged."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def __call__(self, event: str, **_fields: Any) -> None:
        self.events.append(event)


def test_what_a_job_left_is_there_after_a_restart(tmp_path: Path) -> None:
    """Each job its own; a copy, so that a run that is given up changes nothing by half."""
    first = Lasting(str(tmp_path))
    first.put(KEY, {"free": [1, 2.5], "name": "ổ C"})
    first.put(("storage", "d"), {"free": [9]})
    first.save(0)
    again = Lasting(str(tmp_path))
    again.of(KEY)["free"].append(3)
    assert again.of(KEY) == {"free": [1, 2.5], "name": "ổ C"}
    assert again.of(("storage", "d")) == {"free": [9]}
    assert again.of(("storage", "e")) == {}
    assert (tmp_path / "lasting.json").stat().st_mode & 0o777 == 0o600


def test_it_is_written_when_something_changed_and_not_more_than_every_five_minutes(tmp_path: Path) -> None:
    """A stopping agent writes at once."""
    kept, file = Lasting(str(tmp_path)), tmp_path / "lasting.json"
    kept.save(0)
    assert not file.exists()

    def written(now: float, value: int, **how: bool) -> int:
        kept.put(KEY, {"value": value})
        kept.save(now, **how)
        return int(json.loads(file.read_text())["jobs"][0]["kept"]["value"])

    assert [written(10, 1), written(11, 2), written(9 + SAVE_EVERY, 3), written(10 + SAVE_EVERY, 4)] == [1, 1, 1, 4]
    assert written(11 + SAVE_EVERY, 5, at_once=True) == 5
    file.unlink()
    kept.put(KEY, {"value": 5})
    kept.save(10_000)
    assert not file.exists()


def test_a_job_that_keeps_nothing_has_no_entry(tmp_path: Path) -> None:
    """Nor one that emptied it."""
    kept = Lasting(str(tmp_path))
    kept.put(KEY, {"a": 1})
    kept.put(KEY, {})
    kept.put(("lan", ""), {})
    kept.save(0)
    assert json.loads((tmp_path / "lasting.json").read_text()) == {"jobs": []}


@pytest.mark.parametrize(
    "left", [{"big": "x" * JOB_BYTES}, {"a": object()}, {"a": float}, ["no", "object"], {"a": "\ud800"}]
)
def test_what_does_not_fit_is_not_kept_and_said_once(left: Any) -> None:
    """What there was before stays."""
    notes = Notes()
    kept = Lasting(note=notes)
    kept.put(KEY, {"a": 1})
    for _ in range(3):
        kept.put(KEY, left)
    assert (kept.of(KEY), notes.events, kept.lost) == ({"a": 1}, ["lasting_not_kept"], 3)


def test_all_jobs_together_stay_within_the_files_bound(tmp_path: Path) -> None:
    """However many there are; what was kept can be read again."""
    kept = Lasting(str(tmp_path), Notes())
    for number in range(100):
        kept.put(("check", f'"{number}"'), {"x": "y" * 15_000})
    kept.save(0)
    size = (tmp_path / "lasting.json").stat().st_size
    assert FILE_BYTES * 0.9 < size <= FILE_BYTES
    assert Lasting(str(tmp_path)).of(("check", '"1"')) == {"x": "y" * 15_000}


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"jobs": [{"check": 1}]}', b"\xff\xfe", b"\0" * 4096, b'{"jobs": ' + b"[" * 100_000,
     b'{"jobs":[]}' + b" " * FILE_BYTES],
)  # fmt: skip
def test_a_damaged_file_is_dropped_and_replaced(tmp_path: Path, content: bytes) -> None:
    """Logged; the agent goes on with nothing kept."""
    (tmp_path / "lasting.json").write_bytes(content)
    notes = Notes()
    kept = Lasting(str(tmp_path), notes)
    assert (kept.of(KEY), notes.events, kept.lost) == ({}, ["lasting_dropped"], 1)
    kept.put(KEY, {"a": 1})
    kept.save(0)
    assert Lasting(str(tmp_path)).of(KEY) == {"a": 1}


def test_an_entry_that_is_too_big_is_left_out(tmp_path: Path) -> None:
    """A file that somebody else wrote is no way around the bound."""
    entries = [{"check": "a", "target": "", "kept": {"x": "y" * JOB_BYTES}}, {"check": "b", "target": "", "kept": {}}]
    (tmp_path / "lasting.json").write_text(json.dumps({"jobs": entries}))
    assert Lasting(str(tmp_path)).of(("a", "")) == {}


def test_jobs_that_went_take_what_they_kept_with_them(tmp_path: Path) -> None:
    """Also when their last run ends later."""
    kept = Lasting(str(tmp_path))
    for target in "ab":
        kept.put(("storage", target), {"a": 1})
    kept.keep_only({("storage", "a")})
    kept.put(("storage", "b"), {"a": 2})
    kept.save(0)
    again = Lasting(str(tmp_path))
    assert (again.of(("storage", "a")), again.of(("storage", "b"))) == ({"a": 1}, {})


def test_a_disk_that_refuses_is_tried_again(tmp_path: Path) -> None:
    """At the next time; nothing is raised."""
    notes = Notes()
    folder = tmp_path / "missing"
    kept = Lasting(str(folder), notes)
    kept.put(KEY, {"a": 1})
    kept.save(0)
    folder.mkdir()
    kept.save(SAVE_EVERY)
    assert notes.events == ["lasting_not_written"]
    assert Lasting(str(folder)).of(KEY) == {"a": 1}


_TEXT = st.text(max_size=8)
_SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _TEXT
_JSON = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3), max_leaves=6
)


@given(st.dictionaries(_TEXT, _JSON, max_size=4))
def test_whatever_is_json_comes_back(left: dict[str, Any]) -> None:
    """As it was."""
    kept = Lasting()
    kept.put(KEY, left)
    assert kept.of(KEY) == left


WRITER = """
import sys
from agent import lasting
kept = lasting.Lasting(sys.argv[1])
print("ready", flush=True)
number = 0
while True:
    number += 1
    kept.put(("storage", ""), {"number": number, "same": number, "padding": "x" * 9000})
    kept.save(0, at_once=True)
"""


def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    """While nothing but writing goes on."""
    seen = 0
    for round_ in range(8):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE)
        assert writer.stdout
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(0.004 * round_)
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate()
        notes = Notes()
        found = Lasting(str(tmp_path), notes).of(KEY)
        assert notes.events == []
        assert not found or (found["number"] == found["same"] and len(found["padding"]) == 9000)
        seen = max(seen, found.get("number", 0))
    assert seen > 0


def test_an_on_site_check_reads_what_is_kept_and_leaves_nothing(tmp_path: Path) -> None:
    """The agent's account of a trend is not changed by a technician who looks."""

    def run(params: Any, env: Any) -> Reading:
        found = dict(env.lasting)
        env.lasting["runs"] = 99
        return ok(facts=found)

    kept = Lasting(str(tmp_path))
    kept.put(("fake", "x"), {"runs": 7})
    kept.save(0)
    before = (tmp_path / "lasting.json").read_bytes()
    jobs = [Job(check="fake", target="x"), Job(check="fake", target="y")]
    again = Lasting(str(tmp_path))
    results = onsite.run_all(jobs, lambda _: make_check(run), make_env, FakeClock(), None, again)
    assert [result.facts for result in results] == [{"runs": 7}, {}]
    assert again.of(("fake", "x")) == {"runs": 7}
    assert (tmp_path / "lasting.json").read_bytes() == before
