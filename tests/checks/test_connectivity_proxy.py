"""Going through a proxy: a real one at the edge of an office, and ones that answer wrongly in every way."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.connectivity import CHECK
from checks.kit.model import Outcome, Reading, Reason, decode_params
from checks.kit.net import Net
from tests.checks.certs import Authority
from tests.checks.conftest import Reach, environment, values
from tests.checks.servers import Answer, Server, closed_port, http, say
from tests.lab.namespaces import Office, office

SERVER, PROXY = Office.SERVER[0], f"http://{Office.ROUTER[0]}:8888"
SECRET = "mat-khau"


@pytest.fixture(scope="module")
def edge() -> Iterator[Office]:
    with office() as built:
        yield built


@contextlib.contextmanager
def tinyproxy(edge: Office, folder: Path, *lines: str) -> Iterator[None]:
    """Debian's tinyproxy on the router, with these lines in its settings."""
    file = folder / "tinyproxy.conf"
    own = ("User root", "Group root", "Port 8888", "Timeout 20", "Allow 192.0.2.0/24", f'PidFile "{folder}/pid"')
    file.write_text("\n".join((*own, *lines, "")), "ascii")
    process = edge.router.start("tinyproxy", "-d", "-c", str(file), stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 10
        while edge.pc.call(_listening) is False and time.monotonic() < end:
            time.sleep(0.02)
        yield
    finally:
        process.kill()
        process.wait()


def _listening() -> bool:
    with contextlib.suppress(OSError), socket.create_connection((Office.ROUTER[0], 8888), 1):
        return True
    return False


def from_pc(edge: Office, url: str, **params: Any) -> Reading:
    """The check, run in the office's PC."""
    found: Reading = edge.pc.call(lambda: CHECK.run(decode_params(CHECK, {"url": url, **params}), environment(Net())))
    return found


@contextlib.contextmanager
def serving(edge: Office, answer: Answer, context: Any = None) -> Iterator[Server]:
    with edge.server.call(lambda: Server(answer, context, host=SERVER)) as server:
        yield server


@pytest.fixture
def closed(edge: Office) -> Iterator[None]:
    """The PC has no way out but the proxy."""
    edge.router.run("nft", "add table ip gate; add chain ip gate forward { type filter hook forward priority 0; }")
    edge.router.run("nft", "add rule ip gate forward ip saddr 192.0.2.0/24 reject")
    yield
    edge.router.run("nft", "delete table ip gate")


@pytest.mark.usefixtures("closed")
def test_a_real_proxy_leads_to_http_and_https(edge: Office, authority: Authority, tmp_path: Path) -> None:
    """The whole address for http, a tunnel with its own phase for https; without the proxy there is no way."""
    context, _ = authority.server((SERVER,))
    hello = say(http(200, b"xin chao"))
    with tinyproxy(edge, tmp_path), serving(edge, hello) as plain, serving(edge, hello, context) as secure:
        url = f"https://{SERVER}:{secure.port}/"
        by_http = from_pc(edge, f"http://{SERVER}:{plain.port}/x", proxy=PROXY, expect_body="chao")
        by_https = from_pc(edge, url, proxy=PROXY, expect_body="chao", ca_file=authority.ca_file)
        direct = from_pc(edge, url, proxy="none", timeout=2)
    assert (by_http.outcome, by_https.outcome) == (Outcome.OK, Outcome.OK)
    assert by_http.facts["proxy"] == by_https.facts["proxy"] == "configured"
    assert "phase:proxy" not in values(by_http)
    assert {"phase:tcp", "phase:proxy", "phase:tls", "phase:ttfb"} <= set(values(by_https))
    assert plain.requests[0].startswith(b"GET /x HTTP/1.")
    assert direct.reason is Reason.TCP_REFUSED
    assert "ipv4" not in by_https.facts


@pytest.mark.usefixtures("closed")
def test_a_real_proxy_that_wants_a_name_gets_the_systems(
    edge: Office, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """407 is named; the user name of this PC's setting opens the way, and stands nowhere in the reading."""
    context, _ = authority.server((SERVER,))
    with tinyproxy(edge, tmp_path, f"BasicAuth canbo {SECRET}"), serving(edge, say(http(200)), context) as server:
        url = f"https://{SERVER}:{server.port}/"
        with serving(edge, say(http(200))) as plain:
            asked = [
                from_pc(edge, where, proxy=PROXY, ca_file=authority.ca_file)
                for where in (url, f"http://{SERVER}:{plain.port}/")
            ]
        for name in ("https_proxy", "http_proxy"):
            monkeypatch.setenv(name, f"http://canbo:{SECRET}@{Office.ROUTER[0]}:8888")
        known = from_pc(edge, url, ca_file=authority.ca_file)
    assert [one.reason for one in asked] == [Reason.PROXY_AUTH, Reason.PROXY_AUTH]
    assert {one.detail for one in asked} == {"a proxy wants a name and a password"}
    assert (known.outcome, known.facts["proxy"]) == (Outcome.OK, "system")
    assert SECRET not in str(known)


@pytest.mark.usefixtures("closed")
def test_a_real_proxy_that_forbids_the_port_refuses(edge: Office, tmp_path: Path) -> None:
    """The proxy works and says no."""
    with tinyproxy(edge, tmp_path, "ConnectPort 443"):
        reading = from_pc(edge, f"https://{SERVER}:8443/", proxy=PROXY)
    assert (reading.reason, reading.detail) == (Reason.PROXY_REFUSED, "the proxy answered 403")
    assert {name for name in values(reading) if name.startswith("phase")} == {"phase:tcp"}


@pytest.mark.parametrize(
    ("answer", "reason", "detail"),
    [
        (http(403), Reason.PROXY_REFUSED, "the proxy answered 403"),
        (http(407), Reason.PROXY_AUTH, "a proxy wants a name and a password"),
        (http(502), Reason.TCP_UNREACHABLE, "the proxy could not reach the system (502)"),
        (http(504), Reason.TCP_TIMEOUT, "the proxy could not reach the system (504)"),
        (b"SSH-2.0-x\r\n", Reason.PROXY_REFUSED, "what answers at the proxy's address is no proxy"),
        (b"", Reason.PROXY_REFUSED, "what answers at the proxy's address is no proxy"),
    ],
    ids=str,
)
def test_a_tunnel_that_is_not_opened_has_its_reason(reach: Reach, answer: bytes, reason: Reason, detail: str) -> None:
    """For https and for WebSockets alike."""
    with Server(say(answer)) as server:
        for scheme in ("https", "wss", "ws"):
            reading = reach(f"{scheme}://hethong.example/", proxy=f"http://127.0.0.1:{server.port}", anchors=[])
            assert (reading.reason, reading.detail) == (reason, detail)
    assert server.requests[0].startswith(b"CONNECT hethong.example:443 HTTP/1.1\r\nHost: hethong.example:443\r\n")
    assert server.requests[2].startswith(b"CONNECT hethong.example:80 ")


def test_a_proxy_that_says_nothing_waits_for_the_system_itself(reach: Reach) -> None:
    """It took the connection, so it is there."""
    with Server(lambda connection, _: time.sleep(1)) as server:
        reading = reach("https://hethong.example/", proxy=f"http://127.0.0.1:{server.port}", timeout=0.2)
    assert (reading.reason, reading.detail) == (Reason.TCP_TIMEOUT, "the proxy opened no way to the system in time")


def test_a_proxy_that_is_not_there_is_unreachable(reach: Reach) -> None:
    """Whatever kept us from it is in the detail."""
    reading = reach("https://hethong.example/", proxy=f"http://127.0.0.1:{closed_port()}")
    assert (reading.reason, reading.detail) == (
        Reason.PROXY_UNREACHABLE, "the proxy cannot be reached: the connection was refused when connecting",
    )  # fmt: skip
    assert values(reading) == {"connectivity_up": 0.0}


def test_a_proxy_is_not_asked_for_forbidden_addresses(reach: Reach) -> None:
    """It might be allowed where we are not."""
    with Server(say(http())) as server:
        reading = reach("http://169.254.169.254/", proxy=f"http://127.0.0.1:{server.port}")
    assert reading.reason is Reason.ADDRESS_FORBIDDEN
    assert server.requests == []


def test_a_system_proxy_of_another_kind_is_an_error_of_ours(reach: Reach, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system was not measured."""
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:1080")
    reading = reach("https://hethong.example/")
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, Reason.UNSUPPORTED)
