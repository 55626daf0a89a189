"""Fetches what the pages use that others wrote, and puts it where the collector serves it from.

``npm ci`` from package-lock.json (checked by hash, no scripts run), then a copy of the few files that are needed into
collector/web/static/vendor/, with their licences beside them. A second run with the same lock does nothing.
The pages are readable without these files; they then use the system's font and do not refresh by themselves.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "collector" / "web" / "static" / "vendor"
FONT = "@fontsource/be-vietnam-pro"
FILES = {
    f"{FONT}/files/be-vietnam-pro-{subset}-{weight}-normal.woff2": f"be-vietnam-pro-{subset}-{weight}-normal.woff2"
    for subset in ("vietnamese", "latin-ext", "latin")
    for weight in (400, 600)
} | {
    f"{FONT}/LICENSE": "LICENSE.be-vietnam-pro",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/dist/ext/hx-sse.min.js": "hx-sse.min.js",
    "htmx.org/LICENSE": "LICENSE.htmx",
}
FOREIGN = ("@grafana/data", "@m-lab/ndt7", "ws")
"""What only tests use (``--tests``), where it is installed: Grafana's own library, another hand's client of the speed
server. 180 MB, which nobody waits for who wants a page."""


def main(*, tests: bool = False) -> int:
    wanted = hashlib.sha256((ROOT / "package-lock.json").read_bytes() + repr(FILES).encode()).hexdigest()
    stamp = VENDOR / ".stamp"
    foreign = FOREIGN if tests else ()
    there = [VENDOR / name for name in FILES.values()] + [ROOT / "node_modules" / name for name in foreign]
    if stamp.is_file() and stamp.read_text() == wanted and all(path.exists() for path in there):
        return 0
    npm = shutil.which("npm")
    if npm is None:
        print("npm is not installed: the pages use the system's font and do not refresh by themselves", file=sys.stderr)
        return 1
    options = ["--ignore-scripts", "--no-audit", "--no-fund", *([] if foreign else ["--omit=dev"])]
    done = subprocess.run([npm, "ci", *options], cwd=ROOT, check=False)
    if done.returncode:
        return done.returncode
    copy()
    stamp.write_text(wanted)
    return 0


def copy() -> None:
    """The files of FILES from node_modules to VENDOR, and nothing else there."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    for source, name in FILES.items():
        shutil.copyfile(ROOT / "node_modules" / source, VENDOR / name)


if __name__ == "__main__":
    sys.exit(main(tests="--tests" in sys.argv[1:]))
