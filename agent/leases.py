"""The device's side of ``POST /v1/leases``: asks, keeps what is granted for later, and signs what proves it.

Nothing that the collector answers makes a job ask more than once in LEAST seconds, or wait for longer than MOST.
"""

from __future__ import annotations

import base64
import re
import threading
import time
from collections.abc import Callable, Collection

import msgspec
from msgspec import Struct

from agent import VERSION
from agent.answer import judge
from agent.backoff import Backoff, random_share
from agent.clean import text
from agent.config import AgentConfig
from agent.http import Client, HttpError, Response
from agent.identity import Identity
from checks.kit.leasing import (
    CONTEXT,
    EVIDENCE_CONTEXT,
    PROOF_CONTEXT,
    Answer,
    Asked,
    Denied,
    Grant,
    Postponed,
    Release,
    Want,
)
from checks.kit.model import Clock
from checks.kit.wire import Signer

PATH = "/v1/leases"
LEAST, MOST = 60.0, 86_400.0
"""Seconds between two questions for one job, and the longest that one answer makes it wait."""
LEAD = 3.0
"""Seconds before its lease in which a job starts: its process must load, and look at the line first."""
SOON = 5.0
"""Seconds that a run may wait for its lease where it stands."""
USABLE = 0.5
"""The part of a lease that must be left for a run that comes late."""
REQUEST_LASTS = 3600.0
"""Seconds for which an engineer's request stands in what is asked."""
TIMEOUT, GOODBYE = 10.0, 3.0
"""Seconds that a question may take, and that giving a lease back may."""
MAX_BODY = 16_384
WAITING, NO_ANSWER = "waiting", "no_answer"
Key = tuple[str, str]
Connect = Callable[[float], Client]
_ID = re.compile(r"[!-~]{1,64}")
_TOKEN = re.compile(r"[A-Za-z0-9._~=-]{0,2048}")
_URL = re.compile(r"(https?)://[A-Za-z0-9._:%\[\]-]{1,255}")
_HOST = re.compile(r"[A-Za-z0-9._:%-]{0,255}")


class _Kept(Struct):
    """A lease whose time has not come; ``starts`` and ``ends`` in µs since boot, sleep counted."""

    grant: Grant
    starts: int
    ends: int


class Leases:
    """The leases of one device, for its runs: :meth:`of` is what a check is given. Safe from any thread.

    `connect` makes a client of the collector at `address` with a time limit in seconds; no connection is kept between
    two questions.
    """

    def __init__(
        self,
        connect: Connect,
        device: str,
        key: Signer,
        clock: Clock,
        *,
        address: str,
        ca_file: str = "",
        asked: Asked = "schedule",
        share: Callable[[], float] = random_share,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.address, self.ca_file = address, ca_file
        self._connect, self._device, self._key, self._clock = connect, device, key, clock
        self._asked, self._sleep = asked, sleep
        self._backoff = Backoff(3600.0, 120.0, share)
        self._lock = threading.Lock()
        self._kept: dict[Key, _Kept] = {}
        self._asked_at: dict[Key, int] = {}
        self._requests: dict[str, tuple[str, int]] = {}

    def of(self, job: Key) -> JobLeases:
        """What a run of `job` is given."""
        return JobLeases(self, job)

    def request(self, check: str, request: str) -> None:
        """The next lease for `check` is asked in the name of this request of an engineer, as soon as its job runs."""
        with self._lock:
            self._asked_at = {job: at for job, at in self._asked_at.items() if job[0] != check}
            self._requests[check] = (request, self._now() + int(REQUEST_LASTS * 1e6))

    def keep_only(self, jobs: Collection[Key]) -> None:
        """Forgets what belongs to other jobs."""
        with self._lock:
            self._kept = {job: kept for job, kept in self._kept.items() if job in jobs}
            self._asked_at = {job: at for job, at in self._asked_at.items() if job in jobs}

    def obtain(self, job: Key, want: Want) -> Grant:
        """See :class:`checks.kit.leasing.Leases`. A lease that is ahead by more than SOON is kept for the job's next
        run, which is to come LEAD seconds before it. Raises Postponed."""
        with self._lock:
            request = self._pending(want.check)
            kept = None if request else self._usable(job)
        if kept is None:
            kept = self._keep(job, want.check, self._ask(job, want, request))
        if kept is None:
            raise Postponed(WAITING, LEAST)
        return self._give(job, kept)

    def release(self, grant: Grant, used: int) -> None:
        """Tells the collector that a lease is not needed any more; never raises."""
        try:
            self._post(msgspec.json.encode(Release(release=grant.id, used=max(0, int(used)))), GOODBYE)
        except Exception:  # it ends by itself: nothing may come of it, least of all the loss of a result
            return

    def signature(self, message: bytes) -> str:
        """The device's signature over `message`, in base64."""
        return base64.b64encode(self._key.sign(message)).decode()

    def _now(self) -> int:
        return self._clock.mono()

    def _pending(self, check: str) -> str:
        """The request in whose name `check` is to ask; empty: none."""
        request, until = self._requests.get(check, ("", 0))
        if request and self._now() >= until:
            del self._requests[check]
            return ""
        return request

    def _usable(self, job: Key) -> _Kept | None:
        """The kept lease of `job` while enough of it is left."""
        kept = self._kept.get(job)
        if kept is not None and kept.ends - self._now() < USABLE * (kept.ends - kept.starts):
            del self._kept[job]
            return None
        return kept

    def _give(self, job: Key, kept: _Kept) -> Grant:
        ahead = (kept.starts - self._now()) / 1e6
        if ahead > SOON:
            raise Postponed(WAITING, ahead - LEAD)
        if ahead > 0:
            self._sleep(ahead)
        with self._lock:
            self._kept.pop(job, None)
        left = max(0.0, (kept.ends - self._now()) / 1e6)
        return msgspec.structs.replace(kept.grant, start_in=0.0, seconds=min(kept.grant.seconds, left))

    def _keep(self, job: Key, check: str, grant: Grant) -> _Kept | None:
        """Takes a lease as from now, when its answer came; None for one that is nearly over."""
        starts = self._now() + int(grant.start_in * 1e6)
        with self._lock:
            self._requests.pop(check, None)
            self._kept[job] = _Kept(grant, starts, starts + int(grant.seconds * 1e6))
            return self._usable(job)

    def _ask(self, job: Key, want: Want, request: str) -> Grant:
        self._hold_back(job)
        asked: Asked = "engineer" if request else self._asked
        whole = msgspec.structs.replace(want, asked=asked, request=request, at=self._clock.wall())
        try:
            reply = self._post(msgspec.json.encode(whole), TIMEOUT)
        except HttpError as why:
            raise self._unanswered(f"{why.code}: {why}") from None
        if reply.status != 200:
            verdict = judge(reply, agent="", epoch=0, batch="")
            raise self._unanswered(f"{verdict.state}: {verdict.message}", verdict.retry_after)
        answer = _decode(reply.body)
        if answer.denied is not None and answer.grant is None:
            raise self._denied(answer.denied)
        if answer.grant is None or answer.denied is not None or not sound(answer.grant, self.address):
            raise self._unanswered("the answer is not a lease")
        self._backoff.succeeded()
        return answer.grant

    def _hold_back(self, job: Key) -> None:
        """Raises Postponed for a job that asked a moment ago, whatever made it come again."""
        with self._lock:
            since = (self._now() - self._asked_at.get(job, -(10**15))) / 1e6
            if 0 <= since < LEAST:
                raise Postponed(WAITING, LEAST - since)
            self._asked_at[job] = self._now()

    def _denied(self, denied: Denied) -> Postponed:
        self._backoff.succeeded()
        return Postponed(denied.reason.value, bounded(denied.retry_in), text(denied.detail, 200))

    def _unanswered(self, why: str, retry_after: float | None = None) -> Postponed:
        return Postponed(NO_ANSWER, bounded(self._backoff.failed(retry_after)), text(why, 200))

    def _post(self, body: bytes, timeout: float) -> Response:
        headers = [("Sansang-Agent", self._device), ("Sansang-Signature", self.signature(CONTEXT + body))]
        client = self._connect(timeout)
        try:
            return client.request("POST", PATH, body, [*headers, ("Content-Type", "application/json")])
        finally:
            client.close()


class JobLeases:
    """Implements :class:`checks.kit.leasing.Leases` for one job."""

    def __init__(self, leases: Leases, job: Key) -> None:
        self._leases, self._job = leases, job
        self.address, self.ca_file = leases.address, leases.ca_file

    def obtain(self, want: Want) -> Grant:
        return self._leases.obtain(self._job, want)

    def proof(self, grant: Grant) -> str:
        return self._leases.signature(PROOF_CONTEXT + grant.token.encode())

    def release(self, grant: Grant, used: int) -> None:
        self._leases.release(grant, used)

    def sign(self, evidence: bytes) -> str:
        return self._leases.signature(EVIDENCE_CONTEXT + evidence)


def connected(config: AgentConfig, found: Identity, key: Signer, clock: Clock, asked: Asked = "schedule") -> Leases:
    """The leases of the device `found`, from the collector that its settings, or else its enrolment, name."""
    address = config.collector or found.collector

    def connect(timeout: float) -> Client:
        agent = f"sansang-agent/{VERSION}"
        return Client(address, ca_file=config.ca_file, timeout=timeout, agent=agent, max_body=MAX_BODY)

    return Leases(connect, found.device, key, clock, address=address, ca_file=config.ca_file, asked=asked)


def bounded(seconds: float) -> float:
    """`seconds` within LEAST and MOST; what is no number counts as MOST."""
    return max(LEAST, seconds) if seconds <= MOST else MOST


def sound(grant: Grant, address: str) -> bool:
    """Whether `grant` can be meant: numbers in their bounds, names that go into an address or a header as they are, and
    no server without TLS where the collector at `address` has it."""
    server = grant.server
    url = _URL.fullmatch(server.url)
    numbers = (
        -MOST <= grant.start_in <= MOST and 0 < grant.seconds <= 600 and 0 <= grant.rate <= 1e13
        and 0 < grant.bytes < 1 << 63 and 1 <= grant.streams <= 64
        and 0 <= server.port <= 65_535 and 0 <= grant.session <= 65_535
    )  # fmt: skip
    names = _ID.fullmatch(grant.id) and _TOKEN.fullmatch(grant.token) and _HOST.fullmatch(server.host)
    there = not server.url or (url is not None and (url[1] == "https" or not address.startswith("https:")))
    return numbers and bool(names) and there and len(grant.key) <= 256 and server.name == text(server.name, 64)


def _decode(body: bytes) -> Answer:
    """`body` as an answer; an empty one when it is none."""
    try:
        return msgspec.json.decode(body, type=Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Answer()
