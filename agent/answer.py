"""What the collector's answer to a batch means. Only an acknowledgement that names this very batch lets anything go."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from agent.clean import text
from agent.http import Response
from checks.kit.wire import Ack

UNREADABLE = frozenset({"invalid", "not_json", "too_deep", "forbidden_character", "too_large", "inflated_too_large"})
"""Codes that blame the batch's content. Other refusals (an unknown version, damage in transit) blame no record."""


class Refusal(Struct, kw_only=True):
    """An error of the collector."""

    error: str
    message: str = ""
    retry_after: float | None = None


class Verdict(Struct, kw_only=True, frozen=True):
    """What to do. ``state`` is ok, unreadable, or the name of a trouble to be shown; ``retry_after`` in seconds."""

    state: str
    message: str = ""
    ack: Ack | None = None
    retry_after: float | None = None


def judge(reply: Response, *, agent: str, epoch: int, batch: str) -> Verdict:
    """The meaning of `reply` to the batch `batch` of `agent` in `epoch`."""
    if reply.status == 200:
        return _judge_ack(reply, agent, epoch, batch)
    refusal = _decode(reply.body)
    wait = _retry_after(reply, refusal)
    if refusal is None:
        state = "captive_portal" if _is_foreign(reply) else f"http_{reply.status}"
        return Verdict(state=state, message=_foreign_words(reply), retry_after=wait)
    said = text(refusal.message, 200) or refusal.error
    if reply.status in (400, 413) and refusal.error in UNREADABLE:
        return Verdict(state="unreadable", message=f"{refusal.error}: {said}")
    return Verdict(state=text(refusal.error, 32), message=said, retry_after=wait)


def _judge_ack(reply: Response, agent: str, epoch: int, batch: str) -> Verdict:
    try:
        ack = msgspec.json.decode(reply.body, type=Ack)
    except (msgspec.DecodeError, UnicodeDecodeError):
        if _is_foreign(reply):
            return Verdict(state="captive_portal", message=_foreign_words(reply))
        return Verdict(state="bad_answer", message="the answer is not an acknowledgement")
    if (ack.agent, ack.epoch, ack.batch) != (agent, epoch, batch):
        return Verdict(state="bad_answer", message="the acknowledgement names another batch")
    return Verdict(state="ok", ack=ack, retry_after=ack.retry_after)


def _decode(body: bytes) -> Refusal | None:
    try:
        return msgspec.json.decode(body, type=Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _is_foreign(reply: Response) -> bool:
    """A page or a redirect: something between this PC and the collector answered."""
    html = "html" in reply.headers.get("content-type", "").lower() or reply.body.lstrip()[:1] == b"<"
    return (html and reply.status < 400) or 300 <= reply.status < 400 or reply.status == 511


def _foreign_words(reply: Response) -> str:
    where = text(reply.headers.get("location", ""), 120)
    return f"something else answered {reply.status}" + (f" and points to {where}" if where else "")


def _retry_after(reply: Response, refusal: Refusal | None) -> float | None:
    header = reply.headers.get("retry-after", "").strip()
    if header.isascii() and header.isdigit() and len(header) < 8:
        return float(header)
    return refusal.retry_after if refusal is not None else None
