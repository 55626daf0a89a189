"""Networks that answer in everybody's place until one signs in."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.connectivity import CHECK
from checks.kit.model import Outcome, Reading, Reason, decode_params
from checks.kit.net import Net
from checks.kit.portal import foreign
from tests.checks.certs import Authority, self_signed
from tests.checks.conftest import Reach, environment
from tests.checks.servers import Answer, Server, closed_port, http, say
from tests.lab.namespaces import Office, office

GOOD = "sansang: day la trang that"
PAGE = say(http(200, GOOD.encode()))
SIGN_IN = say(http(200, b"<html>Moi dang nhap Wi-Fi</html>"))
TO_SIGN_IN = say(http(302, b"", "Location: http://dang-nhap.example/"))
_WORDS = "something else answers in place of the known good page"


@pytest.mark.parametrize("portal", [SIGN_IN, TO_SIGN_IN, say(http(511)), say(b"220 hello\r\n")])
@pytest.mark.parametrize(
    ("target", "params"),
    [
        (SIGN_IN, {"expect_body": "Cổng dịch vụ công"}),
        (say(http(404)), {}),
        (say(b"<html>no head</html>"), {}),
        (say(http(302, b"", "Location: file:///x")), {}),
    ],
    ids=["body", "status", "protocol", "redirect"],
)
def test_a_failure_is_the_portals_when_the_known_good_page_is_not_itself(
    reach: Reach, target: Answer, params: dict[str, Any], portal: Answer
) -> None:
    """Whatever the portal puts in its place."""
    with Server(target) as system, Server(portal) as page:
        reading = reach(
            f"http://127.0.0.1:{system.port}/",
            known_good=f"http://127.0.0.1:{page.port}/good",
            known_good_body=GOOD,
            **params,
        )
    assert (reading.outcome, reading.reason, reading.detail) == (Outcome.FAILED, Reason.CAPTIVE_PORTAL, _WORDS)
    assert [head.split(b" ")[1] for head in page.requests] == [b"/good"]


@pytest.mark.parametrize("page", [PAGE, say(http(404)), say(http(502)), None], ids=["good", "404", "502", "silent"])
def test_the_system_is_to_blame_when_the_known_good_page_is_itself_or_does_not_answer(
    reach: Reach, page: Answer | None
) -> None:
    """An error of the page's own server is no portal either."""
    with contextlib.ExitStack() as stack:
        system = stack.enter_context(Server(say(http(500))))
        port = stack.enter_context(Server(page)).port if page else closed_port()
        reading = reach(
            f"http://127.0.0.1:{system.port}/", known_good=f"http://127.0.0.1:{port}/", known_good_body=GOOD
        )
    assert reading.reason is Reason.HTTP_STATUS


@pytest.mark.parametrize("pins", [{}, {"issuers": ["VNPT"]}], ids=["plain", "pinned"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_portal_that_presents_its_own_certificate_is_a_portal(
    reach: Reach, authority: Authority, tmp_path: Path, scheme: str, pins: dict[str, Any]
) -> None:
    """For the system, pinned or not, and for the known good page when that is https too."""
    with Server(SIGN_IN, self_signed(tmp_path)) as secure, Server(SIGN_IN) as plain:
        port = secure.port if scheme == "https" else plain.port
        url, page = f"https://127.0.0.1:{secure.port}/", f"{scheme}://127.0.0.1:{port}/"
        reading = reach(url, ca_file=authority.ca_file, known_good=page, known_good_body=GOOD, **pins)
        alone = reach(url, ca_file=authority.ca_file, **pins)
    assert reading.reason is Reason.CAPTIVE_PORTAL
    assert alone.reason is (Reason.TLS_INTERCEPTED if pins else Reason.TLS_SELF_SIGNED)


def test_a_sign_in_page_that_would_pass_for_the_system_is_found(reach: Reach) -> None:
    """A redirect in plain text to another host, and 200 at its end: without a look it would count as reached."""
    with contextlib.ExitStack() as stack:
        sign_in = stack.enter_context(Server(SIGN_IN))
        moved = http(302, b"", f"Location: http://dang-nhap.example:{sign_in.port}/")
        portal = stack.enter_context(Server(say(moved)))
        url = f"http://he-thong.example:{portal.port}/"
        believed = reach(url)
        looked_at = reach(url, known_good=f"http://known.example:{portal.port}/", known_good_body=GOOD)
    assert believed.outcome is Outcome.OK
    assert looked_at.reason is Reason.CAPTIVE_PORTAL


def test_a_system_that_works_costs_no_second_page(reach: Reach) -> None:
    """Redirects on one host included."""
    with Server(PAGE) as system, Server(PAGE) as page:
        url = f"http://127.0.0.1:{system.port}/"
        assert reach(url, known_good=f"http://127.0.0.1:{page.port}/", known_good_body=GOOD).outcome is Outcome.OK
    assert page.requests == []


def test_twenty_targets_ask_for_the_page_once() -> None:
    """The answer is shared for some seconds."""
    with Server(say(http(500))) as system, Server(SIGN_IN) as page:
        env = environment(Net())
        for number in range(20):
            params = {"url": f"http://127.0.0.1:{system.port}/{number}", "known_good_body": GOOD,
                      "known_good": f"http://127.0.0.1:{page.port}/"}  # fmt: skip
            assert CHECK.run(decode_params(CHECK, params), env).reason is Reason.CAPTIVE_PORTAL
    assert len(page.requests) == 1


@pytest.mark.parametrize(
    ("status", "found", "stranger"),
    [(200, True, False), (200, False, True), (204, True, True), (302, True, True), (511, False, True),
     (404, False, False), (503, False, False)],
)  # fmt: skip
def test_only_a_success_or_a_redirect_is_a_strangers(status: int, found: bool, stranger: bool) -> None:
    """Errors may be the page's own."""
    assert foreign(status, found) is stranger


@pytest.fixture(scope="module")
def signed_out() -> Iterator[Office]:
    """An office whose router answers every request on port 80 itself."""
    with office(ipv6=False) as built:
        built.router.run("nft", "add table ip portal")
        built.router.run("nft", "add chain ip portal pre { type nat hook prerouting priority dstnat; }")
        built.router.run("nft", "add rule ip portal pre iifname pc tcp dport 80 redirect to :8080")
        yield built


def test_a_router_that_diverts_port_80_is_a_portal(signed_out: Office) -> None:
    """The system and the known good page both exist, behind it; once signed in, the system is reached."""
    far = Office.SERVER[0]
    with contextlib.ExitStack() as stack:
        here, there = signed_out.router, signed_out.server
        stack.enter_context(here.call(lambda: Server(TO_SIGN_IN, host=Office.ROUTER[0], port=8080)))
        stack.enter_context(there.call(lambda: Server(PAGE, host=far, port=80)))

        def run() -> Reading:
            params = {"url": f"http://{far}/", "expect_body": GOOD, "known_good": f"http://{far}/good",
                      "known_good_body": GOOD, "max_redirects": 0, "proxy": "none"}  # fmt: skip
            found: Reading = CHECK.run(decode_params(CHECK, params), environment(Net()))
            return found

        before = signed_out.pc.call(run)
        signed_out.router.run("nft", "flush chain ip portal pre")
        after = signed_out.pc.call(run)
    assert (before.reason, before.detail) == (Reason.CAPTIVE_PORTAL, _WORDS)
    assert after.outcome is Outcome.OK


def test_the_look_at_the_page_stays_within_the_deadline(reach: Reach) -> None:
    """A page that does not answer costs what is left of the run and no more."""
    started = time.monotonic()
    with Server(say(http(500))) as system, Server(lambda connection, _: time.sleep(3)) as page:
        reading = reach(
            f"http://127.0.0.1:{system.port}/",
            seconds=0.5,
            known_good=f"http://127.0.0.1:{page.port}/",
            known_good_body=GOOD,
        )
    assert reading.reason is Reason.HTTP_STATUS
    assert time.monotonic() - started < 2.5
