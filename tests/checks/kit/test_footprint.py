"""What checks may not pull into the resident agent, and what they must do without."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = (
    "asyncio", "http.client", "email", "logging", "dataclasses", "inspect", "urllib.request", "urllib.parse", "psutil",
    "subprocess", "tempfile", "shutil", "encodings.idna", "_strptime", "yaml", "argparse",
)  # fmt: skip
UNIX_ONLY = ("fcntl", "pwd", "grp", "resource", "termios")
# Installed in development only, and itself a reason for inspect: an agent's own environment has none.
BARE = "import sys; sys.modules['typing_extensions'] = None; before = set(sys.modules)\n"


def _fresh(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", BARE + code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


IMPORTS = "import checks.connectivity, checks.device, checks.kit.child, checks.kit.clock, checks.kit.host, json\n"
SHOWN = "print(json.dumps(sorted(set(sys.modules) - before)))"


def test_importing_the_checks_pulls_in_nothing_heavy() -> None:
    """Each of these costs 0.4 to 4 MB of the agent's 19."""
    assert not set(HEAVY) & set(_fresh(IMPORTS + SHOWN))


def test_running_them_pulls_in_nothing_heavy_either() -> None:
    """Names and certificates would bring the IDNA tables, dates the locale, if they came as text."""
    code = IMPORTS + (
        "import socket, ssl, time\n"
        "from checks.kit.model import Env\n"
        "from checks.kit.net import Net\n"
        "lookup = lambda host, port, **_: [(2, 1, 6, '', ('127.0.0.1', port))]\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "port = server.getsockname()[1]\n"
        "server.close()\n"
        "net = Net(lookup, forbidden=lambda *_: False)\n"
        "env = Env(clock=checks.kit.clock.SystemClock(), net=net, host=checks.kit.host.Host(), child=None,\n"
        "          deadline=time.monotonic() + 20, now=time.monotonic)\n"
        "for scheme in ('http', 'https'):\n"
        "    params = checks.connectivity.Params(url=f'{scheme}://name.example:{port}/')\n"
        "    assert checks.connectivity.CHECK.run(params, env).reason == 'tcp_refused'\n"
        "assert checks.device.CHECK.run(checks.device.Params(), env).outcome == 'ok'\n"
        "context = env.net._contexts.get('')\n"
        "checks.kit.certificate.seconds('Jun  1 12:00:00 2025 GMT')\n"
    )
    assert not set(HEAVY) & set(_fresh(code + SHOWN))


@pytest.mark.parametrize("hidden", [*UNIX_ONLY, "all"])
def test_checks_import_without_what_only_unix_has(hidden: str) -> None:
    """Windows has none of these modules, and no fork."""
    names = UNIX_ONLY if hidden == "all" else (hidden,)
    code = f"import os; sys.modules.update(dict.fromkeys({names!r}))\n"
    code += "for name in ('fork', 'forkpty', 'killpg', 'uname', 'statvfs'): hasattr(os, name) and delattr(os, name)\n"
    code += "from checks.kit import registry, words, wire, strict, net, child, clock, host, linux, windows\n"
    code += "import json; print(json.dumps(sorted(registry.find())))"
    assert {"connectivity", "device"} <= set(_fresh(code))
