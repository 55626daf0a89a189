"""Write requirements/*.txt from pyproject.toml: every version and hash, for every platform, no registry's address.

``dev`` is solved first and constrains the others, so that all locks agree.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {
    "dev": ("agent", "snmp", "scapy", "speed", "token", "collector", "postgres", "grafana", "dev"),
    "agent": ("agent",),
    "snmp": ("snmp",),
    "scapy": ("scapy",),
    "speed": ("speed",),
    "token": ("token",),
    "collector": ("collector",),
    "postgres": ("postgres",),
    "grafana": ("grafana",),
    "build": (),
}
PYTHON = "3.11"
COMPILED = "swig>=4.2,<5\n"
"""What builds the packages that have no wheel for Linux: pyscard."""


def build_requires() -> str:
    """What installing the project itself and packages without wheels needs, one requirement a line."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return "\n".join(tomllib.load(file)["build-system"]["requires"]) + "\n" + COMPILED


def command(name: str, upgrade: bool) -> list[str]:
    """The uv command that writes requirements/<name>.txt; it reads build requirements from standard input."""
    sources = {"dev": ["pyproject.toml", "-"], "build": ["-"]}.get(name, ["pyproject.toml"])
    extras = [part for extra in LOCKS[name] for part in ("--extra", extra)]
    constraint = [] if name == "dev" else ["--constraint", "requirements/dev.txt"]
    return [
        sys.executable, "-m", "uv", "pip", "compile", *sources, *extras, *constraint,
        "--universal", "--python-version", PYTHON, "--generate-hashes", "--no-annotate", "--quiet",
        "--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command", "make lock",
        *(["--upgrade"] if upgrade else []), "--output-file", f"requirements/{name}.txt",
    ]  # fmt: skip


def main() -> None:
    upgrade = "--upgrade" in sys.argv[1:]
    for name in LOCKS:
        print(f"requirements/{name}.txt", flush=True)
        subprocess.run(command(name, upgrade), cwd=ROOT, check=True, input=build_requires(), text=True)


if __name__ == "__main__":
    main()
