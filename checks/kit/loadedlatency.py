"""Round trips while a line is loaded, and what they make: responsiveness as draft-ietf-ippm-responsiveness has it.

§5.3.1.1 of the draft (-08), TM being the mean of the best 95 % of the round trips in milliseconds::

    Foreign = 60000 / ((TM(tcp_f) + TM(tls_f) + TM(http_f)) / 3)    without TLS: 60000 / ((TM(tcp_f) + TM(http_f)) / 2)
    Loaded = 60000 / TM(http_l)
    Responsiveness = (Foreign + Loaded) / 2                         in round trips per minute

An ndt7 server speaks HTTP/1.1 and WebSockets, so two things are taken otherwise. ``http_l``, in the draft a request
multiplexed onto a connection that carries load, is a WebSocket ping there: its answer waits in the same queues,
those of the server's socket included. ``http_f`` is any answer to a GET on the new connection. The draft takes the
last four intervals of a second; a test that stops early has hardly more, so all are taken from the end of the warm-up
on. ``tcp_f`` is the kernel's own measure of the handshake where it gives one (Linux), so that a busy PC is not in it;
a TLS 1.2 handshake counts half, for its two round trips (the draft's normalisation).
"""

from __future__ import annotations

from collections.abc import Sequence

from checks.kit.speed import Probes

TRIM = 0.95
LEAST = 4
"""Round trips of a kind from which on there is a figure."""


def trimmed(found: Sequence[float]) -> float | None:
    """The mean of the best TRIM of `found`; None when there are fewer than LEAST."""
    if len(found) < LEAST:
        return None
    kept = sorted(found)[: max(1, int(len(found) * TRIM + 1e-9))]
    return sum(kept) / len(kept)


def responsiveness(probes: Probes, secure: bool) -> float | None:
    """Round trips per minute; None when a part of the formula was not measured often enough."""
    classes = [probes.tcp, probes.http, *([probes.tls] if secure else [])]
    foreign = [trimmed(one) for one in classes]
    loaded = trimmed(probes.self)
    known = [one for one in foreign if one]
    if len(known) < len(foreign) or not loaded:
        return None
    return (60 / (sum(known) / len(known)) + 60 / loaded) / 2


def median(found: Sequence[float]) -> float | None:
    """The median of `found`; None when there are fewer than LEAST."""
    if len(found) < LEAST:
        return None
    ordered, half = sorted(found), len(found) // 2
    return ordered[half] if len(found) % 2 else (ordered[half - 1] + ordered[half]) / 2
