"""The agent's leases for a check that runs in a child: it asks over its pipes, and the agent's side answers."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from checks.kit import child
from checks.kit.apart import Delay
from checks.kit.leasing import Grant, Leases, Postponed, Want


class Question(Struct, frozen=True, omit_defaults=True):
    """One of these is asked; ``used`` goes with ``release``."""

    obtain: Want | None = None
    proof: Grant | None = None
    release: Grant | None = None
    used: int = 0
    evidence: bytes | None = None


class Reply(Struct, frozen=True, omit_defaults=True):
    """``said`` is a signature in base64."""

    grant: Grant | None = None
    delay: Delay | None = None
    said: str = ""


def answer(leases: Leases, asked: Any) -> Reply:
    """On the agent's side: what `leases` say to a question. Raises msgspec.ValidationError for what is none."""
    question = msgspec.convert(asked, Question)
    if question.obtain is not None:
        try:
            return Reply(grant=leases.obtain(question.obtain))
        except Postponed as why:
            return Reply(delay=Delay(why.reason, why.seconds, why.detail))
    if question.proof is not None:
        return Reply(said=leases.proof(question.proof))
    if question.evidence is not None:
        return Reply(said=leases.sign(question.evidence))
    if question.release is not None:
        leases.release(question.release, question.used)
    return Reply()


class Lent:
    """On the child's side: implements :class:`checks.kit.leasing.Leases`."""

    def __init__(self, address: str, ca_file: str) -> None:
        self.address, self.ca_file = address, ca_file

    def obtain(self, want: Want) -> Grant:
        reply = _ask(Question(obtain=want))
        if reply.grant is None:
            raise (reply.delay or Delay("no_answer", 3600.0)).exception()
        return reply.grant

    def proof(self, grant: Grant) -> str:
        return _ask(Question(proof=grant)).said

    def release(self, grant: Grant, used: int) -> None:
        try:
            _ask(Question(release=grant, used=int(used)))
        except Exception:  # the lease ends by itself
            return

    def sign(self, evidence: bytes) -> str:
        return _ask(Question(evidence=evidence)).said


def _ask(question: Question) -> Reply:
    return msgspec.convert(child.say(question), Reply)
