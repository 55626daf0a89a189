"""One test on one connection: its clock, its messages, its end. Which way the bytes go is its sender's matter."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
import uuid
from collections.abc import Callable, Iterator, Mapping

import msgspec
from msgspec import Struct

from checks.kit.ndt7 import EVERY, LARGEST, MAX_MESSAGE, MAX_TEXT, VERSION, AppInfo, Measurement, TCPInfo, Test
from collector.leases.gate import Pass
from collector.speed import frames
from collector.speed.frames import Broken, Reader
from collector.speed.line import Line
from collector.speed.pacing import Group
from collector.speed.record import CODES, Claim, End, Limits, Record

MESSAGES, MESSAGES_A_SECOND = 100, 100.0
"""Texts, pings and pongs that a client may send: so many at once, and so many a second. The specification asks for
one in 250 ms; whoever measures the delay under load sends more."""
SLACK_TIME = 1_000_000
SLACK_UPLOAD = 4 * LARGEST
"""What a client may claim beyond what is known here: µs, and bytes of an upload that are still under way."""
COUNT_EVERY = 1 << 20
"""Bytes after which the lease is asked at the latest."""
MAX_SAMPLES = 64
FAREWELL = 1.0
"""Seconds in which a client that did wrong may still read why, and the message that is under way may end."""
Count = Callable[[str, int, Mapping[str, float]], bool]


class _AppInfo(Struct, rename="pascal"):
    elapsed_time: int | float = 0
    num_bytes: int | float = 0


class _Told(Struct, rename={"app_info": "AppInfo"}):
    app_info: _AppInfo | None = None


_told = msgspec.json.Decoder(_Told, strict=True).decode
_encode = msgspec.json.Encoder().encode


class Session:
    """Implements :class:`collector.speed.frames.Ear`; ``ended`` is set once, by whoever ends the test first."""

    def __init__(
        self, line: Line, test: Test, granted: Pass, group: Group, count: Count, limits: Limits, lasts: float
    ) -> None:
        """`lasts`: seconds for which the lease still holds."""
        self.line, self.test, self.group, self.limits = line, test, group, limits
        self.bytes = 0
        self.ended: asyncio.Future[End] = asyncio.get_running_loop().create_future()
        self.gone = asyncio.Event()
        self._lease, self._count, self._uuid = granted.lease, count, str(uuid.uuid4())
        self._lasts = lasts if granted.lease and lasts < limits.run else math.inf
        self._reader = Reader(self, largest=LARGEST, largest_text=MAX_TEXT)
        self._started, self._uncounted, self._arrived, self._messages = time.monotonic(), 0, 0, 0
        self._claim: Claim | None = None
        self._inside, self._queued = False, bytearray()
        self._told_last, self._moved, self._moved_at = (0, 0), 0, 0.0
        self._samples: list[tuple[int, int]] = []
        self._resume: asyncio.TimerHandle | None = None
        self._deaf = False
        tcp = line.tcp()
        self._acked_before = tcp.bytes_acked if tcp else 0
        self._tcp, self._bbr, self._congestion = tcp, line.bbr(), ""

    # --- time -----------------------------------------------------------------------------------------------------
    @property
    def elapsed(self) -> float:
        """Seconds since the test began."""
        return time.monotonic() - self._started

    @property
    def running(self) -> bool:
        return not self.ended.done() and self.elapsed < self.limits.run

    def end(self, why: End) -> None:
        if not self.ended.done():
            self.ended.set_result(why)

    # --- what arrives ---------------------------------------------------------------------------------------------
    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """As aiohttp's protocol calls its parser. Never raises."""
        if not self._deaf:
            try:
                self._reader.feed(data)
            except Broken as why:
                self.end(End.MESSAGE_TOO_BIG if why.big else End.FRAMES_TOO_SMALL if why.tiny else End.PROTOCOL_ERROR)
                self._deaf = True  # where the next frame would begin is not known
        self._brake()
        return False, b""

    def feed_eof(self) -> None:
        """The connection is lost."""
        self.gone.set()
        self.end(End.CLIENT_GONE)

    def payload(self, count: int) -> None:
        if self.test == "download":
            self.end(End.BINARY_IN_DOWNLOAD)
            return
        self._arrived += count
        self.passed(count)

    def text(self, message: bytes) -> None:
        self._messages += 1
        self._limit_messages()
        try:
            told = _told(message).app_info
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.end(End.TEXT_UNREADABLE)
            return
        if told is not None:
            self._hear(int(told.num_bytes), int(told.elapsed_time))

    def control(self, opcode: int, payload: bytes) -> None:
        self._messages += 1
        self._limit_messages()
        if opcode == frames.CLOSE:
            self.end(End.CLIENT_CLOSED)
            self.gone.set()
        elif opcode == frames.PING and not self.ended.done():
            self.say(frames.frame(frames.PONG, payload))

    def _hear(self, count: int, elapsed: int) -> None:
        """A claim that cannot be true ends the test: nothing that this client says is worth keeping."""
        most = self.bytes + (SLACK_UPLOAD if self.test == "upload" else MAX_MESSAGE + MAX_TEXT)
        if 0 <= count <= most and 0 <= elapsed <= self.elapsed * 1e6 + SLACK_TIME:
            self._claim = Claim(count, elapsed)
        else:
            self._claim = None
            self.end(End.CLIENT_LIED)

    def _limit_messages(self) -> None:
        if self._messages > MESSAGES + MESSAGES_A_SECOND * self.elapsed:
            self.end(End.MESSAGES_TOO_OFTEN)

    def _brake(self) -> None:
        """Reads on only when what has arrived may have arrived."""
        count, self._arrived = self._arrived, 0
        wait = self.group.bucket.take(count) if count else 0.0
        if wait > 0 and self._resume is None and not self.line.transport.is_closing():
            self.line.transport.pause_reading()
            self._resume = asyncio.get_running_loop().call_later(wait, self._go_on)

    def _go_on(self) -> None:
        self._resume = None
        if not self.line.transport.is_closing():
            self.line.transport.resume_reading()

    # --- what is sent ---------------------------------------------------------------------------------------------
    def say(self, frame: bytes) -> None:
        """Sends a small frame, after the message that is being sent."""
        if self._inside:
            self._queued += frame
        elif not self.line.transport.is_closing():
            self.line.transport.write(frame)

    @contextlib.contextmanager
    def message(self) -> Iterator[None]:
        """While it lasts, a message is sent in pieces, and nothing may come between them."""
        self._inside = True
        yield
        self._inside = False  # not where the sender was stopped in the middle: nothing can follow half a message
        if self._queued:
            self.say(bytes(self._queued))
            self._queued.clear()

    def passed(self, count: int) -> None:
        """`count` more bytes of payload were sent or received."""
        self._uncounted += count
        self.group.left -= count
        if self.test == "download" or not self.ended.done():
            self.bytes += count
        if self._uncounted >= COUNT_EVERY or self.group.left <= 0:
            self.account()

    def account(self) -> None:
        """Tells the lease what has passed since the last time."""
        count, self._uncounted = self._uncounted, 0
        if not self._lease:
            return
        rate = sum(self.group.rates.values())
        numbers = {self.test: rate, f"{self.test}_share": min(1.0, self.elapsed / self.limits.run)}
        if not self._count(self._lease, count, numbers) or self.group.left <= 0:
            self.end(End.LEASE_OVER)

    # --- every quarter of a second --------------------------------------------------------------------------------
    async def watch(self) -> None:
        """Measures, tells, and ends what has run its time or does not move."""
        self.measure(first=True)
        while not self.ended.done():
            left = min(self.limits.run, self._lasts) - self.elapsed
            await asyncio.sleep(min(EVERY, left) if left > 0 else EVERY)
            self.measure()
            self.account()
            self._judge()

    def measure(self, *, first: bool = False) -> None:
        elapsed = int(self.elapsed * 1e6)
        done = self.bytes - (self.line.transport.get_write_buffer_size() if self.test == "download" else 0)
        before, bytes_before = self._told_last
        self._told_last = (elapsed, done)
        self.group.rates[id(self)] = (done - bytes_before) * 8e6 / max(1, elapsed - before)
        if len(self._samples) < MAX_SAMPLES and not first:
            self._samples.append((elapsed, done))
        tcp = self._ask(elapsed)
        self._see(tcp.bytes_acked if tcp and self.test == "download" else done)
        message = Measurement(
            app_info=AppInfo(elapsed_time=elapsed, num_bytes=max(0, done)),
            connection_info=self.line.connection(self._uuid) if first else None,
            bbr_info=self._bbr,
            tcp_info=tcp,
            origin="server",
            test=self.test,
        )
        self.say(frames.frame(frames.TEXT, _encode(message)))

    def _ask(self, elapsed: int) -> TCPInfo | None:
        """What the system says of the connection now, or said last: of one that broke it says nothing more."""
        line = self.line
        self._tcp, self._bbr = line.tcp(elapsed) or self._tcp, line.bbr(elapsed) or self._bbr
        self._congestion = line.congestion or self._congestion
        return self._tcp

    def _see(self, moved: int) -> None:
        if moved != self._moved:
            self._moved, self._moved_at = moved, self.elapsed

    def _judge(self) -> None:
        elapsed = self.elapsed
        if elapsed >= self._lasts:
            self.end(End.LEASE_OVER)
        elif elapsed >= self.limits.most:
            self.end(End.TIME_OVER)
        elif elapsed - self._moved_at >= self.limits.stall:
            self.end(End.CLIENT_SILENT if self.test == "upload" else End.CLIENT_STALLED)
        elif elapsed >= self.limits.run and self.test == "upload":
            self.end(End.COMPLETED if self.bytes else End.CLIENT_SILENT)

    # --- the end --------------------------------------------------------------------------------------------------
    async def close(self, why: End) -> None:
        """Sends a close frame and waits for the client's, so that the server closes first, as the specification has
        it; at most until the test is given up."""
        transport = self.line.transport
        if self._inside or transport.is_closing():
            transport.abort()
            return
        transport.write(frames.closing(CODES.get(why, frames.Code.OK), why.value))
        patience = FAREWELL if why in CODES else max(FAREWELL, self.limits.most - self.elapsed)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.gone.wait(), patience)
        if self.gone.is_set():
            transport.close()
        else:
            transport.abort()

    def record(self, server: str, why: End, at: int, client: dict[str, str]) -> Record:
        """To be taken before the connection is closed."""
        seconds = max(self.elapsed, 1e-6)
        tcp = self._ask(int(seconds * 1e6))
        counted = tcp.bytes_acked - self._acked_before if tcp and self.test == "download" else self.bytes
        return Record(
            protocol=VERSION, test=self.test, server=server, uuid=self._uuid, at=at, seconds=seconds, bytes=self.bytes,
            rate=counted * 8 / seconds, paced=self.group.bucket.rate, end=why, congestion=self._congestion,
            tcp=tcp, bbr=self._bbr, claimed=self._claim, client=client, samples=self._samples,
        )  # fmt: skip
