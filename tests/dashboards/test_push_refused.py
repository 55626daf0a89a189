"""Whatever a server answers to a push, it ends with one sentence in each language, and never with the token."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web
from click.testing import CliRunner

from dashboards.main import main
from tests.checks.certs import DAY, NOW, Authority
from tests.dashboards.grafana import TOKEN, Grafana, page, running, said
from tests.dashboards.test_push import CITY, push, small
from tests.ports import free_port

LOGIN = "<html><head><title>Đăng nhập</title></head>no message here</html>"


@pytest.fixture
def grafana() -> Iterator[Grafana]:
    with running() as server:
        yield server


def refused(grafana: Grafana | str, *options: str, token: str = TOKEN) -> list[str]:
    """What a push that ends with 1 says, with URL for the address."""
    done = push(grafana, *options, token=token)
    assert (done.exit_code, done.stdout) == (1, "")
    return done.stderr.replace(grafana if isinstance(grafana, str) else grafana.url, "URL").splitlines()


def test_a_wrong_token(grafana: Grafana) -> None:
    """401."""
    assert refused(grafana, token="glsa_other") == [
        "Grafana does not know this token (401: Invalid API key). Is it whole, of this Grafana, and not expired?",
        "Grafana không chấp nhận token này (401: Invalid API key). Token có đủ, đúng máy chủ và còn hạn không?",
    ]


def test_a_token_that_may_not_write(grafana: Grafana, tmp_path: Path) -> None:
    """403, at the folder and at a dashboard; what it may not do is named."""
    grafana.may_write = False
    need = "You'll need additional permissions to perform this action."
    assert refused(grafana) == [
        f"The token may not create a folder (403: {need}). Its service account needs the role Editor.",
        f"Token không được phép tạo thư mục (403: {need}). Tài khoản dịch vụ cần vai trò Editor.",
    ]
    grafana.folders.append({"uid": "sansang", "title": "Sẵn Sàng"})
    assert refused(grafana, "--dashboards", str(small(tmp_path))) == [
        f"The token may not write to this folder (403: {need}). Its service account needs the role Editor.",
        f"Token không được phép ghi vào thư mục này (403: {need}). Tài khoản dịch vụ cần vai trò Editor.",
    ]


def test_an_address_without_a_grafana(grafana: Grafana) -> None:
    """404 for the folders: a path is missing, or too much."""
    assert refused(f"{grafana.url}/wrong") == [
        "There is no Grafana API at URL (404: Not Found). Does a path belong to the address?",
        "Không có API của Grafana tại URL (404: Not Found). Địa chỉ có thiếu đường dẫn không?",
    ]


@pytest.mark.parametrize(
    ("answer", "en", "vi"),
    [
        (
            lambda: page(200, LOGIN),
            "URL answers with a page that is not Grafana's API (Đăng nhập): check the address.",
            "URL trả về một trang web, không phải API của Grafana: kiểm tra lại địa chỉ.",
        ),
        (
            lambda: web.Response(status=302, headers={"Location": "/login?next=secret"}),
            "URL sends us to a login page (URL/login): what stands before Grafana does not take its tokens.",
            "URL chuyển sang trang đăng nhập (URL/login): máy chủ đứng trước Grafana không nhận token.",
        ),
        (
            lambda: web.Response(status=301, headers={"Location": "https://grafana.example.vn/api/folders"}),
            "URL has moved: give --url https://grafana.example.vn",
            "URL đã chuyển: dùng --url https://grafana.example.vn",
        ),
        (
            lambda: page(502, "<title>Bad gateway</title> the message"),
            "Grafana does not do it (502: Bad gateway).",
            "Grafana không thực hiện được (502: Bad gateway).",
        ),
        (
            lambda: said(500, f"panic\x1b[31m\nwith {TOKEN} " + "x" * 300),
            "Grafana does not do it (500: panic [31m with [token] " + "x" * 176 + ").",
            "Grafana không thực hiện được (500: panic [31m with [token] " + "x" * 176 + ").",
        ),
        (
            lambda: web.Response(body=b"\xff" * 100),
            "URL answers with a page that is not Grafana's API (no title): check the address.",
            "URL trả về một trang web, không phải API của Grafana: kiểm tra lại địa chỉ.",
        ),
        (
            lambda: web.Response(text="[" * 100_000, content_type="application/json"),
            "URL answers with a page that is not Grafana's API (no title): check the address.",
            "URL trả về một trang web, không phải API của Grafana: kiểm tra lại địa chỉ.",
        ),
        (
            lambda: web.Response(body=b" " * 17_000_000),
            "URL answers with more than 16 MB: not Grafana's API.",
            "URL trả về hơn 16 MB: không phải API của Grafana.",
        ),
    ],
    ids=["web page", "login", "moved", "gateway", "token echoed", "bytes", "nested", "endless"],
)
def test_what_is_not_grafana(grafana: Grafana, answer: object, en: str, vi: str) -> None:
    """One sentence in each language; no redirect is followed with the token."""
    grafana.answer = answer  # type: ignore[assignment]
    assert refused(grafana) == [en, vi]
    assert len(grafana.asked) == 1


def test_fields_that_are_not_grafanas(grafana: Grafana, tmp_path: Path) -> None:
    """JSON of another program."""
    grafana.answer = lambda: web.json_response(["ok"])
    source = ("--dashboards", str(small(tmp_path)), "--dry-run")
    done = push(grafana, *source)
    assert done.stderr.replace(grafana.url, "URL").splitlines() == [
        "URL answers with other fields than Grafana's API has.", "URL trả về dữ liệu không đúng API của Grafana.",
    ]  # fmt: skip
    assert done.exit_code == 1


def test_nothing_listens() -> None:
    """A port that nobody has."""
    assert refused(f"http://127.0.0.1:{free_port()}") == [
        "Nothing listens at URL. Is Grafana running, and is it this port?",
        "Không có gì lắng nghe tại URL. Grafana có đang chạy, đúng cổng không?",
    ]


def test_a_server_that_says_nothing() -> None:
    """It takes the connection and keeps quiet."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert refused(url, "--timeout", "0.2") == [
            "URL does not answer within 0.2 s (--timeout).",
            "URL không trả lời trong 0.2 giây (--timeout).",
        ]


def test_an_answer_that_never_ends() -> None:
    """Piece after piece, each in good time, all of them too late."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    def drip() -> None:
        connection, _ = server.accept()
        with connection, contextlib.suppress(OSError):
            connection.sendall(head)
            while True:
                connection.sendall(b"1\r\n \r\n")
                time.sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip)
        thread.start()
        assert refused(f"http://127.0.0.1:{server.getsockname()[1]}", "--timeout", "0.4") == [
            "URL does not answer within 0.4 s (--timeout).",
            "URL không trả lời trong 0.4 giây (--timeout).",
        ]
        thread.join()


def test_a_file_without_an_authority(tmp_path: Path) -> None:
    """--ca-file names what is no PEM."""
    file = tmp_path / "ca.pem"
    file.write_text("not a certificate", "utf-8")
    with running(tls=Authority(tmp_path / "ca", "City").server()[0]) as grafana:
        said = refused(grafana, "--ca-file", str(file))
    assert said[0].startswith("The TLS connection to URL cannot be trusted: ")


def test_certificates(tmp_path: Path) -> None:
    """An authority of one's own is refused until it is named; one that has expired is refused all the same."""
    authority = Authority(tmp_path / "ca", "City", "City root")
    source = ("--dashboards", str(small(tmp_path / "boards")))
    with running(tls=authority.server()[0]) as grafana:
        unknown = refused(grafana, *source)
        assert push(grafana, *source, "--ca-file", authority.ca_file).exit_code == 0
        assert list(grafana.boards) == [CITY]
    assert unknown[0].startswith("The TLS connection to URL cannot be trusted: ")
    assert unknown[0].endswith(". --ca-file names an authority of yours.")
    assert unknown[1].startswith("Không thể tin cậy kết nối TLS tới URL: ")
    with running(tls=authority.server(begin=NOW - 9 * DAY, end=NOW - DAY)[0]) as grafana:
        old = "certificate has expired"
        assert refused(grafana, *source, "--ca-file", authority.ca_file) == [
            f"The TLS connection to URL cannot be trusted: {old}. --ca-file names an authority of yours.",
            "Không thể tin cậy kết nối TLS tới URL: certificate has expired. Dùng --ca-file cho CA nội bộ.",
        ]


@pytest.mark.parametrize(
    "url", ["grafana", "ftp://x", "http://", "http://a b", "http://x?y=1", "http://[::1", "http://x:99999"]
)
def test_an_address_that_is_none(url: str) -> None:
    """Exit code 2 before anything is read."""
    done = push(url)
    assert (done.exit_code, done.output.splitlines()) == (
        2,
        [
            "--url: an address such as https://grafana.example.vn is meant.",
            "--url: cần địa chỉ dạng https://grafana.example.vn.",
        ],
    )


def test_a_password_in_the_address() -> None:
    """It would stand in the list of processes."""
    assert push("https://admin:secret@grafana").output.splitlines() == [
        "--url: no name and no password in the address; the token goes into a file.",
        "--url: không ghi tên và mật khẩu trong địa chỉ; token để trong tệp.",
    ]


def test_tokens(grafana: Grafana, tmp_path: Path) -> None:
    """From a file or from standard input; without one, and with what is none, exit code 2."""
    file, source = tmp_path / "token", str(small(tmp_path / "boards"))
    file.write_text(f"{TOKEN}\n", "utf-8")
    rest = ["push", "--url", grafana.url, "--dashboards", source, "--dry-run"]
    runner = CliRunner(env={"SANSANG_GRAFANA_TOKEN": ""})
    assert runner.invoke(main, [*rest, "--token-file", str(file)]).exit_code == 0
    assert runner.invoke(main, [*rest, "--token-file", "-"], input=f"{TOKEN}\n").exit_code == 0
    none = runner.invoke(main, rest)
    assert (none.exit_code, none.output.splitlines()) == (
        2,
        [
            "No token: give --token-file FILE or set SANSANG_GRAFANA_TOKEN.",
            "Thiếu token: dùng --token-file hoặc đặt SANSANG_GRAFANA_TOKEN.",
        ],
    )
    for content, reason in ((b"two words", "not a token: one word is meant."), (b"\xff", "not text"), (b"", "not a")):
        file.write_bytes(content)
        bad = runner.invoke(main, [*rest, "--token-file", str(file)])
        assert (bad.exit_code, bad.output.startswith(f"--token-file {file}: {reason}")) == (2, True)
        assert "two words" not in bad.output
    gone = runner.invoke(main, [*rest, "--token-file", str(tmp_path / "gone")])
    assert gone.output.splitlines()[0] == f"--token-file {tmp_path / 'gone'}: No such file or directory"


def test_a_language_without_dashboards(tmp_path: Path) -> None:
    """The folder has none in English."""
    done = push("http://127.0.0.1:1", "--lang", "en", "--dashboards", str(small(tmp_path)))
    assert (done.exit_code, done.output.splitlines()) == (
        2,
        [
            f"--dashboards: {tmp_path} holds none for --lang en.",
            f"--dashboards: {tmp_path} không có bảng nào cho --lang en.",
        ],
    )


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything else of sansang-dashboards works without it."""
    monkeypatch.delitem(sys.modules, "dashboards.steps", raising=False)
    monkeypatch.delitem(sys.modules, "dashboards.push", raising=False)
    monkeypatch.setitem(sys.modules, "grafana_api.grafana_face", None)
    assert refused("http://127.0.0.1:1") == [
        "grafana_api.grafana_face is not installed: pip install 'sansang[grafana]'",
        "Chưa cài grafana_api.grafana_face: pip install 'sansang[grafana]'",
    ]


def test_plain_http_to_another_machine_is_warned_of() -> None:
    """The token goes over the line as it is. (0.0.0.0 is no address of this machine by its looks.)"""
    url = f"http://0.0.0.0:{free_port()}"
    assert refused(url)[:2] == [
        "URL: http, so whoever listens on the way reads the token.",
        "URL: http, nên người nghe lén trên đường truyền đọc được token.",
    ]
