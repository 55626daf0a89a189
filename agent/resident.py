"""The resident process, as ``sansang-agent run`` starts it: ``python -OO -S -P -m agent.resident``.

Its settings come decoded, in the environment variable SANSANG_AGENT_CONFIG.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
import types

VARIABLE = "SANSANG_AGENT_CONFIG"


def slim() -> None:
    """Imports msgspec without what it imports and the agent never calls: typing_extensions with ``inspect``, platform,
    decimal, TOML, YAML, MessagePack and JSON Schema, 5 MB in all. Who imports one of them later gets the real one."""
    if "msgspec" in sys.modules:
        return
    stand_ins = {f"msgspec.{name}": _empty(name) for name in ("inspect", "msgpack", "toml", "yaml", "_json_schema")}
    vars(stand_ins["msgspec._json_schema"]).update(schema=None, schema_components=None)
    stand_ins["decimal"] = _empty("decimal")
    vars(stand_ins["decimal"]).update(Decimal=type("Decimal", (), {}))
    stand_ins["platform"] = _empty("platform")
    vars(stand_ins["platform"]).update(system=sys.platform.capitalize)
    names = [name for name in (*stand_ins, "typing_extensions", "_uuid") if name not in sys.modules]
    sys.modules.update({name: stand_ins.get(name) for name in names})  # type: ignore[misc]
    try:
        importlib.import_module("msgspec")
    except (ImportError, AttributeError):  # another release of it: the agent then weighs more, and works
        for name in [name for name in sys.modules if name.partition(".")[0] == "msgspec"]:
            del sys.modules[name]
    finally:
        for name in names:
            sys.modules.pop(name, None)


def _empty(name: str) -> types.ModuleType:
    return types.ModuleType(name)


def main() -> int:
    """Runs the agent until it is told to stop; returns the exit code."""
    slim()
    import msgspec

    from agent.config import AgentConfig
    from agent.service import serve
    from checks.kit import child, registry
    from checks.kit.apart import Checks
    from checks.kit.clock import SystemClock
    from checks.kit.host import Host
    from checks.kit.model import Env, Meter
    from checks.kit.net import Net

    try:
        config = msgspec.json.decode(os.environ.pop(VARIABLE), type=AgentConfig)
    except (KeyError, msgspec.DecodeError):
        sys.stderr.write("sansang-agent: this process is started by: sansang-agent run\n")
        return 2
    os.umask(0o077)
    clock, host, meter = SystemClock(), Host(), Meter()
    net = Net(meter=meter)

    def make_env(seconds: float) -> Env:
        return Env(
            clock=clock,
            net=net,
            host=host,
            child=child,
            deadline=time.monotonic() + seconds,
            now=time.monotonic,
            meter=meter,
        )

    found = Checks(child)
    return serve(config, clock, found.find, registry.names(), make_env, meter, found.fault)


if __name__ == "__main__":
    sys.exit(main())
