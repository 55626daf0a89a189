"""No PIN is ever presented: three wrong ones lock a token. Traces of a real module show it, and the sources."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.kit import child, cryptoki
from checks.kit.pkcs11 import Library
from tests.lab import modules, softhsm
from tests.lab.authorities import G2_ROOT, Authority
from tests.lab.softhsm import MODULE, SPY, SoftHsm
from tests.tree import ROOT

READING = {"C_GetFunctionList", *cryptoki.CALLS}
PRESENTS = re.compile(rb"C_Login|C_LoginUser|C_SetPIN|C_InitPIN|C_InitToken")


@pytest.fixture
def hsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SoftHsm:
    """A token as an official has it: a key, a certificate, and one more slot that is empty."""
    made = softhsm.one_token(tmp_path)
    signer = Authority.root(G2_ROOT).signer()
    made.key(signer.key_pem)
    made.certificate(signer.der)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


def read(path: str) -> Library:
    """As a check reads it."""
    found: Library = child.call("checks.kit.pkcs11:read", path, answer=Library, timeout=60)
    assert [len(token.certificates) for token in found.tokens if token.initialised] == [1]
    return found


def test_reading_is_all_that_may_be_asked() -> None:
    """Every function of a module that we can call, by name: none takes a PIN, none writes, none uses a key."""
    assert set(cryptoki.CALLS) == {
        "C_Initialize", "C_Finalize", "C_GetInfo", "C_GetSlotList", "C_GetSlotInfo", "C_GetTokenInfo", "C_OpenSession",
        "C_CloseSession", "C_FindObjectsInit", "C_FindObjects", "C_FindObjectsFinal", "C_GetAttributeValue",
    }  # fmt: skip


@pytest.mark.skipif(not Path(SPY).exists(), reason="opensc-pkcs11 is not installed")
def test_a_spy_between_us_and_the_module_sees_no_login(
    hsm: SoftHsm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenSC's pkcs11-spy writes down every call of a whole reading: those above and no other, and no PIN."""
    trace = tmp_path / "trace"
    monkeypatch.setenv("PKCS11SPY", MODULE)
    monkeypatch.setenv("PKCS11SPY_OUTPUT", str(trace))
    read(SPY)
    written = trace.read_text("utf-8", "replace")
    assert set(re.findall(r"^\d+: (C_\w+)", written, re.MULTILINE)) - {"C_GetFunctionList"} == set(cryptoki.CALLS)
    assert softhsm.PIN not in written
    assert not PRESENTS.search(written.encode())


def test_a_wrapper_around_the_module_sees_no_login(
    hsm: SoftHsm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of its 68 functions write themselves down, and that it can see a login is shown by somebody else's."""
    log = tmp_path / "log"
    for name, value in modules.wrapping(log).items():
        monkeypatch.setenv(name, value)
    read(modules.wrapper())
    assert set(log.read_text("ascii").split()) == READING
    hsm.logged_in(modules.wrapper())
    assert "C_Login" in log.read_text("ascii").split()


def test_sessions_are_read_only_and_the_store_is_as_it_was(hsm: SoftHsm) -> None:
    """By what the module has stored, bit by bit."""
    before = hsm.state()
    read(MODULE)
    assert hsm.state() == before


def sources() -> Iterator[Path]:
    for package in ("checks", "agent"):
        yield from (path for path in (ROOT / package).rglob("*") if path.is_file() and path.suffix != ".pyc")


def test_no_source_names_a_function_that_is_not_for_reading() -> None:
    """Not even in a comment: what is not there cannot be called by mistake."""
    named = {
        (str(path.relative_to(ROOT)), name)
        for path in sources()
        for name in re.findall(r"\bC_[A-Z]\w+", path.read_text("utf-8", "replace"))
    }
    assert {name for _, name in named} <= READING, sorted(named)
    for path in sources():
        assert not PRESENTS.search(path.read_bytes()), path


def test_no_package_that_tokens_need_can_present_a_pin_through_a_module() -> None:
    """The extra `token` and what it depends on, searched file by file, their compiled parts included."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    wanted = {re.split(r"[^A-Za-z0-9._-]", line)[0] for line in extras["token"]}
    searched = set()
    while wanted:
        name = wanted.pop()
        searched.add(name)
        for file in importlib.metadata.files(name) or []:
            found = Path(str(file.locate()))
            assert not (found.is_file() and PRESENTS.search(found.read_bytes())), found
        wanted |= needed(name) - searched
    assert {"pyscard", "cryptography", "rfc3161-client", "cffi"} <= searched
    assert not {"pykcs11", "python-pkcs11"} & {name.lower() for name in searched}


def needed(name: str) -> set[str]:
    """What a package needs here, without its extras."""
    lines = [line for line in importlib.metadata.requires(name) or [] if "extra ==" not in line]
    names = {re.split(r"[^A-Za-z0-9._-]", line)[0] for line in lines}
    installed = set()
    for wanted in names:
        try:
            importlib.metadata.version(wanted)
        except importlib.metadata.PackageNotFoundError:
            continue
        installed.add(wanted)
    return installed
