"""How PCs are kept up, from the texts that PCs give: the trees and answers in ``recorded/support/``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from checks.kit import powershell, support_windows
from checks.kit.child import ChildError
from checks.kit.host import Host, System
from checks.kit.model import Env, Fact, Outcome, Reading, Reason, decode_params
from checks.kit.releases import load
from checks.kit.support_apt import LISTS
from checks.kit.support_linux import Told
from checks.support import CHECK
from tests.checks.conftest import FixedClock, environment, values
from tests.tree import ROOT

RECORDED = Path(__file__).parent / "recorded" / "support"
LINUX = ("ubuntu-2204-pro", "debian-11", "mint-21", "fedora-hidepid")
WINDOWS = ("windows-7", "windows-10-pro", "windows-11-enterprise", "windows-11-newer", "windows-server-2019")
NOW = datetime(2026, 11, 23, 18, 30, tzinfo=UTC).timestamp()  # already the 24th in Viet Nam


class RecordedHost(Host):
    """A recorded tree, or registry, with the system it was taken from."""

    def __init__(self, root: Path, recorded: dict[str, Any]) -> None:
        super().__init__(str(root))
        self._recorded = recorded

    def system(self) -> System:
        return System(*self._recorded["system"])

    def modified(self, path: str) -> float | None:
        return self._recorded.get("modified", {}).get(path)  # type: ignore[no-any-return]

    def registry(self, key: str, value: str) -> str | int | None:
        return self._recorded["registry"].get(key, {}).get(value)  # type: ignore[no-any-return]

    def registry_names(self, key: str) -> list[str]:
        return self._recorded["subkeys"].get(key, [])  # type: ignore[no-any-return]


class Answering:
    """A child that answers as it was recorded, or fails."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.asked: list[Any] = []

    def call(self, function: str, argument: Any, *, answer: type[Any], timeout: float, **_: Any) -> Any:
        self.asked.append(argument)
        if isinstance(self._answer, ChildError):
            raise self._answer
        return msgspec.json.decode(msgspec.json.encode(self._answer), type=answer)


def _recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text("utf-8"))
    return found


def _env(name: str, folder: Path, now: float = NOW) -> Env:
    recorded = _recorded(name)
    for path, text in recorded.get("files", {}).items():
        file = folder / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    if name in LINUX:
        answer: Any = Told(**recorded["told"])
    else:
        answer = support_windows.parse(powershell.decode((RECORDED / f"{name}.txt").read_bytes(), "cp1258"))
    clock = FixedClock(int(now * 1e6))
    return environment(host=RecordedHost(folder, recorded), clock=clock, child=Answering(answer))


def _run(env: Env) -> Reading:
    return CHECK.run(decode_params(CHECK, {}), env)


def _local(text: str) -> int:
    return int(time.mktime(time.strptime(text, "%Y-%m-%d %H:%M:%S")))


@pytest.mark.parametrize("name", [*LINUX, *WINDOWS])
def test_a_pc_is_described(name: str, tmp_path: Path) -> None:
    """Every fact, the unknown ones as None, on the day that it is in Viet Nam."""
    reading, wanted = _run(_env(name, tmp_path)), _recorded(name)["facts"]
    if isinstance(wanted["updates_installed"], str):
        wanted["updates_installed"] = _local(wanted["updates_installed"])
    assert reading.outcome is Outcome.OK
    assert reading.facts == wanted


def test_every_record_is_used() -> None:
    """A file that no test reads proves nothing."""
    assert {file.stem for file in RECORDED.glob("*")} == {*LINUX, *WINDOWS}


@pytest.mark.parametrize("name", [*LINUX, *WINDOWS])
def test_the_facts_are_the_declared_ones(name: str, tmp_path: Path) -> None:
    """Documentation is derived from the declarations; what has words has them for what is said."""
    reading = _run(_env(name, tmp_path))
    assert list(reading.facts) == [fact.name for fact in CHECK.facts]
    for fact in CHECK.facts:
        assert not fact.words or reading.facts[fact.name] in {*fact.words, None}
    assert {found.name for found in reading.samples} <= {metric.name for metric in CHECK.metrics}


@pytest.mark.parametrize("fact", [fact for fact in CHECK.facts if fact.words], ids=lambda fact: fact.name)
def test_every_value_with_words_stands_in_the_code(fact: Fact) -> None:
    """Words for what nobody says would be translated for nothing."""
    kit = ROOT / "checks" / "kit"
    files = [*kit.glob("support_*.py"), kit / "releases.py", kit / "data" / "releases.json"]
    text = "".join(file.read_text("utf-8") for file in files if file.name != "support_words.py")
    assert [code for code in fact.words if f'"{code}"' not in text] == []


def test_the_numbers_are_samples_in_base_units(tmp_path: Path) -> None:
    """Seconds, and packages by kind."""
    assert values(_run(_env("ubuntu-2204-pro", tmp_path))) == {
        "support_left": 1975 * 86400.0, "support_updates:all": 3.0, "support_updates:security": 2.0,
        "support_updates_age": NOW - datetime(2026, 11, 22, 0, 30, tzinfo=UTC).timestamp(),
    }  # fmt: skip


def test_what_is_unknown_has_no_sample(tmp_path: Path) -> None:
    """Unknown is not zero."""
    assert values(_run(_env("fedora-hidepid", tmp_path))) == {}
    assert set(values(_run(_env("windows-11-newer", tmp_path)))) == set()


def test_past_support_is_below_zero(tmp_path: Path) -> None:
    """By as much as it is past."""
    assert values(_run(_env("windows-7", tmp_path)))["support_left"] == -2506 * 86400.0


def test_a_pc_whose_clock_stands_in_the_past_has_no_days(tmp_path: Path) -> None:
    """An empty CMOS battery must not give an old system years of support."""
    reading = _run(_env("windows-10-pro", tmp_path, now=1_500_000_000.0))
    assert (reading.facts["days_left"], reading.facts["support_basis"]) == (None, "implausible_clock")
    assert values(reading) == {}


def test_nothing_personal_leaves_the_pc(tmp_path: Path) -> None:
    """The account of Ubuntu Pro, the name behind a command in apt's log, the ids of volumes, the host's name."""
    env = _env("ubuntu-2204-pro", tmp_path)
    said = (msgspec.json.encode(_run(env)) + msgspec.json.encode(env.lasting)).decode().lower()
    assert "secret" not in said
    assert "secret" in json.dumps(_recorded("ubuntu-2204-pro")).lower()


def test_apt_is_asked_again_only_when_something_changed(tmp_path: Path) -> None:
    """Its reckoning costs seconds of CPU; the answer is kept through restarts."""
    env = _env("ubuntu-2204-pro", tmp_path)
    child_, host = env.child, env.host
    assert isinstance(child_, Answering)
    first, second = _run(env), _run(env)
    host._recorded["modified"]["/var/lib/dpkg/status"] += 1
    third = _run(env)
    assert [order.upgrades for order in child_.asked] == [True, False, True]
    assert first == second == third
    assert json.loads(json.dumps(env.lasting)) == env.lasting


@pytest.mark.parametrize("name", ["ubuntu-2204-pro", "windows-10-pro"])
def test_a_question_that_fails_leaves_the_rest(name: str, tmp_path: Path) -> None:
    """apt-get or PowerShell may hang: what files and registry say is still told."""
    env = _env(name, tmp_path)
    env.child._answer = ChildError(Reason.CHILD_HUNG, "no answer")  # type: ignore[attr-defined]
    reading = _run(env)
    assert reading.outcome is Outcome.OK
    assert reading.facts["days_left"] is not None
    assert (reading.facts["updates_pending"], reading.facts["updates_checked"] is None) == (None, name[0] == "w")
    if name[0] == "w":
        assert reading.facts["antivirus_basis"] == reading.facts["encryption_basis"] == "query_failed"


@pytest.mark.parametrize(
    "text",
    ["", "ID=debian\nVERSION_ID=" + "1" * 200_000, "\ufffd" * 1000, 'ID="\x1b[31m"\nVERSION_ID="$(reboot)"',
     "ID=ubuntu\nVERSION_ID='\x00'",
     "ID=windows-10\nVERSION_ID=22H2", "ID=debian\nVERSION_ID=-12", "ID=linuxmint\nVERSION_ID=.."],
)  # fmt: skip
def test_a_hostile_os_release_is_an_unknown_one(text: str, tmp_path: Path) -> None:
    """Nothing of it is passed on."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text(text)
    host = RecordedHost(tmp_path, {"system": ["linux", "6.1", "x86_64"]})
    facts = _run(environment(host=host, child=Answering(Told()))).facts
    assert (facts["release"], facts["days_left"], facts["support_basis"]) == (None, None, "unknown_release")


def test_an_empty_tree_knows_nothing_and_does_not_fail(tmp_path: Path) -> None:
    """A container without anything still has a reading, and no "no" in it."""
    host = RecordedHost(tmp_path, {"system": ["linux", "6.1", "x86_64"]})
    reading = _run(environment(host=host, child=Answering(Told())))
    assert reading.outcome is Outcome.OK
    assert {value for name, value in reading.facts.items() if "basis" not in name and name != "data_dated"} == {None}


def test_another_system_is_unsupported(tmp_path: Path) -> None:
    """Said once, plainly."""
    reading = _run(environment(host=RecordedHost(tmp_path, {"system": ["sunos5", "11", "sparc"]})))
    assert (reading.outcome, reading.reason, reading.detail) == (
        Outcome.ERROR, Reason.UNSUPPORTED, "no way is known to read a device that runs sunos5",
    )  # fmt: skip


def test_loading_the_check_stays_light() -> None:
    """The command line and the collector load it, and run nothing of it."""
    code = "import sys, checks.support; print([n for n in sys.modules if n.startswith('checks.kit.support_')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "['checks.kit.support_words', 'checks.kit.support_state']"


_REAL = """
import msgspec, sys
from checks.kit import child
from checks.kit.apart import Done, Task
done = child.call("checks.kit.apart:perform", Task("support", {}, 100.0, {}), answer=Done, timeout=110)
sys.stdout.buffer.write(msgspec.json.encode(done.reading))
"""


def _real(user: str | None) -> Reading:
    done = subprocess.run(
        [sys.executable, "-c", _REAL], capture_output=True, check=True, cwd=ROOT, user=user, timeout=150
    )
    return msgspec.json.decode(done.stdout, type=Reading)


@pytest.fixture(scope="module")
def mine() -> Reading:
    """This machine, with the rights of whoever runs the tests."""
    return _real(None)


@pytest.fixture(scope="module")
def theirs() -> Reading:
    """This machine as nobody sees it."""
    if os.geteuid() != 0:
        pytest.skip("only root can become nobody")
    try:
        subprocess.run([sys.executable, "-c", "import msgspec"], check=True, cwd=ROOT, user="nobody")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this interpreter is not for everybody")
    return _real("nobody")


def test_this_machine_is_described(mine: Reading) -> None:
    """Whatever Linux it is: every basis is known, and a reading takes little of what a PC may send."""
    assert mine.outcome is Outcome.OK
    assert mine.facts["data_dated"] == load().dated.isoformat()
    assert all(mine.facts[fact.name] in fact.words for fact in CHECK.facts if fact.name.endswith("_basis"))
    assert len(msgspec.json.encode(mine)) < 1500


@pytest.mark.skipif(not any(Path(LISTS).glob("*_Packages*")), reason="no package lists here")
def test_the_real_apt_reckons_without_rights_lock_or_network(mine: Reading, theirs: Reading) -> None:
    """As root and as nobody; security fixes are among the updates."""
    for reading in (mine, theirs):
        pending, security = reading.facts["updates_pending"], reading.facts["updates_security"]
        assert reading.facts["updates_basis"] == "apt"
        assert isinstance(pending, int)
        assert isinstance(security, int)
        assert 0 <= security <= pending


def test_without_rights_the_firewalls_rules_are_unknown_and_the_rest_is_told(mine: Reading, theirs: Reading) -> None:
    """The agent may run as an ordinary user; what it may not read is never a no."""
    basis = theirs.facts["firewall_basis"]
    assert (theirs.facts["firewall"], basis) == (None, "needs_rights") or basis in ("ufw", "firewalld")
    same = [fact.name for fact in CHECK.facts if not fact.name.startswith(("firewall", "updates"))]
    assert {name: theirs.facts[name] for name in same} == {name: mine.facts[name] for name in same}
