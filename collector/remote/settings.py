"""``remote_write:`` of collector.yaml: where samples are sent, which, and how fast."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct, field, structs

from checks.kit.strict import Where
from collector.readiness import duration

RESERVED = frozenset({"unit", "device", "check", "target", "outcome", "reason"})
"""Labels that samples carry already."""
OWN_HEADERS = frozenset(
    {"authorization", "connection", "content-encoding", "content-length", "content-type", "host", "transfer-encoding",
     "user-agent", "x-prometheus-remote-write-version"}
)  # fmt: skip
NO_END = 2**63 - 1
HOUR = 3_600_000_000
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_HEADER = re.compile(r"[A-Za-z0-9-]+")
_PLAIN = re.compile(r"[ -~]*")


class Endpoint(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One receiver of remote write 1.0 and its queue. Lengths of time are texts such as ``7d``; see the properties."""

    name: Annotated[
        str,
        Meta(min_length=1, max_length=32, description="What metrics, log and queue call it; keep it when it moves."),
    ]
    url: Annotated[
        str, Meta(description="Where to POST.", examples=["http://127.0.0.1:9090/api/v1/write"])
    ]  # fmt: skip
    send: Annotated[
        Literal["late", "all"],
        Meta(
            description="`late`: results that a scrape came too late for; `all`: every result, for who does not scrape."
        ),
    ] = "late"
    late_after: Annotated[
        str, Meta(description="Age on arrival from which a result is late: two scrape intervals.")
    ] = "2m"  # fmt: skip
    out_of_order_window: Annotated[
        str,
        Meta(
            description=(
                "How far back the receiver takes samples; older ones are dropped and counted. Empty: any age is sent."
            ),
            examples=["7d"],
        ),
    ] = ""
    labels: Annotated[
        dict[str, str],
        Meta(
            description="Labels added to every series, such as the scrape's `job` and `instance`.",
            examples=["{job: sansang-devices, instance: 'sansang.example.vn:443'}"],
        ),
    ] = field(default_factory=dict)
    headers: Annotated[
        dict[str, str],
        Meta(description="Headers added to every request.", examples=["{X-Scope-OrgID: hcmc}"]),
    ] = field(default_factory=dict)
    username: Annotated[str, Meta(description="User of HTTP basic authentication; empty: none.")] = ""
    password_file: Annotated[
        str, Meta(description="File with its password. Read for every request, so that it can be changed.")
    ] = ""
    bearer_file: Annotated[str, Meta(description="File with a bearer token, instead of user and password.")] = ""
    ca_file: Annotated[
        str, Meta(description="PEM file of who signed the receiver's certificate; empty: the system's authorities.")
    ] = ""
    timeout_seconds: Annotated[float, Meta(ge=1, le=300, description="Longest time (s) of one request.")] = 30.0
    max_samples: Annotated[int, Meta(ge=1, le=100_000, description="Most samples in one request.")] = 5000
    max_bytes: Annotated[
        int, Meta(ge=1000, le=100_000_000, description="Most bytes of one request before compression.")
    ] = 1_000_000
    samples_per_second: Annotated[
        float, Meta(ge=1, le=10_000_000, description="Fastest pace of sending, so that the live service goes first.")
    ] = 20_000.0
    queue_bytes: Annotated[
        int, Meta(ge=1_000_000, le=10**12, description="Most bytes that wait in the store; past it the oldest go.")
    ] = 2_000_000_000
    queue_age: Annotated[str, Meta(description="Longest wait in the store; what waits longer is dropped.")] = "14d"

    @property
    def least_age(self) -> int:
        """The age (µs) on arrival from which a result is sent."""
        return -NO_END if self.send == "all" else _length(self.late_after)

    @property
    def window(self) -> int:
        """``out_of_order_window`` in µs; NO_END where there is none."""
        return _length(self.out_of_order_window) if self.out_of_order_window else NO_END

    @property
    def most_age(self) -> int:
        """``queue_age`` in µs."""
        return _length(self.queue_age)


def _length(text: str) -> int:
    return duration.parse(text) or 0


def absolute(endpoint: Endpoint, base: Path) -> Endpoint:
    """`endpoint` with the paths of its files made absolute."""
    files = {name: getattr(endpoint, name) for name in ("password_file", "bearer_file", "ca_file")}
    return structs.replace(endpoint, **{name: str(base / file) if file else "" for name, file in files.items()})


def problems(endpoints: Sequence[Endpoint]) -> Iterator[tuple[Where, str]]:
    """What is wrong with the block, where in it: found without looking at any file."""
    names: set[str] = set()
    for index, endpoint in enumerate(endpoints):
        if endpoint.name in names:
            yield (index, "name"), f"two endpoints are called {endpoint.name!r}"
        names.add(endpoint.name)
        for key, expected in _of(endpoint):
            yield (index, *key), expected


def missing(endpoint: Endpoint) -> Iterator[tuple[Where, str]]:
    """Which of the files it names (absolute) cannot be read or are empty."""
    for key in ("password_file", "bearer_file", "ca_file"):
        file = getattr(endpoint, key)
        if not file:
            continue
        try:
            if not Path(file).read_text("utf-8").strip():
                yield (key,), "the file is empty"
        except (OSError, UnicodeDecodeError) as why:
            yield (key,), f"cannot be read: {(getattr(why, 'strerror', None) or 'it is not text').lower()}"


def _of(endpoint: Endpoint) -> Iterator[tuple[Where, str]]:
    if not _NAME.fullmatch(endpoint.name):
        yield ("name",), f"expected small letters, digits, - and _, got {endpoint.name!r}"
    yield from _address(endpoint.url)
    for key in ("late_after", "out_of_order_window", "queue_age"):
        text = getattr(endpoint, key)
        if duration.parse(text) is None and (text or key != "out_of_order_window"):
            yield (key,), f"{duration.EXPECTED}, got {text!r}"
    if endpoint.out_of_order_window and 0 < endpoint.window < HOUR:
        yield ("out_of_order_window",), "expected at least 1h: an hour is taken without a window"
    for name, value in endpoint.labels.items():
        yield from _label(name, value)
    for name, value in endpoint.headers.items():
        yield from _header(name, value)
    yield from _credentials(endpoint)


def _address(url: str) -> Iterator[tuple[Where, str]]:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        yield ("url",), f"expected an http:// or https:// address, got {url!r}"
    elif parts.username is not None or parts.password is not None:
        yield ("url",), "expected no user or password in the address: write username and password_file"
    elif not parts.path.strip("/"):
        yield ("url",), f"expected the receiver's path too, such as {url.rstrip('/')}/api/v1/write"


def _label(name: str, value: str) -> Iterator[tuple[Where, str]]:
    if not _LABEL.fullmatch(name) or name.startswith("__"):
        yield ("labels", name), "expected letters, digits and _ as a label's name"
    elif name in RESERVED:
        yield ("labels", name), "every sample has a label of this name already"
    elif not value:
        yield ("labels", name), "expected a value: a label without one is no label"


def _header(name: str, value: str) -> Iterator[tuple[Where, str]]:
    if not _HEADER.fullmatch(name) or not _PLAIN.fullmatch(value):
        yield ("headers", name), "expected a header's name and a value in ASCII"
    elif name.lower() in OWN_HEADERS:
        yield ("headers", name), "is set by the collector itself"


def _credentials(endpoint: Endpoint) -> Iterator[tuple[Where, str]]:
    if bool(endpoint.username) != bool(endpoint.password_file):
        key = "password_file" if endpoint.username else "username"
        yield (key,), "username and password_file belong together"
    if endpoint.username and endpoint.bearer_file:
        yield ("bearer_file",), "expected either a bearer token or a user and password"
    if ":" in endpoint.username:
        yield ("username",), "expected no colon in a user's name"
