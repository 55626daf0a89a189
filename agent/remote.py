"""The configuration the collector offers: what to measure here. Fetched, checked, kept on disk for the next start."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from agent import files, timetable
from agent.clean import exception
from agent.runner import SLOTS
from agent.timetable import Hours, TimedJob, Timetable, Window
from checks.kit.model import Check, Job, decode_params
from checks.kit.wire import Signer

PATH = "/v1/config"
CONTEXT = b"sansang.get.v1\0"
DEFAULT_JOBS = (Job(check="device", every=3600.0),)
"""What is measured before the collector was ever reached."""


Fault = Callable[[list[Job]], "str | None"]
"""What is wrong with the first of these jobs whose check does not take its params; None when all do."""
Count = Annotated[int, Meta(ge=1, le=64)]


class RemotePush(Struct, kw_only=True, frozen=True):
    linger: Annotated[float, Meta(ge=1, le=3600)] | None = None


class Limits(Struct, kw_only=True, frozen=True):
    """How much is measured at once and, in connections and bytes, in any hour. An older collector names none."""

    slots: Count = SLOTS
    per_check: Annotated[dict[str, Count], Meta(max_length=100)] = field(default_factory=dict)
    sockets_per_hour: Annotated[int, Meta(ge=1, le=2**40)] | None = None
    bytes_per_hour: Annotated[int, Meta(ge=1, le=2**60)] | None = None


class RemoteConfig(Struct, kw_only=True, frozen=True):
    """``GET /v1/config``. Unknown keys are a newer collector's and are passed over."""

    etag: Annotated[str, Meta(min_length=1, max_length=64)]
    unit: Annotated[str, Meta(max_length=32)] = ""
    jobs: Annotated[list[TimedJob], Meta(max_length=500)] = field(default_factory=list)
    push: RemotePush = field(default_factory=RemotePush)
    hours: Hours | None = None
    maintenance: Annotated[tuple[Window, ...], Meta(max_length=500)] = ()
    limits: Limits = field(default_factory=Limits)

    @property
    def timetable(self) -> Timetable:
        return Timetable(self.hours, self.maintenance)


class Refused(Exception):
    """A configuration that is not taken. ``str()`` says why, in one line."""


def request_headers(device: str, key: Signer, etag: str) -> list[tuple[str, str]]:
    """The headers that show whose configuration is asked for, and which one is already here."""
    signature = base64.b64encode(key.sign(CONTEXT + PATH.encode())).decode()
    headers = [("Sansang-Agent", device), ("Sansang-Signature", signature)]
    return [*headers, ("If-None-Match", etag)] if etag else headers


def decode(body: bytes, known: Iterable[str], find: Callable[[str], Check], fault: Fault | None = None) -> RemoteConfig:
    """`body` as a configuration whose jobs all can run here.

    A job whose check is not in `known` is left out: the collector may be newer. `fault` says what is wrong with jobs
    where `find` gives only stand-ins. Raises Refused for one job twice, for params that its check does not take, and
    for times or limits that cannot be meant.
    """
    try:
        config = msgspec.json.decode(body, type=RemoteConfig)
    except (msgspec.DecodeError, UnicodeDecodeError) as why:
        raise Refused(f"it cannot be understood: {why}") from None
    wrong = timetable.fault(config.timetable)
    if wrong is not None:
        raise Refused(wrong)
    available = set(known)
    jobs = [job for job in config.jobs if job.check in available]
    if len({job.key for job in jobs}) < len(jobs):
        raise Refused("it names one check and target twice")
    try:
        wrong = fault(list(jobs)) if fault else next(_faults(jobs, find), None)
    except LookupError as why:
        raise Refused(exception(why)) from None
    if wrong is not None:
        raise Refused(wrong)
    return msgspec.structs.replace(config, jobs=jobs)


def _faults(jobs: Iterable[Job], find: Callable[[str], Check]) -> Iterator[str]:
    for job in jobs:
        try:
            decode_params(find(job.check), job.params)
        except (msgspec.ValidationError, LookupError) as why:
            yield f"{job.check} {job.target}: {exception(why)}"


def path(state_dir: str) -> str:
    return f"{state_dir}/config.json"


def store(state_dir: str, config: RemoteConfig) -> None:
    files.write_durably(path(state_dir), msgspec.json.encode(config) + b"\n")


def load(
    state_dir: str, known: Iterable[str], find: Callable[[str], Check], fault: Fault | None = None
) -> RemoteConfig | None:
    """The configuration of last time, None when there is none or it does not fit this version. Raises FileError."""
    text = files.read(path(state_dir))
    if text is None:
        return None
    try:
        return decode(text, known, find, fault)
    except Refused:
        return None


def merge(remote: RemoteConfig | None, local: Iterable[Job]) -> list[Job]:
    """The jobs to run: the collector's (or the default ones), with this PC's own beside or in place of them."""
    jobs: dict[tuple[str, str], Job] = {job.key: job for job in (DEFAULT_JOBS if remote is None else remote.jobs)}
    jobs.update((job.key, job) for job in local)
    return list(jobs.values())
