"""Connecting by IPv4 and IPv6 at once: which of them works, and which one a browser would go on with (RFC 8305).

Both start together, each in a thread of its own, so that a dead one costs the other nothing and the times compare.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Sequence

from msgspec import Struct

from checks.kit.failure import NetError
from checks.kit.model import Reason

HEAD_START = 0.25
"""Seconds by which the preferred family may be slower and still win: RFC 8305 §5, Connection Attempt Delay."""
PATIENCE = 4.0
"""Seconds after which the family that did not win counts as silent: its repeated SYNs of 1 and 3 s are out by then."""
_WORST = (Reason.TCP_RESET, Reason.TCP_REFUSED, Reason.TCP_TIMEOUT, Reason.TCP_UNREACHABLE)


class Address(Struct, frozen=True):
    """Where to connect to. ``family`` is ``ipv4`` or ``ipv6``."""

    family: str
    sockaddr: tuple[object, ...]


class Connection(Struct, frozen=True):
    """A connected socket, which address answered and how long that connect took (seconds)."""

    sock: socket.socket
    address: Address
    took: float


class Reached(Struct, frozen=True):
    """What became of one family: seconds its connect took, or why there is none."""

    took: float | None = None
    failure: NetError | None = None


class _Lane(Struct):
    addresses: list[Address]
    done: bool = False
    connection: Connection | None = None
    reached: Reached = Reached()


class Race:
    """One connect by each family of `addresses`, whose order says which is preferred. It begins at once.

    `connect` takes addresses of one family and seconds; `close` gets every connection that is not the winner's. No
    thread outlives `timeout`.
    """

    def __init__(
        self,
        addresses: Sequence[Address],
        timeout: float,
        connect: Callable[[Sequence[Address], float], Connection],
        close: Callable[[socket.socket], None],
    ) -> None:
        self._connect, self._close, self._timeout = connect, close, timeout
        self._started = time.monotonic()
        self._change = threading.Condition()
        self._decided = False
        self._lanes: dict[str, _Lane] = {}
        for address in addresses:
            self._lanes.setdefault(address.family, _Lane([])).addresses.append(address)
        if len(self._lanes) > 1:
            for lane in self._lanes.values():
                threading.Thread(target=self._run, args=(lane,), name="family", daemon=True).start()

    @property
    def families(self) -> tuple[str, ...]:
        """The families there are addresses of, the preferred one first."""
        return tuple(self._lanes)

    def winner(self) -> Connection:
        """The connection to go on with. Raises NetError, of the family that came furthest, when there is none."""
        lanes = list(self._lanes.values())
        if len(lanes) == 1:
            self._run(lanes[0])
        with self._change:
            self._await(lanes)
            reached = [(lane, lane.connection) for lane in lanes if lane.connection]
            if not reached:
                raise worst([lane.reached.failure for lane in lanes if lane.reached.failure])
            best = min(reached, key=lambda one: one[1].took + HEAD_START * lanes.index(one[0]))
            self._decided = True
            for lane, connection in reached:
                if lane is not best[0]:
                    self._close(connection.sock)
            return best[1]

    def outcomes(self) -> dict[str, Reached]:
        """What became of each family; one that is still trying is given PATIENCE, from the start of the race."""
        with self._change:
            left = min(PATIENCE, self._timeout) - (time.monotonic() - self._started)
            self._change.wait_for(lambda: all(lane.done for lane in self._lanes.values()), max(0.0, left))
            silent = Reached(failure=NetError(Reason.TCP_TIMEOUT, "no answer in time when connecting"))
            return {family: lane.reached if lane.done else silent for family, lane in self._lanes.items()}

    def blame(self, family: str, why: NetError) -> None:
        """Says that `family`, although it connected, failed with `why` where the other one did not."""
        self._lanes[family].reached = Reached(self._lanes[family].reached.took, why)

    def _await(self, lanes: list[_Lane]) -> None:
        """Waits until it is clear who wins; both families may then still fail, or one still try."""
        self._change.wait_for(lambda: any(lane.done for lane in lanes))
        if lanes[0].connection:
            return
        if any(lane.connection for lane in lanes):
            self._change.wait_for(lambda: lanes[0].done, HEAD_START)
        else:
            self._change.wait_for(lambda: all(lane.done for lane in lanes))

    def _run(self, lane: _Lane) -> None:
        connection, failure = None, None
        try:
            connection = self._connect(lane.addresses, self._timeout)
        except NetError as why:
            failure = why
        except Exception:
            failure = NetError(Reason.INTERNAL, "the connect ended in an error of ours")
        with self._change:
            lane.reached = Reached(connection.took if connection else None, failure)
            lane.done = True
            if connection and self._decided:
                self._close(connection.sock)
            else:
                lane.connection = connection
            self._change.notify_all()


def worst(failures: Sequence[NetError]) -> NetError:
    """The failure of the attempt that came furthest."""
    return min(failures, key=lambda why: _WORST.index(why.reason) if why.reason in _WORST else len(_WORST))
