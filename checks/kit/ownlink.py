"""Is it this device's own link that is down: nobody is to be blamed for what nobody here can reach.

The link works when a router of a default route answers an echo request or is known to be there, or when one of the
anchors takes a connection. It is down only when every router and every anchor is silent.
"""

from __future__ import annotations

import contextlib

from checks.kit import route
from checks.kit.failure import NetError
from checks.kit.model import Env, Reason
from checks.kit.route import Gateway
from checks.kit.url import place

WORKS, DOWN, UNKNOWN = "works", "down", "unknown"
AGE = 10.0
"""Seconds for which an answer serves other jobs too: when twenty targets fail at once, one of them asks."""
_COUNT, _INTERVAL, _PATIENCE = 2, 0.2, 0.8
_ANCHOR_PATIENCE = 1.5
# A refusal came from somewhere past the link.
_CAME_BACK = {Reason.TCP_REFUSED, Reason.TCP_RESET}
_GONE = {"none", "incomplete", "failed"}


def own_link(anchors: tuple[str, ...], env: Env) -> str:
    """``works``, ``down``, or ``unknown``. `anchors` are web addresses or ``host:port``."""
    key = " ".join(("own-link", *anchors))
    found: str | None = env.net.shared(key, AGE, env.left(), lambda: _ask(anchors, env))
    return found or UNKNOWN


def _ask(anchors: tuple[str, ...], env: Env) -> str:
    # Windows takes seconds to tell its routes: there the anchors are asked before, elsewhere the router, who is nearer
    slow = env.host.system().name == "windows"
    if slow and _any_reached(anchors, env):
        return WORKS
    routers = _routers(env)
    return WORKS if routers == WORKS or (not slow and _any_reached(anchors, env)) else routers


def _any_reached(anchors: tuple[str, ...], env: Env) -> bool:
    for index, anchor in enumerate(anchors):
        rest = len(anchors) - index
        if _reached(anchor, env.left(_ANCHOR_PATIENCE * rest) / rest, env):
            return True
    return False


def _defaults(env: Env) -> tuple[Gateway, ...] | None:
    """The default routes; None when they cannot be known."""
    system = env.host.system().name
    if system == "windows":
        from checks.kit import lan_windows
        from checks.kit.child import ChildError

        try:
            return lan_windows.routes(lan_windows.ask(env.child, env.left()))
        except ChildError:
            return None
    return route.defaults(env.host) if system == "linux" else None


def _routers(env: Env) -> str:
    known = _defaults(env)
    if known is None:
        return UNKNOWN
    if not known:
        return DOWN
    states = [_router(gateway, env) for gateway in known]
    return next((state for state in (WORKS, UNKNOWN) if state in states), DOWN)


def _router(gateway: Gateway, env: Env) -> str:
    if not gateway.address:
        return UNKNOWN  # a point-to-point link: there is nobody to ask
    heard = None
    with contextlib.suppress(NetError):
        wait = env.left(_PATIENCE)
        heard = env.net.ping(
            gateway.address, count=_COUNT, interval=_INTERVAL, timeout=max(wait, 0.01), interface=gateway.interface
        )
    if heard and heard.rtts:
        return WORKS
    neighbour = route.neighbour(env.host, gateway)
    if neighbour is None:
        return DOWN if heard else UNKNOWN
    if neighbour.state in _GONE:
        return DOWN
    return WORKS if neighbour.state == "reachable" else UNKNOWN


def _reached(anchor: str, seconds: float, env: Env) -> bool:
    try:
        host, port = place(anchor)
        found = env.net.resolve(host, port, seconds)
        env.net.close(env.net.connect(found.addresses, seconds).sock)
    except NetError as why:
        return why.reason in _CAME_BACK
    return True
