"""The collector's own settings: ``collector.yaml`` as a typed value. CONFIGURATION.md is derived from it."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct, field, structs

from checks.kit import strict
from collector.remote import settings as remote
from collector.remote.settings import Endpoint

SHIPPED = Path(__file__).resolve().parent.parent / "configs"
SYSTEM = Path("/etc/sansang/collector.yaml")
VARIABLE = "SANSANG_COLLECTOR_CONFIG_FILE"
Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
_LOOPBACK = ("127.0.0.0/8", "::1/128")
_DATABASES = ("sqlite", "postgresql", "postgresql+psycopg")


class Access(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Who may read what, by network. Agents are not named here: they prove themselves by signature."""

    pages: Annotated[
        tuple[str, ...], Meta(description="Networks (CIDR) whose browsers may read the pages and the JSON behind them.")
    ] = _LOOPBACK
    metrics: Annotated[tuple[str, ...], Meta(description="Networks (CIDR) that may scrape `/metrics`.")] = _LOOPBACK


class Ingest(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """How batches are admitted."""

    commit_window_ms: Annotated[
        int, Meta(ge=0, le=1000, description="Longest wait (ms) of a batch for others to share its commit.")
    ] = 50
    commit_batches: Annotated[
        int, Meta(ge=1, le=10_000, description="Most batches in one commit; reaching it commits at once.")
    ] = 1024
    max_inflight: Annotated[
        int,
        Meta(ge=1, le=100_000, description="Most batches being read or waiting for a commit; past it agents get 503."),
    ] = 4096
    read_timeout_seconds: Annotated[
        float, Meta(ge=1, le=300, description="Longest time (s) a sender may take to send one batch.")
    ] = 30.0
    retry_after_seconds: Annotated[
        float, Meta(ge=1, le=3600, description="What a refused agent is told to wait (s), spread by its own jitter.")
    ] = 30.0


class Speed(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The server for speed tests. Agents need a lease; when and how much is in the locality (`leases`)."""

    enabled: Annotated[bool, Meta(description="Whether speed is measured against this collector.")] = True
    name: Annotated[
        str, Meta(max_length=64, description="What the evidence calls this server; empty: the host of `public_url`.")
    ] = ""
    capacity_mbps: Annotated[
        float, Meta(gt=0, le=1_000_000, description="What this server's own line carries each way (Mbit/s).")
    ] = 1000.0
    share: Annotated[float, Meta(gt=0, le=1, description="Part of it that all tests together may use at any time.")] = (
        0.5
    )
    connections: Annotated[
        int, Meta(ge=1, le=10_000, description="Most connections of speed tests at a time; past it 503.")
    ] = 256
    open: Annotated[tuple[str, ...], Meta(description="Networks (CIDR) whose public ndt7 clients need no lease.")] = ()
    librespeed: Annotated[
        bool, Meta(description="Whether `/backend/garbage.php`, `empty.php` and `getIP.php` answer, to `open` only.")
    ] = False
    reflector: Annotated[
        str,
        Meta(
            description="Address and UDP port of the STAMP reflector (RFC 8762); empty: none.", examples=["[::]:8862"]
        ),
    ] = "127.0.0.1:8862"
    reflector_open: Annotated[
        tuple[str, ...],
        Meta(description="Networks (CIDR) whose STAMP packets are answered without a lease, unauthenticated."),
    ] = _LOOPBACK


class Tls(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The collector's certificate, when it ends TLS itself and no proxy does."""

    certificate: Annotated[str, Meta(description="PEM file with the certificate and its chain.")]
    key: Annotated[str, Meta(description="PEM file with the private key, readable by the collector only.")]


class CollectorConfig(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """``collector.yaml``. Relative paths are relative to the file they stand in."""

    listen: Annotated[
        str, Meta(description="Address and port to serve on; port 0 takes a free one.", examples=["[::]:8420"])
    ] = "127.0.0.1:8420"
    public_url: Annotated[
        str,
        Meta(
            description="Address under which agents and people reach the collector; empty: `http(s)://` and `listen`.",
            examples=["https://sansang.example.vn"],
        ),
    ] = ""
    state_dir: Annotated[str, Meta(description="Folder of the embedded database and the enrolment secrets.")] = (
        "/var/lib/sansang"
    )
    database: Annotated[
        str,
        Meta(
            description="SQLAlchemy URL of the store; empty: `sqlite:///<state_dir>/sansang.db`.",
            examples=["postgresql+psycopg://sansang@db/sansang"],
        ),
    ] = ""
    locality: Annotated[
        str,
        Meta(
            description="Name of a file in `localities/`, or a path to one.", examples=["hcmc", "localities/hcmc.yaml"]
        ),
    ] = "demo"
    units: Annotated[str, Meta(description="CSV file of the country's units; empty: the shipped one.")] = ""
    lang: Annotated[Literal["vi", "en"], Meta(description="Language of pages and reports until a reader chooses.")] = (
        "vi"
    )
    access: Annotated[Access, Meta(description="Who may read what, by network.")] = field(default_factory=Access)
    ingest: Annotated[Ingest, Meta(description="How batches are admitted.")] = field(default_factory=Ingest)
    speed: Annotated[Speed, Meta(description="The server for speed tests.")] = field(default_factory=Speed)
    remote_write: Annotated[
        tuple[Endpoint, ...],
        Meta(max_length=16, description="Receivers of Prometheus remote write that get what a scrape cannot carry."),
    ] = ()
    sweep_seconds: Annotated[
        float,
        Meta(
            ge=0.1,
            le=300,
            description="How often (s) verdicts are brought up to date; less often where judging takes long.",
        ),
    ] = 2.0
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="Least severe message that is logged.")
    ] = "info"
    tls: Annotated[Tls | None, Meta(description="Certificate to serve HTTPS with; without it, HTTP.")] = None
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(description="Networks (CIDR) of reverse proxies whose `X-Forwarded-For` and `-Proto` are believed."),
    ] = ()

    @property
    def address(self) -> tuple[str, int]:
        """``listen`` as host and port."""
        return _address(self.listen) or ("", 0)

    @property
    def reflector_address(self) -> tuple[str, int] | None:
        """``speed.reflector`` as host and port; None where there is none."""
        return _address(self.speed.reflector) if self.speed.enabled and self.speed.reflector else None

    @property
    def url(self) -> str:
        """``public_url``, or where the collector listens, without a slash at its end."""
        return self.url_on(self.address[1])

    def url_on(self, port: int) -> str:
        """The same where it listens on `port`, which the system may have chosen."""
        host, _ = self.address
        here = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
        own = f"{'https' if self.tls else 'http'}://{f'[{here}]' if ':' in here else here}:{port}"
        return (self.public_url or own).rstrip("/")

    @property
    def database_url(self) -> str:
        """``database``, or the embedded one in ``state_dir``."""
        return self.database or f"sqlite:///{Path(self.state_dir) / 'sansang.db'}"


def networks(texts: tuple[str, ...]) -> Networks:
    """CIDR texts, already validated, as networks."""
    return tuple(ipaddress.ip_network(text) for text in texts)


def find() -> Path:
    """The file when none is named: $SANSANG_COLLECTOR_CONFIG_FILE, /etc/sansang/collector.yaml, or the shipped one."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    return SYSTEM if SYSTEM.exists() else SHIPPED / "collector.yaml"


def load(file: Path | str | None = None) -> CollectorConfig:
    """`file`, or the one :func:`find` finds, with its paths made absolute. Raises ConfigError."""
    path = Path(file) if file is not None else find()
    document = strict.load(path, CollectorConfig)
    _check(document)
    config = _absolute(document.value, path.resolve().parent)
    _check_files(document, config)
    return config


def locality_file(config: CollectorConfig) -> Path:
    """The file that ``locality`` names: a path as it is, a name among those shipped."""
    return (
        Path(config.locality) if _is_file_name(config.locality) else SHIPPED / "localities" / f"{config.locality}.yaml"
    )


def _absolute(config: CollectorConfig, base: Path) -> CollectorConfig:
    """Its paths made absolute. A locality beside the file goes before a shipped one of the same name."""
    tls = config.tls and Tls(certificate=str(base / config.tls.certificate), key=str(base / config.tls.key))
    beside = base / (config.locality if _is_file_name(config.locality) else f"localities/{config.locality}.yaml")
    return structs.replace(
        config,
        state_dir=str((base / config.state_dir).resolve()),
        units=str((base / config.units).resolve() if config.units else SHIPPED / "units.csv"),
        locality=str(beside) if _is_file_name(config.locality) or beside.is_file() else config.locality,
        tls=tls,
        remote_write=tuple(remote.absolute(endpoint, base) for endpoint in config.remote_write),
    )


def _is_file_name(text: str) -> bool:
    return text.endswith((".yaml", ".yml"))


def _check(document: strict.Document[CollectorConfig]) -> None:
    config = document.value
    if _address(config.listen) is None:
        raise document.error(
            ("listen",), f'expected an address and port such as "127.0.0.1:8420", got {config.listen!r}'
        )
    if config.speed.reflector and _address(config.speed.reflector) is None:
        raise document.error(
            ("speed", "reflector"), f'expected an address and port such as "[::]:8862", got {config.speed.reflector!r}'
        )
    if config.public_url and not _is_web(config.public_url):
        raise document.error(("public_url",), f"expected an http:// or https:// address, got {config.public_url!r}")
    if config.database and urlsplit(config.database).scheme not in _DATABASES:
        known = " or ".join(f"{name}://" for name in _DATABASES[:2])
        raise document.error(("database",), f"expected an address that begins with {known}")
    for where, expected in remote.problems(config.remote_write):
        raise document.error(("remote_write", *where), expected)
    lists: dict[strict.Where, tuple[str, ...]] = {
        ("access", "pages"): config.access.pages,
        ("access", "metrics"): config.access.metrics,
        ("trusted_proxies",): config.trusted_proxies,
        ("speed", "open"): config.speed.open,
        ("speed", "reflector_open"): config.speed.reflector_open,
    }
    for where, texts in lists.items():
        for index, text in enumerate(texts):
            _network(document, (*where, index), text)


def _check_files(document: strict.Document[CollectorConfig], config: CollectorConfig) -> None:
    if not Path(config.units).is_file():
        raise document.error(("units",), f"there is no file {document.value.units!r}")
    for index, endpoint in enumerate(config.remote_write):
        for where, expected in remote.missing(endpoint):
            raise document.error(("remote_write", index, *where), expected)
    if locality_file(config).is_file():
        return
    written = document.value.locality
    if _is_file_name(written):
        raise document.error(("locality",), f"there is no file {written!r}")
    known = ", ".join(sorted(path.stem for path in (SHIPPED / "localities").glob("*.yaml")))
    raise document.error(("locality",), f"no locality is called {written!r}; there are: {known}")


def _network(document: strict.Document[CollectorConfig], where: strict.Where, text: str) -> None:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise document.error(where, f'expected a network such as "10.0.0.0/8", got {text!r}') from None


def _address(text: str) -> tuple[str, int] | None:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        return None
    bare = host.removeprefix("[").removesuffix("]")
    return None if (":" in bare) != host.startswith("[") else (bare, int(port))


def _is_web(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
