"""The agent's own settings. What to measure normally comes from the collector; a file is needed only to differ."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from checks.kit.model import Job


class LocalJob(Job, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A job of this PC alone. One with the collector's check and target takes its place."""


class SpoolConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long and how much is kept on this PC."""

    days: Annotated[
        float,
        Meta(gt=0, le=3650, description="Results that were not sent within this many days are dropped and counted."),
    ] = 30
    megabytes: Annotated[
        float,
        Meta(
            ge=1,
            le=100_000,
            description="The spool's file never grows past this. Near it the oldest results are thinned to one per job "
            "and hour, then dropped; every dropped number is reported.",
        ),
    ] = 50
    keep_acknowledged_hours: Annotated[
        float,
        Meta(
            ge=0,
            le=8760,
            description="Sent results are kept this long, to be sent again if the collector comes back from a backup.",
        ),
    ] = 72


class PushConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How results are sent."""

    linger: Annotated[
        float,
        Meta(ge=1, le=3600, description="Seconds a result waits for others. The collector's value goes first."),
    ] = 60
    timeout: Annotated[float, Meta(ge=1, le=600, description="Seconds one request may take, all of it.")] = 30
    max_backoff: Annotated[
        float,
        Meta(ge=1, le=86400, description="The longest pause in seconds after failures; the pause itself is random."),
    ] = 300
    batch_bytes: Annotated[
        int,
        Meta(ge=1024, le=262144, description="The most bytes of one sealed batch: small ones survive a bad line."),
    ] = 65536


class AgentConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file agent.yaml. Every key is optional."""

    collector: Annotated[
        str,
        Meta(
            pattern=r"^$|^https?://[^\s/@?#]+(/[^\s?#]*)?$",
            description="The collector's address. Empty: the one this device was enrolled with.",
            examples=["https://sansang.example.vn"],
        ),
    ] = ""
    plain_http: Annotated[
        bool,
        Meta(description="Allow a collector without TLS on another host. Loopback needs no permission."),
    ] = False
    state_dir: Annotated[
        str,
        Meta(
            description="Where the key, the identity and the spool are kept. Empty: /var/lib/sansang for root, "
            "~/.local/state/sansang for others, %PROGRAMDATA%\\sansang on Windows.",
            examples=["/var/lib/sansang"],
        ),
    ] = ""
    ca_file: Annotated[
        str,
        Meta(
            description="A PEM file with the only authorities trusted for the collector. Empty: the system's.",
            examples=["/etc/sansang/ca.pem"],
        ),
    ] = ""
    spool: Annotated[SpoolConfig, Meta(description="The durable queue on this PC.")] = field(
        default_factory=SpoolConfig
    )
    push: Annotated[PushConfig, Meta(description="Sending results.")] = field(default_factory=PushConfig)
    jobs: Annotated[
        list[LocalJob],
        Meta(max_length=200, description="Checks to run besides the collector's."),
    ] = field(default_factory=list)
    lang: Annotated[Literal["vi", "en"], Meta(description="The language of the terminal.")] = "vi"


def default_state_dir() -> str:
    """Where state is kept when nothing says otherwise."""
    if sys.platform == "win32":
        return f"{os.environ.get('PROGRAMDATA', 'C:/ProgramData')}/sansang"
    if os.geteuid() == 0:
        return "/var/lib/sansang"
    home = os.path.expanduser("~/.local/state")  # noqa: PTH111
    return os.environ.get("XDG_STATE_HOME", home) + "/sansang"


def state_dir(config: AgentConfig) -> str:
    return config.state_dir or default_state_dir()


def address_error(url: str, plain_http: bool) -> str | None:
    """Why `url` cannot be a collector's address, None when it can."""
    scheme, separator, rest = url.partition("://")
    authority = rest.partition("/")[0]
    if not separator or scheme not in ("http", "https") or not authority or any(c in url for c in " \t\r\n?#@"):
        return f"{url!r} is not an address like https://sansang.example.vn"
    host = authority[1:].partition("]")[0] if authority.startswith("[") else authority.partition(":")[0]
    if scheme == "http" and not plain_http and not _is_loopback(host):
        return f"{url!r} has no TLS: use https, or set plain_http: true"
    return None


def _is_loopback(host: str) -> bool:
    parts = host.split(".")
    dotted = len(parts) == 4 and all(part.isascii() and part.isdigit() for part in parts)
    return host in ("localhost", "::1") or (dotted and parts[0] == "127")
