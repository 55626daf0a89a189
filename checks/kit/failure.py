"""What the network primitives raise, and how the system's errors become reasons."""

from __future__ import annotations

import errno

from checks.kit.model import Reason

_REFUSED = {errno.ECONNREFUSED}
# ENOTCONN: it was cut between the connect and what came next
_RESET = {errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE, errno.ENOTCONN}
_UNREACHABLE = {
    errno.ENETUNREACH,
    errno.EHOSTUNREACH,
    errno.ENETDOWN,
    errno.EADDRNOTAVAIL,
    errno.EAFNOSUPPORT,
    getattr(errno, "EHOSTDOWN", errno.EHOSTUNREACH),
}
_FORBIDDEN = {errno.EACCES, errno.EPERM}

UNMEASURED = frozenset({Reason.PERMISSION, Reason.BAD_PARAMS, Reason.UNSUPPORTED, Reason.INTERNAL})
"""Reasons that say something of this device and nothing of the subject."""


class NetError(Exception):
    """A phase that did not succeed. ``detail`` is one line in English without anything the other side sent."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


def from_os(why: OSError, timed_out: Reason, doing: str) -> NetError:
    """`why` as a NetError; a timeout becomes `timed_out`, the phase's own."""
    number = why.errno
    if isinstance(why, TimeoutError) or number == errno.ETIMEDOUT:
        return NetError(timed_out, f"no answer in time {doing}")
    for numbers, reason, words in (
        (_REFUSED, Reason.TCP_REFUSED, "the connection was refused"),
        (_RESET, Reason.TCP_RESET, "the connection was reset"),
        (_UNREACHABLE, Reason.TCP_UNREACHABLE, "the network has no way there"),
        (_FORBIDDEN, Reason.PERMISSION, "this device forbids it"),
    ):
        if number in numbers:
            return NetError(reason, f"{words} {doing}")
    return NetError(Reason.INTERNAL, f"error {errno.errorcode.get(number or 0, number)} {doing}")
