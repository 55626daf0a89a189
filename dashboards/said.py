"""What a push says when it cannot go on, in both languages. Whatever comes from a server was made plain before."""

from __future__ import annotations

import re

from dashboards.failure import Failed


def refused(url: str, status: int, said: str, what: tuple[str, str]) -> Failed:
    """An error's status; `what` was asked for, in both languages."""
    said = f"{status}: {said}"
    if status == 401:
        return Failed(
            f"Grafana does not know this token ({said}). Is it whole, of this Grafana, and not expired?",
            f"Grafana không chấp nhận token này ({said}). Token có đủ, đúng máy chủ và còn hạn không?",
        )
    if status == 403:
        return Failed(
            f"The token may not {what[0]} ({said}). Its service account needs the role Editor.",
            f"Token không được phép {what[1]} ({said}). Tài khoản dịch vụ cần vai trò Editor.",
        )
    if status == 404:
        return Failed(
            f"There is no Grafana API at {url} ({said}). Does a path belong to the address?",
            f"Không có API của Grafana tại {url} ({said}). Địa chỉ có thiếu đường dẫn không?",
        )
    return Failed(f"Grafana does not do it ({said}).", f"Grafana không thực hiện được ({said}).")


def redirected(url: str, there: str) -> Failed:
    """Sent on to `there`, which is not followed: the token would go along."""
    if re.search(r"login|signin|sign_in|auth", there):
        return Failed(
            f"{url} sends us to a login page ({there}): what stands before Grafana does not take its tokens.",
            f"{url} chuyển sang trang đăng nhập ({there}): máy chủ đứng trước Grafana không nhận token.",
        )
    there = there.partition("/api/")[0]
    return Failed(f"{url} has moved: give --url {there}", f"{url} đã chuyển: dùng --url {there}")


def a_page(url: str, title: str) -> Failed:
    return Failed(
        f"{url} answers with a page that is not Grafana's API ({title or 'no title'}): check the address.",
        f"{url} trả về một trang web, không phải API của Grafana: kiểm tra lại địa chỉ.",
    )


def other_fields(url: str) -> Failed:
    return Failed(
        f"{url} answers with other fields than Grafana's API has.",
        f"{url} trả về dữ liệu không đúng API của Grafana.",
    )


def too_much(url: str, limit: int) -> Failed:
    """`limit` in bytes."""
    return Failed(
        f"{url} answers with more than {limit // 1_000_000} MB: not Grafana's API.",
        f"{url} trả về hơn {limit // 1_000_000} MB: không phải API của Grafana.",
    )


def distrusted(url: str, reason: str) -> Failed:
    return Failed(
        f"The TLS connection to {url} cannot be trusted: {reason}. --ca-file names an authority of yours.",
        f"Không thể tin cậy kết nối TLS tới {url}: {reason}. Dùng --ca-file cho CA nội bộ.",
    )


def slow(url: str, timeout: float) -> Failed:
    """`timeout` in seconds."""
    return Failed(
        f"{url} does not answer within {timeout:g} s (--timeout).",
        f"{url} không trả lời trong {timeout:g} giây (--timeout).",
    )


def unreached(url: str, reason: str) -> Failed:
    if "Connection refused" in reason:
        return Failed(
            f"Nothing listens at {url}. Is Grafana running, and is it this port?",
            f"Không có gì lắng nghe tại {url}. Grafana có đang chạy, đúng cổng không?",
        )
    return Failed(f"{url} cannot be reached: {reason}", f"Không kết nối được tới {url}: {reason}")
