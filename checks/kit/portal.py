"""Does the network answer in a page's place: a captive portal that wants a sign-in first."""

from __future__ import annotations

import msgspec

from checks.kit import journey
from checks.kit import url as urls
from checks.kit.failure import NetError
from checks.kit.journey import Trace, Way
from checks.kit.model import Env, Reason
from checks.kit.tls import Trust

AGE = 10.0
"""Seconds for which an answer serves other jobs too."""
_PATIENCE = 5.0
_SIGN_IN = 511
# Somebody answered, and it was not the page's own server.
_FOREIGN = {Reason.HTTP_PROTOCOL, Reason.TLS_NAME, Reason.TLS_UNTRUSTED, Reason.TLS_SELF_SIGNED}


def answers(page: str, body: str, way: Way, env: Env) -> bool:
    """Whether something else answers for `page`, in whose 200 stands `body`. Fetched `way`, without its pins and
    redirects. No answer, and an error of the page's own server (4xx, 5xx), are no portal."""
    found: bool | None = env.net.shared(
        f"known-good {way.proxy} {page} {body}", AGE, env.left(), lambda: _fetch(page, body, way, env)
    )
    return bool(found)


def _fetch(page: str, body: str, way: Way, env: Env) -> bool:
    plain = msgspec.structs.replace(
        way,
        trust=Trust(way.trust.ca_file),
        timeout=min(way.timeout, _PATIENCE),
        max_redirects=0,
        find=body.encode(),
    )
    trace = Trace()
    try:
        journey.follow(urls.parse(page), plain, env, trace)
    except NetError as why:
        return why.reason in _FOREIGN
    return foreign(trace.status or 0, trace.found)


def foreign(status: int, found: bool) -> bool:
    """Whether an answer is a stranger's: a sign-in page, or a redirect to one."""
    return status == _SIGN_IN or (200 <= status < 400 and not (status == 200 and found))
