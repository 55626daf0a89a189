"""What identifies a PC or its people stays on it, and nothing here is taken for its identity."""

from __future__ import annotations

import ast
from pathlib import Path

import msgspec
import pytest

from checks.kit import machine
from tests.checks.device_records import LINUX, RECORDED, WINDOWS, answer, linux_reading, recorded, windows_reading

ROOT = Path(__file__).parents[2]
HARDWARE = ("product_uuid", "product_serial", "board_serial", "chassis_serial", "computersystemproduct", "machineguid",
            "win32_bios", "serialnumber", "identifyingnumber")  # fmt: skip
READERS = {"checks/kit/linux.py": {"product_uuid"}, "checks/kit/cim.py": {"computersystemproduct"}}


@pytest.mark.parametrize("name", LINUX)
def test_no_name_serial_or_id_leaves_a_linux_pc(name: str, tmp_path: Path) -> None:
    """Neither the planted ones, in text and in the screen's and the memory's tables, nor the hardware UUID."""
    sent = msgspec.json.encode(linux_reading(name, tmp_path)).decode().lower()
    files = recorded(name)["files"]
    secrets = [text.strip() for path, text in files.items() if path.endswith(("hostname", "serial", "uuid"))]
    assert "secret" not in sent
    assert "serial-" not in sent
    assert not [secret for secret in secrets if "filled" not in secret and secret.lower() in sent]


@pytest.mark.parametrize("name", WINDOWS)
def test_no_name_or_id_leaves_a_windows_pc(name: str) -> None:
    """Not even the child's answer holds the UUID."""
    text = (RECORDED / f"{name}.txt").read_bytes().decode("latin-1")
    identity = next(line.partition("=")[2].strip() for line in text.splitlines() if line.startswith("hardware_id="))
    for told in (answer(name), windows_reading(name)):
        sent = msgspec.json.encode(told).decode()
        assert identity not in sent
        assert identity.lower() not in sent
        assert "Xóm Chiếu" not in sent


def test_hardware_ids_are_read_where_they_are_compared_and_nowhere_else() -> None:
    """No other file of ours on the PC so much as names one; serial numbers none at all."""
    found: dict[str, set[str]] = {}
    for file in sorted((*(ROOT / "agent").rglob("*.py"), *(ROOT / "checks").rglob("*.py"))):
        for text in _code(file):
            named = {word for word in HARDWARE if word in text.lower()}
            if named:
                found.setdefault(str(file.relative_to(ROOT)), set()).update(named)
    assert found == READERS


def test_what_is_read_of_them_is_whether_others_carry_the_same() -> None:
    """Both readers hand the id to the comparison at once; its answer is yes, no or unknown."""
    for name, words in READERS.items():
        tree = ast.parse((ROOT / name).read_text())
        calls = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Call)]
        taken = [call for call in calls if call.startswith("is_shared_id(")]
        assert len(taken) == 1
        assert any(word in taken[0] or "hardware_id" in taken[0] for word in words)
    assert {machine.is_shared_id(text) for text in (None, "2", "4c4c4544-0042-3510-8054-b8c04f4e5032")} == {
        None, True, False,
    }  # fmt: skip


def test_the_agent_takes_nothing_of_the_hardware_for_its_identity() -> None:
    """Its id comes from the collector, its key from chance: a cloned disk or a shared id must not make two PCs one."""
    for file in sorted((ROOT / "agent").rglob("*.py")):
        for word in ("getnode", "uuid1", "machine-id", "gethostname", "nodename", "shared_hardware_id"):
            assert not [text for text in _code(file) if word in text], f"{file.name} speaks of {word}"


def _code(file: Path) -> list[str]:
    """Names and texts of a file, without its documentation."""
    tree = ast.parse(file.read_text())
    documentation = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [
        *(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)),
        *(node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)),
        *(
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation
        ),
    ]
